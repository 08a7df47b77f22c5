"""HTTP: routes, limits, the two error channels, drain. Other rooms decide what to answer an admission.

A bad *call* gets an HTTP status and one line of plain text; a bad *operation* gets a review that denies it, with HTTP
status 200 (contract section 11).

::

    calls      what is refused before the body is looked into
    reviews    the paths of the webhooks
    health     /livez, /readyz and /metrics
    listener   sockets and connections
"""

from webhook.server.calls import MAX_BODY
from webhook.server.health import Check, HealthHandler
from webhook.server.listener import FINISH_SECONDS, Listener
from webhook.server.reviews import MUTATE_PATH, Answer, ReviewHandler

__all__ = ["FINISH_SECONDS", "MAX_BODY", "MUTATE_PATH", "Answer", "Check", "HealthHandler", "Listener", "ReviewHandler"]
