"""Creation: every pod template of an object is rendered (contract sections 8 and 9)."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from webhook import errors, gotemplate, rendering, workload
from webhook.notices import Notice


class Mutation(msgspec.Struct, frozen=True):
    """What becomes of an object.

    Attributes:
        value: the object.
        reason: a word or two in kebab case, for logs and tests.
        changed: whether ``value`` differs from the object that came in.
        runtimes, revisions: of the pod templates that were rendered now, in their order; if none was, the runtimes of those
            that were rendered before.
        notices: what the author should know.
    """

    value: Mapping[str, Any]
    reason: str
    changed: bool = False
    runtimes: tuple[str, ...] = ()
    revisions: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()


class Refusal(msgspec.Struct, frozen=True):
    """Why one pod template was denied.

    Attributes:
        code: the denial's code.
        message: as people read it, without the name of the object.
        place: in which Go template the cause is, if one failed.
    """

    code: errors.DenialCode
    message: str
    place: errors.PlaceInTemplate | None = None


class Attempt(msgspec.Struct):
    """The rendering of one pod template, as far as it went.

    Attributes:
        pod_template: the bare pod template, with what it takes from the worker template.
        state: the configuration and settings.
        decided: what was decided about it.
        rendered: the result; None if it was denied.
        denial: why it was denied, if it was; the message does not name the object.
    """

    pod_template: workload.PodTemplate
    state: rendering.State
    decided: rendering.Decided = msgspec.field(default_factory=rendering.Decided)
    rendered: rendering.Rendering | None = None
    denial: Refusal | None = None


def mutate(
    value: Mapping[str, Any],
    object_kind: workload.GroupVersionKind,
    state: rendering.State,
    *,
    namespace: str,
    name: str = "",
    attempts: list[Attempt] | None = None,
) -> Mutation:
    """Render every pod template of an object that carries no record.

    Args:
        value: the object; it is not modified.
        object_kind: what it is; a kind that merely holds pod templates, such as a Deployment, is rendered as well.
        state: the configuration and settings.
        namespace: where it is to be created.
        name: its name if its metadata has none.
        attempts: receives the rendering of each pod template, for whoever asks why: also of those after a denied one, which a
            request does not look at.

    Raises:
        errors.Denied: it cannot be rendered; the message begins with kind, namespace and name.
    """
    try:
        return decide(value, object_kind, state, namespace=namespace, attempts=attempts)
    except errors.Denied as denial:
        denial.add_place(f"{object_kind[2]} {namespace}/{workload.display_name(value, name)}")
        raise


def decide(
    value: Mapping[str, Any],
    object_kind: workload.GroupVersionKind,
    state: rendering.State,
    *,
    namespace: str,
    attempts: list[Attempt] | None = None,
) -> Mutation:
    """Decide as :func:`mutate` does; messages do not name the object.

    Raises:
        errors.Denied: it cannot be rendered.
    """
    if object_kind in workload.INTERCEPTED and (reason := workload.exclusion(value)):
        return Mutation(value, reason)
    return render(value, object_kind, state, namespace=namespace, attempts=attempts)


def render(
    value: Mapping[str, Any],
    object_kind: workload.GroupVersionKind,
    state: rendering.State,
    *,
    namespace: str,
    attempts: list[Attempt] | None = None,
    checked: bool = False,
) -> Mutation:
    """Render an object as :func:`mutate` does, once it is known that it is not excluded; messages do not name the object.

    ``checked`` says that its shape has been checked before.

    Raises:
        errors.Denied: it cannot be rendered.
    """
    mutation, budget = Mutation(value, "opted-out"), rendering.budget.new()
    goes_on, attempts = attempts is not None, attempts if attempts is not None else []
    first: errors.Denied | None = None
    for pod_template in workload.pod_templates(value, object_kind, checked=checked):
        is_alone = object_kind not in workload.INTERCEPTED  # the only pod template of its object, whose labels decide
        if is_alone and (reason := workload.exclusion(pod_template.value, pod_template.path)):
            return Mutation(value, reason)
        try:
            mutation = _mutate_template(mutation, pod_template, state, budget, attempts, namespace=namespace)
        except errors.Denied as denial:
            if not goes_on:
                raise
            first, budget = first or denial, rendering.budget.new()
    if first is not None:
        raise first
    if mutation.changed and object_kind == workload.LEADER_WORKER_SET:  # of which there will be updates
        workload.check_values(mutation.value, "the object, with what its runtime adds,")
    members = list(_members(attempts))
    if len(members) == 2:
        found = tuple(rendering.differences(*members))
        mutation = msgspec.structs.replace(mutation, notices=(*mutation.notices, *found))
    return mutation


def attempt(pod_template: workload.PodTemplate, state: rendering.State, *, namespace: str) -> Attempt:
    """Return how the rendering of one bare pod template goes, for whoever asks why; why it is denied is part of that.

    Args:
        pod_template: one that asks for a runtime and does not opt out.
        state: the configuration and settings.
        namespace: where it is to be created.
    """
    alone, found = Mutation(pod_template.value, ""), list[Attempt]()
    with contextlib.suppress(errors.Denied):
        _mutate_template(alone, pod_template, state, rendering.budget.new(), found, namespace=namespace)
    return found[0]


def _members(attempts: Iterable[Attempt]) -> Iterator[rendering.Member]:
    """Yield the pod templates of a group that were rendered."""
    for attempt in attempts:
        resolution, rendered = attempt.decided.resolution, attempt.rendered
        if resolution is not None and rendered is not None and attempt.pod_template.role != "lone":
            yield rendering.Member(resolution, rendered.image)


def replaced(value: Mapping[str, Any], place: tuple[str, ...], part: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Return an object with the part at these keys replaced, or removed where ``part`` is None; the rest is shared."""
    if not place:
        return part or {}
    key, *rest = place
    if rest or part is not None:
        return {**value, key: replaced(value[key], tuple(rest), part) if rest else part}
    return {name: inner for name, inner in value.items() if name != key}


def _mutate_template(
    mutation: Mutation,
    pod_template: workload.PodTemplate,
    state: rendering.State,
    budget: gotemplate.Budget,
    attempts: list[Attempt],
    *,
    namespace: str,
) -> Mutation:
    """Render a pod template; ``attempts`` receives how it went."""
    if workload.opted_out(pod_template):
        return mutation
    attempt = Attempt(pod_template, state)
    try:
        record = rendering.read(pod_template)
        if record is not None:
            rendering.check(record, pod_template)
            if not pod_template.created:
                if not rendering.untouched(pod_template, record):
                    edited = Notice("edited-rendering", pod_template=pod_template.name)
                    mutation = msgspec.structs.replace(mutation, notices=(*mutation.notices, edited))
                return mutation if mutation.changed else _already_rendered(mutation, record)
            bare = rendering.restore(pod_template, record)
            pod_template = msgspec.structs.replace(pod_template, value=bare)
        pod_template = attempt.pod_template = completed(pod_template)
        resolution = rendering.resolve(pod_template, state, namespace=namespace, decided=attempt.decided)
        rendered = attempt.rendered = rendering.apply(resolution, budget)
    except errors.Denied as denial:
        denial.runtime = str(pod_template.labels.get(workload.RUNTIME))
        if pod_template.name and not isinstance(denial, errors.Malformed):  # whose message has the path already
            denial.add_place(pod_template.name)
        attempt.denial = Refusal(denial.code, str(denial), denial.place_in_template)
        raise
    finally:
        attempts.append(attempt)
    return Mutation(
        replaced(mutation.value, pod_template.place, rendered.value),
        "rendered",
        changed=True,
        runtimes=_with(mutation.runtimes if mutation.changed else (), pod_template.labels[workload.RUNTIME]),
        revisions=_with(mutation.revisions, rendered.revision),
        notices=(*mutation.notices, *rendered.notices),
    )


def completed(pod_template: workload.PodTemplate) -> workload.PodTemplate:
    """Return a pod template with what it takes from the bare worker template; most take nothing.

    Raises:
        errors.Denied: the worker template has a record that cannot be undone.
    """
    if pod_template.completed_from is None or workload.opted_out(pod_template):
        return pod_template
    place = (*pod_template.place[:-1], "workerTemplate")
    worker = msgspec.structs.replace(pod_template, place=place, value=pod_template.completed_from)
    record = rendering.read(worker)
    return rendering.complete(pod_template, worker.value if record is None else rendering.restore(worker, record))


def _already_rendered(mutation: Mutation, record: rendering.Header) -> Mutation:
    runtimes = _with(mutation.runtimes, record.runtime)
    return Mutation(mutation.value, "already-rendered", runtimes=runtimes, notices=mutation.notices)


def _with(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    return names if name in names else (*names, name)
