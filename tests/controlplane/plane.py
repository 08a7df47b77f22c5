"""A real control plane on loopback: etcd, kube-apiserver and kube-controller-manager, with kubectl and helm to use it.

Pods are neither scheduled nor run. Everything before that works as in a cluster: authorization, admission, webhooks,
controllers, garbage collection. Every process belongs to the keeper (see `keeper`), so none outlives the tests.

All calls block. A test whose own event loop answers the API server must make them in a thread.
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
from http import HTTPStatus
from pathlib import Path
from typing import TypeVar

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.controlplane import binaries, processes
from tests.controlplane.logs import Log
from tests.controlplane.objects import Object, path_of
from tests.controlplane.processes import HANGING_SECONDS, NO_ANSWER, Processes, StartError, on_free_port

T = TypeVar("T")


class CommandError(Exception):
    """kubectl or helm failed. The message has the command and its output."""

    def __init__(self, completed: subprocess.CompletedProcess[str]) -> None:
        command = " ".join([Path(completed.args[0]).name, *completed.args[1:]])
        super().__init__(f"{command}: exit status {completed.returncode}\n{completed.stderr}{completed.stdout}")
        self.completed = completed


class ControlPlane(Processes):
    """One cluster. Use it as a context manager, or call `start` and `stop`.

    Args:
        controllers: whether kube-controller-manager runs. Without it Deployments get no pods and namespaces no
            ServiceAccount, which is enough for a cluster that is only read.
        options: further options of kube-apiserver.

    Attributes:
        token: bearer token of the user admin.
    """

    def __init__(self, *, controllers: bool = True, options: Sequence[str] = ()) -> None:
        super().__init__("hydra-controlplane-")
        self.controllers = controllers
        self.options = tuple(options)
        self.token = "admin"

    # Life

    def start(self) -> None:
        """Start everything, and return once it serves."""
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
        """End the API server as a machine does that shuts down: SIGTERM, two seconds of grace, SIGKILL.

        Given the time, it would wait a minute for controllers to end their watches.
        """
        process = self._processes["kube-apiserver"]
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(2)
        self.end("kube-apiserver")

    def start_api_server(self) -> None:
        """Start the API server again on the same port and data, and return once it serves."""
        self._start_api_server(self._port)

    def restart_controllers(self) -> None:
        """Restart kube-controller-manager, whose garbage collector takes half a minute to notice a new CRD."""
        self.end("kube-controller-manager")
        self._start_controller_manager()

    # Use

    @property
    def server(self) -> str:
        """Return the URL of the API server."""
        return f"https://127.0.0.1:{self._port}"

    @property
    def ca_file(self) -> Path:
        """Return the file with the certificate that clients must trust, which the API server has signed itself."""
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
        """Run helm, as admin unless another kubeconfig is given.

        Raises:
            CommandError: It failed and `check` is set.
        """
        return self._command("helm", arguments, stdin, kubeconfig, check=check)

    def create(self, *objects: Object, kubeconfig: Path | None = None) -> subprocess.CompletedProcess[str]:
        return self.kubectl("create", "-f", "-", stdin=_list(objects), kubeconfig=kubeconfig)

    def apply(self, *objects: Object, kubeconfig: Path | None = None) -> subprocess.CompletedProcess[str]:
        return self.kubectl("apply", "-f", "-", stdin=_list(objects), kubeconfig=kubeconfig)

    def put(self, *objects: Object) -> None:
        """Create objects of the kinds that `path_of` knows, or replace them: a few milliseconds each."""
        for item in objects:
            path = path_of(item)
            try:
                self.request("PUT", path, item)
            except urllib.error.HTTPError as error:
                if error.code != HTTPStatus.NOT_FOUND:
                    raise
                self.request("POST", path.rpartition("/")[0], item)

    def get(self, kind: str, name: str, namespace: str = "default") -> Object:
        """Return an object.

        Raises:
            CommandError: It does not exist, or cannot be read.
        """
        found: Object = json.loads(self.kubectl("get", kind, name, "--namespace", namespace, "--output", "json").stdout)
        return found

    def list(self, kind: str, namespace: str = "default", selector: str = "") -> list[Object]:
        """Return the objects of a kind, by name."""
        asked = self.kubectl("get", kind, "--namespace", namespace, "--selector", selector, "--output", "json")
        found: list[Object] = json.loads(asked.stdout)["items"]
        return found

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        kind: str = "json",
        user: str = "",
        seconds: float = HANGING_SECONDS,
    ) -> Object:
        """Send a request to the API server as admin, which takes a few milliseconds where kubectl takes a hundred.

        Args:
            method, path, body: of the request.
            kind: subtype of the body's Content-Type, such as `merge-patch+json`.
            user: whom the admin impersonates, such as `system:serviceaccount:NAMESPACE:NAME`; RBAC decides what they may do.
            seconds: after which the request has failed.

        Raises:
            urllib.error.HTTPError: The answer is an error.
            OSError, http.client.HTTPException: There is no answer, or no whole one.
        """
        request = urllib.request.Request(
            self.server + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": f"application/{kind}"}
            | ({"Impersonate-User": user} if user else {}),
        )
        trust = ssl.create_default_context(cafile=self.ca_file)
        with urllib.request.urlopen(request, context=trust, timeout=seconds) as answer:
            text = answer.read().decode()
        return json.loads(text) if answer.headers.get_content_type() == "application/json" else {"text": text}

    def refusal(self, method: str, path: str, body: object = None, *, kind: str = "json", user: str = "") -> str:
        """Send a request as `request` does; return why it is refused, or an empty string if it is admitted."""
        try:
            self.request(method, path, body, kind=kind, user=user)
        except urllib.error.HTTPError as error:
            message: str = json.loads(error.read())["message"]
            return message
        return ""

    def kubeconfig_for_service_account(self, namespace: str, name: str) -> Path:
        """Return a kubeconfig with a token of an existing ServiceAccount, valid for an hour."""
        request = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"expirationSeconds": 3600},
        }
        account = f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}"
        token = self.request("POST", f"{account}/token", request)["status"]["token"]
        path = self.folder / f"{namespace}.{name}.kubeconfig"
        self._write_kubeconfig(path, name, {"token": token})
        return path

    def user_kubeconfig(self, name: str, groups: Sequence[str] = ()) -> Path:
        """Return a kubeconfig for a user of this name in these groups, by impersonation: RBAC decides what the user may do."""
        path = self.folder / f"user-{name}.kubeconfig"
        self._write_kubeconfig(path, name, {"token": self.token, "as": name, "as-groups": list(groups)})
        return path

    @contextlib.contextmanager
    def fresh_namespace(self) -> Iterator[str]:
        """Create a namespace in which pods can be created, and delete it afterwards without waiting for its end."""
        name = f"test-{secrets.token_hex(4)}"
        self.request("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
        self.until_populated(name)
        try:
            yield name
        finally:
            self.request("DELETE", f"/api/v1/namespaces/{name}")

    def until_populated(self, namespace: str) -> None:
        """Wait until the controllers have put into a namespace what each one gets."""
        path = f"/api/v1/namespaces/{namespace}"
        self.wait(lambda: self.request("GET", f"{path}/serviceaccounts/default"), f"{namespace} has its ServiceAccount")
        self.wait(lambda: self.request("GET", f"{path}/configmaps/kube-root-ca.crt"), f"{namespace} has its ConfigMap")

    def until_served(self, *crds: str) -> None:
        """Wait until the kinds of these CustomResourceDefinitions, such as `issuers.cert-manager.io`, can be used.

        A definition is Established a moment before discovery lists its kind, and has no status at all a moment after its creation.
        """
        for crd in crds:
            self.wait(lambda crd=crd: self.kubectl("get", crd, "--all-namespaces"), f"{crd} is served")  # type: ignore[misc]

    def wait(self, condition: Callable[[], T], what: str) -> T:
        """Poll a condition until it is true, and return its value. A request that fails counts as not true yet.

        Raises:
            AssertionError: It has not become true. The message has `what` and the last value or error.
        """
        deadline = time.monotonic() + HANGING_SECONDS
        while True:
            try:
                last: object = condition()
                if last:
                    return last  # type: ignore[return-value]  # the condition's value
            except (CommandError, *NO_ANSWER) as error:
                last = error
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {HANGING_SECONDS} seconds: {what}. Last seen: {last!r}")
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
        # Its log is read, since an HTTP request might be answered by the etcd that has taken the port.
        log = Log(self.log("etcd"))
        self.until("etcd", lambda: any("ready to serve client requests" in line for line in log.lines))

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
                *self.options,
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
        # Controllers run once this one has replaced a ConfigMap that an earlier run may have left.
        config_map = "/api/v1/namespaces/default/configmaps/kube-root-ca.crt"
        with contextlib.suppress(urllib.error.HTTPError):
            self.request("DELETE", config_map)
        self.until("kube-controller-manager", lambda: self.request("GET", config_map))
        self.until_populated("default")

    def _command(
        self, name: str, arguments: Sequence[str | Path], stdin: str | None, kubeconfig: Path | None, *, check: bool
    ) -> subprocess.CompletedProcess[str]:
        environ = {"KUBECONFIG": str(kubeconfig or self.kubeconfig)}
        completed = self.run([_binary(name), *arguments], environ, stdin or "")
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
        raise StartError(f"{name} is not installed. Build it with: make controlplane")
    return found


def _list(objects: Sequence[Object]) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})
