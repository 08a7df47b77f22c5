"""Events that may occur thousands of times a second, in a log that they must not fill."""

import time

from webhook import telemetry

SUMMARY_SECONDS = 60.0


class Summary:
    """Logs the first occurrence of an event at once, and then one line a minute at most, with how often it occurred.

    Args:
        log: where to log, as a warning.
        event: the constant name of the event.
    """

    def __init__(self, log: telemetry.Log, event: str) -> None:
        self._log = log
        self._event = event
        self._count = 0
        self._next = 0.0

    def log(self, **fields: object) -> None:
        """Report one occurrence; ``fields`` appear if it is the one that is logged."""
        self._count += 1
        now = time.monotonic()
        if now < self._next:
            return
        self._log.warning(self._event, count=self._count, **fields)
        self._count = 0
        self._next = now + SUMMARY_SECONDS
