"""The serving certificate: the pair in use, and the two sources that need no cluster, a folder and a self-signed pair."""

import asyncio
import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import certs
from webhook import files, telemetry
from webhook.app.options import CannotStart

SELF_SIGNED_HOSTS = ("localhost", "127.0.0.1", "::1")
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
        self._metrics.certificate_loaded(pair.not_after.timestamp())
        self._log.info("certificate loaded", serial=pair.serial, names=pair.names, not_after=pair.not_after.isoformat())

    def refuse(self, why: str, **more: str) -> None:
        """Report a pair that cannot be used."""
        self.problems = (f"error: certificate: {why}; the one before stays in use",)
        self._log.error("certificate not loaded", why=why, **more)


class CertificateFiles:
    """A certificate from files, read again when they change."""

    def __init__(self, certificate: Certificate, paths: tuple[Path, Path]) -> None:
        """Read the pair: certificate and key, in this order.

        Raises:
            CannotStart: it cannot be used.
        """
        self._certificate = certificate
        self._paths = paths
        try:
            certificate.use(self._read())
        except (certs.PairError, files.Unreadable) as error:
            raise CannotStart(f"cannot use the certificate: {error}") from error
        certificate.ready.set()

    def reload(self) -> None:
        """Read the files again; a pair that cannot be used is reported, and the one before stays in use."""
        try:
            self._certificate.use(self._read())
        except (certs.PairError, files.Unreadable) as error:
            self._certificate.refuse(str(error))
        except Exception as error:  # noqa: BLE001 - whatever a file sets off, the pair before goes on serving
            self._certificate.refuse("internal error", traceback=telemetry.describe(error))

    def _read(self) -> certs.Pair:
        certificate, key = (files.read_bytes(path) for path in self._paths)
        return certs.parse(certificate, key, datetime.now(UTC))


def use_self_signed(certificate: Certificate, hosts: Sequence[str]) -> bytes:
    """Make a pair for loopback and these hosts, use it, and return the PEM that clients must trust.

    Raises:
        CannotStart: a host is no possible name.
    """
    try:
        pair, ca_pem = certs.self_signed((*SELF_SIGNED_HOSTS, *hosts), datetime.now(UTC), SELF_SIGNED_LIFETIME)
        certificate.use(pair)
    except certs.PairError as error:
        raise CannotStart(f"cannot use the certificate: {error}") from error
    certificate.ready.set()
    return ca_pem


def write_ca(path: Path, pem: bytes) -> None:
    """Write what clients must trust, by rename, so that who waits for the file never reads half of it.

    Raises:
        CannotStart: the file cannot be written.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_bytes(pem)
        draft.replace(path)
    except OSError as error:
        raise CannotStart(f"cannot write the CA to {path}: {error.strerror}") from error
