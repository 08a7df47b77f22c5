"""The kinds of object that commands read, by the names that kubectl knows them by: ``lws/NAME``, ``pods``, ``deployments.apps``."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from webhook import errors, workload
from webhook.cluster.collections import Collection, ObjectReference


class UnknownKind(errors.HydraError):
    """A text names no object, or a kind that commands do not read; ``str()`` says what would be right."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of object.

    Attributes:
        api_version, plural, kind: as in ``Collection``.
        short: the abbreviation that kubectl accepts; empty if there is none.
        label_selector: selects those that can have to do with a runtime; empty where only pod templates inside are labelled.
    """

    api_version: str
    plural: str
    kind: str
    short: str = ""
    label_selector: str = ""

    def collection(self, namespace: str = "") -> Collection:
        """Return the objects of this kind in a namespace; empty: in all of them."""
        return Collection(self.api_version, self.plural, self.kind, namespace, label_selector=self.label_selector)

    def reference(self, namespace: str, name: str) -> ObjectReference:
        """Return the object of this name."""
        return ObjectReference(Collection(self.api_version, self.plural, self.kind, namespace), name)


POD: Final = Kind("v1", "pods", "Pod", "po", workload.RUNTIME)
LEADER_WORKER_SET: Final = Kind(
    "leaderworkerset.x-k8s.io/v1", "leaderworkersets", "LeaderWorkerSet", "lws", workload.RUNTIME
)

#: What has a pod template of its own, and makes pods of it.
CONTROLLERS: Final = (
    Kind("apps/v1", "deployments", "Deployment", "deploy"),
    Kind("apps/v1", "statefulsets", "StatefulSet", "sts"),
    Kind("apps/v1", "daemonsets", "DaemonSet", "ds"),
    Kind("apps/v1", "replicasets", "ReplicaSet", "rs"),
    Kind("batch/v1", "jobs", "Job"),
    Kind("batch/v1", "cronjobs", "CronJob", "cj"),
)

#: What holds pod templates first, and the pods that are made from them last.
ALL: Final = (LEADER_WORKER_SET, *CONTROLLERS, POD)


def _names() -> Mapping[str, Kind]:
    """Return every kind by each name that kubectl accepts, in lower case; with a version and group, or the group alone."""
    found: dict[str, Kind] = {}
    for kind in ALL:
        group, _, version = kind.api_version.rpartition("/")
        suffixes = ("", f".{group}", f".{version}.{group}") if group else ("",)
        for name in filter(None, (kind.plural, kind.kind.lower(), kind.short)):
            found |= {f"{name}{suffix}": kind for suffix in suffixes}
    return MappingProxyType(found)


_BY_NAME = _names()


def named(name: str) -> Kind | None:
    """Return the kind that kubectl knows by this name, whatever its case; None if commands do not read it."""
    return _BY_NAME.get(name.lower())


def reference(text: str, namespace: str) -> ObjectReference:
    """Return the object that ``KIND/NAME`` names.

    Args:
        text: what the user wrote.
        namespace: of the object.

    Raises:
        UnknownKind: it is written otherwise, or its kind is not one that commands read.
    """
    name, slash, rest = text.partition("/")
    kind = named(name)
    if kind is None:
        found = errors.among(name.lower(), [one.plural for one in ALL] + [one.short for one in ALL if one.short])
        raise UnknownKind(f'unknown kind "{errors.printable(name)}": {found}; write KIND/NAME, such as lws/NAME')
    if not slash or not rest or "/" in rest:
        raise UnknownKind(f'"{errors.printable(text)}" names no object: write KIND/NAME, such as {name}/NAME')
    return kind.reference(namespace, rest)
