"""A mutating review to its verdict: which operations are ours, and the patch."""

from collections.abc import Mapping
from typing import Any

from webhook import admission, patch, rendering, workload
from webhook.mutation.create import Mutation, mutate
from webhook.mutation.update import update


def handle(request: admission.Request, state: rendering.State) -> admission.Verdict:
    """Decide a request of the mutating webhook.

    Raises:
        errors.Denied: the operation is denied.
    """
    value = request.read_object() if _concerns(request) else None
    if value is None:
        return admission.Verdict(admission.Response(allowed=True), "not-intercepted")
    mutation = _mutation(request, value, state)
    if not mutation.changed:
        response = admission.Response(allowed=True, notices=mutation.notices)
        return admission.Verdict(response, mutation.reason, mutation.runtimes or _labelled(value))
    response = admission.Response(
        allowed=True,
        operations=patch.diff(value, mutation.value),
        notices=mutation.notices,
        audit={"runtime": ",".join(mutation.runtimes), "revision": ",".join(mutation.revisions)},
    )
    return admission.Verdict(response, mutation.reason, mutation.runtimes, mutation.revisions)


def _concerns(request: admission.Request) -> bool:
    """Return whether a request is ours. A misconfigured webhook may send us anything else; it is left alone, and not decoded."""
    if request.object_kind not in workload.INTERCEPTED or request.sub_resource:
        return False
    return request.operation == "CREATE" or (
        request.operation == "UPDATE" and request.object_kind == workload.LEADER_WORKER_SET
    )


def _mutation(request: admission.Request, value: Mapping[str, Any], state: rendering.State) -> Mutation:
    """Choose by operation."""
    object_kind, namespace, name = request.object_kind, request.namespace or "", request.name or ""
    if request.operation == "CREATE":
        return mutate(value, object_kind, state, namespace=namespace, name=name)
    old = request.read_old_object() or {}
    return update(value, old, state, namespace=namespace, name=name, manager=request.field_manager)


def _labelled(value: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the runtime that an object which was left alone asks for, however it is shaped."""
    metadata = value.get("metadata")
    labels = metadata.get("labels") if isinstance(metadata, dict) else None
    runtime = labels.get(workload.RUNTIME) if isinstance(labels, dict) else None
    return (runtime,) if isinstance(runtime, str) else ()
