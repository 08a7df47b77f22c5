"""An update of a rendered pod template: what the client dropped, what it wants, what somebody edited (contract section 9).

Clients that know only the bare form send it again, in part or as a whole. The stored and the incoming pod template decide, with
what the record says about the original: nothing is rendered here, and no digest is computed.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec

from webhook import patch, workload
from webhook.rendering import changes, fields, filled_in, image, paths
from webhook.rendering.changes import Changes
from webhook.rendering.paths import ABSENT
from webhook.rendering.record import RECORD_PATH

#: What became of a recorded field. ``foreign`` is a label or annotation, which anybody may set.
_Fate = Literal["unchanged", "dropped", "input", "edit", "foreign"]


class Writer(msgspec.Struct, frozen=True):
    """What an update says about who wrote its fields.

    Attributes:
        applied: whether ``last-applied-configuration`` differs from the stored one: the client's file has changed.
        fields: the fields that the request's manager owns by server-side apply, as in ``managedFields``; below the pod template.
    """

    applied: bool = False
    fields: Mapping[str, Any] = msgspec.field(default_factory=dict)
    _lists: dict[int, dict[str, Any]] = msgspec.field(
        default_factory=dict
    )  # by id of a list in fields: each is read only once

    def owns(self, path: str) -> bool:
        """Return whether the manager owns what is at a path."""
        node: Any = self.fields
        name = ""
        for token in patch.tokens(path):
            if not isinstance(node, dict):
                return False
            if fields.is_itemized(name):
                if id(node) not in self._lists:
                    self._lists[id(node)] = _items(node, name)
                node = self._lists[id(node)].get(token)
            else:
                node = node.get(f"f:{token}")
            name = token
        return node is not None


class Outcome(msgspec.Struct, frozen=True):
    """What an update means for one pod template.

    Attributes:
        kept: the incoming pod template, with what the client dropped put back.
        bare: its bare form: with the inputs of the update, without what was rendered and without edits of that.
        edits: paths of rendered fields that somebody has edited in this update, sorted.
    """

    kept: Mapping[str, Any]
    bare: Mapping[str, Any]
    edits: tuple[str, ...] = ()


def reconcile(stored: Mapping[str, Any], incoming: Mapping[str, Any], made: Changes, writer: Writer) -> Outcome:
    """Return what an update means for a pod template.

    Args:
        stored: the pod template as it is stored, rendered.
        incoming: the pod template as the update would store it.
        made: what rendering changed in the stored one.
        writer: who wrote the incoming one.
    """
    before, after = paths.Finder(stored), paths.Finder(incoming)
    originals = {**dict.fromkeys(made.added, ABSENT), **made.replaced}
    fates: dict[str, _Fate] = {}
    for path, original in originals.items():
        fates[path] = _fate(path, before.find(path), after.find(path), original)
    bare_ones = {_container(path) for path, fate in fates.items() if fate == "dropped"} - {""}
    rendered = _rendered_fields(originals)
    for path in [path for path, fate in fates.items() if fate == "edit"]:
        meant = writer.applied or writer.owns(path) or _container(path) in bare_ones
        if meant or _only_args(path, rendered, before.find(path), after.find(path), originals[path]):
            fates[path] = "input"
    return Outcome(
        kept=_Restoring(incoming, stored).put_back(
            [RECORD_PATH, *(path for path, fate in fates.items() if fate == "dropped")]
        ),
        bare=_bare(incoming, made, fates),
        edits=tuple(sorted(path for path, fate in fates.items() if fate == "edit")),
    )


def made(base: Mapping[str, Any], rendered: Mapping[str, Any]) -> Changes:
    """Return what rendering changed in a pod template that was made from another one."""
    return changes.between(base, rendered)[0]


def is_there(rendered: Mapping[str, Any], made: Changes) -> bool:
    """Return whether a pod template still has everything that rendering made of it, in its own or another value."""
    finder = paths.Finder(rendered)
    originals = {**dict.fromkeys(made.added, ABSENT), **made.replaced}
    return not any(_is_original(path, finder.find(path), original) for path, original in originals.items())


def declared(pod_template: workload.PodTemplate) -> tuple[Any, ...]:
    """Return what a bare pod template asks for beside its pod spec."""
    default_container = pod_template.own_annotations.get(workload.DEFAULT_CONTAINER)
    return workload.declaration(pod_template), default_container, pod_template.role, pod_template.group_size


def ask_alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two bare pod specs ask for the same: any placeholder equals any other."""
    if patch.same(one, other):
        return True
    return filled_in.alike(_without_placeholders(one), _without_placeholders(other), "spec", "")


def _without_placeholders(spec: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(spec)
    for key in ("initContainers", "containers"):
        found[key] = [
            {**container, "image": None} if image.is_placeholder(container.get("image")) else container
            for container in spec.get(key) or ()
        ]
    return found


def _fate(path: str, old: Any, new: Any, original: Any) -> _Fate:
    if new is old or (ABSENT not in (old, new) and patch.same(old, new)):
        return "unchanged"
    if _is_original(path, new, original):
        return "dropped"
    if path.startswith("/metadata/"):
        return "foreign"
    return "input" if new is ABSENT else "edit"


def _is_original(path: str, new: Any, original: Any) -> bool:
    """Return whether a value is the original one; any placeholder equals any other, and so does its absence."""
    if path == f"{_container(path)}/image":
        found = (None if one is ABSENT else one for one in (new, original))
        if all(map(image.is_placeholder, found)):
            return True
    return new is original or (ABSENT not in (new, original) and patch.same(new, original))


def _container(path: str) -> str:
    """Return the path of the container that a field is in; "" for other fields."""
    tokens = path.split("/", 4)
    inside = len(tokens) == 5 and tokens[1] == "spec" and tokens[2] in ("containers", "initContainers")
    return "/".join(tokens[:4]) if inside else ""


def _rendered_fields(originals: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the recorded fields of each container."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in originals:
        found[_container(path)].append(path)
    return found


def _only_args(path: str, rendered: Mapping[str, Sequence[str]], old: Any, new: Any, original: Any) -> bool:
    """Return whether only args were rendered in a container, and the new ones hold none of those that rendering added."""
    container = _container(path)
    if not container or path != f"{container}/args" or len(rendered[container]) > 1 or not isinstance(new, list):
        return False
    own = set(map(str, original)) if isinstance(original, list) else set()
    added = set(map(str, old if isinstance(old, list) else ())) - own
    return added.isdisjoint(map(str, new))


def _bare(incoming: Mapping[str, Any], made: Changes, fates: Mapping[str, _Fate]) -> dict[str, Any]:
    """Return the incoming pod template without what was rendered, and without edits of that."""
    undone = ("unchanged", "edit")
    added = [path for path in made.added if fates[path] in undone]
    replaced = {path: original for path, original in made.replaced.items() if fates[path] in undone}
    return changes.undo(incoming, Changes((*added, RECORD_PATH), made.made, replaced))


class _Restoring:
    """Puts fields of a stored pod template back into an incoming one; each list is searched only once."""

    def __init__(self, incoming: Mapping[str, Any], stored: Mapping[str, Any]) -> None:
        self.root: dict[str, Any] = changes.copied(incoming)
        self._stored = stored
        self._indexes: dict[int, dict[str, Any]] = {}  # by id of a list, which root or stored holds all the time

    def put_back(self, dropped: Sequence[str]) -> dict[str, Any]:
        """Return the incoming pod template with what is stored at these paths."""
        items: dict[str, set[str]] = defaultdict(set)  # by the path of their list
        for path in sorted(dropped):
            holder, _, last = path.rpartition("/")
            place, [key] = self._place(holder), patch.tokens(f"/{last}")
            if place is None:
                continue
            into, old = place
            if isinstance(old, list):
                items[holder].add(key)
            elif key in old:
                into[key] = changes.copied(old[key])
            else:
                into.pop(key, None)
        for holder, missing in items.items():
            if (place := self._place(holder)) is not None:
                into, old = place
                into[:] = list(_in_place(into, old, missing, holder.rpartition("/")[2]))
        return self.root

    def _place(self, path: str) -> tuple[Any, Any] | None:
        """Return the map or list at a path and its stored counterpart; it is created where it is missing.

        None if it is in an item of a list that the client has removed, or if the client has put something else there.
        """
        root: Any = self.root
        stored: Any = self._stored
        name = ""
        for token in patch.tokens(path):
            if isinstance(stored, list):
                root, stored = self._item(root, token, name), self._item(stored, token, name)
            else:
                stored = stored.get(token)
                if root.get(token) is None and isinstance(stored, dict | list):
                    root[token] = type(stored)()
                root = root.get(token)
            if not isinstance(stored, dict | list) or type(root) is not type(stored):
                return None
            name = token
        return root, stored

    def _item(self, items: list[Any], token: str, field: str) -> Any:
        index = self._indexes.get(id(items))
        if index is None:
            identities = fields.identities(items, field)
            index = self._indexes[id(items)] = dict(zip(reversed(identities), reversed(items), strict=True))
        return index.get(token)


def _in_place(items: list[Any], old: list[Any], missing: Collection[str], field: str) -> Iterator[Any]:
    """Yield the items of a list, with those that are missing each after the one that it was after."""
    identities = fields.identities(items, field)
    there = frozenset(identities)
    after: dict[str, list[Any]] = defaultdict(list)
    last = ""
    for identity, item in zip(fields.identities(old, field), old, strict=True):
        if identity in there:
            last = identity
        elif identity in missing:
            after[last].append(changes.copied(item))
    yield from after[""]
    for identity, item in zip(identities, items, strict=True):
        yield item
        yield from after.pop(identity, ())


def _items(node: Mapping[str, Any], field: str) -> dict[str, Any]:
    """Return the entries of a list in ``managedFields`` by identity."""
    found = {}
    for key, inner in node.items():
        if key.startswith(("k:", "v:")):
            try:
                found[fields.identity(json.loads(key[2:]), field)] = inner
            except (ValueError, RecursionError):  # anybody may send managed fields to a webhook that is called directly
                continue
    return found
