"""Pods, against what they would be rendered to if they were created now (contract section 12).

A stored pod keeps what the API server, controllers and other webhooks have put into it, so that of a controlled pod the bare form is
its controller's pod template. Only the fields that either rendering sets are compared.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import msgspec

from webhook import errors, mutation, patch, rendering, workload
from webhook.rendering import edits, filled_in
from webhook.whatif import compare, differences, verdicts
from webhook.whatif.compare import Denial
from webhook.whatif.verdicts import Judgement

#: What the names of variables begin with that LeaderWorkerSet adds to the containers of its pods.
_GROUP_VARIABLES = "LWS_"


class Standard(msgspec.Struct, frozen=True):
    """What pods are judged by.

    Attributes:
        fresh: what one would be rendered to now, or why it would be denied.
        record: the record of that.
        stored: the judgement of the rendered pod template that they are made from; None if they are rendered at their own creation.
        text: the record of that pod template.
    """

    fresh: Mapping[str, Any] | Denial
    record: rendering.Record | None = None
    stored: Judgement | None = None
    text: str = ""


def anew(bare: Mapping[str, Any], state: rendering.State, *, namespace: str) -> Standard:
    """Return the standard of a pod that is rendered at its creation.

    Args:
        bare: the pod in its bare form, as it would arrive.
        state: the configuration and settings of now.
        namespace: where it is.
    """
    rendered = compare.rendered(bare, workload.POD, state, namespace=namespace)
    return Standard(rendered) if isinstance(rendered, Denial) else of_rendering(rendered.value)


def of_rendering(fresh: Mapping[str, Any], stored: Judgement | None = None, text: str = "") -> Standard:
    """Return the standard that a rendered pod template, or pod, is for pods."""
    pod_template = workload.pod_templates({"metadata": fresh.get("metadata"), "spec": fresh.get("spec")}, workload.POD)[
        0
    ]
    record = verdicts.read(pod_template)
    return Standard(fresh, record if isinstance(record, rendering.Record) else None, stored, text)


def judge(pod_template: workload.PodTemplate, standard: Standard, name: str = "") -> Judgement:
    """Judge a pod.

    Args:
        pod_template: the pod as it is stored.
        standard: what it is judged by.
        name: its role in a group.
    """
    record = verdicts.read(pod_template)
    denial = standard.fresh if isinstance(standard.fresh, Denial) else None
    now = standard.record.revision if standard.record is not None else ""
    if record is None:
        return Judgement(pod_template=name, verdict="not-rendered", now=now, denial=denial)
    if isinstance(record, Denial):
        return verdicts.unreadable(name, record)
    pod_template = _without_group_variables(pod_template, record)
    stored = standard.stored
    of_stored = stored is not None and pod_template.own_annotations.get(workload.RECORD) == standard.text
    if denial is not None or standard.record is None or isinstance(standard.fresh, Denial):
        denial = denial or verdicts.LABELS_ELSEWHERE
        verdict = stored.verdict if stored is not None and of_stored else verdicts.of_denial(denial)
        return Judgement(pod_template=name, verdict=verdict, recorded=record.revision, denial=denial)
    found, not_stored = _changes(pod_template, record, standard.fresh, standard.record) if not of_stored else ((), ())
    verdict = verdicts.of_rendering(record, standard.record, same=not found)
    if stored is not None and of_stored:
        verdict = stored.verdict
    elif stored is not None and found and not verdicts.is_drift(stored.verdict):
        verdict = "rolling-out"
    unlike = verdicts.unlike_record(pod_template, record, standard.fresh, standard.record)
    if stored is not None and of_stored and unlike is not None:  # the judgement of the pod template has it already
        unlike = tuple(path for path in unlike if path not in stored.unlike_record) or None
    return Judgement(
        pod_template=name,
        verdict=verdict,
        recorded=record.revision,
        now=now,
        changes=found,
        edited=() if of_stored else record.edited,
        unlike_record=unlike or (),
        not_stored=not_stored,
        remarks=(verdicts.EDITED,) if unlike == () else (),
    )


def _without_group_variables(pod_template: workload.PodTemplate, record: rendering.Record) -> workload.PodTemplate:
    """Return a pod of a group without the variables that LeaderWorkerSet has added to every container, rendered ones included."""
    if workload.GROUP_NAME not in pod_template.labels:
        return pod_template
    spec, rendered = dict(pod_template.value.get("spec") or {}), set(record.changes.paths)
    for field in ("initContainers", "containers"):
        if field in spec:
            spec[field] = [
                _without_variables(one, f"/spec/{field}/name={one.get('name')}", rendered) for one in spec[field]
            ]
    return msgspec.structs.replace(pod_template, value={**pod_template.value, "spec": spec})


def _without_variables(container: Mapping[str, Any], path: str, rendered: Collection[str]) -> Mapping[str, Any]:
    def is_added(name: str) -> bool:
        return name.startswith(_GROUP_VARIABLES) and f"{path}/env/name={name}" not in rendered

    env = container.get("env") or []
    kept = [one for one in env if not is_added(str(one.get("name")))]
    return container if len(kept) == len(env) else {**container, "env": kept}


def _changes(
    pod_template: workload.PodTemplate, record: rendering.Record, fresh: Mapping[str, Any], now: rendering.Record
) -> tuple[tuple[differences.Change, ...], tuple[str, ...]]:
    """Return what rendering a pod anew would change, and the fields that the API server has dropped."""
    places = {*record.changes.paths, *now.changes.paths}
    if (
        record.rendered == now.rendered
    ):  # what differs all the same, others have changed; but for fields that it does not cover
        places = {path for path in places if edits.may_be_dropped(patch.tokens(path))}
    return verdicts.without_dropped(differences.at_paths(pod_template.value, fresh, places), record, now)


def judge_alone(value: Mapping[str, Any], state: rendering.State, *, namespace: str, name: str = "") -> Judgement:
    """Judge a pod whose controller is not at hand, or that has none, by its own bare form; a remark says what that may contain.

    Args:
        value: the pod as it is stored.
        state: the configuration and settings of now.
        namespace: where it is.
        name: its role in a group.
    """
    (pod_template,) = workload.pod_templates(value, workload.POD)
    try:
        bare = mutation.restore(value, workload.POD)
    except errors.Denied as denied:
        return verdicts.unreadable(name, compare.denial(denied))
    bare = _without_copied_requests(bare, value)
    if workload.exclusion(bare):
        return verdicts.unreadable(name, verdicts.LABELS_ELSEWHERE)
    standard = anew(bare, state, namespace=namespace)
    judged = judge(pod_template, standard, name)
    record = verdicts.read(pod_template)
    if not isinstance(record, rendering.Record) or standard.record is None or standard.record.inputs == record.inputs:
        return judged
    names = ", ".join(_others(bare, record.container))
    remark = "others have changed it since it was rendered, which cannot be told from what it came with"
    remark += f": {names}" if names else ""
    return msgspec.structs.replace(judged, remarks=(*judged.remarks, remark))


def _without_copied_requests(bare: Mapping[str, Any], stored: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a bare pod without the requests that the API server has copied from limits that rendering had added."""
    spec = dict(bare.get("spec") or {})
    for field in ("initContainers", "containers"):
        limits = {one.get("name"): _resources(one, "limits") for one in (stored.get("spec") or {}).get(field) or ()}
        if field in spec:
            spec[field] = [_without_copied(one, limits.get(one.get("name"), {})) for one in spec[field] or ()]
    return {**bare, "spec": spec}


def _without_copied(container: Mapping[str, Any], limits: Mapping[str, Any]) -> Mapping[str, Any]:
    own, requests = _resources(container, "limits"), _resources(container, "requests")
    kept = {key: one for key, one in requests.items() if key in own or limits.get(key) != one}
    if len(kept) == len(requests):
        return container
    resources = {key: one for key, one in container["resources"].items() if key != "requests"}
    return {**container, "resources": {**resources, "requests": kept} if kept else resources}


def _resources(container: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return (container.get("resources") or {}).get(name) or {}


def _others(bare: Mapping[str, Any], container: str) -> Iterator[str]:
    """Yield what of a bare pod may be of others."""
    spec = bare.get("spec") or {}
    for field, what in (("initContainers", "init container"), ("containers", "container"), ("volumes", "volume")):
        for one in spec.get(field) or ():
            name = str(one.get("name"))
            if name != container and not name.startswith(filled_in.TOKEN_VOLUME):
                yield f"{what} {name}"
