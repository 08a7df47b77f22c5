"""A real control plane on loopback: etcd, kube-apiserver and kube-controller-manager, with kubectl and helm to use it.

Nothing schedules pods or runs them; everything before that is as in a cluster: authorization, admission, webhooks,
controllers, garbage collection. Every process belongs to the keeper (see `keeper`), so nothing outlives the tests.

All calls block. A test whose event loop serves what the API server asks for must make them in a thread.
"""

import contextlib
import json
import secrets
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Self, TypeVar

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.controlplane import binaries, processes
from tests.controlplane.objects import Object
from tests.controlplane.processes import Processes, StartError, on_free_port

T = TypeVar("T")


class CommandError(Exception):
    """kubectl or helm failed: the text has the command and what it said."""

    def __init__(self, completed: subprocess.CompletedProcess[str]) -> None:
        command = " ".join([Path(completed.args[0]).name, *completed.args[1:]])
        super().__init__(f"{command}: exit status {completed.returncode}\n{completed.stderr}{completed.stdout}")
        self.completed = completed


class ControlPlane(Processes):
    """One cluster. Use it as a context manager, or call `start` and `stop`.

    Args:
        controllers: Whether kube-controller-manager runs. Without it nothing fills in Deployments or ServiceAccounts,
            which is enough for a cluster that is only read from.

    Attributes:
        token: bearer token of the user admin.
    """

    def __init__(self, *, controllers: bool = True) -> None:
        super().__init__()
        self.controllers = controllers
        self.token = "admin"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # Life

    def start(self) -> None:
        """Start everything and return when it serves."""
        super().start()
        try:
            self._write_credentials()
            on_free_port(self._start_etcd)
            on_free_port(self._start_api_server)
            self._write_kubeconfig(self.kubeconfig, "admin", {"token": self.token})
            if self.controllers:
                self._start_controller_manager()
        except BaseException:
            self.stop()
            raise

    def stop_api_server(self) -> None:
        """End the API server as a machine that shuts down does: a signal, two seconds of grace, the end.

        Left alone it would go on for a minute, for as long as controllers hold their watches.
        """
        process = self._processes["kube-apiserver"]
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(2)
        self.end("kube-apiserver")

    def start_api_server(self) -> None:
        """Start it again on the same port and data, and return when it serves."""
        self._start_api_server(self._port)

    def restart_controllers(self) -> None:
        """Restart kube-controller-manager, whose garbage collector would learn of a new CRD's kind half a minute later."""
        self.end("kube-controller-manager")
        self._start_controller_manager()

    # Use

    @property
    def server(self) -> str:
        """Return the URL of the API server."""
        return f"https://127.0.0.1:{self._port}"

    @property
    def ca_file(self) -> Path:
        """Return the file with what clients of the API server must trust: its own certificate, which it makes itself."""
        return self.folder / "certs" / "apiserver.crt"

    @property
    def ca_pem(self) -> str:
        return self.ca_file.read_text()

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
        found: Object = json.loads(self.kubectl("get", kind, name, "--namespace", namespace, "--output", "json").stdout)
        return found

    def list(self, kind: str, namespace: str = "default", selector: str = "") -> list[Object]:
        """Return the objects of a kind, by name."""
        asked = self.kubectl("get", kind, "--namespace", namespace, "--selector", selector, "--output", "json")
        found: list[Object] = json.loads(asked.stdout)["items"]
        return found

    def request(self, method: str, path: str, body: Object | None = None, *, seconds: float = 10) -> Object:
        """Ask the API server as admin, in a few milliseconds where kubectl takes a hundred.

        Args:
            method, path, body: of the request.
            seconds: until it is given up.

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
        trust = ssl.create_default_context(cafile=self.ca_file)
        with urllib.request.urlopen(request, context=trust, timeout=seconds) as answer:
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

    @contextlib.contextmanager
    def fresh_namespace(self) -> Iterator[str]:
        """Make a namespace in which pods can be created, and delete it afterwards without waiting for that."""
        name = f"test-{secrets.token_hex(4)}"
        self.kubectl("create", "namespace", name)
        self.wait(lambda: self.get("serviceaccount", "default", name), "the namespace has its ServiceAccount")
        try:
            yield name
        finally:
            self.kubectl("delete", "namespace", name, "--wait=false")

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
        peers = f"http://127.0.0.1:{processes.free_port()}"
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
        # Not asked over HTTP: somebody else's etcd on a port that was lost to it would answer as well.
        self.until("etcd", lambda: "ready to serve client requests" in self.log("etcd").read_text())

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
        self.until("kube-apiserver", lambda: self.request("GET", "/readyz", seconds=2))

    def _start_controller_manager(self) -> None:
        self.spawn(
            "kube-controller-manager",
            [
                _binary("kube-controller-manager"),
                f"--kubeconfig={self.kubeconfig}",
                "--leader-elect=false",
                "--secure-port=0",
                f"--service-account-private-key-file={self.folder / 'service-accounts.key'}",
                f"--root-ca-file={self.ca_file}",
            ],
        )
        # Pods can be created where this ServiceAccount is.
        account = "/api/v1/namespaces/default/serviceaccounts/default"
        self.until("kube-controller-manager", lambda: self.request("GET", account))

    def _command(
        self, name: str, arguments: Sequence[str | Path], stdin: str | None, kubeconfig: Path | None, *, check: bool
    ) -> subprocess.CompletedProcess[str]:
        completed = subprocess.run(
            [str(_binary(name)), *map(str, arguments)],
            input=stdin or "",
            capture_output=True,
            text=True,
            env=self.environ({"KUBECONFIG": str(kubeconfig or self.kubeconfig)}),
            process_group=self.keeper,
            check=False,
        )
        if check and completed.returncode != 0:
            raise CommandError(completed)
        return completed

    def _write_credentials(self) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (self.folder / "service-accounts.key").write_bytes(key)
        (self.folder / "tokens.csv").write_text(f'{self.token},admin,admin,"system:masters"\n')

    def _write_kubeconfig(self, path: Path, user: str, credentials: Object) -> None:
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {"name": "test", "cluster": {"server": self.server, "certificate-authority": str(self.ca_file)}}
            ],
            "users": [{"name": user, "user": credentials}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": user}}],
            "current-context": "test",
        }
        path.write_text(json.dumps(config, indent=2))


def _binary(name: str) -> Path:
    found = binaries.find(name)
    if found is None:
        raise StartError(f"{name} is nowhere: make controlplane")
    return found


def _list(objects: Sequence[Object]) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})
