"""The server as a process: signals in, exit status out."""

import asyncio
import contextlib
import gc
import signal

import prometheus_client
import uvloop

from webhook import telemetry
from webhook.app.options import CannotStart, Options
from webhook.app.running import serving


def run(options: Options) -> int:
    """Serve until SIGTERM or SIGINT; return the exit status: 0, or 1 if it could not start or broke down."""
    # They double the number of series, and Prometheus has no use for them. Of the whole process, so it is said here.
    prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]  # the library does not type it
    log = telemetry.make_log(log_format=options.log_format)
    telemetry.route_standard_library(log)
    try:
        uvloop.run(_serve_until_signal(options, log))
    except CannotStart as error:
        log.error("cannot start", why=str(error))  # noqa: TRY400 - one line, for a person
        return 1
    except BaseExceptionGroup as group:
        if (late := group.subgroup(CannotStart)) is not None:  # a server that had to wait for its certificate
            log.error("cannot start", why=str(late.exceptions[0]))  # noqa: TRY400 - likewise
            return 1
        # A task of the server ended in a bug.
        log.error("broken down", traceback=telemetry.describe(group))  # noqa: TRY400 - bounded, unlike exception()
        return 1
    return 0


#: Containers that may be allocated before the collector looks for cycles. A request allocates about two thousand and leaves
#: no cycle behind, so the default of 700 would have it look several times a request for nothing.
_COLLECT_AFTER = 50_000


def tune_collector() -> None:
    """Set Python's garbage collector for serving; called once, when everything that stays has been made: at the first readiness.

    What is there by now lives as long as the process. Out of the collector's sight it costs no pauses: a catalog of 10,000
    runtimes has a million objects to walk through.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER, 20, 20)


async def _serve_until_signal(options: Options, log: telemetry.Log) -> None:
    """Serve; the first signal begins the drain, a second one ends it at once."""
    told, hurried = asyncio.Event(), asyncio.Event()

    def on_signal() -> None:
        (hurried if told.is_set() else told).set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, on_signal)
    async with serving(options, log) as running:
        ended, ready = asyncio.create_task(told.wait()), asyncio.create_task(running.until_ready())
        await asyncio.wait({ended, ready}, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        tune_collector()
        await ended
        running.drain()
        log.info("draining", seconds=options.drain_seconds)
        # The API server goes on using its open connections to a pod that is ending, and new ones arrive until every
        # node has heard of it: going away at once would fail those requests.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(hurried.wait(), options.drain_seconds)
            running.hurried = True
