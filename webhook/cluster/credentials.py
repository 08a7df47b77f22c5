"""Reads the credentials of kubeconfigs, or of the pod's service account.

``kubernetes_asyncio`` implements the authentication methods: tokens and token files, passwords, OIDC, exec plugins. Inline
keys are handled here instead, because Python's ``ssl`` reads keys from files only, and the library would write them into
temporary files that it never removes. Here they go into anonymous files in memory (``memfd_create``) while they are being
read, so that no key reaches a disk and no writable file system is needed.
"""

import asyncio
import contextlib
import importlib
import os
import ssl
import urllib.parse
import urllib.request
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from webhook import files
from webhook.cluster import kubeconfig
from webhook.cluster.kubeconfig import Kubeconfig, Selected, Unusable

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")  # mounted into every pod that does not opt out


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a connection to an API server needs.

    Attributes:
        server: URL of the API server, without a slash at the end.
        headers: that authenticate requests, ``Authorization`` and those of impersonation. Secret.
        context: for TLS; None if the URL is plain HTTP.
        server_hostname: name that the server's certificate must have; None: the host in the URL.
        proxy: URL of the proxy to use; None: connect directly.
        seen: the files that the credentials were read from, with their signatures at that time.
        expires: when they expire; None if unknown.
    """

    server: str
    headers: tuple[tuple[str, str], ...]
    context: ssl.SSLContext | None
    server_hostname: str | None
    proxy: str | None
    seen: dict[Path, files.Signature]
    expires: datetime | None = None

    def __repr__(self) -> str:
        return f"Credentials(server={self.server!r})"

    async def outdated(self, now: datetime) -> bool:
        """Return whether they have expired at ``now``, or a file that they were read from has changed."""
        if self.expires is not None and now >= self.expires:
            return True
        return await asyncio.to_thread(files.signatures, self.seen) != self.seen


def in_cluster() -> bool:
    """Return whether this is a pod with a service account, so that a client needs no kubeconfig."""
    return bool(os.environ.get("KUBERNETES_SERVICE_HOST")) and (SERVICE_ACCOUNT / "token").is_file()


async def load_library() -> None:
    """Load the library that reads credentials, for callers whose first request must not wait for that within its own time."""
    # Imported on first use, because it takes half a second and 40 MB that commands without a connection must not pay, and several
    # seconds on a busy machine; and in a thread, so that admission requests are answered meanwhile.
    await asyncio.to_thread(importlib.import_module, "kubernetes_asyncio.config")


async def read(source: Kubeconfig | None) -> Credentials:
    """Read kubeconfigs, or the service account of this pod if ``source`` is None.

    May run the kubeconfig's exec plugin, without a time limit.

    Raises:
        Unusable, files.Unreadable: they cannot be used, or a file cannot be read.
    """
    await load_library()
    try:
        return await (_service_account() if source is None else _kubeconfig(source))
    except (Unusable, files.Unreadable):
        raise
    except Exception as error:  # the library raises anything, even AssertionError and TypeError
        raise Unusable(str(error) or type(error).__name__) from error


async def _service_account() -> Credentials:
    from kubernetes_asyncio import client, config  # noqa: PLC0415 - see read()

    token, authority = SERVICE_ACCOUNT / "token", SERVICE_ACCOUNT / "ca.crt"
    seen = files.signatures([token, authority])
    loaded: Any = client.Configuration()
    config.load_incluster_config(  # type: ignore[no-untyped-call]  # the library does not type it
        loaded, try_refresh_token=False, token_filename=str(token), cert_filename=str(authority)
    )
    # Never through a proxy: the API server is reached directly from a pod, and NO_PROXY often lists its address as a CIDR
    # range, which Python does not understand.
    return _credentials(loaded, seen, proxy=None)


def select(source: Kubeconfig) -> Selected:
    """Read the files of a kubeconfig, and return what its context selects.

    Raises:
        Unusable, files.Unreadable: it cannot be used, or a file cannot be read.
    """
    existing = [path for path in source.paths if path.exists()] or source.paths[:1]  # whose error says what is missing
    texts = [(path, files.read_bytes(path, files.CREDENTIAL_BYTES)) for path in existing]
    return kubeconfig.select(texts, source.context)


async def _kubeconfig(source: Kubeconfig) -> Credentials:
    from kubernetes_asyncio import client  # noqa: PLC0415 - see read()
    from kubernetes_asyncio.config.kube_config import KubeConfigLoader  # noqa: PLC0415

    seen = files.signatures(source.paths)
    selected = await asyncio.to_thread(select, source)
    referred = selected.files()
    seen |= files.signatures(referred)
    try:
        for file in referred:
            files.check_size(file)
    except files.Unreadable as error:
        raise Unusable(str(error)) from error  # so that the message names the kubeconfig
    inline = selected.inline()
    expires = None
    if plugin := selected.user.pop("exec", None):
        expires = await _from_plugin(plugin, selected.user, inline)
    with contextlib.ExitStack() as in_memory:
        for field, content in inline.items():
            entry = selected.cluster if field == "certificate-authority" else selected.user
            entry[field] = _file_in_memory(content, in_memory)
        loader = KubeConfigLoader(selected.whole())
        loaded: Any = client.Configuration()
        await loader.load_and_set(loaded)
        proxy = loaded.proxy or _proxy_of_environment(loaded.host)
        found = _credentials(loaded, seen, proxy)
        return replace(found, headers=(*found.headers, *selected.impersonation()), expires=expires)


async def _from_plugin(plugin: Any, user: dict[str, Any], inline: dict[str, bytes]) -> datetime | None:
    """Run an exec plugin, add its token or certificate to those of the user, and return the time at which they expire."""
    from kubernetes_asyncio.config.exec_provider import ExecProvider  # noqa: PLC0415 - see read()
    from kubernetes_asyncio.config.kube_config import ConfigNode  # noqa: PLC0415

    status = await ExecProvider(ConfigNode("exec", plugin)).run()
    if not isinstance(status, dict) or not (status.get("token") or status.get("clientCertificateData")):
        raise Unusable("exec: the plugin returned neither token nor clientCertificateData")
    if status.get("token"):
        user["token"] = status["token"]
    if status.get("clientCertificateData"):
        if not status.get("clientKeyData"):
            raise Unusable("exec: the plugin returned clientCertificateData without clientKeyData")
        inline["client-certificate"] = status["clientCertificateData"].encode()
        inline["client-key"] = status["clientKeyData"].encode()
    expiry = status.get("expirationTimestamp")
    return datetime.fromisoformat(expiry).astimezone(UTC) if expiry else None


def _credentials(loaded: Any, seen: dict[Path, files.Signature], proxy: str | None) -> Credentials:
    authorization = loaded.api_key.get("BearerToken", "").strip()  # a token file often ends in a newline
    return Credentials(
        server=loaded.host,
        headers=(("Authorization", authorization),) if authorization else (),
        context=_context(loaded) if loaded.host.startswith("https://") else None,
        server_hostname=loaded.tls_server_name,
        proxy=proxy,
        seen=seen,
    )


def _context(loaded: Any) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=loaded.ssl_ca_cert)
    # Python 3.13 and later set it. Go does not, so some clusters have certificates that would fail.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if loaded.cert_file:
        # The wrong password on purpose: without one, OpenSSL would ask for it at the terminal if the key is encrypted.
        context.load_cert_chain(loaded.cert_file, loaded.key_file, password="")
    if not loaded.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _file_in_memory(content: bytes, until: contextlib.ExitStack) -> str:
    """Return the path of a file that exists in memory only, until ``until`` closes."""
    file = until.enter_context(os.fdopen(os.memfd_create("hydra-webhook"), "wb"))
    file.write(content)
    file.flush()
    return f"/proc/self/fd/{file.fileno()}"


def _proxy_of_environment(server: str) -> str | None:
    """Return the proxy that ``HTTPS_PROXY`` and the related variables select, as kubectl does."""
    url = urllib.parse.urlsplit(server)
    if urllib.request.proxy_bypass(url.netloc):
        return None
    return urllib.request.getproxies().get(url.scheme)
