"""Everything that can go wrong with a request to an API server, in one exception with a bounded word for each cause."""

import email.utils
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Literal

from webhook import errors
from webhook.cluster import events
from webhook.cluster.resources import Resource

Reason = Literal[
    "credentials",  # kubeconfig or service account cannot be read; nothing was sent
    "unreachable",  # no connection, or it ended before the answer did
    "timeout",  # no answer in time
    "malformed",  # an answer that no API server gives
    "unauthorized",
    "forbidden",
    "not-found",
    "conflict",  # changed meanwhile, or exists already
    "gone",  # the resourceVersion is too old
    "throttled",
    "invalid",  # any other 4xx
    "server-error",  # any 5xx
]

LONGEST_RETRY_AFTER = 30.0  # seconds; whatever a server asks for, it is tried again by then

_BY_STATUS: dict[int, Reason] = {
    401: "unauthorized",
    403: "forbidden",
    404: "not-found",
    409: "conflict",
    410: "gone",
    429: "throttled",
}

#: Characters of a server's message that are kept: a refusal by RBAC with its user and object has some 300.
_LONGEST_MESSAGE = 1000


class ApiError(errors.HydraError):
    """A request to an API server has failed; ``str()`` is one line that names verb, object and cause.

    Attributes:
        reason: why, as one of the words of ``Reason``, for metrics and decisions.
        status: HTTP status; 0 if there was no answer.
        retry_after: seconds that the server asks to wait, at most 30; None if it does not ask.
    """

    def __init__(self, reason: Reason, message: str, *, status: int = 0, retry_after: float | None = None) -> None:
        self.reason: Reason = reason
        self.status = status
        self.retry_after = retry_after
        line = errors.printable(message)
        super().__init__(line if len(line) <= _LONGEST_MESSAGE else f"{line[:_LONGEST_MESSAGE]}...")


def refused(verb: str, resource: Resource, status: int, body: bytes, retry_after: float | None = None) -> ApiError:
    """Return the error for an HTTP answer that is no success.

    Args:
        verb: what was tried, in the words of RBAC: ``get``, ``list``, ``watch``, ``create``, ``update``, ``patch``.
        resource: with which object.
        status: the answer's HTTP status.
        body: the answer: a ``Status`` object, or whatever a proxy on the way says.
        retry_after: what ``retry_after`` made of the header.
    """
    try:
        told = events.decode(body)
    except events.Malformed:  # the HTML page of a proxy is of no use in a log
        told = {}
    return _error(verb, resource, status, told, retry_after)


def told_in_stream(verb: str, resource: Resource, status: Mapping[str, Any]) -> ApiError:
    """Return the error for the ``Status`` object of an ERROR event: the HTTP status was 200 long ago."""
    code = status.get("code")
    if status.get("reason") in {"Expired", "Gone"}:
        code = 410  # some API servers and aggregated ones say it only so
    return _error(verb, resource, code if isinstance(code, int) else 500, status, None)


def retry_after(header: str | None, now: datetime) -> float | None:
    """Return the seconds that a ``Retry-After`` header (seconds, or an HTTP date) asks for, between 0 and 30.

    None if there is no such header or it makes no sense. ``now`` is aware of its time zone.
    """
    if header is None:
        return None
    try:
        seconds = float(header) if header.strip().isdecimal() else _until(header, now)
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER)


def _until(date: str, now: datetime) -> float:
    moment = email.utils.parsedate_to_datetime(date)
    if moment.tzinfo is None:  # "-0000": UTC, of which nothing more is known
        moment = moment.replace(tzinfo=UTC)
    return (moment - now).total_seconds()


def _error(verb: str, resource: Resource, code: int, status: Mapping[str, Any], retry_after: float | None) -> ApiError:
    reason = _BY_STATUS.get(code) or ("server-error" if code >= 500 else "invalid" if code >= 400 else "malformed")
    message = status.get("message")
    said = message if isinstance(message, str) and message else _phrase(code)
    if reason == "forbidden":
        said = f'{said} (permission needed: {verb} on {resource.plural} named "{resource.name}")'
    return ApiError(reason, f"{verb} {resource.human}: {code}: {said}", status=code, retry_after=retry_after)


def _phrase(code: int) -> str:
    try:
        return HTTPStatus(code).phrase
    except ValueError:
        return "no reason was given"
