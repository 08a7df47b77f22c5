"""YAML text to nodes and to JSON values, read as kubectl reads it, at the speed of libyaml's parser.

libyaml's events are composed here rather than by PyYAML because every node needs its place, kubectl has its own rules for
scalars and keys (``scalars``), and what a hostile text may ask for must be bounded.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import yaml

from webhook import errors
from webhook.catalog import pauses
from webhook.catalog.yaml import scalars, syntax
from webhook.catalog.yaml.nodes import (
    PLAIN,
    Flaw,
    Node,
    Scalar,
    YamlMapping,
    YamlPair,
    YamlSequence,
    describe,
    is_null,
    plain,
)
from webhook.problems import ProblemCode

#: Events of libyaml between two pauses, and characters that are searched at a time: well under a millisecond each.
_EVENTS_AT_A_TIME = 100
_SEARCHED_AT_A_TIME = 64 * 1024

#: Characters in one text. A ConfigMap holds at most 1 MiB; a file of 10,000 runtimes needs about 5 MiB.
MAX_CHARACTERS = 16 * 1024 * 1024
#: Lists and maps nested in one another. A pod template needs about 15; Python's own recursion limit is 1,000.
MAX_DEPTH = 100
#: How much aliases may add, in nodes and characters: this much plus ``ALIAS_FACTOR`` times what was written.
ALIAS_ALLOWANCE = 4096
ALIAS_FACTOR = 8

#: What YAML counts as a line break.
LINE_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
#: Characters that YAML forbids, and those that UTF-8 cannot encode.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")

#: A character beyond 16 bits as JSON escapes it; YAML's own escape has eight digits.
_SURROGATES = re.compile(r"(?<!\\)((?:\\\\)*)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")

#: A node, its weight (nodes and characters, aliases counted as if written out) and its height.
_Composed = tuple[Node, int, int]


class BadYaml(errors.HydraError):
    """A text that kubectl would refuse to read.

    Attributes:
        flaws: everything that is wrong with it, in the order of the text; never empty.
    """

    def __init__(self, flaws: tuple[Flaw, ...]) -> None:
        self.flaws = flaws
        super().__init__("; ".join(f"line {flaw.line}, column {flaw.column}: {flaw.cause}" for flaw in flaws[:5]))


def lines(text: str, pause: pauses.Pause = pauses.none) -> list[str]:
    """Return the lines of a text, as YAML counts them, without their line breaks."""
    found: list[str] = []
    start = 0
    while (end := text.find("\n", start + _SEARCHED_AT_A_TIME)) >= 0:
        found += _lines(text[start:end].removesuffix("\r"))
        start = end + 1
        pause()
    return found + _lines(text[start:])


def _lines(text: str) -> list[str]:
    """Return the lines of a text, ten times as fast as ``LINE_BREAK`` would."""
    for line_break in ("\r\n", "\r", "\x85", "\u2028", "\u2029"):
        text = text.replace(line_break, "\n")
    return text.split("\n")


def parse(
    text: str, *, lines_before: int = 0, columns_before: int = 0, pause: pauses.Pause = pauses.none
) -> list[Node]:
    """Return the documents of a text, without the empty ones.

    Flaws of single keys and values are kept on their nodes (see ``flaws``).

    Args:
        text: the YAML.
        lines_before: is added to every line, for a text that is indented inside another one.
        columns_before: is added to every column.
        pause: called between small pieces of work.

    Raises:
        BadYaml: the text as a whole cannot be read; the error then has one flaw.
    """
    if len(text) > MAX_CHARACTERS:
        cause = f"too long: {len(text)} characters, the limit is {MAX_CHARACTERS}"
        raise BadYaml((Flaw("yaml-limit", 1, 1, cause, "remove what is not needed"),))
    composer = _Composer(lines_before, columns_before, pause)
    try:
        for start in range(0, len(text), _SEARCHED_AT_A_TIME):
            if match := _FORBIDDEN.search(text, start, start + _SEARCHED_AT_A_TIME):
                raise syntax.forbidden_character(text, match.start())
            pause()
        return composer.documents(_SURROGATES.sub(_joined, text) if text.lstrip()[:1] == "{" else text)
    except yaml.YAMLError as error:
        flaw = syntax.explain(error, lines(text))
        raise BadYaml((flaw._replace(line=flaw.line + lines_before, column=flaw.column + columns_before),)) from None


def flaws(node: Node, path: str = "") -> Iterator[tuple[str, Flaw]]:
    """Yield every flaw in a tree with the key path of its node."""
    for flaw in node.flaws:
        yield path, flaw
    if isinstance(node, YamlMapping):
        for key, pair in node.pairs.items():
            yield from flaws(pair.node, f"{path}.{key}" if path else key)
    elif isinstance(node, YamlSequence):
        for index, item in enumerate(node.items):
            yield from flaws(item, f"{path}[{index}]")


def load_all(text: str) -> list[Any]:
    """Return the JSON values of all documents in a YAML or JSON text, for objects that are going to a cluster.

    Raises:
        BadYaml: the text has flaws; the error has all of them.
    """
    documents = parse(text)
    found = tuple(flaw for document in documents for _, flaw in flaws(document))
    if found:
        raise BadYaml(found)
    return [plain(document) for document in documents]


def _joined(pair: re.Match[str]) -> str:
    """Return YAML's escape for a surrogate pair of JSON's: kubectl tries a text that begins with { as JSON first."""
    high, low = int(pair[2], 16), int(pair[3], 16)
    return f"{pair[1]}\\U{0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00):08X}"


class _Composer:
    """Composes events into nodes. An alias shares its anchor's node, and is counted as if the node were copied."""

    def __init__(self, lines_before: int, columns_before: int, pause: pauses.Pause) -> None:
        self._pause = pause
        self._line = lines_before + 1
        self._column = columns_before + 1
        self._anchors: dict[str, _Composed | None] = {}
        self._written = 0
        self._from_aliases = 0
        self._end: Any = (
            None  # mark just past the last token; a block ends there, but libyaml's mark is at the next token
        )

    def documents(self, text: str) -> list[Node]:
        """Return the root nodes of all documents with content."""
        self._events: Callable[[], Any] = _paced(yaml.CSafeLoader(text).get_event, self._pause)
        found: list[Node] = []
        while True:
            event = self._events()
            if isinstance(event, yaml.StreamEndEvent):
                return [root for root in found if not is_null(root)]
            if isinstance(event, yaml.DocumentStartEvent):
                self._anchors.clear()
                found.append(self._node(self._events(), 0)[0])

    def _node(self, event: Any, depth: int) -> _Composed:
        """Return the node that begins with this event."""
        result: _Composed
        if isinstance(event, yaml.ScalarEvent):
            result = self._scalar(event), 1 + len(event.value), 0
            self._written += result[1]
        elif isinstance(event, yaml.AliasEvent):
            return self._alias(event, depth)
        else:
            if depth >= MAX_DEPTH:
                raise syntax.limit(event.start_mark, f"lists and maps are nested more than {MAX_DEPTH} deep")
            if event.anchor is not None:
                self._anchors[event.anchor] = None
            self._written += 1
            is_map = isinstance(event, yaml.MappingStartEvent)
            try:
                result = self._mapping(event, depth) if is_map else self._sequence(event, depth)
            except yaml.MarkedYAMLError as error:
                raise syntax.inside(error, event) from None
        if event.anchor is not None:
            self._anchors[event.anchor] = result
        return result

    def _place(self, mark: Any) -> tuple[int, int]:
        return mark.line + self._line, mark.column + self._column

    def _flaw(self, event: Any, code: ProblemCode, cause: str, remedy: str) -> Flaw:
        return Flaw(code, *self._place(event.start_mark), cause, remedy, *self._place(event.end_mark))

    def _alias(self, event: Any, depth: int) -> _Composed:
        known = self._anchors.get(event.anchor)
        self._end = event.end_mark
        if known is None:
            place = (*self._place(event.start_mark), *self._place(event.end_mark))
            broken = Scalar(None, f"*{event.anchor}", PLAIN, *place)
            if event.anchor in self._anchors:
                cause, remedy = f"the alias *{event.anchor} is inside its own anchor", "write the value out"
            else:
                cause = f"there is no anchor &{event.anchor} before this alias"
                remedy = "quote the value if it is not meant as an alias"
            broken.flaws = (self._flaw(event, "yaml-alias", cause, remedy),)
            return broken, 1, 0
        _, weight, height = known
        self._from_aliases += weight
        if self._from_aliases > ALIAS_ALLOWANCE + ALIAS_FACTOR * self._written:
            raise syntax.limit(event.start_mark, "aliases expand to many times the size of the text")
        if depth + height > MAX_DEPTH:
            raise syntax.limit(event.start_mark, f"aliases nest lists and maps more than {MAX_DEPTH} deep")
        return known

    def _scalar(self, event: Any) -> Scalar:
        text, style = event.value, event.style or PLAIN
        start, end = event.start_mark, event.end_mark
        line, column = self._line, self._column
        scalar = Scalar(
            text, text, style, start.line + line, start.column + column, end.line + line, end.column + column
        )
        self._end = end
        if event.tag is None and not event.implicit[0]:
            return scalar
        try:
            scalar.value = scalars.untagged(text) if event.tag is None else scalars.tagged(event.tag, text)
        except scalars.NoValue as error:
            scalar.flaws = (self._flaw(event, "yaml-value", str(error), "quote it if it is a string"),)
        return scalar

    def _sequence(self, event: Any, depth: int) -> _Composed:
        sequence = YamlSequence(*self._place(event.start_mark))
        in_brackets = event.flow_style
        total, tallest = 1, 0
        while not isinstance(event := self._events(), yaml.SequenceEndEvent):
            item, weight, height = self._node(event, depth + 1)
            sequence.items.append(item)
            total += weight
            tallest = max(tallest, height)
        if in_brackets:
            self._end = event.end_mark
        sequence.end_line, sequence.end_column = self._place(self._end)
        return sequence, total, tallest + 1

    def _mapping(self, event: Any, depth: int) -> _Composed:
        mapping = YamlMapping(*self._place(event.start_mark))
        in_braces = event.flow_style
        line, column = self._line, self._column
        total, tallest = 1, 0
        written: dict[str, YamlPair] = {}
        while not isinstance(event := self._events(), yaml.MappingEndEvent):
            start = event.start_mark
            name, key_weight = self._key(mapping, event, depth)
            end = self._end
            is_merge = isinstance(event, yaml.ScalarEvent) and event.value == "<<" and event.implicit[0]
            value, weight, height = self._node(self._events(), depth + 1)
            total += key_weight + weight
            tallest = max(tallest, height)
            if is_merge:
                self._merge(mapping, event, value)
            elif name is not None:
                pair = YamlPair(start.line + line, start.column + column, end.line + line, end.column + column, value)
                self._insert(mapping, written, name, pair)
        if in_braces:
            self._end = event.end_mark
        mapping.end_line, mapping.end_column = self._place(self._end)
        return mapping, total, tallest + 1

    def _key(self, mapping: YamlMapping, event: Any, depth: int) -> tuple[str | None, int]:
        """Return the name and the weight of a key; no name after recording the flaw if it cannot be a key."""
        try:
            if isinstance(event, yaml.ScalarEvent):
                if event.anchor is not None:
                    self._node(event, depth + 1)
                weight = 1 + len(event.value)
                self._written += weight
                self._end = event.end_mark
                quoted = event.tag is None and not event.implicit[0]
                return event.value if quoted else scalars.key(event.tag, event.value), weight
            node, weight, _ = self._node(event, depth + 1)
            if isinstance(node, Scalar) and not node.flaws:
                return node.value if isinstance(node.value, str) else scalars.key(None, node.text), weight
        except scalars.NoValue as error:
            _record(mapping, self._flaw(event, "yaml-key", str(error), "quote the key"))
            return None, weight
        if node.flaws:
            _record(mapping, *node.flaws)
        else:
            cause = f"a key must be a string, found {describe(node)}"
            remedy = "quote a string that begins with { or [, such as a template"
            _record(mapping, self._flaw(event, "yaml-key", cause, remedy))
        return None, weight

    def _insert(self, mapping: YamlMapping, written: dict[str, YamlPair], name: str, pair: YamlPair) -> None:
        """Add one key; a repeated key is a flaw of the mapping, and its first value counts."""
        earlier = written.setdefault(name, pair)
        if earlier is pair:
            mapping.pairs[name] = pair
            return
        cause = f'duplicate key "{name}", first used at line {earlier.line}, column {earlier.column}'
        _record(mapping, Flaw("duplicate-key", *pair[:2], cause, "remove one of the two", *pair[2:4]))

    def _merge(self, mapping: YamlMapping, event: Any, value: Node) -> None:
        """Merge in the keys of ``<<``. As in go-yaml, the order of the text decides, and the first map of a list wins."""
        sources = value.items if isinstance(value, YamlSequence) else [value]
        for source in reversed(sources):
            if not isinstance(source, YamlMapping):
                cause = "<< must be a map or a list of maps"
                _record(mapping, self._flaw(event, "yaml-key", cause, "write an alias of a map, such as *name"))
                return
            mapping.pairs.update(source.pairs)
            _record(mapping, *source.flaws)


def _paced(event: Callable[[], Any], pause: pauses.Pause) -> Callable[[], Any]:
    """Return the same source of events with a pause now and then."""
    if pause is pauses.none:
        return event
    left = _EVENTS_AT_A_TIME

    def paced() -> Any:
        nonlocal left
        left -= 1
        if not left:
            left = _EVENTS_AT_A_TIME
            pause()
        return event()

    return paced


def _record(mapping: YamlMapping, *found: Flaw) -> None:
    """Add flaws to a mapping that is being composed, in constant time each: a text can have 200,000 of them."""
    if not isinstance(mapping.flaws, list):
        mapping.flaws = []
    mapping.flaws.extend(found)
