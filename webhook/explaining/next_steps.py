"""The commands and edits that would change an outcome."""

from collections.abc import Iterator, Mapping
from typing import Any

from webhook import catalog, workload
from webhook.explaining import remedies, unread
from webhook.explaining.answers import Answer
from webhook.explaining.explanation import Explanation

#: How the labels that ask for a runtime are called together.
_IDENTITY = " and ".join(workload.IDENTITY_LABELS)


def of(
    found: Explanation,
    object_kind: workload.GroupVersionKind,
    value: Mapping[str, Any],
    answer: Answer,
    places: catalog.Places,
    *,
    never_rendered: bool,
) -> Iterator[str]:
    """Yield what would change the outcome, if there is something.

    Args:
        found: what was found out about the object.
        object_kind: what it is.
        value: the object.
        answer: what becomes of it.
        places: where the configuration is written.
        never_rendered: whether it is stored as its author wrote it.
    """
    if answer.denial is not None:
        yield from remedies.of(found, answer, places)
    yield from _labels(found, object_kind, value)
    if answer.denial is not None:
        return
    stored = [one.stored for one in found.pod_templates if one.stored is not None]
    renewal = _renewal(found, object_kind)
    if any(not one.newest and one.same_result is not True for one in stored):
        yield f"to get the newest revision: {renewal}"
    elif never_rendered:
        yield f"to render it: {renewal}"
    elif object_kind == workload.LEADER_WORKER_SET and any(one.edits or not one.untouched for one in stored):
        yield f"to give up edits of rendered fields: {renewal}"


def _labels(found: Explanation, object_kind: workload.GroupVersionKind, value: Mapping[str, Any]) -> Iterator[str]:
    """Yield where labels and annotations have to be that say nothing where they are."""
    pods = [one for one in found.pod_templates if one.pod_by_pod]
    is_group = object_kind == workload.LEADER_WORKER_SET
    if is_group and pods and found.outcome == "rendered":
        if workload.says_no(value):
            where = " and ".join(dict.fromkeys(f"{one.path}.metadata" for one in pods))
            yield f'to leave its pods alone as well, set label {workload.INJECT}: "false" in {where}'
        else:
            yield f"to have its pod templates rendered instead, put labels {_IDENTITY} into its own metadata"
    keys = [key for key in unread.of(value, object_kind) if key not in (workload.INJECT, workload.RECORD)]
    if object_kind in workload.POD_TEMPLATE_PLACES or (is_group and pods):
        path = found.pod_templates[0].path if found.pod_templates else ""
        if keys and path and not (is_group and workload.says_no(value)):
            yield f"write {', '.join(keys)} into {path}.metadata: pods get nothing from the metadata of the {found.kind} itself"
    elif found.outcome == "not-labelled":
        metadata = value.get("metadata") or {}
        labels, annotations = metadata.get("labels") or {}, metadata.get("annotations") or {}
        if instead := workload.mistaken_keys.instead_of(workload.RUNTIME, labels, annotations):
            yield f"to have it rendered, give it label {workload.RUNTIME}: {instead}"


def _renewal(found: Explanation, object_kind: workload.GroupVersionKind) -> str:
    """Return what renders a stored object anew."""
    kind, name, where = found.kind.lower(), found.name, f"-n {found.namespace}"
    if object_kind == workload.LEADER_WORKER_SET:
        if any(one.pod_by_pod for one in found.pod_templates):
            return f"kubectl delete pod -l {workload.GROUP_NAME}={name} {where}, after which its pods are created again"
        annotation = f'{workload.REFRESH}="$(date)"'
        return f"kubectl annotate --overwrite {kind} {name} {where} {annotation}, which rolls its groups"
    if object_kind[2] in ("Deployment", "StatefulSet", "DaemonSet"):
        return f"kubectl rollout restart {kind} {name} {where}"
    if object_kind[2] == "CronJob":
        return "nothing needs to be done, since the pods of its next Job are created with it"
    return f"kubectl delete {kind} {name} {where}, and create it again"
