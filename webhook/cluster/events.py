"""The bytes of a watch to events, and the answer to a list to a page: checked as far as a reflector relies on them."""

from dataclasses import dataclass
from typing import Any, Literal

import msgspec

Object = dict[str, Any]

LARGEST = 16 * 1024 * 1024
"""Bytes of one answer or one event. An object in etcd has 1.5 MiB at most, 3 with every byte of it escaped in JSON."""

_KINDS: dict[str, Literal["put", "deleted"]] = {"ADDED": "put", "MODIFIED": "put", "DELETED": "deleted"}


class Malformed(Exception):  # noqa: N818 - named after what it says
    """No API server answers so; ``str()`` says what is wrong. Stays in this room."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells an object and its states apart.

    Attributes:
        name: ``metadata.name``.
        uid: another one after it was deleted and made again.
        version: ``metadata.resourceVersion``: another one after each change; compared for equality only.
    """

    name: str
    uid: str
    version: str


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a watch.

    Attributes:
        kind: ``put`` (there is such an object), ``deleted``, ``bookmark`` (nothing happened up to this version) or
            ``error`` (the object is a ``Status``; the stream ends).
        object: what it is about.
        version: resourceVersion from which a later watch may go on; empty for an error.
    """

    kind: Literal["put", "deleted", "bookmark", "error"]
    object: Object
    version: str


@dataclass(frozen=True, slots=True)
class Page:
    """One answer to a list.

    Attributes:
        items: objects, each with an identity.
        version: resourceVersion of the whole list.
        cursor: where the next page begins; empty on the last one.
    """

    items: tuple[Object, ...]
    version: str
    cursor: str


class Lines:
    """Cuts chunks of bytes, which end anywhere, into lines."""

    def __init__(self, largest: int = LARGEST) -> None:
        self._largest = largest
        self._begun = bytearray()

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the lines that this chunk completes, without those that are empty.

        Raises:
            Malformed: a line is longer than any event.
        """
        lines = []
        *ends, rest = chunk.split(b"\n")
        for end in ends:
            self._append(end)
            if self._begun.strip():
                lines.append(bytes(self._begun))
            self._begun.clear()
        self._append(rest)
        return lines

    def _append(self, piece: bytes) -> None:
        if len(self._begun) + len(piece) > self._largest:
            raise Malformed(f"an event of more than {self._largest} bytes")
        self._begun += piece


def decode(body: bytes) -> Object:
    """Return the JSON object in an answer.

    Raises:
        Malformed: there is none.
    """
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"the answer is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise Malformed("the answer is not a JSON object")
    return value


def parse(line: bytes) -> Event:
    """Return the event in a line of a watch.

    Raises:
        Malformed: the line is no event, or one of an unknown type.
    """
    event = decode(line)
    what, item = event.get("type"), event.get("object")
    if not isinstance(what, str) or not isinstance(item, dict):
        raise Malformed("an event without type and object")
    if what == "ERROR":
        return Event("error", item, "")
    if what == "BOOKMARK":
        return Event("bookmark", item, _version(item))
    if what not in _KINDS:
        raise Malformed(f"an event of unknown type {what[:40]!r}")
    return Event(_KINDS[what], item, identity(item).version)


def page(body: bytes) -> Page:
    """Return the page in the answer to a list.

    Raises:
        Malformed: the answer is not a list, or one of its items has no identity.
    """
    answer = decode(body)
    items, metadata = answer.get("items"), answer.get("metadata")
    if items is None and str(answer.get("kind")).endswith("List"):
        items = []  # how Go writes an empty list that nobody has made
    if not isinstance(items, list) or not isinstance(metadata, dict):
        raise Malformed("the answer is not a list of objects")
    for item in items:
        identity(item)
    cursor = metadata.get("continue") or ""
    if not isinstance(cursor, str):
        raise Malformed("a list whose metadata.continue is not a text")
    return Page(tuple(items), _version(answer), cursor)


def identity(item: object) -> Identity:
    """Return the identity of an object.

    Raises:
        Malformed: it has no name or no resourceVersion.
    """
    if not isinstance(item, dict) or not isinstance(item.get("metadata"), dict):
        raise Malformed("an object without metadata")
    metadata = item["metadata"]
    name, uid = metadata.get("name"), metadata.get("uid", "")
    if not isinstance(name, str) or not name or not isinstance(uid, str):
        raise Malformed("an object without a name")
    return Identity(name, uid, _version(item))


def _version(item: Object) -> str:
    metadata = item.get("metadata")
    version = metadata.get("resourceVersion") if isinstance(metadata, dict) else None
    if not isinstance(version, str) or not version:
        raise Malformed("an object without metadata.resourceVersion")
    return version
