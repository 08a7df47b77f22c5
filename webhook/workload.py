"""A Pod or LeaderWorkerSet as its pod templates: where each stands, which role its pods have, what it says.

Reading only; rendering happens elsewhere. A Pod is taken as a pod template of its own. Labels and annotations are known
by name here and nowhere else (contract sections 2, 3 and 9). What is read is checked: a file given to the command
line may hold anything, and a custom resource is checked against its schema only after mutating admission.
"""

import re
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from webhook import errors

RUNTIME = "hydra.io/runtime"
MODEL_ID = "hydra.io/model-id"
INJECT = "hydra.io/inject"
MODEL_NAME = "hydra.io/model-name"
GPU_TYPE = "hydra.io/gpu-type"
TENSOR_PARALLEL_SIZE = "hydra.io/tensor-parallel-size"
PIPELINE_PARALLEL_SIZE = "hydra.io/pipeline-parallel-size"
CONTAINER = "hydra.io/container"
REFRESH = "hydra.io/refresh"
RECORD = "hydra.io/rendered"
DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"

#: The labels by which a pod is recognised; those of a LeaderWorkerSet are copied into its pod templates.
IDENTITY_LABELS = (RUNTIME, MODEL_ID)

_MIRROR = "kubernetes.io/config.mirror"
_GROUP_NAME = "leaderworkerset.sigs.k8s.io/name"
_GROUP_SIZE = "leaderworkerset.sigs.k8s.io/size"
_WORKER_INDEX = "leaderworkerset.sigs.k8s.io/worker-index"
_LARGEST_SIZE = 2**31 - 1  # an int32 in the API
_INTEGER = re.compile(r"[0-9]{1,9}", re.ASCII)

GroupVersionKind = tuple[str, str, str]
Role = Literal["lone", "leader", "worker"]

POD: GroupVersionKind = ("", "v1", "Pod")
LEADER_WORKER_SET: GroupVersionKind = ("leaderworkerset.x-k8s.io", "v1", "LeaderWorkerSet")

#: The kinds that the webhook is sent (contract section 2).
INTERCEPTED = (POD, LEADER_WORKER_SET)

#: Where kinds that hold one pod template have it. An API server never sends them here; a pipeline may render them.
POD_TEMPLATE_PLACES: Mapping[GroupVersionKind, tuple[str, ...]] = {
    ("apps", "v1", "Deployment"): ("spec", "template"),
    ("apps", "v1", "StatefulSet"): ("spec", "template"),
    ("apps", "v1", "DaemonSet"): ("spec", "template"),
    ("apps", "v1", "ReplicaSet"): ("spec", "template"),
    ("batch", "v1", "Job"): ("spec", "template"),
    ("batch", "v1", "CronJob"): ("spec", "jobTemplate", "spec", "template"),
}


class Declaration(msgspec.Struct, frozen=True):
    """What a pod template says by labels and annotations (contract section 3).

    Absent optional values are "" or, for the two sizes, None.
    """

    runtime: str
    model_id: str
    model_name: str
    gpu_type: str
    container: str
    tensor_parallel_size: int | None
    pipeline_parallel_size: int | None


class PodTemplate(msgspec.Struct, frozen=True):
    """One pod template of a workload.

    Attributes:
        place: the keys from the object's root to it; empty for a Pod.
        value: the template as it stands; for a leader template that does not exist yet, the worker template.
        labels, annotations: its own over those of the object it stands in.
        inherited_labels: those of the object it stands in; empty for a Pod.
        role: ``lone`` outside a group and in a group of one.
        group_size: number of pods in the group; 1 for a lone pod.
        created: the template does not exist and is to be created.
        claims: volume names that the workload defines outside the template (volumeClaimTemplates).
    """

    place: tuple[str, ...]
    value: Mapping[str, Any]
    labels: Mapping[str, Any]
    annotations: Mapping[str, Any]
    inherited_labels: Mapping[str, Any] = msgspec.field(default_factory=dict)
    role: Role = "lone"
    group_size: int = 1
    created: bool = False
    claims: frozenset[str] = frozenset()

    @property
    def is_pod(self) -> bool:
        """Tell whether this is a Pod at admission, which the API server has defaulted and given its priority."""
        return not self.place

    @property
    def name(self) -> str:
        """Return what messages call it: ``leaderTemplate``; "" for a Pod."""
        return self.place[-1] if self.place else ""

    @property
    def own_annotations(self) -> Mapping[str, Any]:
        """Return the annotations in its own metadata."""
        return _strings_of(self.value, "annotations")


def opted_out(template: PodTemplate) -> bool:
    """Tell whether a pod template of a workload that is rendered opts out of it by its own label."""
    return template.labels.get(INJECT) == "false"


def exclusion(value: Mapping[str, Any]) -> str:
    """Return why an object or pod template is left alone, as a short word, or "" if it is to be rendered.

    The reasons repeat the selectors of contract section 2, since files and misconfigured webhooks bypass them.
    """
    labels = _strings_of(value, "labels")
    if RUNTIME not in labels:
        return "not-labelled"
    if labels.get(INJECT) == "false":
        return "opted-out"
    if _MIRROR in _strings_of(value, "annotations"):
        return "mirror-pod"
    return ""


def pod_templates(value: Mapping[str, Any], kind: GroupVersionKind) -> tuple[PodTemplate, ...]:
    """Return the pod templates of an object in the order in which they are rendered; none for a kind without any.

    Raises:
        errors.Denied: the object's shape or the size of its group is not what its kind says.
    """
    if kind == POD:
        return (_pod(value),)
    if kind == LEADER_WORKER_SET:
        return _leader_worker_set(value)
    if place := POD_TEMPLATE_PLACES.get(kind):
        return (_held(value, place),)
    return ()


def declaration(template: PodTemplate) -> Declaration:
    """Read what a pod template says.

    Raises:
        errors.Denied: the model id is missing, a value is empty or not a string, or a size is no integer of at least 1.
    """
    labels, annotations = template.labels, template.annotations
    _text(annotations, "annotation", REFRESH)  # says nothing at creation, but may not be empty
    return Declaration(
        runtime=_text(labels, "label", RUNTIME, required=True),
        model_id=_text(labels, "label", MODEL_ID, required=True),
        model_name=_text(annotations, "annotation", MODEL_NAME),
        gpu_type=_text(annotations, "annotation", GPU_TYPE),
        container=_text(annotations, "annotation", CONTAINER),
        tensor_parallel_size=_integer(annotations, TENSOR_PARALLEL_SIZE),
        pipeline_parallel_size=_integer(annotations, PIPELINE_PARALLEL_SIZE),
    )


def display_name(value: Mapping[str, Any], name: str = "") -> str:
    """Return what messages call an object: its name, or its generateName with an asterisk."""
    metadata = value.get("metadata")
    if not isinstance(metadata, dict):
        metadata = {}
    return name or str(metadata.get("name") or "") or f"{metadata.get('generateName') or ''}*"


def mapping(value: Any, path: str) -> dict[str, Any]:
    """Return a JSON map, taking null for an empty one.

    Raises:
        errors.Denied: it is something else.
    """
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise errors.Denied("malformed-object", f"{path}: must be a map, not {_json_type(value)}")
    return value


def entries(value: Any, path: str) -> list[dict[str, Any]]:
    """Return a JSON list of maps, taking null for an empty one.

    Raises:
        errors.Denied: it is something else.
    """
    if value is None:
        return []
    if not isinstance(value, list):
        raise errors.Denied("malformed-object", f"{path}: must be a list, not {_json_type(value)}")
    for index, entry in enumerate(value):
        if not isinstance(entry, dict):
            raise errors.Denied("malformed-object", f"{path}[{index}]: must be a map, not {_json_type(entry)}")
    return value


def strings(value: Any, path: str) -> list[str]:
    """Return a JSON list of strings, taking null for an empty one.

    Raises:
        errors.Denied: it is something else.
    """
    if value is None:
        return []
    if not isinstance(value, list):
        raise errors.Denied("malformed-object", f"{path}: must be a list of strings, not {_json_type(value)}")
    for index, entry in enumerate(value):
        if not isinstance(entry, str):
            message = f"{path}[{index}]: must be a string, not {_json_type(entry)}; put it in quotes"
            raise errors.Denied("malformed-object", message)
    return value


def _pod(value: Mapping[str, Any]) -> PodTemplate:
    labels, annotations = _strings_of(value, "labels"), _strings_of(value, "annotations")
    if _GROUP_NAME not in labels or RECORD in annotations:  # what is rendered already is not asked for its role
        return PodTemplate((), value, labels, annotations)
    text = annotations.get(_GROUP_SIZE)
    size = _parse_size(text)
    if size is None:
        found = "is missing" if text is None else f"is {errors.shown(text)}, not an integer of at least 1"
        message = f"annotation {_GROUP_SIZE} {found}; the pod has label {_GROUP_NAME}, so LeaderWorkerSet should set it"
        raise errors.Denied("invalid-group-size", message)
    role: Role = "lone" if size == 1 else "leader" if labels.get(_WORKER_INDEX) == "0" else "worker"
    return PodTemplate((), value, labels, annotations, role=role, group_size=size)


def _leader_worker_set(value: Mapping[str, Any]) -> tuple[PodTemplate, ...]:
    place = ("spec", "leaderWorkerTemplate")
    path = ".".join(place)
    group = mapping(mapping(value.get("spec"), "spec").get("leaderWorkerTemplate"), path)
    if group.get("workerTemplate") is None:
        raise errors.Denied("malformed-object", f"{path}.workerTemplate is missing")
    size = group.get("size", 1)
    if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= _LARGEST_SIZE:
        message = f"{path}.size: must be an integer of at least 1, not {errors.shown(size)}"
        raise errors.Denied("invalid-group-size", message)
    claims = _claims(group, path)
    worker = mapping(group.get("workerTemplate"), f"{path}.workerTemplate")
    distributed = size > 1
    templates: list[tuple[str, dict[str, Any], Role, bool]]
    templates = [("workerTemplate", worker, "worker" if distributed else "lone", False)]
    if "leaderTemplate" in group:
        leader = group["leaderTemplate"]
        if leader is None:
            message = f"{path}.leaderTemplate: is null; remove the key, and it is made from workerTemplate"
            raise errors.Denied("malformed-object", message)
        leader = mapping(leader, f"{path}.leaderTemplate")
        templates.insert(0, ("leaderTemplate", leader, "leader" if distributed else "lone", False))
    elif distributed:
        templates.insert(0, ("leaderTemplate", worker, "leader", True))
    labels, annotations = _strings_of(value, "labels"), _strings_of(value, "annotations")
    return tuple(
        PodTemplate(
            place=(*place, name),
            value=template,
            labels={**labels, **_strings_of(template, "labels")},
            annotations={**annotations, **_strings_of(template, "annotations")},
            inherited_labels=labels,
            role=role,
            group_size=size,
            created=created,
            claims=claims,
        )
        for name, template, role, created in templates
    )


def _held(value: Mapping[str, Any], place: tuple[str, ...]) -> PodTemplate:
    holder: Mapping[str, Any] = value
    claims: frozenset[str] = frozenset()
    for depth, key in enumerate(place):
        claims = _claims(holder, ".".join(place[:depth]))
        holder = mapping(holder.get(key), ".".join(place[: depth + 1]))
    return PodTemplate(place, holder, _strings_of(holder, "labels"), _strings_of(holder, "annotations"), claims=claims)


def _claims(holder: Mapping[str, Any], path: str) -> frozenset[str]:
    """Return the names of the volumes that volumeClaimTemplates define."""
    path = f"{path}.volumeClaimTemplates"
    claims = entries(holder.get("volumeClaimTemplates"), path)
    return frozenset(str(mapping(claim.get("metadata"), path).get("name")) for claim in claims)


def _strings_of(value: Mapping[str, Any], key: str) -> dict[str, Any]:
    metadata = mapping(value.get("metadata"), "metadata")
    return mapping(metadata.get(key), f"metadata.{key}")


def _text(values: Mapping[str, Any], what: str, key: str, *, required: bool = False) -> str:
    if key not in values:
        if required:
            raise errors.Denied("missing-key", f"{what} {key} is missing")
        return ""
    value = values[key]
    if not isinstance(value, str):
        message = f"{what} {key} is {errors.shown(value)}, not a string; put it in quotes"
        raise errors.Denied("invalid-value", message)
    if not value.strip():
        remedy = "give it a value" if required else "give it a value or remove it"
        raise errors.Denied("empty-value", f'{what} {key} is "{value}": empty; {remedy}')
    return value


def _integer(annotations: Mapping[str, Any], key: str) -> int | None:
    text = _text(annotations, "annotation", key)
    if not text:
        return None
    size = _parse_size(text)
    if size is None:
        raise errors.Denied("invalid-size", f'annotation {key} is "{text}": must be an integer of at least 1')
    return size


def _parse_size(text: Any) -> int | None:
    if isinstance(text, str) and _INTEGER.fullmatch(text) and int(text) >= 1:
        return int(text)
    return None


def _json_type(value: Any) -> str:
    names = {bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "a list", dict: "a map"}
    return names.get(type(value), "null")
