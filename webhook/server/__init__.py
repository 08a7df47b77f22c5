"""HTTP: routes, limits, the two error channels, drain. Other rooms decide what to answer an admission.

A bad *call* gets an HTTP status and one line of plain text; a bad *operation* gets a review that denies it, with HTTP
status 200 (contract section 11).

::

    calls        what is refused before the body is looked into, and how the body is read
    budget       one budget of bytes for the bodies of all connections
    reviews      the paths of the webhooks
    health       /livez, /readyz and /metrics
    clients      who may call, if clients must have a certificate
    places       how many connections there may be, and which one makes room
    connections  HTTP over an accepted socket, and its deadlines
    listener     sockets that are listened on
    summary      events that occur too often for a line each
"""

from webhook.server.calls import MAX_BODY
from webhook.server.clients import ClientNames
from webhook.server.health import Check, HealthHandler
from webhook.server.listener import FINISH_SECONDS, Listener
from webhook.server.places import HEALTH_LIMITS, REVIEW_LIMITS, Limits, review_limits
from webhook.server.reviews import MUTATE_PATH, Answer, ReviewHandler

__all__ = [
    "FINISH_SECONDS",
    "HEALTH_LIMITS",
    "MAX_BODY",
    "MUTATE_PATH",
    "REVIEW_LIMITS",
    "Answer",
    "Check",
    "ClientNames",
    "HealthHandler",
    "Limits",
    "Listener",
    "ReviewHandler",
    "review_limits",
]
