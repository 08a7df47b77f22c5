"""A real control plane on loopback: etcd, kube-apiserver and kube-controller-manager, with kubectl and helm to use it.

Nothing schedules pods or runs them; everything before that is as in a cluster: authorization, admission, webhooks,
controllers, garbage collection. Every process belongs to the keeper (see `keeper`), so nothing outlives the tests.
"""

import contextlib
import json
import os
import random
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self, TypeVar

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.controlplane import binaries, keeper

T = TypeVar("T")
Object = dict[str, Any]

START_SECONDS = 60
"""Until what does not come up is given up; it takes about 4 on an idle machine."""

_TAKEN = "address already in use"


class CommandError(Exception):
    """kubectl or helm failed: the text has the command and what it said."""

    def __init__(self, completed: subprocess.CompletedProcess[str]) -> None:
        command = " ".join([Path(completed.args[0]).name, *completed.args[1:]])
        super().__init__(f"{command}: exit status {completed.returncode}\n{completed.stderr}{completed.stdout}")
        self.completed = completed


class StartError(Exception):
    """A process of the control plane does not come up: the text has the end of its log."""


class ControlPlane:
    """One cluster. Use it as a context manager, or call `start` and `stop`.

    Args:
        controllers: Whether kube-controller-manager runs. Without it nothing fills in Deployments or ServiceAccounts,
            which is enough for a cluster that is only read from.
    """

    def __init__(self, *, controllers: bool = True) -> None:
        self.controllers = controllers
        self.token = "admin"
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # Life

    def start(self) -> None:
        """Start everything and return when it serves."""
        self._keeper = subprocess.Popen(
            [sys.executable, "-S", "-E", keeper.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            process_group=0,
        )
        try:
            assert self._keeper.stdout
            self.folder = Path(self._keeper.stdout.readline().decode().strip())
            self._write_credentials()
            _on_free_ports(self._start_etcd)
            _on_free_ports(self._start_api_server)
            self._write_kubeconfig(self.kubeconfig, "admin", {"token": self.token})
            if self.controllers:
                self._start_controller_manager()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End every process and remove the folder."""
        self._keeper.communicate()  # closes the pipe that the keeper waits on
        for process in self._processes.values():
            process.wait()
        self._processes.clear()

    def stop_api_server(self) -> None:
        """End the API server as a machine that shuts down does: a signal, two seconds of grace, the end.

        Left alone it would go on for a minute, for as long as controllers hold their watches.
        """
        process = self._processes.pop("kube-apiserver")
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(2)
        process.kill()
        process.wait()

    def start_api_server(self) -> None:
        """Start it again on the same port and data, and return when it serves."""
        self._start_api_server(self._port)

    def spawn(
        self, name: str, arguments: Sequence[str | Path], environ: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a process that ends with the control plane at the latest. Its output goes to `log(name)`.

        Args:
            name: of the process; one that has ended may be started again, its log goes on.
            arguments: command line.
            environ: variables beside PATH and HOME.
        """
        with self.log(name).open("ab") as log:
            process = subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environ(environ or {}),
                process_group=self._keeper.pid,
            )
        self._processes[name] = process
        return process

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    # Use

    @property
    def server(self) -> str:
        """Return the URL of the API server."""
        return f"https://127.0.0.1:{self._port}"

    @property
    def ca_pem(self) -> str:
        """Return what clients of the API server must trust, as PEM."""
        return (self.folder / "certs" / "apiserver.crt").read_text()

    @property
    def kubeconfig(self) -> Path:
        """Return the kubeconfig of the user admin, who may do everything."""
        return self.folder / "admin.kubeconfig"

    def kubectl(
        self, *arguments: str | Path, stdin: str | None = None, kubeconfig: Path | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl, as admin unless another kubeconfig is given.

        Raises:
            CommandError: It failed and `check` is set.
        """
        return self._command("kubectl", arguments, stdin, kubeconfig, check=check)

    def helm(
        self, *arguments: str | Path, stdin: str | None = None, kubeconfig: Path | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run helm likewise."""
        return self._command("helm", arguments, stdin, kubeconfig, check=check)

    def create(self, *objects: Object, kubeconfig: Path | None = None) -> subprocess.CompletedProcess[str]:
        return self.kubectl("create", "-f", "-", stdin=_list(objects), kubeconfig=kubeconfig)

    def apply(self, *objects: Object, kubeconfig: Path | None = None) -> subprocess.CompletedProcess[str]:
        return self.kubectl("apply", "-f", "-", stdin=_list(objects), kubeconfig=kubeconfig)

    def get(self, kind: str, name: str, namespace: str = "default") -> Object:
        """Return an object.

        Raises:
            CommandError: There is none, or it cannot be asked for.
        """
        return json.loads(self.kubectl("get", kind, name, "--namespace", namespace, "--output", "json").stdout)

    def list(self, kind: str, namespace: str = "default", selector: str = "") -> list[Object]:
        """Return the objects of a kind, by name."""
        asked = self.kubectl("get", kind, "--namespace", namespace, "--selector", selector, "--output", "json")
        return json.loads(asked.stdout)["items"]

    def request(self, method: str, path: str, body: Object | None = None) -> Object:
        """Ask the API server as admin, in a few milliseconds where kubectl takes a hundred.

        Raises:
            urllib.error.HTTPError: It answered with an error.
            OSError: It cannot be reached.
        """
        request = urllib.request.Request(
            self.server + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        trust = ssl.create_default_context(cadata=self.ca_pem)
        with urllib.request.urlopen(request, context=trust, timeout=10) as answer:
            text = answer.read().decode()
        return json.loads(text) if answer.headers.get_content_type() == "application/json" else {"text": text}

    def kubeconfig_for_service_account(self, namespace: str, name: str) -> Path:
        """Return a kubeconfig with a token of a ServiceAccount that exists; the token is good for an hour."""
        token = self.kubectl("create", "token", name, "--namespace", namespace).stdout.strip()
        path = self.folder / f"{namespace}.{name}.kubeconfig"
        self._write_kubeconfig(path, name, {"token": token})
        return path

    def user_kubeconfig(self, name: str, groups: Sequence[str] = ()) -> Path:
        """Return a kubeconfig of a user who may do what RBAC grants that name and these groups (by impersonation)."""
        path = self.folder / f"user-{name}.kubeconfig"
        self._write_kubeconfig(path, name, {"token": self.token, "as": name, "as-groups": list(groups)})
        return path

    def wait(self, condition: Callable[[], T], what: str, seconds: float = 60) -> T:
        """Poll a condition until it holds, and return its value. A request that fails is one that does not hold yet.

        Raises:
            AssertionError: It did not hold in time; the text has `what` and the last value or error.
        """
        deadline = time.monotonic() + seconds
        while True:
            try:
                last: object = condition()
                if last:
                    return last  # type: ignore[return-value]  # what the condition returned
            except (CommandError, OSError) as error:
                last = error
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {seconds} seconds: {what}. Last seen: {last!r}")
            time.sleep(0.05)

    # Inside

    def _start_etcd(self, port: int) -> None:
        self._etcd = f"http://127.0.0.1:{port}"
        peers = f"http://127.0.0.1:{_free_port()}"
        self.spawn(
            "etcd",
            [
                _binary("etcd"),
                f"--data-dir={self.folder / 'etcd'}",
                f"--listen-client-urls={self._etcd}",
                f"--advertise-client-urls={self._etcd}",
                f"--listen-peer-urls={peers}",
                f"--initial-advertise-peer-urls={peers}",
                f"--initial-cluster=default={peers}",
                "--unsafe-no-fsync",
            ],
        )
        self._until("etcd", lambda: urllib.request.urlopen(f"{self._etcd}/health", timeout=5).close() is None)

    def _start_api_server(self, port: int) -> None:
        self._port = port
        key = self.folder / "service-accounts.key"
        self.spawn(
            "kube-apiserver",
            [
                _binary("kube-apiserver"),
                f"--etcd-servers={self._etcd}",
                f"--cert-dir={self.folder / 'certs'}",
                "--bind-address=127.0.0.1",
                "--advertise-address=127.0.0.1",
                f"--secure-port={port}",
                f"--token-auth-file={self.folder / 'tokens.csv'}",
                "--authorization-mode=RBAC",
                "--service-cluster-ip-range=10.96.0.0/16",
                "--service-account-issuer=https://kubernetes.default.svc",
                f"--service-account-key-file={key}",
                f"--service-account-signing-key-file={key}",
                "--allow-privileged=true",
            ],
        )
        self._until("kube-apiserver", lambda: self.request("GET", "/readyz"))

    def _start_controller_manager(self) -> None:
        self.spawn(
            "kube-controller-manager",
            [
                _binary("kube-controller-manager"),
                f"--kubeconfig={self.kubeconfig}",
                "--use-service-account-credentials=false",
                "--leader-elect=false",
                "--secure-port=0",
                f"--cert-dir={self.folder / 'certs'}",
                f"--service-account-private-key-file={self.folder / 'service-accounts.key'}",
                f"--root-ca-file={self.folder / 'certs' / 'apiserver.crt'}",
            ],
        )
        # Pods can be created where this ServiceAccount is.
        account = "/api/v1/namespaces/default/serviceaccounts/default"
        self._until("kube-controller-manager", lambda: self.request("GET", account))

    def _until(self, name: str, ready: Callable[[], object]) -> None:
        """Wait until a process that was just started is ready."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                if ready():
                    return
            except OSError:  # also urllib's errors
                pass
            ended = self._processes[name].poll()
            if ended is not None or time.monotonic() > deadline:
                state = f"is not ready after {START_SECONDS} seconds" if ended is None else f"ended with {ended}"
                end = "\n".join(self.log(name).read_text(errors="replace").splitlines()[-30:])
                raise StartError(f"{name} {state}. The end of its log:\n{end}")
            time.sleep(0.05)

    def _command(
        self, name: str, arguments: Sequence[str | Path], stdin: str | None, kubeconfig: Path | None, *, check: bool
    ) -> subprocess.CompletedProcess[str]:
        completed = subprocess.run(
            [str(_binary(name)), *map(str, arguments)],
            input=stdin or "",
            capture_output=True,
            text=True,
            env=self._environ({"KUBECONFIG": str(kubeconfig or self.kubeconfig)}),
            check=False,
        )
        if check and completed.returncode != 0:
            raise CommandError(completed)
        return completed

    def _environ(self, more: Mapping[str, str]) -> dict[str, str]:
        """Return the variables of every process: nothing of the user's own configuration gets in."""
        return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(self.folder / "home"), **more}

    def _write_credentials(self) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (self.folder / "service-accounts.key").write_bytes(key)
        (self.folder / "tokens.csv").write_text(f'{self.token},admin,admin,"system:masters"\n')
        (self.folder / "home").mkdir()

    def _write_kubeconfig(self, path: Path, user: str, credentials: Object) -> None:
        authority = str(self.folder / "certs" / "apiserver.crt")
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "test", "cluster": {"server": self.server, "certificate-authority": authority}}],
            "users": [{"name": user, "user": credentials}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": user}}],
            "current-context": "test",
        }
        path.write_text(json.dumps(config, indent=2))


def _on_free_ports(start: Callable[[int], None]) -> None:
    """Start with a free port, and with another one if somebody took it in between."""
    for remaining in reversed(range(5)):
        try:
            start(_free_port())
        except StartError as error:
            if _TAKEN not in str(error) or not remaining:
                raise
        else:
            return


def _free_port() -> int:
    """Return a port below those that Linux gives to outgoing connections: those may take one while its server restarts."""
    choose = random.SystemRandom()  # the tests' seed would give two runs the same ports
    while True:
        port = choose.randrange(20_000, 30_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def _binary(name: str) -> Path:
    found = binaries.find(name)
    if found is None:
        raise StartError(f"{name} is nowhere: make controlplane")
    return found


def _list(objects: Sequence[Object]) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})
