"""Which cluster and namespace a command is about when its options do not say: kubectl's answers, from its files and variables."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from webhook import files
from webhook.cluster import credentials
from webhook.cluster.failures import ApiError
from webhook.cluster.kubeconfig import Kubeconfig, Unusable


@dataclass(frozen=True, slots=True)
class Context:
    """A cluster, and a user and a namespace in it.

    Attributes:
        source: where the credentials are; None: the service account of this pod.
        name: of the context in the kubeconfig; empty for a service account.
        namespace: that the context sets, else ``default``.
    """

    source: Kubeconfig | None
    name: str
    namespace: str


def find(
    kubeconfig: Path | None = None,
    context: str = "",
    *,
    environ: Mapping[str, str] = os.environ,
    home: Path | None = None,
) -> Context:
    """Return the cluster that kubectl would use.

    That of ``kubeconfig``, else of the files in ``$KUBECONFIG``, else of ``~/.kube/config``, else of this pod's service account.

    Args:
        kubeconfig: the file that the user names.
        context: the context that the user names; empty: the current one.
        environ: the environment.
        home: the user's folder; None: as the operating system says.

    Raises:
        ApiError: there is no such cluster, or a file cannot be used.
    """
    source = _source(kubeconfig, context, environ, home)
    exists = any(path.exists() for path in source.paths)
    if not exists and kubeconfig is None:
        if not context and credentials.in_cluster():
            return Context(None, "", _namespace_of_pod())
        message = f"no cluster: {source.human} does not exist; name one with --kubeconfig or $KUBECONFIG"
        raise ApiError("credentials", message)
    try:
        selected = credentials.select(source)
    except files.Unreadable as error:  # its message has the path
        raise ApiError("credentials", str(error)) from error
    except Unusable as error:
        raise ApiError("credentials", f"{source.human}: {error}") from error
    return Context(source, selected.context, selected.namespace or "default")


def _source(kubeconfig: Path | None, context: str, environ: Mapping[str, str], home: Path | None) -> Kubeconfig:
    if kubeconfig is not None:
        return Kubeconfig((kubeconfig,), context)
    # A path that is listed twice counts once, and an empty one not at all.
    listed = tuple(dict.fromkeys(Path(path) for path in environ.get("KUBECONFIG", "").split(os.pathsep) if path))
    return Kubeconfig(listed or ((home or Path.home()) / ".kube" / "config",), context)


def _namespace_of_pod() -> str:
    try:
        text = files.read_bytes(credentials.SERVICE_ACCOUNT / "namespace", files.CREDENTIAL_BYTES)
    except files.Unreadable:
        return "default"
    return text.decode(errors="replace").strip() or "default"
