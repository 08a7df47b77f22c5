"""What YAML text becomes before it is trusted: JSON values that still know where they are in the source.

Lines and columns count from 1, in the outermost text: the file, or the value of a ConfigMap's data key. ``end_line`` and
``end_column`` are just past the last character. Nodes are shared where the text uses aliases, and are never changed
once parsed. They are plain slotted classes because a configuration of 10,000 runtimes has half a million of them.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from webhook.problems import ProblemCode

#: Styles of a scalar as libyaml names them: plain, literal block, folded block; of a quoted one it is the quote.
PLAIN, LITERAL, FOLDED = "", "|", ">"


class Flaw(NamedTuple):
    """Something in the text that JSON cannot express or YAML forbids.

    Attributes:
        code: the problem's code.
        line, column, end_line, end_column: where it is; the end is 0 where unknown.
        cause, remedy: as in ``problems.Problem``.
    """

    code: ProblemCode
    line: int
    column: int
    cause: str
    remedy: str
    end_line: int = 0
    end_column: int = 0


class Scalar:
    """A string, number, boolean or null.

    Attributes:
        value: what kubectl reads.
        text: the characters as written, without quotes and indentation.
        style: ``PLAIN``, ``'``, ``"``, ``LITERAL`` or ``FOLDED``.
        line, column: of its first character, which may be the quote or the block's ``|``.
        flaws: not empty if it has no JSON value.
    """

    __slots__ = ("column", "end_column", "end_line", "flaws", "line", "style", "text", "value")

    def __init__(
        self, value: Any, text: str, style: str, line: int, column: int, end_line: int = 0, end_column: int = 0
    ) -> None:
        self.value = value
        self.text = text
        self.style = style
        self.line = line
        self.column = column
        self.end_line = end_line
        self.end_column = end_column
        self.flaws: Sequence[Flaw] = ()


class YamlPair(NamedTuple):
    """One key of a mapping with its value; the span is that of the key."""

    line: int
    column: int
    end_line: int
    end_column: int
    node: "Node"


class YamlMapping:
    """A mapping: its pairs of key and value in the order of the text, and the flaws of its keys."""

    __slots__ = ("column", "end_column", "end_line", "flaws", "line", "pairs")

    def __init__(self, line: int, column: int) -> None:
        self.pairs: dict[str, YamlPair] = {}
        self.line = line
        self.column = column
        self.end_line = 0
        self.end_column = 0
        self.flaws: Sequence[Flaw] = ()

    def get(self, key: str) -> "Node | None":
        """Return the value of a key, or None if the key is absent."""
        pair = self.pairs.get(key)
        return pair.node if pair is not None else None


class YamlSequence:
    """A list of nodes."""

    __slots__ = ("column", "end_column", "end_line", "flaws", "items", "line")

    def __init__(self, line: int, column: int) -> None:
        self.items: list[Node] = []
        self.line = line
        self.column = column
        self.end_line = 0
        self.end_column = 0
        self.flaws: Sequence[Flaw] = ()


Node = Scalar | YamlMapping | YamlSequence


def plain(node: Node) -> Any:
    """Return the JSON value of a node: new dicts and lists, which the caller owns."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, YamlMapping):
        return {key: plain(pair.node) for key, pair in node.pairs.items()}
    return [plain(item) for item in node.items]


def is_null(node: Node | None) -> bool:
    """Return whether a value is absent: Kubernetes treats ``key:`` without a value as if the key were not there."""
    return node is None or (isinstance(node, Scalar) and node.value is None and not node.flaws)


def present(value: Any) -> Any:
    """Return a JSON value without null keys, at any depth: to Kubernetes a null is an absent field."""
    if isinstance(value, dict):
        return {key: present(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [present(inner) for inner in value]
    return value


def with_removals(value: Any) -> Any:
    """Return the JSON value of a role overlay: a null key of a map stays, because it removes that field (contract section 4).

    In the items of a list a null is an absent field, as everywhere else: lists are merged item by item, never key by key.
    """
    if isinstance(value, dict):
        return {key: with_removals(inner) for key, inner in value.items()}
    return present(value)


def describe(node: Node) -> str:
    """Return what a node is, for messages: ``a map``, ``a list``, ``the number 8192``."""
    if isinstance(node, YamlMapping):
        return "a map"
    if isinstance(node, YamlSequence):
        return "a list"
    if node.value is None:
        return "nothing"
    types = {bool: "the boolean", int: "the number", float: "the number", str: "the string"}
    return f"{types[type(node.value)]} {shown(node)}"


def shown(node: Scalar) -> str:
    """Return a scalar as it was written, strings in quotes, cut to one short line."""
    text = " ".join(node.text.split())
    text = text if len(text) <= 60 else text[:57] + "..."
    return f'"{text}"' if isinstance(node.value, str) else text
