"""A ConfigMap that every replica writes: found, created or replaced, and written again until that succeeds."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from webhook import cluster, telemetry

CONFLICT_SECONDS = 0.2  # for the replica that was faster to finish


class Report(Protocol):
    """Receives why a write failed."""

    def __call__(self, why: str, **more: str) -> None:
        """Report a cause; ``more`` is only for the log."""


async def find(client: cluster.Client, reference: cluster.ObjectReference) -> dict[str, Any] | None:
    """Return the ConfigMap; None if it does not exist.

    Raises:
        cluster.ApiError: it cannot be read.
    """
    try:
        return await client.get(reference)
    except cluster.ApiError as error:
        if error.code == "not-found":
            return None
        raise


async def write(
    client: cluster.Client,
    reference: cluster.ObjectReference,
    found: Mapping[str, Any] | None,
    fields: Mapping[str, Any],
) -> None:
    """Set these fields of the ConfigMap, which was ``found`` so, or create it.

    Raises:
        cluster.ApiError: it cannot be written; ``conflict``: it was changed or created meanwhile.
    """
    if found is None:
        metadata = {"name": reference.name}
        await client.create(reference, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, **fields})
    else:
        await client.replace(reference, {**found, **fields})


async def keep_written(
    due: asyncio.Event,
    attempt: Callable[[], Awaitable[None]],
    report: Report,
    *,
    check_seconds: float,
    retry_seconds: float,
) -> None:
    """Make an attempt whenever one is due, until cancelled.

    Args:
        due: that an attempt is due; a successful attempt clears it.
        attempt: reads the ConfigMap, and writes it if need be.
        report: receives each failure.
        check_seconds: after which an attempt is made although none is due.
        retry_seconds: between a failure and the next attempt.
    """
    while True:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(check_seconds):
                await due.wait()
        try:
            await attempt()
        except cluster.ApiError as error:
            if error.code == "conflict":  # another replica was faster; the next attempt reads what it wrote
                await asyncio.sleep(CONFLICT_SECONDS)
                continue
            report(str(error))
            await asyncio.sleep(retry_seconds)
        except Exception as error:  # noqa: BLE001 - whatever an answer causes, the server goes on
            report("internal error", traceback=telemetry.describe(error))
            await asyncio.sleep(retry_seconds)
