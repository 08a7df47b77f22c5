"""``ApiError``: everything that can go wrong with a request to an API server, with a code from a closed list."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, Literal

from webhook import errors
from webhook.cluster import answers, clocks
from webhook.cluster.collections import Collection

ErrorCode = Literal[
    "credentials",  # the kubeconfig or service account cannot be used; nothing was sent
    "unreachable",  # no connection, or it was closed before the answer was complete
    "timeout",  # no answer in time
    "malformed",  # an answer that no API server gives
    "unauthorized",
    "forbidden",
    "not-found",
    "conflict",  # the object was changed meanwhile, or already exists
    "gone",  # the resourceVersion is too old
    "throttled",
    "invalid",  # any other 4xx
    "server-error",  # any 5xx
]

LONGEST_RETRY_AFTER = 30.0  # seconds; a server that asks for more is retried after this

_CODES: dict[int, ErrorCode] = {
    401: "unauthorized",
    403: "forbidden",
    404: "not-found",
    409: "conflict",
    410: "gone",
    429: "throttled",
}

#: Characters of a server's message to show. A denial by RBAC, with its user and object, has about 300.
_LONGEST_MESSAGE = 1000


class ApiError(errors.HydraError):
    """A request to an API server failed; ``str()`` is one line with the verb, the object and the cause.

    Attributes:
        code: the cause, for metrics and decisions.
        http_status: of the answer; 0 if there was none.
        retry_after: seconds that the server asks to wait, at most 30; None if it does not ask.
    """

    def __init__(
        self, code: ErrorCode, message: str, *, http_status: int = 0, retry_after: float | None = None
    ) -> None:
        self.code: ErrorCode = code
        self.http_status = http_status
        self.retry_after = retry_after
        line = errors.printable(message)
        super().__init__(line if len(line) <= _LONGEST_MESSAGE else f"{line[:_LONGEST_MESSAGE]}...")


class TooLargeError(ApiError):
    """An answer is larger than ``answers.LARGEST``."""


def refused(
    verb: str, collection: Collection, http_status: int, body: bytes, retry_after: float | None = None
) -> ApiError:
    """Return the error for an HTTP answer other than success.

    Args:
        verb: of the request, as RBAC names it: ``get``, ``list``, ``watch``, ``create``, ``update``, ``patch``.
        collection: the objects that the request was about.
        http_status: of the answer.
        body: of the answer: a ``Status`` object, or anything that a proxy sends.
        retry_after: seconds that the ``Retry-After`` header asks for, as ``retry_after`` returns them.
    """
    try:
        status = answers.decode(body)
    except answers.Malformed:  # the HTML page of a proxy is useless in a log
        status = {}
    return _error(verb, collection, http_status, status, retry_after)


def ended_watch(collection: Collection, status: Mapping[str, Any]) -> ApiError:
    """Return the error for the ``Status`` object of an ERROR event, which comes after the HTTP status 200 of the watch."""
    http_status = status.get("code")
    if status.get("reason") in {"Expired", "Gone"}:
        http_status = 410  # some aggregated API servers send the reason without this code
    return _error("watch", collection, http_status if isinstance(http_status, int) else 500, status, None)


def retry_after(header: str | None, now: datetime) -> float | None:
    """Return the seconds that a ``Retry-After`` header (seconds, or an HTTP date) asks for, between 0 and 30.

    None if there is no such header or it cannot be read. ``now``, with a time zone, is the time by the server's clock.
    """
    if header is None:
        return None
    if header.strip().isdecimal():
        seconds = float(header)
    elif (moment := clocks.http_date(header)) is not None:
        seconds = (moment - now).total_seconds()
    else:
        return None
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER)


def _error(
    verb: str, collection: Collection, http_status: int, status: Mapping[str, Any], retry_after: float | None
) -> ApiError:
    other: ErrorCode = "server-error" if http_status >= 500 else "invalid" if http_status >= 400 else "malformed"
    code = _CODES.get(http_status, other)
    message = status.get("message")
    cause = message if isinstance(message, str) and message else _phrase(http_status)
    if code == "forbidden":
        # RBAC cannot restrict "create" by name.
        named = f' named "{collection.name}"' if collection.name and verb != "create" else ""
        cause = f"{cause} (permission needed: {verb} on {collection.plural}{named})"
    line = f"{verb} {collection.human}: {http_status}: {cause}"
    return ApiError(code, line, http_status=http_status, retry_after=retry_after)


def _phrase(http_status: int) -> str:
    try:
        return HTTPStatus(http_status).phrase
    except ValueError:
        return "the server gave no reason"
