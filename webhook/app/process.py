"""The server as a process: from the first signal to the exit status."""

import asyncio
import contextlib
import signal
import sys

import prometheus_client
import uvloop

from webhook import telemetry
from webhook.app import collector, memory, open_files
from webhook.app.options import CannotStart, Options
from webhook.app.running import serving

_LAST_LINES_SECONDS = 1.0  # for a reader to take the last lines; one that is stalled must not keep the process


def run(options: Options) -> int:
    """Serve until SIGTERM or SIGINT; return the exit status: 0, or 1 if the server could not start or crashed."""
    # They double the number of series, and Prometheus does not need them. The setting is global, so it is made here.
    prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]  # the library does not type it
    lines = telemetry.QueuedLines(sys.stderr.fileno())
    log = telemetry.make_log(lines, options.log_format)
    lines.on_dropped(lambda count: log.warning("log lines dropped", count=count))
    telemetry.route_standard_library(log)
    open_files.raise_limit()
    memory.tune()
    collector.start()
    try:
        uvloop.run(_serve_until_signal(options, log, lines))
    except CannotStart as error:
        log.error("cannot start", why=str(error))  # noqa: TRY400 - one line, for a person
        return 1
    except BaseExceptionGroup as group:
        if (late := group.subgroup(CannotStart)) is not None:  # of a server that waited for its certificate
            log.error("cannot start", why=str(late.exceptions[0]))  # noqa: TRY400 - for a person as well
            return 1
        # A bug has ended a task of the server.
        log.error("crashed", traceback=telemetry.describe(group))  # noqa: TRY400 - bounded, unlike exception()
        return 1
    finally:
        lines.close(_LAST_LINES_SECONDS)
    return 0


#: Signals that end a process that does not expect them, and that people and log rotation send: files are reloaded without one.
_IGNORED = (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)


def _ignore(number: signal.Signals, log: telemetry.Log) -> None:
    """Ignore a signal, and say so the first time."""
    log.info("signal ignored", signal=number.name)
    loop = asyncio.get_running_loop()
    loop.remove_signal_handler(number)
    signal.signal(number, signal.SIG_IGN)


async def _serve_until_signal(options: Options, log: telemetry.Log, lines: telemetry.QueuedLines) -> None:
    """Serve. The first signal begins the drain; a second one ends it at once.

    Outside a cluster Ctrl-C (SIGINT) needs no second one: a person waits, and no API server.
    """
    first, second = asyncio.Event(), asyncio.Event()

    def on_signal(number: signal.Signals) -> None:
        if first.is_set() or (number == signal.SIGINT and options.cluster is None):
            second.set()
        first.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal, number)
    for number in _IGNORED:
        loop.add_signal_handler(number, _ignore, number, log)
    async with serving(options, log) as running:
        running.reports.metrics.log_lines_dropped(lambda: lines.dropped)
        ended, ready = asyncio.create_task(first.wait()), asyncio.create_task(running.until_ready())
        await asyncio.wait({ended, ready}, return_when=asyncio.FIRST_COMPLETED)
        if ready.done():
            await asyncio.to_thread(lines.close, _LAST_LINES_SECONDS)
            options.on_serving(running.port)
        ready.cancel()
        collector.tune()
        await ended
        running.drain()
        log.info("draining", seconds=0 if second.is_set() else options.drain_seconds)
        # API servers go on using their open connections to a terminating pod, and new connections arrive until every node
        # knows about it. Those requests would fail if the server stopped at once.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(second.wait(), options.drain_seconds)
            running.hurried = True
