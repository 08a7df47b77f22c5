"""The clock by which certificates are judged, and what is reported when it disagrees with the API server's."""

import math
from datetime import UTC, datetime, timedelta

import certs
from webhook import cluster


class Clock:
    """This machine's clock beside that of the work cluster's API server.

    Args:
        server: what is known of the API server's clock; nothing if there is no cluster.
    """

    def __init__(self, server: cluster.ServerClock) -> None:
        self._server = server

    def read(self) -> certs.Reading:
        """Return the time by both clocks."""
        return certs.Reading(datetime.now(UTC), self._server.skew)

    def now(self) -> datetime:
        """Return the time to judge certificates by."""
        return self.read().now

    def seconds_ahead(self) -> float:
        """Return by how many seconds this machine's clock is ahead of the API server's; NaN if that is unknown."""
        skew = self._server.skew
        return math.nan if skew is None else skew.total_seconds()

    @property
    def problem(self) -> str:
        """How the clocks disagree, what follows and what to do, in one line; empty if nothing speaks against this clock."""
        reading = self.read()
        if reading.skew is None or reading.agrees:
            return ""
        direction = "ahead" if reading.skew > timedelta(0) else "behind"
        return (
            f"this replica's clock says {_written(reading.own)} and the API server's {_written(reading.now)}: it is "
            f"{_length(abs(reading.skew))} {direction}. This replica creates, announces, promotes and publishes no CA until they "
            "agree within a minute; set the clock of the node that is wrong (NTP)"
        )


def _written(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _length(span: timedelta) -> str:
    """Return a length of time in its largest unit that gives at least two of it, rounded."""
    seconds = span.total_seconds()
    for unit, name in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:.0f} seconds"
