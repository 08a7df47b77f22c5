"""The serving certificate: the pair in use, and two of its sources, a folder and a pair made for this process alone."""

import asyncio
import os
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import certs
from webhook import files, telemetry
from webhook.app.options import CannotStart

LOOPBACK = ("localhost", "127.0.0.1", "::1")
SELF_SIGNED_LIFETIME = timedelta(days=3650)  # the key lives in memory alone and ends with the process, far earlier


class Certificate:
    """The pair in use, its context for the listener, and what is wrong with a newer one.

    Attributes:
        serving: None until there is a pair.
        ready: set once there is one.
        problems: lines for ``/readyz``.
    """

    def __init__(self, metrics: telemetry.Metrics, log: telemetry.Log) -> None:
        self._metrics = metrics
        self._log = log
        self.serving: certs.ServingContext | None = None
        self.ready = asyncio.Event()
        self.problems: tuple[str, ...] = ()

    def problem(self, now: datetime) -> str:
        """Say why nobody can be served: there is no pair yet, or since when it is expired; empty while it is good."""
        if self.serving is None:
            return "there is none yet"
        end = self.serving.pair.not_after
        return f"expired at {end.isoformat()}" if now >= end else ""

    def use(self, pair: certs.Pair) -> None:
        """Serve every connection from now on with this pair.

        Raises:
            certs.PairError: no handshake succeeds with it; the one before stays in use.
        """
        if self.serving is None:
            self.serving = certs.ServingContext(pair)
        else:
            self.serving.replace(pair)
        self.problems = ()
        self.ready.set()
        self._metrics.certificate_loaded(pair.not_after.timestamp())
        self._log.info("certificate loaded", serial=pair.serial, names=pair.names, not_after=pair.not_after.isoformat())

    def refuse(self, why: str, **more: str) -> None:
        """Report a pair that cannot be used."""
        self.problems = (f"error: certificate: {why}; the one before stays in use",)
        self._log.error("certificate not loaded", why=why, **more)


class Source(Protocol):
    """Where a certificate comes from."""

    @property
    def ca_pem(self) -> bytes:
        """What clients must trust, PEM; empty where others tell them, or it is not known yet."""

    def jobs(self) -> list[Coroutine[Any, Any, None]]:
        """Return what must run for as long as the server does."""


class Folder:
    """A certificate from a folder, read again when its files change.

    Attributes:
        ca_pem: empty; whoever wrote the folder tells clients what to trust.
    """

    ca_pem = b""

    def __init__(self, certificate: Certificate, folder: Path) -> None:
        """Read ``tls.crt`` and ``tls.key``.

        Raises:
            CannotStart: they cannot be used.
        """
        self._certificate = certificate
        self._paths = (folder / "tls.crt", folder / "tls.key")
        self._seen = files.signatures(self._paths)
        try:
            certificate.use(self._read())
        except (certs.PairError, files.Unreadable) as error:
            raise CannotStart(f"cannot use the certificate: {error}") from error

    def jobs(self) -> list[Coroutine[Any, Any, None]]:
        """Return what must run for as long as the server does."""
        return [files.watch(self._seen, self._reload)]

    async def _reload(self, _changed: frozenset[Path]) -> None:
        """Read the files again; a pair that cannot be used is reported, and the one before stays in use."""
        try:
            self._certificate.use(await asyncio.to_thread(self._read))
        except (certs.PairError, files.Unreadable) as error:
            self._certificate.refuse(str(error))
        except Exception as error:  # noqa: BLE001 - whatever a file sets off, the pair before goes on serving
            self._certificate.refuse("internal error", traceback=telemetry.describe(error))

    def _read(self) -> certs.Pair:
        certificate, key = (files.read_bytes(path) for path in self._paths)
        return certs.parse(certificate, key, datetime.now(UTC))


class SelfSigned:
    """A pair made for this process alone.

    Attributes:
        ca_pem: what clients must trust, PEM.
    """

    def __init__(self, certificate: Certificate, hosts: Sequence[str], ca_file: Path | None) -> None:
        """Make the pair for loopback and these hosts, and write what clients must trust into ``ca_file``.

        Raises:
            CannotStart: a host is no possible name, or the file cannot be written.
        """
        try:
            pair, self.ca_pem = certs.self_signed((*LOOPBACK, *hosts), datetime.now(UTC), SELF_SIGNED_LIFETIME)
            certificate.use(pair)
        except certs.PairError as error:
            raise CannotStart(f"cannot use the certificate: {error}") from error
        if ca_file is not None and (problem := write_ca(ca_file, self.ca_pem)):
            raise CannotStart(problem)

    def jobs(self) -> list[Coroutine[Any, Any, None]]:
        """Return nothing: such a pair outlives the process."""
        return []


def write_ca(path: Path, pem: bytes) -> str:
    """Write what clients must trust, by rename, so that who waits for the file never reads half of it.

    Returns:
        What is wrong if it cannot be written, else "".
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_bytes(pem)
        draft.replace(path)
    except OSError as error:
        return f"cannot write the CA to {path}: {error.strerror}"
    return ""
