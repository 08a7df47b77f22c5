"""What becomes of an object, by the code of requests: it is rendered as a whole, its pods are one by one, or it is left alone."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, get_args

import msgspec

from webhook import errors, mutation, rendering, workload
from webhook.explaining import unread
from webhook.explaining.explanation import Outcome
from webhook.notices import Notice

_REASONS: dict[Outcome, str] = {
    "rendered": "rendered",
    "denied": "denied",
    "not-labelled": f"left alone: it has no label {workload.RUNTIME}",
    "opted-out": f'left alone: it has label {workload.INJECT}: "false"',
    "mirror-pod": "left alone: it is the mirror of a static pod",
    "not-intercepted": "left alone: the webhook renders Pods and LeaderWorkerSets",
}

#: Why a LeaderWorkerSet of which pods are rendered one by one is not rendered itself.
_LEFT: dict[str, str] = {
    "not-labelled": f"only its pod templates have label {workload.RUNTIME}",
    "opted-out": f'its label {workload.INJECT}: "false" does not reach its pods',
    "mirror-pod": "it has the annotation of a mirror pod",
}


class Subject(msgspec.Struct, frozen=True):
    """A pod template of an object and what becomes of it.

    Attributes:
        pod_template: as the object has it, in its bare form.
        outcome: in a word.
        attempt: how rendering it goes, or rendering a pod that is made from it; None if nothing is rendered.
        pod_by_pod: whether its pods are rendered one by one, and not the pod template.
    """

    pod_template: workload.PodTemplate
    outcome: Outcome
    attempt: mutation.Attempt | None = None
    pod_by_pod: bool = False

    @property
    def called(self) -> str:
        """Return what messages call it: ``leader pods``; "" for a Pod."""
        if not self.pod_by_pod:
            return self.pod_template.name
        return f"{self.pod_template.role} pods" if self.pod_template.role != "lone" else "pods"


class Answer(msgspec.Struct, frozen=True):
    """What becomes of an object.

    Attributes:
        outcome: in a word.
        reason: in words.
        subjects: its pod templates, in the order in which they are rendered.
        denial: why admission denies it or its pods, if it does; the message names the object.
        notices: what admission would warn of.
    """

    outcome: Outcome
    reason: str
    subjects: tuple[Subject, ...] = ()
    denial: mutation.Refusal | None = None
    notices: tuple[Notice, ...] = ()


def answer(
    bare: Mapping[str, Any],
    object_kind: workload.GroupVersionKind,
    state: rendering.State,
    *,
    namespace: str,
    rendered_before: bool,
) -> Answer:
    """Return what becomes of an object.

    Args:
        bare: the object in its bare form.
        object_kind: what it is, also a kind that merely holds pod templates, such as a Deployment.
        state: the configuration and settings.
        namespace: where it is, or is to be created.
        rendered_before: whether a pod template of the stored object is rendered, so that its pods are not.
    """
    if not rendered_before and (pods := tuple(_pods(bare, object_kind, state, namespace))):
        return _pod_by_pod(bare, object_kind, pods, namespace)
    attempts: list[mutation.Attempt] = []
    try:
        mutated = mutation.mutate(bare, object_kind, state, namespace=namespace, attempts=attempts)
    except errors.Denied as denied:
        subjects = tuple(_subjects(bare, object_kind, attempts, "denied"))
        refusal = mutation.Refusal(denied.code, str(denied), denied.place_in_template)
        return Answer("denied", _REASONS["denied"], subjects, refusal)
    outcome = _outcome(mutated, object_kind)
    subjects = tuple(_subjects(bare, object_kind, attempts, outcome))
    return Answer(outcome, _reason(bare, object_kind, outcome), subjects, notices=mutated.notices)


def refused(value: Mapping[str, Any], object_kind: workload.GroupVersionKind, denied: errors.Denied) -> Answer:
    """Return the answer about an object that has no bare form."""
    return Answer(
        "denied",
        _REASONS["denied"],
        tuple(_subjects(value, object_kind, (), "denied")),
        mutation.Refusal(denied.code, str(denied)),
    )


def _pods(
    bare: Mapping[str, Any], object_kind: workload.GroupVersionKind, state: rendering.State, namespace: str
) -> Iterator[Subject]:
    """Yield the pod templates of an object whose pods are rendered one by one, each with how rendering such a pod goes."""
    if object_kind == workload.POD or (object_kind in workload.INTERCEPTED and not workload.exclusion(bare)):
        return
    try:
        found = [
            (one, *workload.pod_templates(pod, workload.POD)) for one, pod in rendering.arrival.pods(bare, object_kind)
        ]
    except (
        errors.Denied
    ):  # it is malformed, so that no pod is made of it; rendering it as a whole says so, if it is rendered
        return
    for one, arriving in found:
        place = (*one.place[:-1], "workerTemplate") if one.created else one.place
        tried = mutation.attempt(msgspec.structs.replace(arriving, made_from=place), state, namespace=namespace)
        yield Subject(one, "denied" if tried.rendered is None else "rendered", tried, pod_by_pod=True)


def _pod_by_pod(
    bare: Mapping[str, Any], object_kind: workload.GroupVersionKind, pods: tuple[Subject, ...], namespace: str
) -> Answer:
    """Return the answer about an object of which pods are rendered one by one."""
    by_name = {one.pod_template.name: one for one in pods}
    subjects = []
    for pod_template in workload.pod_templates(bare, object_kind):
        left = _word(workload.exclusion(pod_template.value, pod_template.path))
        subjects.append(by_name.get(pod_template.name) or Subject(pod_template, left, pod_by_pod=True))
    found: list[Notice] = []
    denial: mutation.Refusal | None = None
    for one in pods:
        assert one.attempt is not None
        if one.attempt.rendered is not None:
            found += (notice.within(one.pod_template.name) for notice in one.attempt.rendered.notices)
        if one.attempt.denial is not None and denial is None:
            place = f"{object_kind[2]} {namespace}/{workload.display_name(bare)}: {one.called}"
            message = f"{errors.printable(place)}: {one.attempt.denial.message}"
            denial = msgspec.structs.replace(one.attempt.denial, message=message)
    what: Outcome = "rendered" if denial is None else "denied"
    reason = _REASONS[what]
    if object_kind == workload.LEADER_WORKER_SET:
        reason = f"each of its pods is {what} at its own admission, since {_LEFT[workload.exclusion(bare)]}"
    return Answer(what, reason, tuple(subjects), denial, tuple(found))


def _subjects(
    bare: Mapping[str, Any],
    object_kind: workload.GroupVersionKind,
    attempts: Collection[mutation.Attempt],
    outcome: Outcome,
) -> Iterator[Subject]:
    """Yield the pod templates of an object that is rendered as a whole, or left alone."""
    try:
        templates = workload.pod_templates(bare, object_kind)
    except errors.Denied:  # a malformed one, which is denied for that
        return
    attempted = {attempt.pod_template.name: attempt for attempt in attempts}
    for pod_template in templates:
        attempt = attempted.get(pod_template.name)
        if attempt is not None:
            yield Subject(pod_template, "denied" if attempt.rendered is None else "rendered", attempt)
        else:
            yield Subject(pod_template, "opted-out" if workload.opted_out(pod_template) else outcome)


def _outcome(mutated: mutation.Mutation, object_kind: workload.GroupVersionKind) -> Outcome:
    """Return what becomes of an object that is not denied."""
    if mutated.changed:
        return "rendered"
    if object_kind in workload.INTERCEPTED:
        return _word(mutated.reason)
    # requests only see its pods, one by one
    found = workload.pod_templates(mutated.value, object_kind)
    return _word(next((workload.exclusion(one.value) for one in found), ""))


def _word(reason: str) -> Outcome:
    return next((one for one in get_args(Outcome) if one == reason), "not-intercepted")


def _reason(bare: Mapping[str, Any], object_kind: workload.GroupVersionKind, outcome: Outcome) -> str:
    if object_kind in workload.POD_TEMPLATE_PLACES and outcome == "opted-out":
        return f'left alone: its pod template has label {workload.INJECT}: "false"'
    if object_kind in workload.POD_TEMPLATE_PLACES and workload.RUNTIME in unread.of(bare, object_kind):
        return f"left alone: it has label {workload.RUNTIME}, but not in its pod template, from which pods get their labels"
    return _REASONS[outcome]
