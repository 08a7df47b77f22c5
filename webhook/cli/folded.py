"""What rendering changed in an object, folded until a person can take it in at a glance.

A record becomes its size, a script its number of lines, a long value is cut in its middle, and what leader and worker have in common is
said once. `render -o diff` shows everything.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from webhook import catalog, errors, patch, whatif, workload
from webhook.cli import output

#: Changes of one place that are shown, before the others are only named.
_SHOWN = 5

#: Maps that are looked into if they are added as a whole: what is in them matters one by one.
_OPENED = ("/metadata", "/metadata/annotations", "/spec")


class _Line(msgspec.Struct, frozen=True):
    """One changed value.

    Attributes:
        place: path of what holds it.
        key: its own key there.
        sign: ``-`` or ``+``.
        text: the value in one line.
        value: the value itself as JSON, since two may come to the same line.
    """

    place: str
    key: str
    sign: str
    text: str
    value: bytes = b""


def difference(
    before: Mapping[str, Any], after: Mapping[str, Any], object_kind: workload.GroupVersionKind, width: int
) -> Iterator[str]:
    """Yield the lines of a folded difference: headlines, and below them what was removed after ``-`` and added after ``+``.

    Args:
        before: the object as it was sent.
        after: the same object, rendered.
        object_kind: what it is.
        width: characters in a line; images are never cut.

    Raises:
        errors.Denied: the object does not have the shape that its kind prescribes.
    """
    bare = {one.name: one for one in workload.pod_templates(before, object_kind)}
    found = {
        one.name: tuple(_lines(bare[one.name].value, one.value))
        for one in workload.pod_templates(after, object_kind)
        if one.name in bare
    }
    common = set.intersection(*map(set, found.values())) if len(found) > 1 else set()
    sections = {" and ".join(_called(found)): [line for line in found.get("workerTemplate", ()) if line in common]}
    for name, all_lines in found.items():
        sections[_called([name])[0]] = [line for line in all_lines if line not in common]
    if any(one.created for one in bare.values()):
        yield "+ leaderTemplate, made from workerTemplate"
    for title, lines in sections.items():
        if lines and title:
            yield f"{title}:"
        yield from _section(lines, "  " if title else "", width)


def _called(names: Iterable[str]) -> list[str]:
    return [name.removesuffix("Template") for name in names]


def _section(lines: Sequence[_Line], indent: str, width: int) -> Iterator[str]:
    """Yield the lines of each place under its path."""
    by_place: dict[str, list[_Line]] = {}
    for line in lines:
        by_place.setdefault(line.place, []).append(line)
    for place in sorted(by_place, key=_order):
        here, name = by_place[place], _readable(place)
        if len(here) == 1 and name:
            key = here[0].key
            below = f"[{key}]" if "/" in key and "[" not in key else f".{key}"
            yield _cut(f"{indent}{here[0].sign} {name}{below}: {here[0].text}", key, width)
            continue
        if name:
            yield f"{indent}{name}:"
        inner = f"{indent}  " if name else indent
        keys = list(dict.fromkeys(line.key for line in here))
        shown = keys if len(keys) <= _SHOWN + 1 else keys[:_SHOWN]
        for line in here:
            if line.key in shown:
                yield _cut(f"{inner}{line.sign} {line.key}: {line.text}", line.key, width)
        if rest := keys[len(shown) :]:
            yield _cut(f"{inner}+ {len(rest)} more: {', '.join(rest)}", "", width)


def _cut(text: str, key: str, width: int) -> str:
    """Return a line that fits, unless it names an image: half an image name is worth nothing."""
    if key == "image" or len(text) <= width:
        return text
    if text.endswith("}"):
        return f"{text[: width - 4].rstrip(', ')}...}}"
    tail = (width - 3) // 3
    return f"{text[: width - 3 - tail]}...{text[-tail:]}"


def _order(place: str) -> tuple[int, str]:
    """Return where a place is in the output: the containers, the rest of the spec, metadata."""
    return (0 if "/containers/" in place else 1 if place.startswith("/spec") else 2), place


def _readable(place: str) -> str:
    """Return a path as people write it: ``spec.containers[main]``."""
    tokens = (_item(token) or f".{token}" for token in patch.tokens(place))
    return errors.printable("".join(tokens).removeprefix("."))


def _lines(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[_Line]:
    """Yield what differs between two pod templates, one line for each value on each side."""
    for change in whatif.between(_without_record(before), _without_record(after)):
        yield from _of_change(change)
    record = (after.get("metadata") or {}).get("annotations", {}).get(workload.RECORD)
    if isinstance(record, str):
        size = output.counted(len(record.encode()), "byte")
        yield _Line("/metadata/annotations", workload.RECORD, "+", f"<record, {size}>")


def _without_record(value: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = value.get("metadata") or {}
    annotations = metadata.get("annotations") or {}
    if workload.RECORD not in annotations:
        return value
    kept = {key: one for key, one in annotations.items() if key != workload.RECORD}
    rest = {key: one for key, one in metadata.items() if key != "annotations"}
    return {**value, "metadata": {**rest, "annotations": kept} if kept else rest}


def _of_change(change: whatif.Change) -> Iterator[_Line]:
    if change.path in _OPENED and not change.removed and isinstance(change.added[0], dict):
        for key, value in change.added[0].items():
            yield from _of_change(whatif.Change(f"{change.path}/{patch.escape(key)}", added=(value,)))
        return
    place, _, last = change.path.rpartition("/")
    [key] = patch.tokens(f"/{last}")
    if item := _item(key):  # which is named with its list
        place, _, holder = place.rpartition("/")
        key = f"{holder}{item}"
    for sign, values in (("-", change.removed), ("+", change.added)):
        if values:
            text = ", ".join(map(_flow, values))
            yield _Line(place, errors.printable(key), sign, text, msgspec.json.encode(values))


def _item(token: str) -> str:
    """Return the merge key of an item as people write it, ``[main]`` or ``[8000/TCP]``; "" if the token is the key of a map."""
    if token.startswith("{"):
        return f"[{token}]"
    parts = [part.partition("=") for part in token.split(",")]
    return f"[{'/'.join(value for _, _, value in parts)}]" if all(equals for _, equals, _ in parts) else ""


def _flow(value: Any) -> str:
    """Return a value as YAML in one line."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_scalar(key)}: {_flow(one)}' for key, one in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(_flow(one) for one in value)}]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    if not isinstance(value, str):
        return json.dumps(value)
    if "\n" in value:
        return f"<{len(value.splitlines())} lines>"
    plain = catalog.dump({"": value}).partition(": ")[2].rstrip("\n")
    in_brackets = plain.startswith(("'", '"')) or not set(plain) & set(",[]{}")
    return errors.printable(plain if in_brackets else json.dumps(value, ensure_ascii=False))
