"""Edits of YAML text that change no more than they must: what is equal keeps its bytes, its comments and its order."""

import json
import textwrap
from typing import Any

import yaml

#: Where the old text has no value for a key.
_NEW = object()


class _Dumper(yaml.SafeDumper):
    """Writes every string on one line."""


_Dumper.add_representer(
    str,
    lambda dumper, text: dumper.represent_scalar(
        "tag:yaml.org,2002:str", text, style='"' if not text.isprintable() else None
    ),
)


def same(one: Any, other: Any) -> bool:
    """Return whether two values are equal as JSON: 1 is not true, and the order of keys does not count."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def replaced(text: str, value: Any) -> str:
    """Return YAML text that holds ``value`` and differs from ``text`` in as few entries as possible.

    Entries of block maps and lists are edited one by one, lists by position; anything else that differs is written anew.
    """
    node = yaml.compose(text, yaml.SafeLoader)
    new = text[: node.start_mark.index] + _edited(text, node, value) + text[_end(text, node) :]
    assert same(yaml.safe_load(new), value), new
    return new


def _edited(text: str, node: yaml.Node, value: Any) -> str:
    old = _value(node)
    if same(old, value):
        return text[node.start_mark.index : _end(text, node)]
    if not _stays_block(node, value):
        return _flow(_in_order(value, old))
    return _block_map(text, node, value) if isinstance(node, yaml.MappingNode) else _block_list(text, node, value)


def _stays_block(node: yaml.Node, value: Any) -> bool:
    """Return whether a node in block style holds entries that can be edited one by one."""
    if not isinstance(node, yaml.CollectionNode) or node.flow_style or not value:
        return False
    return isinstance(value, dict if isinstance(node, yaml.MappingNode) else list)


def _block_map(text: str, node: yaml.MappingNode, value: dict[str, Any]) -> str:
    indent = node.start_mark.column
    starts = [key.start_mark.index for key, _ in node.value]
    ends = [*starts[1:], _end(text, node)]
    entries, kept = [], set()
    for (key, item), start, end in zip(node.value, starts, ends, strict=True):
        name = _value(key)
        if name not in value:
            continue
        kept.add(name)
        whole = text[start:end].rstrip()
        if not same(_value(item), value[name]):
            edited, after = _edited(text, item, value[name]), text[_end(text, item) : start + len(whole)]
            in_place = _stays_block(item, value[name])
            before = text[start : item.start_mark.index] if in_place else f"{text[start : key.end_mark.index]}: "
            whole = before + edited + after
        entries.append(whole)
    entries += [_entry(name, new, indent) for name, new in value.items() if name not in kept]
    return ("\n" + " " * indent).join(entries)


def _block_list(text: str, node: yaml.SequenceNode, value: list[Any]) -> str:
    starts = [item.start_mark.index for item in node.value]
    items = []
    for item, new, following in zip(node.value, value, [*starts[1:], None], strict=False):
        end = _end(text, node) if following is None else following
        whole = text[_end(text, item) : end].rstrip()
        items.append(_edited(text, item, new) + (whole if following is None else whole.removesuffix("-").rstrip()))
    items += [_flow(new) for new in value[len(items) :]]
    return "- " + ("\n" + " " * node.start_mark.column + "- ").join(items)


def _entry(name: str, value: Any, indent: int) -> str:
    """Return a new entry of a block map, deep values in block style."""
    written = yaml.dump(
        value, Dumper=_Dumper, default_flow_style=None, sort_keys=False, width=float("inf"), allow_unicode=True
    )
    if isinstance(value, dict | list) and "\n" in written.rstrip("\n"):
        return f"{_flow(name)}:\n{textwrap.indent(written.rstrip(), ' ' * (indent + 2))}"
    return f"{_flow(name)}: {_flow(value)}"


def _flow(value: Any) -> str:
    """Return a value on one line, as it may be written inside brackets."""
    brackets = yaml.dump(
        [value], Dumper=_Dumper, default_flow_style=True, sort_keys=False, width=float("inf"), allow_unicode=True
    )
    return brackets.rstrip("\n")[1:-1]


def _in_order(value: Any, old: Any) -> Any:
    """Return a value with the keys of its maps in the order of the old value, new ones last."""
    if isinstance(value, dict):
        known = old if isinstance(old, dict) else {}
        names = [*(name for name in known if name in value), *(name for name in value if name not in known)]
        return {name: _in_order(value[name], known.get(name, _NEW)) for name in names}
    if isinstance(value, list):
        known = old if isinstance(old, list) else []
        return [_in_order(item, known[at] if at < len(known) else _NEW) for at, item in enumerate(value)]
    return value


def _value(node: yaml.Node) -> Any:
    """Return what a node holds."""
    return yaml.constructor.SafeConstructor().construct_document(node)


def _end(text: str, node: yaml.Node) -> int:
    """Return where a node ends; PyYAML counts the white space after a block collection as its own."""
    start = node.start_mark.index
    return start + len(text[start : node.end_mark.index].rstrip())
