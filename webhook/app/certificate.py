"""The serving certificate: from a folder, exchanged when its files change, or self-signed."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import certs
from webhook import files, telemetry
from webhook.app.options import CannotStart, Options

SELF_SIGNED_HOSTS = ("localhost", "127.0.0.1", "::1")
SELF_SIGNED_LIFETIME = timedelta(days=3650)  # the key lives in memory alone and ends with the process, far earlier


class Certificate:
    """The pair in use, its context for the listener, and what is wrong with the newest files."""

    def __init__(self, options: Options, metrics: telemetry.Metrics, log: telemetry.Log) -> None:
        """Read or make the pair.

        Raises:
            CannotStart: it cannot be used, or ``ca_file`` cannot be written.
        """
        self._metrics = metrics
        self._log = log
        self._files = options.certificate_files
        self.ca_pem = b""
        self.problems: tuple[str, ...] = ()
        try:
            if self._files:
                pair = _read_pair(self._files)
            else:
                hosts = (*SELF_SIGNED_HOSTS, *options.self_signed_hosts)
                pair, self.ca_pem = certs.self_signed(hosts, datetime.now(UTC), SELF_SIGNED_LIFETIME)
            self.serving = certs.ServingContext(pair)
            if options.ca_file is not None:
                _write_ca(options.ca_file, self.ca_pem)
        except (certs.PairError, files.Unreadable) as error:
            raise CannotStart(f"cannot use the certificate: {error}") from error
        self._report("certificate loaded")

    def expired(self, now: datetime) -> str:
        """Say since when the certificate is expired; empty while it is not."""
        end = self.serving.pair.not_after
        return f"expired at {end.isoformat()}" if now >= end else ""

    def reload(self) -> None:
        """Read the files again; a pair that cannot be used is reported, and the one before stays in use."""
        try:
            self.serving.replace(_read_pair(self._files))
        except (certs.PairError, files.Unreadable) as error:
            self._refuse(str(error))
            return
        except Exception as error:  # noqa: BLE001 - whatever a file sets off, the pair before goes on serving
            self._refuse("internal error", traceback=telemetry.describe(error))
            return
        self.problems = ()
        self._report("certificate loaded")

    def _refuse(self, why: str, **more: str) -> None:
        self.problems = (f"error: certificate: {why}; the one before stays in use",)
        self._log.error("certificate not loaded", why=why, **more)

    def _report(self, event: str) -> None:
        pair = self.serving.pair
        self._metrics.certificate_loaded(pair.not_after.timestamp())
        self._log.info(event, serial=pair.serial, names=pair.names, not_after=pair.not_after.isoformat())


def _read_pair(paths: tuple[Path, ...]) -> certs.Pair:
    certificate, key = (files.read_bytes(path) for path in paths)
    return certs.parse(certificate, key, datetime.now(UTC))


def _write_ca(path: Path, pem: bytes) -> None:
    """Write by rename, so that who waits for the file never reads half of it."""
    if not pem:
        raise CannotStart("a file for the CA can be written only for a self-signed pair, not with a certificate folder")
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_bytes(pem)
        draft.replace(path)
    except OSError as error:
        raise CannotStart(f"cannot write the CA to {path}: {error.strerror}") from error
