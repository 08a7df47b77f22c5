"""Where the entries of configurations are written, down to single keys: also inside a block scalar of a ConfigMap manifest.

So with objects in files. Only commands that answer questions ask. Requests keep no YAML, so the documents are read again.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from webhook import digests, errors
from webhook.catalog.documents import Document
from webhook.catalog.model import AgentEntry, ConfigKind, GpuType, RuntimeTemplate
from webhook.catalog.read import Read, read
from webhook.catalog.report import Report
from webhook.catalog.schema.agent_entries import AgentConfiguration
from webhook.catalog.schema.compiling import Compiled
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

    def source(self, config_kind: ConfigKind) -> str:
        """Return where the newest document of a kind comes from, as a person would name it; "" if there is none."""
        return next((one.source for one in reversed(self._documents) if one.config_kind == config_kind), "")

    def find(self, entry: Entry, keys: Keys = ()) -> Place | None:
        """Return the place of something in an entry: that of its key, or of the item if it is one of a list.

        Args:
            entry: as it is in use.
            keys: what leads to it; without any, it is the entry itself.

        Returns:
            None if the documents do not have the entry with this content, or it does not have these keys.
        """
        found = self._entry(entry)
        at = _below(found.node, keys) if found is not None else None
        return _in_source(found.report, Span(at.line, at.column)) if found is not None and at is not None else None

    def find_in_template(self, entry: RuntimeTemplate, at: errors.PlaceInTemplate) -> tuple[str, Place] | None:
        """Return key path and place of something in a Go template of an entry; None as in :meth:`find`."""
        found = self._entry(entry)
        for one in found.compiled if found is not None else ():
            if found is not None and one.template.name == at.template:
                return one.path, _in_source(found.report, found.report.inside(one.scalar, at.line, at.column))
        return None

    def _entry(self, entry: Entry) -> "_Written | None":
        key = entry.path if isinstance(entry, GpuType) else entry.digest
        same = self._by_key.get((_KINDS[type(entry)], key), [])
        # equal entries differ only in their place
        return min(same, key=lambda one: one.path != entry.path, default=None)

    @cached_property
    def _by_key(self) -> dict[tuple[ConfigKind, str], list["_Written"]]:
        """Return each entry that can be used by its digest, and rows of the GPU table by their path."""
        index: dict[tuple[ConfigKind, str], list[_Written]] = {}
        for document in reversed(self._documents):
            if document.content is None:
                continue
            found = read(document)
            for one in _entries(found):
                key = one.path if document.config_kind == "gpu-configs" else digests.of(nodes.plain(one.node))
                index.setdefault((document.config_kind, key), []).append(one)
        return index


class ObjectPlaces:
    """The places of everything in an object that was read from a file."""

    def __init__(self, source: str, node: Node) -> None:
        """Take where an object was read from.

        Args:
            source: as a person would name it.
            node: the object.
        """
        self._source = source
        self._node = node

    def find(self, keys: Keys) -> Place | None:
        """Return the place of a key, or of the item of a list; None if the object does not have it."""
        at = _below(self._node, keys)
        return Place(self._source, at.line, at.column) if at is not None else None


@dataclass(frozen=True, slots=True)
class _Written:
    """An entry of a document that can be used.

    Attributes:
        path: its key path.
        node: its YAML.
        report: that of its document.
        compiled: the Go templates in it.
    """

    path: str
    node: Node
    report: Report
    compiled: tuple[Compiled, ...] = ()


def _entries(found: Read) -> Iterator[_Written]:
    """Yield each entry that can be used."""
    match found.content:
        case RuntimeTemplates():
            for one in found.content.entries:
                if one.runtime_template is not None:
                    yield _Written(one.path, one.node, found.report, one.compiled)
        case AgentConfiguration():
            for entry in found.content.entries:
                if entry.agent_entry is not None:
                    yield _Written(entry.path, entry.node, found.report)
        case GpuTable():
            for row in found.content.rows:
                if row.gpu_type is not None:
                    yield _Written(row.path, row.node, found.report)


def _in_source(report: Report, span: Span) -> Place:
    placed = report.in_source(span)
    return Place(report.source, placed.line, placed.column)


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
