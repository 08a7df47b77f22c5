"""What a server publishes so that commands judge as it does (contract section 12): its state as the content of a ConfigMap. Pure.

``state.json`` has version, settings and, of each configuration, a digest of what is in use and the texts that rebuild it, in
order. A text is in ``binaryData``, compressed. Where that has no room left, it is looked for in the cache of the server
(``last_good``), which has most texts too; what is in neither is named.
"""

import base64
import binascii
import gzip
import io
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from webhook import digests, errors
from webhook.catalog import last_good
from webhook.catalog.documents import Document
from webhook.catalog.kinds import KINDS
from webhook.catalog.model import ConfigKind
from webhook.settings import Settings

CONFIG_MAP = "hydra-webhook-state"
"""The ConfigMap, in the webhook's namespace."""

STATE = "state.json"
"""The data key of everything but the texts."""

_FORMAT = 1
_LARGEST_TEXT = 64 * 1024 * 1024  # bytes of one text, so that a few compressed bytes cannot fill a reader's memory


class BadState(errors.HydraError):
    """What was published cannot be used; ``str()`` says why."""


@dataclass(frozen=True, slots=True)
class Published:
    """The state of a server.

    Attributes:
        version: of the server.
        settings: of the server.
        documents: by kind, the documents that rebuild what is in use, in order.
        digests: by kind, of what is in use, also where nothing was read; see ``history.digest``.
    """

    version: str
    settings: Settings
    documents: Mapping[ConfigKind, tuple[Document, ...]]
    digests: Mapping[ConfigKind, str]


@dataclass(frozen=True, slots=True)
class Content:
    """``data`` and ``binaryData`` of the ConfigMap, the latter in base64."""

    data: Mapping[str, str]
    binary_data: Mapping[str, str]


class _Text(msgspec.Struct, omit_defaults=True):
    """Where a text is.

    Attributes:
        source: the ``source`` of its document.
        digest: of its content; empty: the document does not exist any more.
        key: in ``binaryData``; empty: look in the cache.
    """

    source: str
    digest: str = ""
    key: str = ""


class _Configuration(msgspec.Struct):
    digest: str
    texts: list[_Text]


class _State(msgspec.Struct):
    format: int
    version: str
    settings: dict[str, Any]
    configurations: dict[str, _Configuration]


def pack(published: Published) -> tuple[Content, tuple[str, ...]]:
    """Return the content of the ConfigMap, and the sources of those texts that are too large for it."""
    room = last_good.MAX_BYTES
    binary_data: dict[str, str] = {}
    configurations: dict[str, _Configuration] = {}
    left_out = []
    for kind, digest in published.digests.items():
        texts = []
        for number, document in enumerate(published.documents.get(kind, ())):
            text = _Text(document.source)
            if document.content is not None:
                plain = _encoded(document.content)
                compressed = gzip.compress(plain, mtime=0)  # no clock, so that replicas write the same bytes
                text.digest = digests.of_text(plain)
                if len(compressed) <= room:
                    room -= len(compressed)
                    text.key = f"{kind}.{number}.json.gz"
                    binary_data[text.key] = base64.b64encode(compressed).decode()
                else:
                    left_out.append(document.source)
            texts.append(text)
        configurations[kind] = _Configuration(digest, texts)
    state = _State(_FORMAT, published.version, msgspec.to_builtins(published.settings), configurations)
    shown = msgspec.json.format(msgspec.json.encode(state), indent=2).decode() + "\n"
    return Content({STATE: shown}, binary_data), tuple(left_out)


def needs_cache(data: Mapping[str, str]) -> bool:
    """Return whether some text is to be looked for in the cache.

    Raises:
        BadState: the data is not a server's state.
    """
    texts = [text for one in _state(data).configurations.values() for text in one.texts]
    return any(text.digest and not text.key for text in texts)


def unpack(content: Content, cache: last_good.Data) -> Published:
    """Return what a server published.

    Args:
        content: of the ConfigMap.
        cache: ``data`` of the cache; empty unless ``needs_cache``.

    Raises:
        BadState: it is not a server's state, or a text is missing.
    """
    state = _state(content.data)
    try:
        settings = msgspec.convert(state.settings, Settings)
    except msgspec.ValidationError as error:
        raise BadState(f"{STATE}: settings: {error}") from error
    stored = [data for versions in last_good.unpack(cache).values() for data in versions.in_order]
    in_cache = {digests.of_text(_encoded(data)): data for data in stored}
    documents: dict[ConfigKind, tuple[Document, ...]] = {}
    for kind in (kind for kind in KINDS if kind in state.configurations):
        texts = state.configurations[kind].texts
        documents[kind] = tuple(Document(kind, text.source, _content(text, content, in_cache)) for text in texts)
    found = {kind: state.configurations[kind].digest for kind in documents}
    return Published(state.version, settings, documents, found)


def _state(data: Mapping[str, str]) -> _State:
    if STATE not in data:
        raise BadState(f"it has no data key {STATE}")
    try:
        return msgspec.json.decode(data[STATE], type=_State)
    except msgspec.DecodeError as error:
        raise BadState(f"{STATE}: {error}") from error


def _content(
    text: _Text, content: Content, in_cache: Mapping[str, last_good.Data]
) -> str | bytes | last_good.Data | None:
    if not text.digest:
        return None
    if not text.key:
        if text.digest not in in_cache:
            raise BadState(f"{text.source} is too large to be published")
        return in_cache[text.digest]
    try:
        with gzip.open(io.BytesIO(base64.b64decode(content.binary_data[text.key], validate=True))) as opened:
            plain = opened.read(_LARGEST_TEXT + 1)
    except (KeyError, binascii.Error, OSError, EOFError, zlib.error) as error:
        raise BadState(f"binaryData[{text.key}] cannot be read: {error}") from error
    if len(plain) > _LARGEST_TEXT or digests.of_text(plain) != text.digest:
        raise BadState(f"binaryData[{text.key}] has another digest than {STATE} says")
    return _decoded(plain, text.key)


def _encoded(content: str | bytes | Mapping[str, str]) -> bytes:
    """Return a document's content as JSON; bytes that are not UTF-8 stay what they are."""
    if not isinstance(content, bytes):
        return digests.canonical({"file" if isinstance(content, str) else "data": content})
    try:
        return digests.canonical({"file": content.decode()})
    except UnicodeDecodeError:
        return digests.canonical({"bytes": base64.b64encode(content).decode()})


def _decoded(plain: bytes, key: str) -> str | bytes | Mapping[str, str]:
    try:
        value = msgspec.json.decode(plain, type=dict[str, str | dict[str, str]])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadState(f"binaryData[{key}] is not a text: {error}") from error
    match value:
        case {"data": dict(data)}:
            return data
        case {"file": str(text)}:
            return text
        case {"bytes": str(text)}:
            return base64.b64decode(text)
    raise BadState(f"binaryData[{key}] is not a text")
