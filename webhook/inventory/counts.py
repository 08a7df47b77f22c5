"""Workloads that come, change and go, counted by what they were rendered from.

Thousands of workloads have few different bases. So they are counted by them as they come and go, and only the bases are judged when
somebody asks: an edit of the configuration costs nothing until then, and then as much as there are different ones.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

from webhook import catalog, workload
from webhook.inventory import bases, judgement
from webhook.inventory.bases import Basis
from webhook.inventory.judgement import STATES, State

MOST_SERIES = 200
"""Series of the metric. A cluster has some runtimes with some revisions each; but anybody who may create a pod can write a record."""

OTHER = "other"
"""Runtime and revision of the series that stand for all the smallest ones. No digest looks like it."""

_MOST_CHANGED = 1000  # groups; where nobody asks for the metric, those that are gone must not be held for ever

Key = tuple[str, str]
"""Namespace and name."""


class Series(NamedTuple):
    """The labels of a series of the metric."""

    runtime: str
    revision: str
    state: State


class Inventory:
    """The labelled objects of a cluster, without the objects.

    A LeaderWorkerSet and its pods are one workload, even if only one of both is known. Any configuration can be asked about, also one
    that is not in use.
    """

    def __init__(self) -> None:
        self._objects: dict[tuple[str, Key], tuple[str, frozenset[Basis]]] = {}  # its group, and its bases
        self._groups: dict[Key, _Group] = {}
        self._changed: set[Key] = set()  # groups that are counted with bases that they had before
        self._workloads: Counter[frozenset[Basis]] = Counter()  # how many workloads have these bases
        self._pool = _Pool()

    def put_pod(self, pod: Mapping[str, Any]) -> None:
        """Take in a pod that was created or changed (``bases.PodParts``)."""
        self._put(workload.POD[2], _key(pod), bases.group_of(pod), bases.of_pod(pod))

    def put_leader_worker_set(self, group: Mapping[str, Any]) -> None:
        """Take in a LeaderWorkerSet that was created or changed (``bases.LeaderWorkerSetParts``)."""
        key = _key(group)
        self._put(workload.LEADER_WORKER_SET[2], key, key[1], bases.of_leader_worker_set(group))

    def delete_pod(self, key: Key) -> None:
        """Forget a pod."""
        self._delete(workload.POD[2], key)

    def delete_leader_worker_set(self, key: Key) -> None:
        """Forget a LeaderWorkerSet."""
        self._delete(workload.LEADER_WORKER_SET[2], key)

    def counts(self, snapshot: catalog.Snapshot, most: int = MOST_SERIES) -> dict[Series, int]:
        """Return how many workloads there are of each runtime, revision and state, given a configuration.

        A workload counts as its worst pod template. Of more than ``most`` series the smallest are added up by state.
        """
        self._count_changed_groups()
        states = {basis: judgement.judge(basis, snapshot) for held in self._workloads for basis in held}
        found: Counter[Series] = Counter()
        for held, count in self._workloads.items():
            found[max((_series(basis, states[basis]) for basis in held), key=_badness)] += count
        return _bounded(found, most)

    def _put(self, object_kind: str, key: Key, group: str, found: frozenset[Basis]) -> None:
        self._delete(object_kind, key)
        if not found:
            return
        found = self._pool.take(found)
        self._objects[object_kind, key] = group, found
        self._add(group, key, found, 1)

    def _delete(self, object_kind: str, key: Key) -> None:
        held = self._objects.pop((object_kind, key), None)
        if held is not None:
            group, gone = held
            self._add(group, key, gone, -1)
            self._pool.give_back(gone)

    def _add(self, group: str, key: Key, found: frozenset[Basis], number: int) -> None:
        """Count an object, or stop counting it."""
        if not group:
            self._count(found, number)
            return
        name = (key[0], group)
        members = self._groups.setdefault(name, _Group()).members
        members[found] += number
        if not members[found]:
            del members[found]
        self._changed.add(name)
        if len(self._changed) > _MOST_CHANGED:
            self._count_changed_groups()

    def _count_changed_groups(self) -> None:
        """Count each group with the bases that it has now, once however many of its pods have changed."""
        for name in self._changed:
            group = self._groups[name]
            self._count(group.counted, -1)
            group.counted = frozenset().union(*group.members)
            self._count(group.counted, 1)
            if not group.members:
                del self._groups[name]
        self._changed.clear()

    def _count(self, held: frozenset[Basis], number: int) -> None:
        if held:
            self._workloads[held] += number
            if not self._workloads[held]:
                del self._workloads[held]


class _Group:
    """A LeaderWorkerSet and its pods.

    Attributes:
        members: how many of them have each set of bases.
        counted: the bases with which the group is counted.
    """

    __slots__ = ("counted", "members")

    def __init__(self) -> None:
        self.members: Counter[frozenset[Basis]] = Counter()
        self.counted: frozenset[Basis] = frozenset()


class _Pool:
    """Equal values, held once for as long as somebody uses them."""

    def __init__(self) -> None:
        self._values: dict[frozenset[Basis], frozenset[Basis]] = {}
        self._uses: Counter[frozenset[Basis]] = Counter()

    def take(self, value: frozenset[Basis]) -> frozenset[Basis]:
        held = self._values.setdefault(value, value)
        self._uses[held] += 1
        return held

    def give_back(self, value: frozenset[Basis]) -> None:
        self._uses[value] -= 1
        if not self._uses[value]:
            del self._uses[value], self._values[value]


def _key(item: Mapping[str, Any]) -> Key:
    metadata = item["metadata"]
    return metadata.get("namespace") or "", metadata["name"]


def _series(basis: Basis, state: State) -> Series:
    return Series(basis.runtime, basis.revision, state)


def _badness(series: Series) -> tuple[int, Series]:
    return STATES.index(series.state), series


def _bounded(found: Mapping[Series, int], most: int) -> dict[Series, int]:
    """Return at most this many series, which must be more than there are states; the smallest are added up by state."""
    if len(found) <= most:
        return dict(found)
    by_size = sorted(found.items(), key=lambda one: (-one[1], one[0]))
    kept = Counter(dict(by_size[: most - len(STATES)]))
    for series, count in by_size[most - len(STATES) :]:
        kept[Series(OTHER, OTHER, series.state)] += count
    return dict(kept)
