"""Decodes the answers of an API server: objects, pages of a list, events of a watch. Checks what a reflector relies on."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, NamedTuple, TypedDict

import msgspec

Object = dict[str, Any]

LARGEST = 16 * 1024 * 1024
"""Bytes of one answer or one event. An object in etcd has at most 1.5 MiB, or 3 MiB with every byte escaped in JSON."""

_WARNING = re.compile(r'\d{3} \S+ "((?:[^"\\]|\\.)*)"')  # RFC 9111 5.5: code, agent, text in quotes

_EVENT_TYPES: dict[str, Literal["put", "deleted"]] = {"ADDED": "put", "MODIFIED": "put", "DELETED": "deleted"}


class Malformed(Exception):  # noqa: N818 - named after what it says
    """An answer that no API server gives; ``str()`` says what is wrong with it. Never leaves this room."""


class Key(NamedTuple):
    """Identifies an object among those of its kind. ``namespace`` is empty for kinds that have none."""

    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Identifies one state of an object.

    Attributes:
        key: which object.
        uid: differs after the object was deleted and created again.
        version: ``metadata.resourceVersion``, which differs after each change; compared for equality only.
    """

    key: Key
    uid: str
    version: str


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a watch.

    Attributes:
        event_type: ``put`` (the object was created or changed), ``deleted``, ``bookmark`` (nothing else happened up to this
            version) or ``error`` (``object`` is a ``Status``, and the stream ends).
        object: the object that the event is about.
        version: resourceVersion from which another watch may continue; empty for an error.
    """

    event_type: Literal["put", "deleted", "bookmark", "error"]
    object: Object
    version: str


@dataclass(frozen=True, slots=True)
class Page:
    """One answer to a list.

    Attributes:
        items: objects, each with an identity.
        version: resourceVersion of the whole list.
        cursor: where the next page begins; empty on the last page.
    """

    items: tuple[Object, ...]
    version: str
    cursor: str


class Lines:
    """Splits chunks of bytes, which may end anywhere, into lines."""

    def __init__(self) -> None:
        self._begun = bytearray()

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the lines that this chunk completes, without empty ones.

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
        if len(self._begun) + len(piece) > LARGEST:
            raise Malformed(f"an event of more than {LARGEST} bytes")
        self._begun += piece


class _RawList(TypedDict, total=False):
    """A list whose items are still to be decoded."""

    kind: Any
    metadata: Any
    items: list[msgspec.Raw] | None


class _RawEvent(TypedDict, total=False):
    """An event whose object is still to be decoded."""

    type: Any
    object: msgspec.Raw


def decode(body: bytes | msgspec.Raw, parts: Any = None) -> Object:
    """Return the JSON object that an answer is.

    Args:
        body: the answer.
        parts: a ``TypedDict`` with the parts to read; None: all.

    Raises:
        Malformed: it is not a JSON object, or a part is not of the type that it should be.
    """
    try:
        value = _decoder(parts).decode(body)
    except msgspec.ValidationError as error:
        raise Malformed(f"a part of the answer is not what it should be: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"the answer is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise Malformed("the answer is not a JSON object")
    return value


@lru_cache
def _decoder(parts: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(Any if parts is None else parts)


def parse(line: bytes, parts: Any = None) -> Event:
    """Return the event in a line of a watch.

    Args:
        line: of the stream.
        parts: as what an object is decoded, see ``Collection.parts``.

    Raises:
        Malformed: the line is not an event, or an event of an unknown type.
    """
    event = decode(line, None if parts is None else _RawEvent)
    what, item = event.get("type"), event.get("object")
    if isinstance(item, msgspec.Raw):
        item = decode(item, None if what == "ERROR" else parts)  # the object of an error is a Status
    if not isinstance(what, str) or not isinstance(item, dict):
        raise Malformed("the event has no type or no object")
    if what == "ERROR":
        return Event("error", item, "")
    if what == "BOOKMARK":
        return Event("bookmark", item, _version(item))
    if what not in _EVENT_TYPES:
        raise Malformed(f"the event has the unknown type {what[:40]!r}")
    return Event(_EVENT_TYPES[what], item, identity(item).version)


def page(body: bytes, parts: Any = None) -> Page:
    """Return the page in the answer to a list.

    Args:
        body: the answer.
        parts: as what an object is decoded, see ``Collection.parts``.

    Raises:
        Malformed: the answer is not a list, or one of its items has no identity.
    """
    answer = decode(body, None if parts is None else _RawList)
    items, metadata = answer.get("items"), answer.get("metadata")
    if items is None and str(answer.get("kind")).endswith("List"):
        items = []  # Go encodes a nil slice as null
    if not isinstance(items, list) or not isinstance(metadata, dict):
        raise Malformed("the answer is not a list of objects")
    if parts is not None:
        items = [decode(item, parts) for item in items]
    for item in items:
        identity(item)
    cursor = metadata.get("continue") or ""
    if not isinstance(cursor, str):
        raise Malformed("metadata.continue of the list is not a string")
    return Page(tuple(items), _version(answer), cursor)


def warnings(headers: Iterable[str]) -> list[str]:
    """Return the texts in the ``Warning`` headers of an answer: what admission has to say about an object that was written."""
    return [re.sub(r"\\(.)", r"\1", text) for header in headers for text in _WARNING.findall(header)]


def identity(item: object) -> Identity:
    """Return the identity of an object.

    Raises:
        Malformed: it has no name or no resourceVersion.
    """
    if not isinstance(item, dict) or not isinstance(item.get("metadata"), dict):
        raise Malformed("an object has no metadata")
    metadata = item["metadata"]
    namespace, name, uid = metadata.get("namespace", ""), metadata.get("name"), metadata.get("uid", "")
    if not isinstance(name, str) or not name or not isinstance(namespace, str) or not isinstance(uid, str):
        raise Malformed("an object has no name")
    return Identity(Key(namespace, name), uid, _version(item))


def _version(item: Object) -> str:
    metadata = item.get("metadata")
    version = metadata.get("resourceVersion") if isinstance(metadata, dict) else None
    if not isinstance(version, str) or not version:
        raise Malformed("an object has no metadata.resourceVersion")
    return version
