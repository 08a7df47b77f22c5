"""A workload that the webhook leaves alone: why, and what to do about it, so that no case passes because nothing was rendered."""

from collections.abc import Mapping
from typing import Any, Literal, get_args

from webhook import errors, workload

#: Why the webhook leaves a workload alone, in the words of ``mutation.Mutation.reason``.
Reason = Literal["already-rendered", "mirror-pod", "not-labelled", "opted-out"]
REASONS: tuple[Reason, ...] = get_args(Reason)

#: Those for which a workload asks in so many words; the others happen to people who expect it to be rendered.
ON_PURPOSE: frozenset[str] = frozenset({"mirror-pod", "opted-out"})


def cause(reason: str) -> str:
    """Return why the webhook leaves a workload alone, as a sentence without an end."""
    return f"the webhook leaves it alone: {_CAUSES[reason]}"


_CAUSES: Mapping[str, str] = {
    "already-rendered": "it has a record, so it is sent as it was rendered before",
    "mirror-pod": f"annotation {workload.keys.MIRROR} says that it is a mirror pod",
    "not-labelled": f"it has no label {workload.RUNTIME}",
    "opted-out": f'label {workload.INJECT} "false" opts out',
}


def remedy(reason: str, sent: Mapping[str, Any]) -> str:
    """Return what to do so that a workload is rendered."""
    match reason:
        case "already-rendered":
            return "get the bare form with hydra-webhook restore -f FILE"
        case "mirror-pod":
            return "remove the annotation"
        case "opted-out":
            return "remove the label"
        case _:
            return _label(sent)


def _label(sent: Mapping[str, Any]) -> str:
    """Return where a workload should have the label, or what was probably written instead of it."""
    place = workload.POD_TEMPLATE_PLACES.get(workload.kind_of(sent), ())
    holder: Any = sent
    for key in place:
        holder = holder.get(key) or {}
    metadata = holder.get("metadata") or {}
    found = workload.mistaken_keys.instead_of(
        workload.RUNTIME, metadata.get("labels") or {}, metadata.get("annotations") or {}
    )
    if found:
        return found
    where = ".".join((*place, "metadata.labels"))
    if place and workload.RUNTIME in ((sent.get("metadata") or {}).get("labels") or {}):
        return f"the {sent['kind']} itself has it; add it to its pods at {where}"
    if workload.kind_of(sent) == workload.LEADER_WORKER_SET and _labelled_inside(sent):
        return f"only its pod templates have it; add it to {where}"
    return f"add it to {where}"


def _labelled_inside(sent: Mapping[str, Any]) -> bool:
    try:
        pod_templates = workload.pod_templates(sent, workload.kind_of(sent))
    except errors.Denied:  # what is left alone may have any shape
        return False
    return any(workload.RUNTIME in one.labels for one in pod_templates)
