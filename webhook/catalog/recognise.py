"""Which configuration a file is, by its content: for files that are named without saying what they are."""

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from webhook import errors
from webhook.catalog import documents
from webhook.catalog.kinds import KINDS
from webhook.catalog.model import ConfigKind
from webhook.catalog.roots import ROOTS
from webhook.catalog.schema import agent_root
from webhook.catalog.yaml import compose
from webhook.catalog.yaml.nodes import Node, Scalar, YamlMapping, YamlSequence, describe, is_null

#: The key that holds the list of entries, by kind.
LISTS: Mapping[ConfigKind, str] = MappingProxyType({kind: root.key for kind, root in ROOTS.items()})

#: Keys of entries that only this kind has.
_ENTRY_KEYS: Mapping[ConfigKind, tuple[str, ...]] = MappingProxyType(
    {
        "templates": ("runtime", "podTemplate", "runtimeZH", "renderAll", "containerTemplate"),
        "agent": ("match_runtimes", "match_gpu_types", "container_template", "pod_template"),
        "gpu-configs": ("gpu_type", "gpu_resource_template_config"),
    }
)

#: Data keys of ConfigMaps that only this kind has; `config.yaml` is a key of many.
_DATA_KEYS: Mapping[ConfigKind, str] = MappingProxyType({"gpu-configs": KINDS["gpu-configs"].data_key})

#: How similar a key must be to the name of a list to be taken for it.
_SIMILAR = 0.8

#: Objects of Kubernetes that may hold a configuration; of a Secret, reading says that it must be a ConfigMap.
_HOLDERS = ("ConfigMap", "Secret")


#: Without any of these words, a file holds no configuration, and need not be parsed: a folder may have many large files.
_WORDS = (
    *LISTS.values(),
    *(row.config_map for row in KINDS.values()),
    *itertools.chain(_DATA_KEYS.values(), *_ENTRY_KEYS.values()),
)


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a file was recognised as.

    Attributes:
        kinds: which configurations it holds: one, several if there are several manifests in it, or none.
        mixed: whether one document that is not a manifest has the keys of several, so that it can be read as none.
    """

    kinds: tuple[ConfigKind, ...] = ()
    mixed: bool = False


def recognise(content: str | bytes) -> Recognised:
    """Return which configurations a file holds. Never raises for its content.

    A manifest is recognised by its name, or else by what its data keys hold; bare YAML by its top-level key, or the keys of its
    entries. A file that is not valid YAML is recognised by the same words, so that its mistake can be reported.
    """
    text = _decoded(content)
    if not any(word in text for word in _WORDS):
        return Recognised()
    try:
        roots = compose.parse(text)
    except compose.BadYaml:
        return Recognised(_in_words(text))
    each = [set(_kinds(root)) for root in roots]
    mixed = any(len(kinds) > 1 and not _is_object(root) for root, kinds in zip(roots, each, strict=True))
    return Recognised(tuple(kind for kind in KINDS if any(kind in kinds for kinds in each)), mixed)


def described(content: str | bytes) -> str:
    """Return what a file is that holds no configuration, to follow "it": ``is a Deployment``."""
    try:
        roots = compose.parse(_decoded(content))
    except compose.BadYaml as error:
        return f"is not valid YAML: {error}"
    if not roots:
        return "is empty"
    root = roots[0]
    if not isinstance(root, YamlMapping):
        return f"holds {describe(root)}"
    if object_kind := _text(root.get("kind")):
        name = _name(root)
        return f'is a {object_kind} named "{name}"' if name else f"is a {object_kind}"
    return f"has the keys {errors.listed(list(root.pairs))}"


def _kinds(root: Node) -> Iterator[ConfigKind]:
    if not isinstance(root, YamlMapping) or not _is_object(root):
        yield from _of_value(root)
        return
    object_kind = _text(root.get("kind"))
    items = root.get("items")
    if object_kind.endswith("List") and isinstance(items, YamlSequence):
        for item in items.items:
            yield from _kinds(item)
    elif object_kind in _HOLDERS:
        yield from _of_manifest(root)


def _is_object(root: Node) -> bool:
    return isinstance(root, YamlMapping) and documents.is_object(root)


def _of_manifest(root: YamlMapping) -> Iterator[ConfigKind]:
    name = _name(root)
    named = [kind for kind, row in KINDS.items() if row.config_map == name]
    if named:
        yield from named
        return
    data = root.get("data")
    for key, pair in data.pairs.items() if isinstance(data, YamlMapping) else ():
        by_key = [kind for kind in KINDS if key in (LISTS[kind], _DATA_KEYS.get(kind))]
        yield from by_key or _of_text(_text(pair.node))


def _of_text(text: str) -> Iterator[ConfigKind]:
    try:
        roots = compose.parse(text)
    except compose.BadYaml:
        yield from _in_words(text)
        return
    for root in roots:
        yield from _of_value(root)


def _of_value(root: Node) -> Iterator[ConfigKind]:
    """Yield the kinds of bare YAML: two if it has the keys of both."""
    found = [kind for kind in KINDS if _has_list(root, kind)]
    yield from found or [kind for kind in KINDS if _has_entry(root, kind)]


def _has_list(root: Node, kind: ConfigKind) -> bool:
    if not isinstance(root, YamlMapping):
        return False
    if kind == "agent" and agent_root.has_list(root):
        return True
    for key, pair in root.pairs.items():
        if key == LISTS[kind]:
            if kind != "templates" or _is_empty(pair.node):  # the other keys are nobody else's
                return True
        elif errors.nearest(key, list(LISTS.values()), _SIMILAR) != LISTS[kind]:
            continue
        if _has_entry(pair.node, kind):
            return True
    return False


def _is_empty(node: Node) -> bool:
    return is_null(node) or (isinstance(node, YamlSequence) and not node.items)


def _has_entry(node: Node, kind: ConfigKind) -> bool:
    """Return whether this is an entry of a kind, or a list or map of entries."""
    if isinstance(node, YamlMapping):
        inner = [pair.node for pair in node.pairs.values()]
        return _is_entry(node, kind) or any(_is_entry(one, kind) for one in inner)
    return isinstance(node, YamlSequence) and any(_is_entry(one, kind) for one in node.items)


def _is_entry(node: Node, kind: ConfigKind) -> bool:
    return isinstance(node, YamlMapping) and any(key in node.pairs for key in _ENTRY_KEYS[kind])


def _in_words(text: str) -> tuple[ConfigKind, ...]:
    """Return the kinds whose words a text has that cannot be parsed."""

    def has_key(*keys: str) -> bool:
        return re.search(rf"^[\s{{-]*[\"']?(?:{'|'.join(keys)})[\"']?\s*:", text, re.MULTILINE) is not None

    named = [kind for kind, row in KINDS.items() if re.search(rf"\bname:\s*[\"']?{row.config_map}\b", text)]
    if named:
        return tuple(named)
    return tuple(
        kind
        for kind, key in LISTS.items()
        if has_key(key) and (kind != "templates" or has_key(*_ENTRY_KEYS[kind]) or not has_key("cases"))
    )


def _decoded(content: str | bytes) -> str:
    text = content if isinstance(content, str) else content.decode("utf-8", errors="replace")
    return text.removeprefix("\ufeff")


def _name(root: YamlMapping) -> str:
    metadata = root.get("metadata")
    return _text(metadata.get("name")) if isinstance(metadata, YamlMapping) else ""


def _text(node: Node | None) -> str:
    return node.value if isinstance(node, Scalar) and isinstance(node.value, str) else ""
