"""A workload under a configuration, and under two: what requests would be answered, by their own code."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from webhook import errors, mutation, rendering, workload
from webhook.mutation import create
from webhook.whatif import differences
from webhook.whatif.differences import Change

#: What of the metadata of a LeaderWorkerSet the rendering of its pod templates depends on.
_OURS = workload.LABELS | workload.ANNOTATIONS | {workload.DEFAULT_CONTAINER}

#: What a change of configuration means for a workload.
Effect = Literal["unchanged", "changed", "newly-denied", "no-longer-denied", "still-denied"]


class Denial(msgspec.Struct, frozen=True):
    """Why a workload cannot be rendered.

    Attributes:
        code: the denial's code, which docs/troubleshooting.md explains.
        message: what people read, without the code.
    """

    code: errors.DenialCode
    message: str


class Comparison(msgspec.Struct, frozen=True):
    """What becomes of a workload under two configurations.

    Attributes:
        effect: the difference in a word.
        changes: what differs between the renderings, records aside, by the name of the pod template ("" for a Pod).
        before, after: why it is denied under either configuration, if it is.
        revisions_before, revisions_after: of the renderings; empty where it is denied.
    """

    effect: Effect
    changes: dict[str, tuple[Change, ...]] = msgspec.field(default_factory=dict)
    before: Denial | None = None
    after: Denial | None = None
    revisions_before: tuple[str, ...] = ()
    revisions_after: tuple[str, ...] = ()


def under(
    value: Mapping[str, Any],
    object_kind: workload.GroupVersionKind,
    before: rendering.State,
    after: rendering.State,
    *,
    namespace: str,
) -> Comparison:
    """Compare what two configurations make of a bare workload. Renderings are compared, not revisions.

    Args:
        value: the workload without records; it is not modified.
        object_kind: what it is, an intercepted kind or one that holds a pod template.
        before: one configuration.
        after: the other.
        namespace: where it is.
    """
    old, new = (rendered(value, object_kind, state, namespace=namespace) for state in (before, after))
    denials = {"before": old if isinstance(old, Denial) else None, "after": new if isinstance(new, Denial) else None}
    found: dict[str, tuple[Change, ...]] = {}
    if isinstance(old, Denial) or isinstance(new, Denial):
        effect = of_denials(**denials)
    else:
        sides = [_templates(one.value, object_kind) for one in (old, new)]
        for name in dict.fromkeys([*sides[0], *sides[1]]):
            if changes := differences.between(*(rendering.unrecorded(side.get(name, {})) for side in sides)):
                found[name] = changes
        effect = "changed" if found else "unchanged"
    revisions = (() if isinstance(one, Denial) else one.revisions for one in (old, new))
    return Comparison(effect, found, denials["before"], denials["after"], *revisions)


def of_denials(before: Denial | None, after: Denial | None) -> Effect:
    """Return the effect on a workload that is denied under one of two configurations, or under both."""
    return "no-longer-denied" if after is None else "newly-denied" if before is None else "still-denied"


def rendered(
    value: Mapping[str, Any], object_kind: workload.GroupVersionKind, state: rendering.State, *, namespace: str
) -> mutation.Mutation | Denial:
    """Return what a request to create an object would be answered; the message of a denial does not name the object.

    Args:
        value: the object; it is not modified.
        object_kind: what it is.
        state: the configuration and settings.
        namespace: where it would be created.
    """
    try:
        return create.decide(value, object_kind, state, namespace=namespace)
    except errors.Denied as denied:
        return denial(denied)


def reduced(value: Mapping[str, Any], object_kind: workload.GroupVersionKind) -> dict[str, Any]:
    """Return an object without what its rendering does not depend on, so that equal pod templates can be recognised."""
    metadata: dict[str, Any] = {}
    if object_kind == workload.LEADER_WORKER_SET:
        for name in ("labels", "annotations"):
            own = (value.get("metadata") or {}).get(name) or {}
            metadata[name] = {key: one for key, one in own.items() if key in _OURS}
        spec = {"leaderWorkerTemplate": (value.get("spec") or {}).get("leaderWorkerTemplate")}
    else:
        spec = {key: one for key, one in (value.get("spec") or {}).items() if key != "replicas"}
    return {"metadata": metadata, "spec": spec}


def denial(denied: errors.Denied) -> Denial:
    """Return a denial as a value."""
    return Denial(denied.code, denied.message)


def _templates(value: Mapping[str, Any], object_kind: workload.GroupVersionKind) -> dict[str, Mapping[str, Any]]:
    found = workload.pod_templates(value, object_kind, checked=True)  # by rendering
    return {one.name: one.value for one in found if not one.created}
