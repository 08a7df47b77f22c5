"""Objects in files that are left as they are although their author may want them rendered: what each lacks (contract section 2).

API servers never send such objects, or the webhook admits them as they are. Whoever renders files would otherwise learn of a
misspelt kind or a label in the wrong place only in the cluster.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from webhook import errors
from webhook.workload import keys, mistaken_keys
from webhook.workload.object_kinds import (
    INTERCEPTED,
    LEADER_WORKER_SET,
    POD_TEMPLATE_PLACES,
    GroupVersionKind,
    kind_of,
)
from webhook.workload.pod_templates import exclusion, opted_out, pod_templates

#: How similar a kind must be to a known one to count as misspelt: ``Deploymnet`` is, ``PodTemplate`` is a kind of its own.
_SIMILARITY = 0.8

_KNOWN = (*INTERCEPTED, *POD_TEMPLATE_PLACES)

#: Groups that kinds of ours had before they got their own.
_FORMER_GROUPS = frozenset({"", "extensions"})


class Remark(msgspec.Struct, frozen=True):
    """Why an object is left as it is.

    Attributes:
        text: the reason, and what to do if it is to be rendered.
        mistaken: whether the object says otherwise than its author means, as far as can be seen.
    """

    text: str
    mistaken: bool = False


def remark(value: Mapping[str, Any], *, inside: bool) -> Remark | None:
    """Return why an object is left as it is; None if it is rendered, or denied.

    Args:
        value: the object, whatever it holds.
        inside: whether the pod templates of Deployments and the like are rendered too.
    """
    object_kind = kind_of(value)
    try:
        if object_kind in INTERCEPTED:
            return _of_intercepted(value, object_kind)
        if object_kind in POD_TEMPLATE_PLACES:
            return _of_holder(value, object_kind, inside=inside)
    except errors.Denied as denial:
        if object_kind in INTERCEPTED or inside:  # as rendering it will say
            return None
        return Remark(f"it is left as it is: {denial.message}", mistaken=True)
    if instead := _instead_of(object_kind):
        return Remark(f"it is left as it is: {instead}", mistaken=True)
    text = "it is left as it is: the webhook renders Pods and LeaderWorkerSets"
    if _asks_inside(value.get("spec")):
        text += "; the pods that are made of it are rendered when they are created"
    return Remark(text)


def _of_intercepted(value: Mapping[str, Any], object_kind: GroupVersionKind) -> Remark | None:
    reason = exclusion(value)
    if reason == "opted-out":
        return Remark(f'it is left as it is: it has label {keys.INJECT}: "false"')
    if reason == "mirror-pod":
        return Remark("it is left as it is: it is the mirror of a static pod")
    if not reason:
        if object_kind == LEADER_WORKER_SET and all(map(opted_out, pod_templates(value, object_kind))):
            return Remark(f'it is left as it is: its pod templates have label {keys.INJECT}: "false"')
        return None
    if object_kind == LEADER_WORKER_SET:
        labelled = _labelled(value, object_kind)
        if labelled:
            text = (
                f"only its {' and '.join(labelled)} has label {keys.RUNTIME}, so its pods are rendered one by one when they are"
                " created; put the labels into the LeaderWorkerSet's own metadata"
            )
            return Remark(text, mistaken=True)
    return _unlabelled(value, "it")


def _labelled(value: Mapping[str, Any], object_kind: GroupVersionKind) -> list[str]:
    """Return the names of the pod templates that are labelled, in an object that nobody has checked."""
    try:
        templates = pod_templates(value, object_kind)
    except errors.Denied:  # it is not going to be looked into
        return []
    return [one.name for one in templates if not one.created and keys.RUNTIME in one.labels]


def _of_holder(value: Mapping[str, Any], object_kind: GroupVersionKind, *, inside: bool) -> Remark | None:
    (template,) = pod_templates(value, object_kind)
    if opted_out(template):
        return Remark(f'it is left as it is: its pod template has label {keys.INJECT}: "false"')
    if keys.RUNTIME in template.labels:
        if inside:
            return None
        text = "it is left as it is: its pods are rendered when they are created; --pod-templates shows what becomes of them"
        return Remark(text)
    place = f"{template.path}.metadata.labels"
    if keys.RUNTIME in _labels(value):
        text = f"label {keys.RUNTIME} means nothing in the {object_kind[2]}'s own metadata; put the labels into {place}"
        return Remark(text, mistaken=True)
    return _unlabelled(template.value, "its pod template")


def _unlabelled(value: Mapping[str, Any], what: str) -> Remark:
    """Return the remark on an object or pod template without the label."""
    metadata = value.get("metadata") or {}
    labels, annotations = metadata.get("labels") or {}, metadata.get("annotations") or {}
    text = f"it is left as it is: {what} has no label {keys.RUNTIME}"
    if instead := mistaken_keys.instead_of(keys.RUNTIME, labels, annotations):
        return Remark(f"{text}: {instead}", mistaken=True)
    return Remark(f"{text}; to have it rendered, give it the labels {keys.RUNTIME} and {keys.MODEL_ID}")


def _instead_of(object_kind: GroupVersionKind) -> str:
    """Return what is probably meant by a kind that the webhook does not know, and how it is written; "" if it is another one."""
    group, version, kind = object_kind
    written = errors.printable(f"{group}/{version}".removeprefix("/"))
    candidates = {
        known: f"{known_group}/{known_version}".removeprefix("/")
        for known_group, known_version, known in _KNOWN
        if group == known_group or group in _FORMER_GROUPS
    }
    if right := candidates.get(kind):
        what = f"its apiVersion is {written}" if written else "it has no apiVersion"
        return f"{what}; write apiVersion: {right}"
    by_lower = {known.lower(): known for known in candidates}
    if near := errors.nearest(kind.lower(), by_lower, _SIMILARITY):
        known = by_lower[near]
        also = "" if written == candidates[known] else f" and apiVersion: {candidates[known]}"
        return f'there is no kind "{errors.printable(kind)}"; write kind: {known}{also}'
    return ""


def _asks_inside(value: Any) -> bool:
    """Return whether something in a value is labelled with a runtime, as the pod template of a kind that we do not know."""
    if isinstance(value, dict):
        return keys.RUNTIME in _labels(value) or any(map(_asks_inside, value.values()))
    return isinstance(value, list) and any(map(_asks_inside, value))


def _labels(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the labels in the metadata of a value that may hold anything."""
    metadata = value.get("metadata")
    labels = metadata.get("labels") if isinstance(metadata, dict) else None
    return labels if isinstance(labels, dict) else {}
