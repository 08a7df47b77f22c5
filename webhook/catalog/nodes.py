"""What YAML text becomes before it is trusted: JSON values that still know where they stand.

Lines and columns count from 1, in the outermost text: the file, or the value of a ConfigMap's data key. Nodes are shared where
the text uses aliases and are never changed once parsed; they are plain slotted classes because a configuration
of 10,000 runtimes makes half a million of them.
"""

import hashlib
import json
from typing import Any, NamedTuple

#: Styles of a scalar as libyaml names them: plain, quoted, literal block, folded block.
PLAIN, LITERAL, FOLDED = "", "|", ">"


class Flaw(NamedTuple):
    """Something in the text that JSON cannot say or YAML forbids, at a place.

    Attributes:
        code: the problem's code.
        line, column: where it stands.
        cause, remedy: as in ``model.Problem``.
    """

    code: str
    line: int
    column: int
    cause: str
    remedy: str


class Scalar:
    """A string, number, boolean or null.

    Attributes:
        value: what kubectl reads.
        text: the characters that were written, without quotes and indentation.
        style: ``PLAIN``, ``'``, ``"``, ``LITERAL`` or ``FOLDED``.
        line, column: of its first character: the quote or the block's ``|``, too.
        flaws: set if it has no JSON value.
    """

    __slots__ = ("column", "flaws", "line", "style", "text", "value")

    def __init__(self, value: Any, text: str, style: str, line: int, column: int) -> None:
        self.value = value
        self.text = text
        self.style = style
        self.line = line
        self.column = column
        self.flaws: tuple[Flaw, ...] = ()


class YamlPair(NamedTuple):
    """One key of a mapping with its value; line and column are those of the key."""

    line: int
    column: int
    node: "Node"


class YamlMapping:
    """A mapping: its pairs of key and value in the order of the text, and the flaws of its keys."""

    __slots__ = ("column", "flaws", "line", "pairs")

    def __init__(self, line: int, column: int) -> None:
        self.pairs: dict[str, YamlPair] = {}
        self.line = line
        self.column = column
        self.flaws: tuple[Flaw, ...] = ()

    def get(self, key: str) -> "Node | None":
        """Return the value of a key, or None if the key is absent."""
        pair = self.pairs.get(key)
        return pair.node if pair is not None else None


class YamlSequence:
    """A list of nodes."""

    __slots__ = ("column", "flaws", "items", "line")

    def __init__(self, line: int, column: int) -> None:
        self.items: list[Node] = []
        self.line = line
        self.column = column
        self.flaws: tuple[Flaw, ...] = ()


Node = Scalar | YamlMapping | YamlSequence


def plain(node: Node) -> Any:
    """Return the JSON value of a node: fresh dicts and lists, which the caller owns."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, YamlMapping):
        return {key: plain(pair.node) for key, pair in node.pairs.items()}
    return [plain(item) for item in node.items]


def is_null(node: Node | None) -> bool:
    """Tell whether a value is absent: Kubernetes reads ``key:`` without a value as if the key were not there."""
    return node is None or (isinstance(node, Scalar) and node.value is None and not node.flaws)


def present(value: Any) -> Any:
    """Return a JSON value without the keys that are null, however deep: to Kubernetes a null is an absent field."""
    if isinstance(value, dict):
        return {key: present(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [present(inner) for inner in value]
    return value


def describe(node: Node) -> str:
    """Return what a node is, for messages: ``a map``, ``a list``, ``the number 8192``."""
    if isinstance(node, YamlMapping):
        return "a map"
    if isinstance(node, YamlSequence):
        return "a list"
    if node.value is None:
        return "nothing"
    kinds = {bool: "the boolean", int: "the number", float: "the number", str: "the string"}
    return f"{kinds[type(node.value)]} {shown(node)}"


def shown(node: Scalar) -> str:
    """Return a scalar as it was written, strings in quotes, cut to one short line."""
    text = " ".join(node.text.split())
    text = text if len(text) <= 60 else text[:57] + "..."
    return f'"{text}"' if isinstance(node.value, str) else text


def digest(content: Any) -> str:
    """Return a hash of a JSON value, 16 hex digits, that does not depend on the order of keys."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode("utf-8")).hexdigest()[:16]
