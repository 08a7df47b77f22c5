"""The certificate that the server serves, and two sources of it: a folder, and a pair created for this process alone."""

import asyncio
import contextlib
import os
from collections.abc import Callable, Coroutine, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import certs
from webhook import files, telemetry
from webhook.app.options import CannotStart
from webhook.app.reports import Reports

LOOPBACK = ("localhost", "127.0.0.1", "::1")
DUE_SECONDS = 1.0
"""Between two checks whether a pair has become valid. A timer would not do, because the clock may be set meanwhile."""
SELF_SIGNED_LIFETIME = timedelta(days=3650)  # the key exists in memory only and ends with the process, far earlier


class Certificate:
    """The pair in use, its context for the listener, and the problem of a newer pair that was refused.

    Args:
        reports: where to report.
        client_ca: PEM certificates of the authorities of clients; empty: clients need no certificate.

    Attributes:
        serving: the pair in use, with its context; None until there is one.
        ready: set once there is one.
        next: a pair that will be used once it is valid; None if there is none.
        problems: lines for ``/readyz``.
    """

    def __init__(self, reports: Reports, client_ca: bytes = b"") -> None:
        self._reports = reports
        self._client_ca = client_ca
        self.serving: certs.ServingContext | None = None
        self.ready = asyncio.Event()
        self.next: certs.Pair | None = None
        self.problems: tuple[str, ...] = ()

    def problem(self, now: datetime) -> str:
        """Return why clients cannot connect: there is no pair yet, or it is not valid at ``now``; empty if they can."""
        if self.serving is None:
            problem = "there is no certificate yet"
        elif now >= (end := self.serving.pair.not_after):
            problem = f"expired at {end.isoformat()}"
        elif not certs.has_begun(begin := self.serving.pair.not_before, now):
            problem = f"not valid before {begin.isoformat()}"
        else:
            return ""
        return problem + (f"; the next one is valid from {self.next.not_before.isoformat()} on" if self.next else "")

    def use(self, pair: certs.Pair) -> None:
        """Serve every new connection with this pair.

        Raises:
            certs.PairError: a TLS handshake with it fails; the previous pair stays in use.
        """
        if self.serving is None:
            self.serving = certs.ServingContext(pair, self._client_ca)
        else:
            self.serving.replace(pair)
        self.problems = ()
        self.next = None
        self.ready.set()
        self._reports.certificate_used(pair)

    def wait_for(self, pair: certs.Pair) -> None:
        """Keep a pair that is not valid yet for later. The previous one stays in use."""
        self.problems = ()
        self.next = pair
        self._reports.certificate_waits(pair)

    def trust(self, client_ca: bytes) -> None:
        """Accept only clients whose certificate one of these authorities has signed, on every new connection.

        Raises:
            certs.PairError: they cannot be used; the previous ones stay in use.
        """
        if self.serving is not None:
            self.serving.replace_client_ca(client_ca)
        self._client_ca = client_ca

    def refuse(self, why: str, **more: str) -> None:
        """Report a pair that cannot be used."""
        self.problems = (f"error: certificate: {why}; the previous certificate stays in use",)
        self._reports.log.error("certificate not loaded", why=why, **more)


class Source(Protocol):
    """Where the certificate comes from."""

    @property
    def ca_pem(self) -> bytes:
        """What clients must trust, PEM; empty if someone else distributes it, or if it is not known yet."""

    @property
    def problems(self) -> list[str]:
        """Everything that is wrong with the source, one line each."""

    def jobs(self) -> list[Coroutine[Any, Any, None]]:
        """Return what must run as long as the server."""


class Folder:
    """A certificate from a folder, read again when its files change. One that is not valid yet waits for its time.

    Attributes:
        ca_pem: empty, because the author of the folder distributes what clients must trust.
        problems: empty; a pair that cannot be used is a problem of the certificate.
    """

    ca_pem = b""

    def __init__(self, certificate: Certificate, folder: Path, now: Callable[[], datetime]) -> None:
        """Read ``tls.crt`` and ``tls.key``.

        Args:
            certificate: receives every pair.
            folder: with the two files.
            now: returns the time to judge certificates by.

        Raises:
            CannotStart: they cannot be used.
        """
        self.problems: list[str] = []
        self._certificate = certificate
        self._now = now
        self._paths = (folder / "tls.crt", folder / "tls.key")
        self._seen = files.signatures(self._paths)
        try:
            self._take(*self._read())
        except (certs.PairError, files.Unreadable) as error:
            raise CannotStart(f"cannot use the certificate: {error}") from error

    def jobs(self) -> list[Coroutine[Any, Any, None]]:
        """Return what must run as long as the server."""
        return [files.watch(self._seen, self._reload), self._take_next()]

    async def _take_next(self) -> None:
        while True:
            await asyncio.sleep(DUE_SECONDS)
            self.take_next_if_due()

    def take_next_if_due(self) -> None:
        """Use the pair that was not valid yet, if it is now."""
        pair = self._certificate.next
        if pair is not None and self._now() >= pair.not_before:
            self._certificate.next = None
            with self._refusing():
                self._take(pair.certificate_pem, pair.key_pem)

    async def _reload(self, _changed: frozenset[Path]) -> None:
        """Read the files again."""
        with self._refusing():
            self._take(*await asyncio.to_thread(self._read))

    @contextlib.contextmanager
    def _refusing(self) -> Iterator[None]:
        """Report a pair that cannot be used, and keep the previous one."""
        try:
            yield
        except (certs.PairError, files.Unreadable) as error:
            self._certificate.refuse(str(error))
        except Exception as error:  # noqa: BLE001 - whatever a file causes, the previous pair goes on serving
            self._certificate.refuse("internal error", traceback=telemetry.describe(error))

    def _take(self, certificate: bytes, key: bytes) -> None:
        try:
            self._certificate.use(certs.parse(certificate, key, self._now()))
        except certs.NotYetValidError as early:
            self._certificate.wait_for(early.pair)

    def _read(self) -> tuple[bytes, bytes]:
        certificate, key = (files.read_bytes(path, files.CREDENTIAL_BYTES) for path in self._paths)
        return certificate, key


class SelfSigned:
    """A pair created for this process alone.

    Attributes:
        ca_pem: what clients must trust, PEM.
        problems: empty; nothing can happen to the pair later.
    """

    def __init__(self, certificate: Certificate, hosts: Sequence[str], ca_file: Path | None) -> None:
        """Create the pair for loopback and these hosts, and write what clients must trust into ``ca_file``.

        Raises:
            CannotStart: a host cannot be in a certificate, or the file cannot be written.
        """
        self.problems: list[str] = []
        try:
            pair, self.ca_pem = certs.self_signed((*LOOPBACK, *hosts), datetime.now(UTC), SELF_SIGNED_LIFETIME)
            certificate.use(pair)
        except certs.PairError as error:
            raise CannotStart(f"cannot use the certificate: {error}") from error
        if ca_file is not None and (problem := write_ca(ca_file, self.ca_pem)):
            raise CannotStart(problem)

    def jobs(self) -> list[Coroutine[Any, Any, None]]:
        """Return nothing: the pair outlives the process."""
        return []


def write_ca(path: Path, pem: bytes) -> str:
    """Write what clients must trust. The file appears by renaming, so that no reader sees half of it.

    Returns:
        Why it cannot be written; empty if it was.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_bytes(pem)
        draft.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        return f"cannot write the CA to {path}: {error.strerror}"
    return ""
