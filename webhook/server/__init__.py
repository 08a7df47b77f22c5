"""HTTP: routes, limits, the two error channels, drain. What to answer an admission is decided elsewhere.

A bad *call* gets an HTTP status with one line of plain text; a bad *operation* gets a review whose response says no,
with HTTP status 200 (contract section 11). ``calls`` knows the first, ``mutate`` the second, ``health`` answers probes
and Prometheus, ``listener`` owns the sockets.
"""

from webhook.server.calls import MAX_BODY
from webhook.server.health import Check, HealthHandler
from webhook.server.listener import FINISH_SECONDS, Listener
from webhook.server.mutate import MUTATE_PATH, Decide, MutateHandler

__all__ = ["FINISH_SECONDS", "MAX_BODY", "MUTATE_PATH", "Check", "Decide", "HealthHandler", "Listener", "MutateHandler"]
