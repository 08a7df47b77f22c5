"""What a change of configuration would do to workloads (contract section 12): each under both, and what is alike told once."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

import msgspec

from webhook import digests, errors, rendering, workload
from webhook.mutation.create import replaced
from webhook.mutation.restore import restored
from webhook.whatif import compare, owners
from webhook.whatif.compare import Comparison, Denial
from webhook.whatif.differences import Change
from webhook.whatif.owners import Identity, Object

#: What a change of configuration means for a workload, the most important first.
#:
#: - ``newly-denied``: it could be rendered and cannot any more
#: - ``changed``: it would be rendered to something else
#: - ``no-longer-denied``: it could not be rendered and now can
#: - ``still-denied``: it can be rendered under neither
#: - ``unchanged``: it would be rendered to the same
#: - ``unaffected``: a pod without a controller, of which nothing new is made
PlanEffect = Literal["newly-denied", "changed", "no-longer-denied", "still-denied", "unchanged", "unaffected"]
PLAN_EFFECTS: tuple[PlanEffect, ...] = get_args(PlanEffect)

#: What the new configuration applies to.
#:
#: - ``new-workloads``: to new ones, and to those that are refreshed or rendered again; what is stored keeps its rendering
#: - ``new-pods``: to pods that are created from now on, since each is rendered at its own creation
#: - ``nothing``: to nothing, as with a pod that exists
Scope = Literal["new-workloads", "new-pods", "nothing"]

#: Those by which something changes.
PLAN_CHANGES = frozenset[PlanEffect]({"newly-denied", "changed", "no-longer-denied"})


class Planned(msgspec.Struct, frozen=True, order=True):
    """A workload for which something was planned.

    Attributes:
        namespace, kind, name: which one it is.
        runtimes: those that its pod templates ask for.
        scope: what of it the new configuration applies to.
        revisions_before, revisions_after: of the configuration, under either one; empty where it is denied.
    """

    namespace: str
    kind: str
    name: str
    runtimes: tuple[str, ...]
    scope: Scope
    revisions_before: tuple[str, ...] = ()
    revisions_after: tuple[str, ...] = ()


class Outcome(msgspec.Struct, frozen=True):
    """What becomes of workloads for which it is the same.

    Attributes:
        effect: in a word.
        workloads: by namespace, kind and name.
        changes: what differs between the renderings, records aside, by the name of the pod template ("" for a pod).
        before, after: why they are denied under either configuration, if they are.
    """

    effect: PlanEffect
    workloads: tuple[Planned, ...]
    changes: dict[str, tuple[Change, ...]] = msgspec.field(default_factory=dict)
    before: Denial | None = None
    after: Denial | None = None


class Summary(msgspec.Struct, frozen=True):
    """A whole plan.

    Attributes:
        changes: whether something changes for any workload.
        total: how many workloads there are of each effect that occurs, the most important first.
        runtimes: the same by runtime; a workload that asks for several counts for each.
        outcomes: the most important effect first, of the same effect that of the most workloads.
    """

    changes: bool
    total: dict[PlanEffect, int]
    runtimes: dict[str, dict[PlanEffect, int]]
    outcomes: tuple[Outcome, ...]


class _Compared(msgspec.Struct, frozen=True):
    """What was found out about equal workloads: everything but their names, and the key of their outcome."""

    outcome: str
    effect: PlanEffect
    runtimes: tuple[str, ...]
    scope: Scope
    revisions_before: tuple[str, ...] = ()
    revisions_after: tuple[str, ...] = ()


def plan(
    objects: Iterable[tuple[workload.GroupVersionKind, Object]],
    before: rendering.State,
    after: rendering.State,
    *,
    namespace: str = "default",
) -> Summary:
    """Plan a change of configuration for all workloads among some objects.

    Args:
        objects: with their kinds, in any order; what asks for no runtime, or is part of another workload, is left out.
        before: the configuration and settings of now.
        after: those that are planned.
        namespace: of objects that do not name one.
    """
    planning = Plan(before, after, namespace)
    for object_kind, value in objects:
        planning.add(object_kind, value)
    return planning.summary()


class Plan:
    """Plans a change of configuration, given one workload after the other.

    Of an object nothing is kept but its name and what was found out, which is kept once for all that are alike; so memory is
    bounded by what differs, whatever the cluster holds. Equal pod templates are rendered once.
    """

    def __init__(self, before: rendering.State, after: rendering.State, namespace: str = "default") -> None:
        """Begin without workloads.

        Args:
            before: the configuration and settings of now.
            after: those that are planned.
            namespace: of objects that do not name one.
        """
        self._states = before, after
        self._namespace = namespace
        self._compared: dict[str, _Compared] = {}
        self._outcomes: dict[str, Outcome] = {}
        self._workloads: dict[str, list[Planned]] = {}

    def add(self, object_kind: workload.GroupVersionKind, value: Object) -> bool:
        """Add an object; return whether it is a workload that asks for a runtime, and not a part of another one."""
        if not owners.concerns(object_kind, value) or owners.is_part(object_kind, value) or _has_ended(value):
            return False
        identity = owners.identity(object_kind[2], value, self._namespace)
        compared = self._of(object_kind, value, identity.namespace)
        if compared is None:
            return False
        self._workloads.setdefault(compared.outcome, []).append(_planned(identity, compared))
        return True

    def summary(self) -> Summary:
        """Return what is planned."""
        total = Counter[PlanEffect]()
        runtimes: dict[str, Counter[PlanEffect]] = {}
        found = []
        for key, workloads in self._workloads.items():
            outcome = self._outcomes[key]
            total[outcome.effect] += len(workloads)
            for name in (name for one in workloads for name in one.runtimes):
                runtimes.setdefault(name, Counter())[outcome.effect] += 1
            found.append(msgspec.structs.replace(outcome, workloads=tuple(sorted(workloads))))
        found.sort(key=lambda one: (PLAN_EFFECTS.index(one.effect), -len(one.workloads), one.workloads[0]))
        return Summary(
            bool(PLAN_CHANGES & total.keys()),
            _ordered(total),
            {name: _ordered(runtimes[name]) for name in sorted(runtimes)},
            tuple(found),
        )

    def _of(self, object_kind: workload.GroupVersionKind, value: Object, namespace: str) -> _Compared | None:
        """Return what is found out about an object; None if it asks for no runtime."""
        if object_kind == workload.POD:
            runtime = str(value["metadata"]["labels"][workload.RUNTIME])
            return self._folded(Outcome("unaffected", ()), _Compared("", "unaffected", (runtime,), "nothing"))
        is_group = object_kind == workload.LEADER_WORKER_SET
        exclusion = owners.exclusion(value) if is_group else "not-labelled"
        if exclusion not in ("", "not-labelled"):
            return None
        try:
            pod_templates = workload.pod_templates(value, object_kind)
        except errors.Denied as denied:  # such as a group of size 0
            if is_group and exclusion:
                return None
            asked = (str(value["metadata"]["labels"][workload.RUNTIME]),) if is_group else ()
            return self._concluded(_denied(denied), asked, whole=is_group)
        found = [one for one in pod_templates if _asks(one)]
        if not found:
            return None
        key = digests.of([namespace, object_kind, _essence(object_kind, value, pod_templates)])
        if key not in self._compared:
            runtimes = tuple(dict.fromkeys(str(one.labels[workload.RUNTIME]) for one in found))
            is_rendered = any(workload.RECORD in one.own_annotations for one in found)
            whole = not exclusion or (is_rendered and not is_group)
            compared = self._compare(object_kind, value, pod_templates, namespace, whole=whole)
            self._compared[key] = self._concluded(compared, runtimes, whole=whole)
        return self._compared[key]

    def _compare(
        self,
        object_kind: workload.GroupVersionKind,
        value: Object,
        pod_templates: Iterable[workload.PodTemplate],
        namespace: str,
        *,
        whole: bool,
    ) -> Comparison:
        """Compare what becomes of the bare form of an object, or where its pods are rendered one by one, of those."""
        try:
            bare = restored(pod_templates, value, rendering.restore)
        except errors.Denied as denied:  # both would be denied for it
            return _denied(denied)
        if whole:
            return compare.under(bare, object_kind, *self._states, namespace=namespace)
        return _together(
            {
                one.name: compare.under(pod, workload.POD, *self._states, namespace=namespace)
                for one, pod in rendering.arrival.pods(bare, object_kind)
            }
        )

    def _concluded(self, compared: Comparison, runtimes: tuple[str, ...], *, whole: bool) -> _Compared:
        outcome = Outcome(compared.effect, (), compared.changes, compared.before, compared.after)
        scope: Scope = "new-workloads" if whole else "new-pods"
        revisions = compared.revisions_before, compared.revisions_after
        return self._folded(outcome, _Compared("", compared.effect, runtimes, scope, *revisions))

    def _folded(self, outcome: Outcome, compared: _Compared) -> _Compared:
        """Remember an outcome, once for all that are equal."""
        key = digests.of(outcome)
        self._outcomes.setdefault(key, outcome)
        return msgspec.structs.replace(compared, outcome=key)


def _denied(denied: errors.Denied) -> Comparison:
    """Return what becomes of a workload that is denied whatever the configuration is."""
    denial = compare.denial(denied)
    return Comparison("still-denied", before=denial, after=denial)


def _planned(identity: Identity, compared: _Compared) -> Planned:
    return Planned(
        identity.namespace,
        identity.kind,
        identity.name,
        compared.runtimes,
        compared.scope,
        compared.revisions_before,
        compared.revisions_after,
    )


def _asks(pod_template: workload.PodTemplate) -> bool:
    """Return whether the pods of a pod template ask for a runtime."""
    return workload.RUNTIME in pod_template.labels and not workload.opted_out(pod_template)


def _essence(
    object_kind: workload.GroupVersionKind, value: Object, pod_templates: Iterable[workload.PodTemplate]
) -> Any:
    """Return what of an object its effect depends on: most that are alike still differ in names, such as a label ``app``."""
    if object_kind == workload.LEADER_WORKER_SET:
        found: Mapping[str, Any] = compare.reduced(value, object_kind)
        for one in pod_templates:
            if not one.created:
                found = replaced(found, one.place, _without_foreign_values(one.value))
        return found
    return [(_without_foreign_values(one.value), sorted(one.claims)) for one in pod_templates]


def _without_foreign_values(pod_template: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a pod template without the values of labels that rendering does not read."""
    metadata = pod_template.get("metadata") or {}
    labels = {key: one if workload.is_read(key) else "" for key, one in (metadata.get("labels") or {}).items()}
    return {**pod_template, "metadata": {**metadata, "labels": labels}}


def _together(compared: Mapping[str, Comparison]) -> Comparison:
    """Return what becomes of a workload whose pods are rendered one by one: it is denied if any of them is."""
    found = compared.values()
    before, after = (
        next((one for one in denials if one is not None), None)
        for denials in ([one.before for one in found], [one.after for one in found])
    )
    changes = {name: change for name, one in compared.items() for change in one.changes.values()}
    effect: compare.Effect = "changed" if changes else "unchanged"
    if before is not None or after is not None:
        changes, effect = {}, compare.of_denials(before, after)
    revisions_before = () if before is not None else _names(one.revisions_before for one in found)
    revisions_after = () if after is not None else _names(one.revisions_after for one in found)
    return Comparison(effect, changes, before, after, revisions_before, revisions_after)


def _names(several: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for names in several for name in names))


def _ordered(counts: Counter[PlanEffect]) -> dict[PlanEffect, int]:
    return {effect: counts[effect] for effect in PLAN_EFFECTS if counts[effect]}


def _has_ended(value: Object) -> bool:
    """Return whether an object is a Job that has ended, of which no pod is made any more."""
    status = value.get("status")
    conditions = status.get("conditions") if isinstance(status, dict) else None
    return value.get("kind") == "Job" and any(
        isinstance(one, dict) and one.get("type") in ("Complete", "Failed") and one.get("status") == "True"
        for one in (conditions if isinstance(conditions, list) else ())
    )
