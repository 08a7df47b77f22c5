"""Where the entries of configurations are written, down to single keys: also inside a block scalar of a ConfigMap manifest.

Only commands that answer questions ask. Requests keep no YAML, so the documents are read again.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from webhook import digests
from webhook.catalog.documents import Document
from webhook.catalog.model import AgentEntry, ConfigKind, GpuType, RuntimeTemplate
from webhook.catalog.read import Read, read
from webhook.catalog.report import Report
from webhook.catalog.schema.agent_entries import AgentConfiguration
from webhook.catalog.schema.gpu_types import GpuTable
from webhook.catalog.schema.runtime_templates import RuntimeTemplates
from webhook.catalog.yaml import nodes
from webhook.catalog.yaml.nodes import Node, YamlMapping, YamlPair, YamlSequence
from webhook.problems import Span

#: The keys and positions that lead from an entry to something in it.
Keys = Sequence[str | int]

#: An entry as it is in use.
Entry = RuntimeTemplate | AgentEntry | GpuType

_KINDS: dict[type[Entry], ConfigKind] = {RuntimeTemplate: "templates", AgentEntry: "agent", GpuType: "gpu-configs"}


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a configuration; ``str()`` gives ``source:line:column``, as lint does.

    Attributes:
        source: file path, or ``ConfigMap namespace/name``, as a person would name it.
        line, column: as in ``problems.Span``.
    """

    source: str
    line: int
    column: int

    def __str__(self) -> str:
        """Return it as lint does."""
        return f"{self.source}:{self.line}:{self.column}"


class Places:
    """The places of everything in some documents; of several of a kind, which last good versions come from, the newest first."""

    def __init__(self, documents: Iterable[Document]) -> None:
        self._documents = tuple(documents)

    def find(self, entry: Entry, keys: Keys = ()) -> Place | None:
        """Return the place of something in an entry: that of its key, or of the item if it is one of a list.

        Args:
            entry: as it is in use.
            keys: what leads to it; without any, it is the entry itself.

        Returns:
            None if the documents do not have the entry with this content, or it does not have these keys.
        """
        found = self._entry(entry)
        if found is None:
            return None
        node, report = found
        at = _below(node, keys)
        if at is None:
            return None
        placed = report.in_source(Span(at.line, at.column))
        return Place(report.source, placed.line, placed.column)

    def _entry(self, entry: Entry) -> tuple[Node, Report] | None:
        key = entry.path if isinstance(entry, GpuType) else entry.digest
        same = self._by_key.get((_KINDS[type(entry)], key), [])
        ordered = sorted(same, key=lambda one: one[0] != entry.path)  # equal entries differ only in their place
        return ordered[0][1:] if ordered else None

    @cached_property
    def _by_key(self) -> dict[tuple[ConfigKind, str], list[tuple[str, Node, Report]]]:
        """Path, YAML and report of each entry that can be used, by its digest; rows of the GPU table by their path."""
        index: dict[tuple[ConfigKind, str], list[tuple[str, Node, Report]]] = {}
        for document in reversed(self._documents):
            if document.content is None:
                continue
            found = read(document)
            for path, node in _entries(found):
                key = path if document.config_kind == "gpu-configs" else digests.of(nodes.plain(node))
                index.setdefault((document.config_kind, key), []).append((path, node, found.report))
        return index


def _entries(found: Read) -> Iterator[tuple[str, Node]]:
    """Yield key path and YAML of each entry that can be used."""
    match found.content:
        case RuntimeTemplates():
            yield from ((one.path, one.node) for one in found.content.entries if one.runtime_template is not None)
        case AgentConfiguration():
            yield from ((one.path, one.node) for one in found.content.entries if one.agent_entry is not None)
        case GpuTable():
            yield from ((one.path, one.node) for one in found.content.rows if one.gpu_type is not None)


def _below(node: Node, keys: Keys) -> Node | YamlPair | None:
    """Return what is at some keys below a node, with the span of its key where it has one."""
    found: Node | YamlPair = node
    for key in keys:
        inner = found.node if isinstance(found, YamlPair) else found
        if isinstance(inner, YamlMapping) and isinstance(key, str) and key in inner.pairs:
            found = inner.pairs[key]
        elif isinstance(inner, YamlSequence) and isinstance(key, int) and key < len(inner.items):
            found = inner.items[key]
        else:
            return None
    return found
