"""The authorities that sign the certificates of whoever calls the webhook, from a file that is read again when it changes."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import certs
from webhook import files, telemetry
from webhook.app.certificate import Certificate
from webhook.app.options import CannotStart
from webhook.app.reports import Reports


class ClientCa:
    """A file with the authorities of clients.

    Args:
        path: the PEM file.
        reports: where to report.

    Attributes:
        pem: what the file held at the start.
        problems: lines for ``/readyz``.

    Raises:
        CannotStart: the file cannot be used.
    """

    def __init__(self, path: Path, reports: Reports) -> None:
        self._path = path
        self._reports = reports
        self._seen = files.signatures([path])
        self.problems: list[str] = []
        try:
            self.pem = _read(path)
        except files.Unreadable as error:
            raise CannotStart(f"cannot use --client-ca-file: {error}") from error
        except certs.PairError as error:
            raise CannotStart(f"cannot use --client-ca-file {path}: {error}") from error

    def jobs(self, certificate: Certificate) -> list[Coroutine[Any, Any, None]]:
        """Return what must run as long as the server: whenever the file changes, ``certificate`` trusts its new content."""

        async def reload(_changed: frozenset[Path]) -> None:
            try:
                certificate.trust(await asyncio.to_thread(_read, self._path))
            except (certs.PairError, files.Unreadable) as error:
                self.problems = [f"error: CA of clients: {error}; the previous one stays in use"]
                self._reports.log.error("client CA not loaded", why=telemetry.clean(str(error)))  # noqa: TRY400 - one line, for a person
            else:
                self.problems = []
                self._reports.log.info("client CA loaded")

        return [files.watch(self._seen, reload)]


def _read(path: Path) -> bytes:
    """Return the contents of such a file.

    Raises:
        files.Unreadable: it cannot be read.
        certs.PairError: it is not a list of certificates of CAs.
    """
    pem = files.read_bytes(path, files.CREDENTIAL_BYTES)
    found, unreadable = certs.read_bundle(pem)
    if not found and not unreadable:
        raise certs.PairError("it holds no PEM certificate")
    if unreadable:
        raise certs.PairError(f"{unreadable} of its certificates cannot be read")
    for info in found:
        if not info.is_ca:
            raise certs.PairError(f"the certificate with serial number {info.serial} is not a CA's")
    return pem
