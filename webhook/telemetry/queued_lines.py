"""Log lines on their way to a file descriptor whose reader may be slow, without waiting for it."""

import os
import select
import threading
import time
from collections.abc import Callable

LIMIT = 1024 * 1024
"""Bytes of lines that may wait: some 3,000 admissions, so that a reader may pause for a second under load."""

_PAUSE_SECONDS = 0.005  # between two writes, so that a busy server wakes the thread once for many lines


class QueuedLines:
    """Writes lines in a thread of its own. Lines for which there is no room are dropped and counted.

    An event loop must never wait for whoever reads the log: the pipe to a stalled reader holds 64 KiB, about 190 lines, and
    the next write to it would stop every request and ``/livez`` too. The thread writes to the descriptor rather than to
    ``sys.stderr``, whose lock Python needs in order to exit.

    Attributes:
        dropped: lines dropped so far.
    """

    def __init__(self, descriptor: int) -> None:
        self.dropped = 0
        self._descriptor = descriptor
        self._guard = threading.Lock()
        self._filled = threading.Event()
        self._written = threading.Event()
        self._written.set()
        self._waiting: list[bytes] = []
        self._bytes = 0
        self._unreported = 0
        self._report_dropped: Callable[[int], None] = lambda _count: None
        self._thread: threading.Thread | None = None

    def isatty(self) -> bool:
        """Return whether a person watches."""
        return os.isatty(self._descriptor)

    def on_dropped(self, report: Callable[[int], None]) -> None:
        """Call ``report`` with the number of lines that were dropped, once lines can be written again."""
        self._report_dropped = report

    def write(self, line: bytes) -> None:
        """Add one line, which ends in a newline; never waits."""
        with self._guard:
            if self._bytes + len(line) > LIMIT:
                self.dropped += 1
                self._unreported += 1
                return
            self._waiting.append(line)
            self._bytes += len(line)
            self._written.clear()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="log", daemon=True)
                self._thread.start()
        if not self._filled.is_set():
            self._filled.set()

    def flush(self) -> None:
        """Do nothing: the thread writes lines within milliseconds. Streams have this method."""

    def close(self, seconds: float) -> None:
        """Wait up to ``seconds`` until every line is written."""
        self._written.wait(seconds)

    def _run(self) -> None:
        while True:
            self._filled.wait()
            self._filled.clear()
            self._write_waiting()
            time.sleep(_PAUSE_SECONDS)

    def _write_waiting(self) -> None:
        with self._guard:
            lines, self._waiting, self._bytes = self._waiting, [], 0
            unreported, self._unreported = self._unreported, 0
        if unreported:
            self._report_dropped(unreported)  # now, while there is room for the report itself
        lost = 0 if self._write_out(b"".join(lines)) else len(lines)
        with self._guard:
            self.dropped += lost
            if not self._waiting:
                self._written.set()

    def _write_out(self, content: bytes) -> bool:
        """Return whether everything was written."""
        rest = memoryview(content)
        while rest:
            try:
                rest = rest[os.write(self._descriptor, rest) :]
            except BlockingIOError:  # another process has made the descriptor non-blocking
                select.select([], [self._descriptor], [])
            except OSError:  # nobody reads the pipe any more, or the disk is full: a log must not end a server
                return False
        return True
