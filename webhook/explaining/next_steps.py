"""The commands and edits that would change an outcome."""

from collections.abc import Iterator, Sequence

from webhook import workload
from webhook.explaining.explanation import Denial, PodTemplate

#: Commands that show what a denial is about.
_COMMANDS: dict[str, str] = {
    "broken-agent-entry": "hydra-webhook lint --agent FILE",
    "broken-runtime": "hydra-webhook lint --templates FILE",
    "configuration-missing": "hydra-webhook lint --templates FILE --agent FILE",
    "invalid-record": "hydra-webhook restore -f FILE",
    "no-agent-entry": "hydra-webhook runtimes",
    "unknown-runtime": "hydra-webhook runtimes",
}


def of(
    object_kind: workload.GroupVersionKind,
    namespace: str,
    name: str,
    denial: Denial | None,
    pod_templates: Sequence[PodTemplate],
    *,
    never_rendered: bool,
) -> Iterator[str]:
    """Yield what would change the outcome, if there is something.

    Args:
        object_kind: what the object is.
        namespace: where it is.
        name: its name.
        denial: if it is denied.
        pod_templates: what was found out about its pod templates.
        never_rendered: whether it is stored as its author wrote it.
    """
    if denial is not None:
        yield from _after_denial(denial)
        return
    stored = [one.stored for one in pod_templates if one.stored is not None]
    if any(not one.newest and one.same_result is not True for one in stored):
        yield f"to get the newest revision: {_renewal(object_kind, namespace, name)}"
    elif never_rendered:
        yield f"to render it: {_renewal(object_kind, namespace, name)}"
    elif object_kind == workload.LEADER_WORKER_SET and any(one.edits or not one.untouched for one in stored):
        yield f"to give up edits of rendered fields: {_renewal(object_kind, namespace, name)}"


def _after_denial(denial: Denial) -> Iterator[str]:
    """Yield the remedy, with which a message of a denial ends, and a command that helps."""
    message = denial.message.removesuffix(f" [{denial.code}]")
    _, separator, remedy = message.rpartition("; ")
    if separator:
        yield remedy
    if command := _COMMANDS.get(denial.code):
        yield f"see: {command}"


def _renewal(object_kind: workload.GroupVersionKind, namespace: str, name: str) -> str:
    """Return the command that renders a stored object anew."""
    kind = object_kind[2].lower()
    if object_kind == workload.LEADER_WORKER_SET:
        annotation = f'{workload.REFRESH}="$(date)"'
        return f"kubectl annotate --overwrite {kind} {name} -n {namespace} {annotation}, which rolls its groups"
    if object_kind == workload.POD:
        return f"kubectl delete pod {name} -n {namespace}, and create it again"
    return f"kubectl rollout restart {kind} {name} -n {namespace}"
