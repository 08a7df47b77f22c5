"""What to write instead of a value of the wrong type."""

import re
from collections.abc import Sequence

from webhook.catalog.yaml import scalars, unquoted
from webhook.catalog.yaml.nodes import Node, Scalar, YamlMapping, YamlSequence

#: A word of a command line: actions and quoted pieces may have spaces in them.
_PIECE = r"""\{\{.*?\}\}|"[^"]*"|'[^']*'|[^\s"']"""
_PIECES, _WORD = re.compile(_PIECE), re.compile(rf"(?:{_PIECE})+")
#: What needs no quotes in a list in brackets: YAML reads it as the string that it is.
_BARE = re.compile(r"[A-Za-z/.-][\w/.=@%+-]*(?::[\w/.=@%+-]+)*")
_ITEMS = 'begin each item with "- "'
_FLAG = re.compile(r"--?[A-Za-z][\w.-]*")
_VARIABLE = re.compile(r"([A-Za-z_][\w.-]*)=(.*)", re.DOTALL)
_DIGITS = re.compile(r"\d+")


def remedy(node: Node, wanted: type, lines: Sequence[str]) -> str:
    """Return how to fix a value of the wrong type, or "" if the type alone says it.

    Args:
        node: the value, neither null nor flawed.
        wanted: the type that it should have.
        lines: the text that it is in.
    """
    if wanted is str:
        return _string(node, lines)
    if wanted is list:
        return _list(node)
    if wanted is dict:
        return 'remove the "- "' if isinstance(node, YamlSequence) else "write its keys below it, indented"
    if not isinstance(node, Scalar):
        return ""
    in_quotes = isinstance(node.value, str)
    if wanted is bool:
        unquoted = in_quotes and isinstance(scalars.untagged(node.value), bool)
        return "write it without quotes" if unquoted else "write true or false"
    return "write it without quotes" if in_quotes and _DIGITS.fullmatch(node.value) else "write a whole number"


def _string(node: Node, lines: Sequence[str]) -> str:
    if isinstance(node, Scalar):
        return f'quote it: "{node.text}"'
    if isinstance(node, YamlSequence):
        only = node.items[0] if len(node.items) == 1 else None
        return f"write {quoted(only.value)}" if isinstance(only, Scalar) and isinstance(only.value, str) else ""
    if flags := _flags(node):
        return f"write {quoted(flags[0])}" if len(flags) == 1 else ""
    text = _written(node, lines)
    return f"quote it: {unquoted.in_quotes(text)}" if text else ""


def _list(node: Node) -> str:
    if isinstance(node, YamlMapping):
        flags = _flags(node)
        return f"write [{', '.join(map(quoted, flags))}]" if flags else _ITEMS
    if not isinstance(node, Scalar):
        return ""
    if not isinstance(node.value, str):
        return f'write ["{node.text}"]'
    if len(node.text) > unquoted.LONGEST:
        return "write a list"
    return _ITEMS if "\n" in node.text.strip() else f"write [{', '.join(map(quoted, words(node.text)))}]"


def _flags(node: YamlMapping) -> list[str]:
    """Return what was meant by a map in which every key is a flag; nothing for other maps."""
    found = []
    for key, pair in node.pairs.items():
        if not _FLAG.fullmatch(key) or not isinstance(pair.node, Scalar):
            return []
        found.append(f"{key}={pair.node.text}" if pair.node.text else key)
    return found


def _written(node: YamlMapping, lines: Sequence[str]) -> str:
    """Return a map as it is written, if it is in one line; else ""."""
    if node.line != node.end_line or not 1 <= node.line <= len(lines) or len(lines[node.line - 1]) > unquoted.LONGEST:
        return ""
    return lines[node.line - 1][node.column - 1 : node.end_column - 1].strip()


def words(text: str) -> list[str]:
    """Return the words of a command line, without commas between them and without the quotes around their pieces.

    A text with JSON or an apostrophe in it is one word: what belongs together cannot be known.
    """
    if '{"' in text or text.count("'") % 2 or text.count('"') % 2:
        return [text]
    return [
        "".join(piece[1:-1] if piece[0] in "\"'" and len(piece) > 1 else piece for piece in _PIECES.findall(word))
        for found in _WORD.finditer(text)
        if (word := found[0].rstrip(","))
    ]


def quoted(text: str) -> str:
    """Return a string as it can be written as an item of a list in brackets: in quotes if it needs them."""
    return text if _BARE.fullmatch(text) and _is_string(text) else unquoted.in_quotes(text)


def _is_string(text: str) -> bool:
    try:
        return isinstance(scalars.untagged(text), str)
    except scalars.NoValue:
        return False


def of_map(merge_key: str, node: YamlMapping) -> str:
    """Return how to write a map as the list that it should be, of which each item has this key."""
    if merge_key in node.pairs or not node.pairs:
        return 'begin its first key with "- "'
    name, pair = next(iter(node.pairs.items()))
    value = pair.node
    if isinstance(value, Scalar) and merge_key == "name":
        return f'write an item for each: "- name: {quoted(name)}" and, below it, "value: {quoted(value.text)}"'
    return f'write an item for each: "- {merge_key}: {quoted(name)}", with its fields below it'


def of_item(merge_key: str, node: Node) -> str:
    """Return how to write an item of a list as the map that it should be, which has this key."""
    text = node.text if isinstance(node, Scalar) else ""
    variable = _VARIABLE.fullmatch(text)
    if variable and merge_key == "name":
        return f"write {{name: {variable[1]}, value: {unquoted.in_quotes(variable[2])}}}"
    if merge_key == "containerPort" and _DIGITS.fullmatch(text):
        return f"write {{containerPort: {text}}}"
    return f'write "- {merge_key}: ..."'
