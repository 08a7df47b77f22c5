"""What differs between two objects, for people: only that, each with its path, and nothing that others fill in if that is asked.

Paths are those of records (:mod:`webhook.rendering.paths`): ``/spec/containers/name=main/image``. A :class:`Change` holds the values
themselves; :func:`lines` folds them: a record becomes one word, and long strings are cut where both sides are the same.
"""

import difflib
import itertools
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, Literal

import msgspec

from webhook import errors, patch, workload
from webhook.rendering import changes, edits, fields, filled_in
from webhook.rendering.paths import ABSENT

#: What ``removed`` and ``added`` of a change hold: whole values, items of a list, lines of a string, or merge keys in their order.
Unit = Literal["value", "items", "lines", "order"]

#: Characters of a value in a line for people.
_SHOWN = 160

#: Characters that are kept on each side of a difference inside a long string.
_CONTEXT = 16

#: Entries of two lists or lines of two strings that are aligned; longer ones are shown whole. Alignment is quadratic.
_ALIGNED = 1000

#: A value to the form in which it is compared, given its key and the key of what holds it.
Form = Callable[[Any, str, str], Any]


class Change(msgspec.Struct, frozen=True):
    """One place in which two objects differ.

    Attributes:
        path: where, as records write it.
        removed: what only the first object has there.
        added: what only the second object has there.
        unit: what ``removed`` and ``added`` consist of.
    """

    path: str
    removed: tuple[Any, ...] = ()
    added: tuple[Any, ...] = ()
    unit: Unit = "value"


def between(before: Any, after: Any) -> tuple[Change, ...]:
    """Return every place in which two JSON values differ."""
    walk = _Walk(lambda value, _key, _holder: value)
    walk.compare("", "", "", (before, before), (after, after))
    return tuple(walk.found)


def between_templates(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """Return every place in which two pod templates differ, records and what others fill in or leave out aside."""
    walk = _Walk(_form)
    forms = (_form(one, "", "") for one in (before, after))
    walk.compare("", "", "", *zip((before, after), forms, strict=True))
    return tuple(walk.found)


def at_paths(before: Mapping[str, Any], after: Mapping[str, Any], places: Collection[str]) -> tuple[Change, ...]:
    """Return how two pod templates differ at these paths; what others fill in or leave out there is not a difference.

    Args:
        before: a pod template.
        after: another one.
        places: paths that records name.
    """
    made = changes.Changes(tuple(sorted(_outermost(places))))
    sides = [changes.current(one, made) for one in (before, after)]
    forms = [
        {path: ABSENT if form is None else form for path, form in edits.comparable(current, unknown=True)}
        for current in sides
    ]
    walk = _Walk(_form)
    for (path, old), (_, new) in zip(*sides, strict=True):
        *_, holder, key = ["", *patch.tokens(path)]
        walk.compare(path, key, holder, (old, forms[0][path]), (new, forms[1][path]))
    return tuple(walk.found)


def lines(found: Iterable[Change], indent: str = "") -> Iterator[str]:
    """Yield changes as lines for people: the path, below it what was removed after ``-`` and what was added after ``+``."""
    for change in found:
        yield f"{indent}{errors.printable(change.path)}" + (": other order" if change.unit == "order" else "")
        removed, added = _shown(change, change.removed), _shown(change, change.added)
        if len(removed) == len(added) == 1:
            removed, added = [_around(removed[0], added[0])], [_around(added[0], removed[0])]
        yield from (f"{indent}  - {errors.shortened(text, _SHOWN)}" for text in removed)
        yield from (f"{indent}  + {errors.shortened(text, _SHOWN)}" for text in added)


def _form(value: Any, key: str, holder: str) -> Any:
    """Return a value without what others fill in or leave out."""
    return filled_in.normal(value, key, holder, unknown=True)


#: A value and the form in which it is compared.
_Side = tuple[Any, Any]


class _Walk:
    """Walks two values side by side and collects the places in which their forms differ."""

    def __init__(self, form: Form) -> None:
        self._form = form
        self.found: list[Change] = []

    def compare(self, path: str, key: str, holder: str, before: _Side, after: _Side) -> None:
        """Compare what is at a path.

        Args:
            path: the path.
            key: its last token, but "" for the items of lists.
            holder: the key of what holds it.
            before: one value with its form.
            after: the other.
        """
        if patch.same(before[1], after[1]):
            return
        number = len(self.found)
        if isinstance(before[0], dict) and isinstance(after[0], dict):
            for name in [*before[0], *(name for name in after[0] if name not in before[0])]:
                inner = (tuple(_at(one, name) for one in side) for side in (before, after))
                self.compare(f"{path}/{patch.escape(name)}", name, key, *inner)
        elif fields.is_itemized(key) and (items := _items(before[0], after[0], key)) is not None:
            self._compare_items(path, key, holder, *items)
        if len(self.found) == number:
            self.found.append(_change(path, key, before[0], after[0]))

    def _compare_items(
        self, path: str, key: str, holder: str, before: Mapping[str, Any], after: Mapping[str, Any]
    ) -> None:
        for name in [*before, *(name for name in after if name not in before)]:
            sides = [
                (one.get(name, ABSENT), self._item_form(one.get(name, ABSENT), key, holder)) for one in (before, after)
            ]
            self.compare(f"{path}/{patch.escape(name)}", "", key, *sides)
        common = [name for name in before if name in after]
        if common != (now := [name for name in after if name in before]):
            self.found.append(Change(path, tuple(common), tuple(now), "order"))

    def _item_form(self, item: Any, key: str, holder: str) -> Any:
        """Return the form of an item of a list; ABSENT for one that others fill in."""
        if item is ABSENT:
            return ABSENT
        form = self._form([item], key, holder)
        return form[0] if form else ABSENT


def _at(value: Any, name: str) -> Any:
    return value.get(name, ABSENT) if isinstance(value, dict) else ABSENT


def _items(before: Any, after: Any, key: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Return the items of two lists by what tells them apart; None if that is not possible."""
    found = [_index([] if value is ABSENT else value, key) for value in (before, after)]
    return None if found[0] is None or found[1] is None else (found[0], found[1])


def _index(value: Any, key: str) -> dict[str, Any] | None:
    if not isinstance(value, list):
        return None
    names = [fields.identity(item, key) for item in value]
    return dict(zip(names, value, strict=True)) if all(names) and len(set(names)) == len(names) else None


def _change(path: str, key: str, before: Any, after: Any) -> Change:
    """Return the change of a value that is not looked into any further."""
    if key == workload.RECORD:
        return Change(path, _words(before), _words(after))
    if isinstance(before, list) and isinstance(after, list) and len(before) + len(after) <= _ALIGNED:
        return Change(path, *_aligned(before, after), "items")
    if isinstance(before, str) and isinstance(after, str) and "\n" in before + after:
        old, new = before.splitlines(), after.splitlines()
        if old != new and len(old) + len(new) <= _ALIGNED:
            return Change(path, *_aligned(old, new), "lines")
    removed, added = (() if value is ABSENT else (value,) for value in (before, after))
    return Change(path, removed, added)


def _words(record: Any) -> tuple[str, ...]:
    """Return a record as one word, its revision; nothing if there is none."""
    if record is ABSENT:
        return ()
    try:
        return (str(json.loads(record)["revision"]),)
    except (ValueError, TypeError, KeyError, RecursionError):
        return ("unreadable",)


def _aligned(old: list[Any], new: list[Any]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Return the items of two lists that only one of them has, in their order."""
    before, after = ([msgspec.json.encode(item, order="sorted") for item in items] for items in (old, new))
    removed: list[Any] = []
    added: list[Any] = []
    for tag, i, j, k, m in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag != "equal":
            removed += old[i:j]
            added += new[k:m]
    return tuple(removed), tuple(added)


def _outermost(places: Collection[str]) -> Iterator[str]:
    """Yield the paths that are not below another one."""
    known = set(places)
    for path in known:
        above = path
        while above := above.rpartition("/")[0]:
            if above in known:
                break
        else:
            yield path


def _shown(change: Change, values: tuple[Any, ...]) -> list[str]:
    """Return values as people read them; strings without quotes unless they could be taken for something else."""
    if change.unit == "order":
        return [", ".join(map(str, values))]
    return [_text(value) for value in values]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        return msgspec.json.encode(value).decode()
    try:
        json.loads(value)
    except ValueError:
        if value.strip() == value != "" and value.isprintable():
            return value
    except RecursionError:
        pass
    return json.dumps(value, ensure_ascii=False)


def _around(text: str, other: str) -> str:
    """Return a long text with what it shares with another one left out, but for some characters around the difference."""
    if len(text) <= _SHOWN:
        return text
    start = _shared(text, other)
    end = min(_shared(text[::-1], other[::-1]), len(text) - start, len(other) - start)
    head = text[:start] if start <= 2 * _CONTEXT + 3 else f"{text[:_CONTEXT]}...{text[start - _CONTEXT : start]}"
    tail = text[len(text) - end :]
    if end > 2 * _CONTEXT + 3:
        tail = f"{tail[:_CONTEXT]}...{tail[-_CONTEXT:]}"
    return f"{head}{text[start : len(text) - end]}{tail}"


def _shared(text: str, other: str) -> int:
    """Return how many characters two strings have in common at their beginning."""
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(text, other, strict=False)))
