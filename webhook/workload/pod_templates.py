"""Objects as their pod templates: where each is, which role its pods have, which labels and annotations apply to it.

Nothing here renders. A Pod counts as a pod template of its own. An object is checked before it is taken apart, so what
reads a :class:`PodTemplate` can rely on its shape.
"""

import re
from collections.abc import Mapping
from typing import Any, Literal, get_args

import msgspec

from webhook import errors
from webhook.workload import keys, shape
from webhook.workload.object_kinds import LEADER_WORKER_SET, POD, POD_TEMPLATE_PLACES, GroupVersionKind

_LARGEST_SIZE = 2**31 - 1  # an int32 in the API
_INTEGER = re.compile(r"[0-9]{1,9}", re.ASCII)

#: The largest integer that a label or annotation may spell out.
LARGEST_INTEGER = 10**9 - 1

Role = Literal["lone", "leader", "worker"]

ROLES: tuple[Role, ...] = get_args(Role)

#: The roles of pods in a distributed group.
GROUP_ROLES: tuple[Role, ...] = ("leader", "worker")


class PodTemplate(msgspec.Struct, frozen=True):
    """One pod template of a workload.

    Attributes:
        place: the keys that lead from the object's root to it; empty for a Pod.
        value: the template as it is; for a leader template that does not exist yet, the worker template.
        labels, annotations: its own over those of the object that holds it.
        inherited_labels: those of the object that holds it; empty for a Pod.
        role: ``lone`` outside a group and in a group of one.
        group_size: number of pods in the group; 1 for a lone pod.
        created: the template does not exist yet and is to be created.
        completed_from: for a leader template without containers, the worker template, with which it is to be completed.
        original: the template as it was sent, if ``value`` is a completed one.
        claims: names of volumes that the workload defines outside the template (volumeClaimTemplates).
        made_from: for a pod that is yet to be made, the keys that lead to its pod template in the object that holds that.
    """

    place: tuple[str, ...]
    value: Mapping[str, Any]
    labels: Mapping[str, Any]
    annotations: Mapping[str, Any]
    inherited_labels: Mapping[str, Any] = msgspec.field(default_factory=dict)
    role: Role = "lone"
    group_size: int = 1
    created: bool = False
    completed_from: Mapping[str, Any] | None = None
    original: Mapping[str, Any] | None = None
    claims: frozenset[str] = frozenset()
    made_from: tuple[str, ...] = ()

    @property
    def is_pod(self) -> bool:
        """Return whether this is a Pod at admission, which the API server has defaulted and given its priority."""
        return not self.place

    @property
    def name(self) -> str:
        """Return what messages call it: ``leaderTemplate``; "" for a Pod."""
        return self.place[-1] if self.place else ""

    @property
    def path(self) -> str:
        """Return its path from the object's root: ``spec.leaderWorkerTemplate.leaderTemplate``; "" for a Pod.

        A leader template that is yet to be created has the path of the worker template, which its value is, and a pod that is
        yet to be made that of its pod template.
        """
        return ".".join(self._worker_place if self.created else self.place or self.made_from)

    @property
    def containers_path(self) -> str:
        """Return where its containers are written, from the object's root; those of a completed leader template are the worker's."""
        where = ".".join(self._worker_place) if self.original is not None else self.path
        return f"{where}.spec.containers" if where else "spec.containers"

    @property
    def _worker_place(self) -> tuple[str, ...]:
        return (*self.place[:-1], "workerTemplate")

    @property
    def own_annotations(self) -> Mapping[str, Any]:
        """Return the annotations in its own metadata."""
        return _metadata(self.value, "annotations")


def opted_out(pod_template: PodTemplate) -> bool:
    """Return whether a pod template opts out by a label of its own or of the object that holds it."""
    return pod_template.labels.get(keys.INJECT) == "false"


def says_no(value: Mapping[str, Any]) -> bool:
    """Return whether an object or pod template opts out by a label of its own."""
    return _metadata(value, "labels").get(keys.INJECT) == "false"


def exclusion(value: Mapping[str, Any], path: str = "") -> str:
    """Return why an object or pod template is left alone, as a short word, or "" if it is to be rendered.

    The reasons repeat the selectors of contract section 2, which files and misconfigured webhooks bypass.

    Args:
        value: the object or pod template.
        path: where it is, for messages.
    """
    shape.check_metadata(value, path)
    labels = _metadata(value, "labels")
    if keys.RUNTIME not in labels:
        return "not-labelled"
    if labels.get(keys.INJECT) == "false":
        return "opted-out"
    if keys.MIRROR in _metadata(value, "annotations"):
        return "mirror-pod"
    return ""


def pod_templates(
    value: Mapping[str, Any], object_kind: GroupVersionKind, *, checked: bool = False
) -> tuple[PodTemplate, ...]:
    """Return the pod templates of an object in the order in which they are rendered; none for a kind without any.

    Args:
        value: the object.
        object_kind: what it is.
        checked: whether its shape and size have been checked before.

    Raises:
        errors.Denied: the object does not have the shape that its kind prescribes or is too large, or its group has an invalid size.
    """
    if not checked:
        shape.check(value, object_kind)
    found = _taken_apart(value, object_kind)
    if not checked and found and found[0].created:
        what = "the object, with the leaderTemplate that is created from workerTemplate,"
        shape.check_values(value, what, more=found[0].value)
    return found


def display_name(value: Mapping[str, Any], name: str = "") -> str:
    """Return what messages call an object: its name, or its generateName followed by an asterisk."""
    metadata = value.get("metadata")
    if not isinstance(metadata, dict):
        metadata = {}
    return name or str(metadata.get("name") or "") or f"{metadata.get('generateName') or ''}*"


def parse_integer(text: Any) -> int | None:
    """Return the integer of at least 0 that a label or annotation spells out; None if it is anything else."""
    if isinstance(text, str) and _INTEGER.fullmatch(text):
        return int(text)
    return None


def _taken_apart(value: Mapping[str, Any], object_kind: GroupVersionKind) -> tuple[PodTemplate, ...]:
    if object_kind == POD:
        return (_pod(value),)
    if object_kind == LEADER_WORKER_SET:
        return _leader_worker_set(value)
    if place := POD_TEMPLATE_PLACES.get(object_kind):
        return (_single(value, place),)
    return ()


def _pod(value: Mapping[str, Any]) -> PodTemplate:
    labels, annotations = _metadata(value, "labels"), _metadata(value, "annotations")
    if keys.GROUP_NAME not in labels or keys.RECORD in annotations:  # a rendered pod keeps the role it was rendered for
        return PodTemplate((), value, labels, annotations)
    text = annotations.get(keys.GROUP_SIZE)
    size = parse_integer(text)
    if size is None or size < 1:
        found = "is missing" if text is None else f"is {errors.shown(text)}, not an integer of at least 1"
        message = f"annotation {keys.GROUP_SIZE} {found}; the pod has label {keys.GROUP_NAME}, so LeaderWorkerSet should set it"
        raise errors.Denied("invalid-group-size", message)
    role: Role = "lone" if size == 1 else "leader" if labels.get(keys.WORKER_INDEX) == "0" else "worker"
    return PodTemplate((), value, labels, annotations, role=role, group_size=size)


def _leader_worker_set(value: Mapping[str, Any]) -> tuple[PodTemplate, ...]:
    place = ("spec", "leaderWorkerTemplate")
    path = ".".join(place)
    group = (value.get("spec") or {}).get("leaderWorkerTemplate") or {}
    worker = group.get("workerTemplate")
    if worker is None:
        raise errors.Malformed(f"{path}.workerTemplate", "is missing")
    size = group.get("size", 1)
    if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= _LARGEST_SIZE:
        message = f"{path}.size: must be an integer of at least 1 and at most {_LARGEST_SIZE}, not {errors.shown(size)}"
        raise errors.Denied("invalid-group-size", message)
    distributed = size > 1
    found: list[tuple[str, dict[str, Any], Role, bool]]
    found = [("workerTemplate", worker, "worker" if distributed else "lone", False)]
    if "leaderTemplate" in group:
        leader = group["leaderTemplate"]
        if leader is None:
            cause = "is null; remove the key, and it is created from workerTemplate"
            raise errors.Malformed(f"{path}.leaderTemplate", cause)
        found.insert(0, ("leaderTemplate", leader, "leader" if distributed else "lone", False))
    elif distributed:
        found.insert(0, ("leaderTemplate", worker, "leader", True))
    labels, annotations = _metadata(value, "labels"), _metadata(value, "annotations")
    return tuple(
        _below(
            PodTemplate(
                place=(*place, name),
                value=template,
                labels=labels,
                annotations=annotations,
                inherited_labels=labels,
                role=role,
                group_size=size,
                created=created,
                completed_from=worker
                if name == "leaderTemplate" and not created and not _containers(template)
                else None,
                claims=_claims(group),
            )
        )
        for name, template, role, created in found
    )


def _containers(template: Mapping[str, Any]) -> list[dict[str, Any]]:
    return (template.get("spec") or {}).get("containers") or []


def completed(pod_template: PodTemplate, value: Mapping[str, Any]) -> PodTemplate:
    """Return a leader template with what it took from the worker template; its own labels and annotations win."""
    return _below(msgspec.structs.replace(pod_template, value=value, original=pod_template.value, completed_from=None))


def _below(pod_template: PodTemplate) -> PodTemplate:
    """Return a pod template with its own labels and annotations put over those of the object that holds it."""
    own_labels = _metadata(pod_template.value, "labels")
    return msgspec.structs.replace(
        pod_template,
        labels={**pod_template.labels, **own_labels},
        annotations={**pod_template.annotations, **pod_template.own_annotations},
    )


def _single(value: Mapping[str, Any], place: tuple[str, ...]) -> PodTemplate:
    holder: Mapping[str, Any] = value
    claims: frozenset[str] = frozenset()
    for key in place:
        claims = _claims(holder)
        holder = holder.get(key) or {}
    return _below(PodTemplate(place, holder, {}, {}, claims=claims))


def _claims(holder: Mapping[str, Any]) -> frozenset[str]:
    """Return the names of the volumes that volumeClaimTemplates define."""
    claims = holder.get("volumeClaimTemplates") or ()
    return frozenset(str((claim.get("metadata") or {}).get("name")) for claim in claims)


def _metadata(value: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Return the labels or annotations of an object or pod template whose metadata has been checked."""
    return (value.get("metadata") or {}).get(key) or {}
