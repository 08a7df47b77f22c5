"""The exceptions that cross rooms, in one tree.

::

    HydraError
    ├── MalformedReview   the call itself is no AdmissionReview; answered by an HTTP status (contract section 11)
    ├── Denied            the operation is refused; answered by an AdmissionResponse
    │   └── NotReady      refused until a configuration has been read; the caller may try again
    ├── catalog.BadYaml   a text is not YAML as kubectl reads it
    ├── files.Unreadable  a file cannot be read
    ├── cluster.ApiError  a request to an API server has failed, or could not be made
    └── app.CannotStart   the server cannot start

What a library raises is translated in the room that calls the library. ``gotemplate`` has a tree of its own, since it
may be published alone.

Beside them stand the helpers that every refusal needs: how a value is written, and the name that was probably meant.
"""

import difflib
from collections.abc import Collection
from typing import Any, Self

import msgspec

#: Names that a message lists before it only counts the rest.
_LISTED = 20

#: Names that are compared to find the nearest: about a millisecond's work.
_COMPARED = 500

#: Of a Kubernetes object; no other name is longer.
_LONGEST_NAME = 253

#: Characters of a value in a message; a label value has at most 63.
_SHOWN = 100


class HydraError(Exception):
    """Root of every error that this project raises on purpose."""


class MalformedReview(HydraError):  # noqa: N818 - named after what it says, like Denied
    """The request body is not an ``admission.k8s.io/v1`` AdmissionReview; ``str()`` says what is wrong with it."""


class Denied(HydraError):  # noqa: N818 - a decision with its reason, not a fault of the program
    """The operation is refused because of something its author can change.

    Attributes:
        reason: short kebab-case word for logs, metrics and test names, e.g. ``unknown-runtime``.
        message: what is wrong, where, and what would be right, for the person who ran ``kubectl``: one line without
            control characters, whatever the values in it are.
        code: HTTP status of the AdmissionResponse.
        status: ``status.reason`` of the AdmissionResponse, a Kubernetes StatusReason.
    """

    code = 422
    status = "Invalid"

    def __init__(self, reason: str, message: str) -> None:
        self.reason = reason
        self.message = printable(message)
        super().__init__(self.message)

    def within(self, place: str) -> Self:
        """Return the same refusal with the place it is about in front of its message."""
        return type(self)(self.reason, f"{place}: {self.message}")


class NotReady(Denied):
    """Refused because a configuration has not been read yet: nothing is wrong with the workload."""

    code = 503
    status = "ServiceUnavailable"


def printable(text: str) -> str:
    """Return a text as one line without control characters, so that it may be shown on a terminal."""
    if text.isprintable():
        return text
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def shown(value: Any) -> str:
    """Return a JSON value as messages write it: as JSON, cut where it is long."""
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def nearest(name: str, known: Collection[str]) -> str:
    """Return the known name that is most like this one, or "" if none is near.

    Compares a bounded number of names, those that begin alike first, and none that is too long: they may come from
    a request.
    """
    candidates = sorted(other for other in known if len(other) <= _LONGEST_NAME)
    if len(candidates) > _COMPARED:
        candidates.sort(key=lambda other: -_common_start(name, other))
    matches = difflib.get_close_matches(name[:_LONGEST_NAME], candidates[:_COMPARED], n=1, cutoff=0.6)
    return matches[0] if matches else ""


def _common_start(one: str, other: str) -> int:
    length = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            break
        length += 1
    return length


def among(name: str, known: Collection[str]) -> str:
    """Return ``did you mean "x"? known: a, b, c``: the end of a message about a name that does not exist."""
    near = nearest(name, known)
    return f'did you mean "{near}"? known: {listed(known)}' if near else f"known: {listed(known)}"


def listed(names: Collection[str]) -> str:
    """Return the names sorted, with commas between them; a long list is cut and counted."""
    if not names:
        return "none"
    ordered = sorted(names)
    rest = len(ordered) - _LISTED
    return ", ".join(ordered[:_LISTED]) + (f" and {rest} more" if rest > 0 else "")
