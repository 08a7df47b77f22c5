"""The spine: one review and one snapshot in, one response out (contract sections 8, 9 and 11).

Reads top to bottom as the request goes: bytes, object, pod templates, rendering, patch, bytes. The command line enters at
:func:`mutate` with an object from a file, so both give the same result.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, Literal

import msgspec

from webhook import admission, catalog, errors, patch, rendering, workload
from webhook.settings import Settings

Outcome = Literal["mutated", "unchanged", "denied", "errored"]


class Mutation(msgspec.Struct, frozen=True):
    """What becomes of an object.

    Attributes:
        value: the object; the very one that came in if nothing is to change.
        reason: short word for logs and tests.
        runtimes, revisions: of the pod templates that were rendered now, in their order.
        warnings: what the author should know.
    """

    value: Mapping[str, Any]
    reason: str
    runtimes: tuple[str, ...] = ()
    revisions: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class Decision(msgspec.Struct, frozen=True):
    """The answer to a review, with what the log and the metrics say of it.

    Attributes:
        outcome, reason: what was decided, and why, as short words.
        uid, operation, namespace, name, dry_run: of the request.
        kind: ``Pod``, ``LeaderWorkerSet`` or ``other``: bounded, so that it may be a metric label.
        runtime: the runtime asked for if the snapshot knows it, else "": bounded likewise.
        revision: of the configuration that was used; "" if nothing was rendered.
        message: of a denial.
        error_id, error: of an internal error.
        body: the AdmissionReview with the response.
    """

    outcome: Outcome
    reason: str
    uid: str
    kind: str
    operation: str
    namespace: str
    name: str
    dry_run: bool
    runtime: str = ""
    revision: str = ""
    message: str = ""
    error_id: str = ""
    error: BaseException | None = None
    body: bytes = b""


def decide(body: bytes, snapshot: catalog.Snapshot, settings: Settings) -> Decision:
    """Answer one AdmissionReview.

    Raises:
        errors.MalformedReview: the body is none.
    """
    request = admission.parse(body)
    kind = (request.kind.group, request.kind.version, request.kind.kind)
    value = request.object or {}
    undecided = Decision(
        "errored",
        "internal-error",
        uid=request.uid,
        kind=kind[2] if kind in workload.INTERCEPTED else "other",
        operation=request.operation,
        namespace=request.namespace or "",
        name=request.name or "",
        dry_run=bool(request.dry_run),
        runtime=_known_runtime(value, snapshot),
    )
    decided = partial(msgspec.structs.replace, undecided)
    try:
        mutation = _mutation(request, value, kind, snapshot, settings)
        if mutation.value is value:
            response = admission.allowed(request, warnings=mutation.warnings)
            return decided(outcome="unchanged", reason=mutation.reason, body=response)
        audit = {"runtime": ",".join(mutation.runtimes), "revision": ",".join(mutation.revisions)}
        operations = patch.diff(value, mutation.value)
        response = admission.patched(request, operations, warnings=mutation.warnings, audit=audit)
    except errors.Denied as refusal:
        response = admission.denied(request, refusal)
        return decided(outcome="denied", reason=refusal.reason, body=response, message=refusal.message)
    except Exception as error:  # noqa: BLE001 - whatever it is, the caller gets an answer and the log gets the error
        error_id = rendering.digest([request.uid, type(error).__name__, str(error)])
        response = admission.errored(request, error_id)
        return decided(body=response, error_id=error_id, error=error)
    return decided(outcome="mutated", reason=mutation.reason, body=response, revision=audit["revision"])


def mutate(
    value: Mapping[str, Any],
    kind: workload.GroupVersionKind,
    snapshot: catalog.Snapshot,
    settings: Settings,
    *,
    namespace: str,
    name: str = "",
) -> Mutation:
    """Render every pod template of an object that carries no record.

    Args:
        value: the object; it is not modified.
        kind: what it is; a kind that holds pod templates without being a workload of ours is rendered too.
        snapshot: the configuration.
        settings: the constants.
        namespace: where it is to be created.
        name: its name if it is not in its metadata.

    Raises:
        errors.Denied: it cannot be rendered; the message begins with kind, namespace and name.
    """
    try:
        if kind in workload.INTERCEPTED and (why := workload.exclusion(value)):
            return Mutation(value, why)
        mutated = Mutation(value, "opted-out")
        for template in workload.pod_templates(value, kind):
            if kind in workload.INTERCEPTED or not workload.exclusion(template.value):
                mutated = _mutate_template(mutated, template, snapshot, settings, namespace=namespace)
    except errors.Denied as refusal:
        raise refusal.within(f"{kind[2]} {namespace}/{workload.display_name(value, name)}") from refusal
    except RecursionError as error:
        place = f"{kind[2]} {namespace}/{workload.display_name(value, name)}"
        raise errors.Denied("malformed-object", "nested too deeply").within(place) from error
    return mutated


def restore(value: Mapping[str, Any], kind: workload.GroupVersionKind) -> Mapping[str, Any]:
    """Return an object in its bare form; the very one that came in if it carries no record.

    Raises:
        errors.Denied: a record cannot be read, or the object is a pod that never had a bare form.
    """
    try:
        return _restored(value, kind)
    except errors.Denied as refusal:
        raise refusal.within(f"{kind[2]} {workload.display_name(value)}") from refusal


def _restored(value: Mapping[str, Any], kind: workload.GroupVersionKind) -> Mapping[str, Any]:
    restored = value
    for template in workload.pod_templates(value, kind):
        if template.created or (record := rendering.read(template)) is None:
            continue
        if record.created and template.is_pod:
            message = "the pod comes from a leaderTemplate that the webhook made: restore its LeaderWorkerSet instead"
            raise errors.Denied("no-bare-form", message)
        bare = None if record.created else rendering.restore(template.value, record)
        restored = _replaced(restored, template.place, bare)
    return restored


def _mutation(
    request: admission.Request,
    value: dict[str, Any],
    kind: workload.GroupVersionKind,
    snapshot: catalog.Snapshot,
    settings: Settings,
) -> Mutation:
    """Choose by operation. Whatever else reaches us, a webhook configuration has sent by mistake: leave it alone."""
    if kind in workload.INTERCEPTED and not request.sub_resource and request.object is not None:
        if request.operation == "CREATE":
            return mutate(value, kind, snapshot, settings, namespace=request.namespace or "", name=request.name or "")
        if request.operation == "UPDATE" and kind == workload.LEADER_WORKER_SET:
            try:
                return _update(request, value)
            except errors.Denied as refusal:
                name = workload.display_name(value, request.name or "")
                raise refusal.within(f"{kind[2]} {request.namespace}/{name}") from refusal
    return Mutation(value, "not-intercepted")


def _update(request: admission.Request, value: dict[str, Any]) -> Mutation:
    """Admit an UPDATE of a LeaderWorkerSet that leaves its pods' description alone; refuse any other.

    Any byte that changes there restarts every group, and a plain apply of the bare file would change it (contract
    section 9), so until an update can be told from a repeated apply none is let through.
    """
    old = request.old_object or {}
    before, after = (workload.mapping(one.get("spec"), "spec").get("leaderWorkerTemplate") for one in (old, value))
    if workload.exclusion(value) or patch.same(before, after):
        return Mutation(value, "update-without-effect")
    if not any(map(_carries_record, (old, value))):
        return Mutation(value, "never-rendered")
    message = (
        "spec.leaderWorkerTemplate differs from what is stored, which would restart every group; "
        "this version of the webhook cannot update a rendered LeaderWorkerSet: delete it and create it anew"
    )
    raise errors.Denied("update-refused", message)


def _carries_record(value: Mapping[str, Any]) -> bool:
    templates = workload.pod_templates(value, workload.LEADER_WORKER_SET)
    return any(workload.RECORD in template.own_annotations for template in templates)


def _mutate_template(
    mutated: Mutation,
    template: workload.PodTemplate,
    snapshot: catalog.Snapshot,
    settings: Settings,
    *,
    namespace: str,
) -> Mutation:
    if workload.opted_out(template):
        return mutated
    try:
        record = rendering.read(template)
        if record is not None:
            rendering.check(record, template)
            if not template.created:
                return mutated if mutated.reason == "rendered" else Mutation(mutated.value, "already-rendered")
            template = msgspec.structs.replace(template, value=rendering.restore(template.value, record))
        rendered = rendering.render(template, snapshot, settings, namespace=namespace)
    except errors.Denied as refusal:
        if template.is_pod:
            raise
        raise refusal.within(template.name) from refusal
    return Mutation(
        _replaced(mutated.value, template.place, rendered.value),
        "rendered",
        _with(mutated.runtimes, template.labels[workload.RUNTIME]),
        _with(mutated.revisions, rendered.revision),
        (*mutated.warnings, *rendered.warnings),
    )


def _replaced(value: Mapping[str, Any], place: tuple[str, ...], part: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Return the object with one part replaced, or removed where ``part`` is None; the rest is shared."""
    if not place:
        return part or {}
    key, *rest = place
    if rest or part is not None:
        return {**value, key: _replaced(value[key], tuple(rest), part) if rest else part}
    return {name: inner for name, inner in value.items() if name != key}


def _with(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    return names if name in names else (*names, name)


def _known_runtime(value: Mapping[str, Any], snapshot: catalog.Snapshot) -> str:
    metadata = value.get("metadata")
    labels = metadata.get("labels") if isinstance(metadata, dict) else None
    runtime = labels.get(workload.RUNTIME) if isinstance(labels, dict) else None
    return runtime if isinstance(runtime, str) and snapshot.knows(runtime) else ""
