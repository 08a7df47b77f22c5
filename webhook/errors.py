"""The exceptions that cross rooms, in one tree, and the wording that their messages share.

::

    HydraError
    ├── MalformedReview   the call is not an AdmissionReview; answered with an HTTP status (contract section 11)
    ├── Denied            the operation is denied; answered with an AdmissionResponse
    │   ├── Malformed     the object does not have the shape that its kind prescribes
    │   ├── TooLarge      the object would take more memory or time than it is worth
    │   └── NotReady      denied until a configuration has been read; the caller may try again
    ├── catalog.BadYaml   the input is not valid YAML as kubectl reads it
    ├── files.Unreadable  a file cannot be read
    ├── cluster.ApiError  a request to an API server failed or could not be sent
    └── app.CannotStart   the server cannot start

The room that calls a library translates the library's exceptions. ``gotemplate`` has a tree of its own, because it
may be published alone.
"""

import bisect
import difflib
from collections.abc import Collection, Iterable
from functools import cached_property
from typing import Any, Literal, NamedTuple, Self, get_args

import msgspec

#: Names that a message lists before it only counts the rest.
_LISTED = 25

#: Characters of a name that is suggested, or that a suggestion is looked for: the length of a label's value, which container,
#: volume and runtime names do not exceed either.
_LONGEST_NAME = 63

#: Pairs of characters compared when looking for the nearest name: a millisecond or two. Names may come from a request,
#: and comparing two of them takes time proportional to the product of their lengths.
_PAIRS = 20_000

#: Characters of a value in a message; a label value has at most 63.
_SHOWN = 100

#: Longest message of a denial, in characters. It is printed on a terminal, where a longer one would not be read.
_MESSAGE_CHARACTERS = 4096

#: Every reason for which an admission is denied (contract section 11), each described in docs/troubleshooting.md.
DenialCode = Literal[
    "broken-agent-entry",
    "broken-runtime",
    "configuration-missing",
    "container-name-conflict",
    "container-without-name",
    "duplicate-container",
    "edit-with-input",
    "empty-value",
    "internal-error",
    "invalid-gpu-count",
    "invalid-group-size",
    "invalid-label-value",
    "invalid-name",
    "invalid-record",
    "invalid-size",
    "invalid-value",
    "label-removed",
    "later-record",
    "malformed-object",
    "missing-key",
    "no-agent-entry",
    "no-bare-form",
    "no-image",
    "no-value",
    "not-an-integer",
    "object-too-large",
    "port-name-conflict",
    "request-above-limit",
    "template-failed",
    "undefined-volume",
    "unknown-accelerator",
    "unknown-container",
    "unknown-probe-port",
    "unknown-runtime",
]
DENIAL_CODES: tuple[DenialCode, ...] = get_args(DenialCode)

#: Denials about which ``explain`` says more than their message: what was decided before, and where each side is written.
_EXPLAINED = frozenset[DenialCode](
    {
        "container-name-conflict",
        "invalid-name",
        "no-agent-entry",
        "no-image",
        "no-value",
        "not-an-integer",
        "port-name-conflict",
        "request-above-limit",
        "template-failed",
        "undefined-volume",
        "unknown-accelerator",
        "unknown-probe-port",
    }
)

#: The command that shows how a request is answered, by the configuration of the webhook that answers it.
EXPLAIN = "hydra-webhook explain --from-cluster -f FILE"


class HydraError(Exception):
    """Root of every error that this project raises on purpose."""


class MalformedReview(HydraError):  # noqa: N818 - named after what it reports, like Denied
    """The request body is not an ``admission.k8s.io/v1`` AdmissionReview; ``str()`` gives the reason."""


class PlaceInTemplate(NamedTuple):
    """A place in a Go template of the runtime.

    Attributes:
        template: its name, which is the runtime's and the key path in its entry.
        line, column: in its text, from 1.
    """

    template: str
    line: int = 1
    column: int = 1


class Denied(HydraError):  # noqa: N818 - a decision with its reason, not a fault of the program
    """The operation is denied because of something its author can change.

    ``str()`` is what people read: the message, cut if it is very long, and the code in brackets (contract section 11).

    Attributes:
        code: the reason in kebab case, for logs, metrics, documentation and test names.
        message: what is wrong, where, and what would be right: one line without control characters, whatever values it
            quotes.
        runtime: the runtime that the denied pod template asks for; empty while it is not known.
        place_in_template: in which Go template the cause is, if one failed.
        http_status: ``status.code`` of the AdmissionResponse.
        status_reason: ``status.reason`` of the AdmissionResponse, a Kubernetes StatusReason.
    """

    http_status = 422
    status_reason = "Invalid"

    def __init__(self, code: DenialCode, message: str, place_in_template: PlaceInTemplate | None = None) -> None:
        super().__init__(code, message)
        self.code: DenialCode = code
        self.message = printable(message)
        self.runtime = ""
        self.place_in_template = place_in_template

    def add_place(self, place: str) -> None:
        """Put the place that the denial is about in front of its message, on its way up to those who know the place."""
        self.message = f"{printable(place)}: {self.message}"

    @property
    def answer(self) -> str:
        """Return what the answer to a request says: ``str()`` with the command that says more, where ``explain`` does."""
        return with_code(self.message, self.code, f"to see why, run {EXPLAIN}" if self.code in _EXPLAINED else "")

    def __str__(self) -> str:
        return with_code(self.message, self.code)


class Malformed(Denied):
    """The object does not have the shape that its kind prescribes: a map where a list belongs, for example.

    The message begins with the path from the object's root.
    """

    def __init__(self, path: str, cause: str) -> None:
        super().__init__("malformed-object", f"{path}: {cause}" if path else cause)


class TooLarge(Denied):
    """The object would take more memory or time than it is worth; the message begins with what is too large."""

    def __init__(self, cause: str) -> None:
        super().__init__(
            "object-too-large", f"{cause}; move data out of it, for example into a ConfigMap that it mounts"
        )


class NotReady(Denied):
    """Denied because a configuration has not been read yet; the workload may be fine."""

    http_status = 503
    status_reason = "ServiceUnavailable"


def with_code(message: str, code: DenialCode, advice: str = "") -> str:
    """Return a denial as people read it: the message, cut if it is very long, advice if there is any, and the code in brackets."""
    end = f"; {advice} [{code}]" if advice else f" [{code}]"
    room = _MESSAGE_CHARACTERS - len(end)
    if len(message) > room:
        message = f"{message[: room - 3]}..."
    return f"{message}{end}"


def printable(text: str) -> str:
    """Return a string as one line without control characters, safe to print on a terminal."""
    if text.isprintable():
        return text
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def shown(value: Any) -> str:
    """Return a JSON value as messages quote it: as JSON, cut if it is long."""
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def shortened(text: str, limit: int) -> str:
    """Return a string of at most ``limit`` characters, at least 5, that begins and ends as this one does.

    A name is cut in its middle at any character: its ends tell it from others. A sentence is cut at words.
    """
    if len(text) <= limit:
        return text
    head, tail = text[: limit // 2], text[-((limit - 1) // 2) :]  # each a character too long, which may be a space
    head = head[: head.rindex(" ")] if " " in head[len(head) // 2 :] else head[:-1]
    tail = tail[tail.index(" ") + 1 :] if " " in tail[: len(tail) // 2] else tail[1:]
    return f"{head}...{tail}"


class Names(tuple[str, ...]):  # noqa: SLOT001 - what is found out once needs a place
    """Names that exist, sorted.

    What a message about another name needs of them is found out once: there may be ten thousand, and a controller whose pods are
    denied tries again and again.
    """

    def __new__(cls, names: Iterable[str]) -> Self:
        """Sort the names."""
        return super().__new__(cls, sorted(names))

    @cached_property
    def short(self) -> list[str]:
        """Return those that can be suggested."""
        return [name for name in self if len(name) <= _LONGEST_NAME]

    @cached_property
    def characters(self) -> int:
        """Return how many characters those have."""
        return sum(map(len, self.short))

    @cached_property
    def backwards(self) -> list[str]:
        """Return those, each from its end to its beginning, sorted."""
        return sorted(name[::-1] for name in self.short)


def nearest(name: str, known: Collection[str], similarity: float = 0.6) -> str:
    """Return the known name that is most similar to this one, or "" if none is near.

    Names longer than a label's value are left out. Of many names only those are compared that begin or end like this one.

    Args:
        name: the name that was written.
        known: the names that exist.
        similarity: how similar a name must be to be near: the share of characters that both have in the same order.
    """
    if len(name) > _LONGEST_NAME:
        return ""
    names = known if isinstance(known, Names) else Names(known)
    candidates = names.short
    if len(name) * names.characters > _PAIRS:
        most = _PAIRS // (len(name) * _LONGEST_NAME)
        ends = _around(names.backwards, name[::-1], most // 2)
        near = _around(candidates, name, most // 2) + [other[::-1] for other in ends]
        candidates = sorted(set(near))
    matches = difflib.get_close_matches(name, candidates, n=1, cutoff=similarity)
    return matches[0] if matches else ""


def _around(ordered: list[str], name: str, most: int) -> list[str]:
    """Return the names on both sides of the place that a name has, or would have, in a sorted list."""
    at = bisect.bisect_left(ordered, name)
    begin = max(0, at - most // 2)
    return ordered[begin : begin + most]


def among(name: str, known: Collection[str]) -> str:
    """Return ``did you mean "x"? known: a, b, c``, which ends every message about a name that does not exist."""
    near = nearest(name, known)
    return f'did you mean "{near}"? known: {listed(known)}' if near else f"known: {listed(known)}"


def listed(names: Collection[str]) -> str:
    """Return the names, sorted and separated by commas; the end of a long list is only counted."""
    if not names:
        return "none"
    ordered = names if isinstance(names, Names) else Names(names)
    rest = len(ordered) - _LISTED
    return ", ".join(ordered[:_LISTED]) + (f" and {rest} more" if rest > 0 else "")
