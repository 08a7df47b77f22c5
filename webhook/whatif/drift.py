"""What is stored and what runs, against what the configuration says now, by workload (contract section 12)."""

from collections.abc import Iterable

import msgspec

from webhook import digests, errors, rendering, workload
from webhook.whatif import compare, owners, pods, templates, verdicts
from webhook.whatif.findings import Finding, Workload
from webhook.whatif.owners import Identity, Object, Owner
from webhook.whatif.templates import Templates
from webhook.whatif.verdicts import Judgement


def drift(
    objects: Iterable[tuple[workload.GroupVersionKind, Object]], state: rendering.State, *, namespace: str = "default"
) -> tuple[Finding, ...]:
    """Judge every workload among some objects.

    Args:
        objects: LeaderWorkerSets, pods and their controllers, with their kinds, in any order; others are left out.
        state: the configuration and settings of now.
        namespace: of objects that do not name one.
    """
    judging = Drift(state, namespace)
    for object_kind, value in sorted(objects, key=lambda item: owners.order(item[0])):
        judging.add(object_kind, value)
    return judging.findings()


class Drift:
    """Judges the workloads of one cluster, given one object after the other.

    LeaderWorkerSets come first, then other controllers, then pods, of which nothing but the judgement is kept: a cluster has many.
    What is not labelled, or opts out, is left out. Equal pod templates are rendered once, whatever holds them.
    """

    def __init__(self, state: rendering.State, namespace: str = "default") -> None:
        """Begin without objects.

        Args:
            state: the configuration and settings of now.
            namespace: of objects that do not name one.
        """
        self._judge = _Judge(state)
        self._controllers = owners.Controllers(namespace)
        self._found: dict[Identity, Workload] = {}

    def add(self, object_kind: workload.GroupVersionKind, value: Object) -> None:
        """Add an object; one of another kind, or one that is not ours, is left out."""
        if not owners.concerns(object_kind, value):
            return
        if object_kind != workload.POD:
            identity = self._controllers.add(object_kind, value)
            if identity is None:  # what is part of another workload is looked into once a pod is of it
                return
            holder = self._judge.holder(object_kind, value, namespace=identity.namespace)
            if holder.is_ours:
                self._found[identity] = Workload(identity, holder.runtimes, tuple(holder.judged.judgements.values()))
            return
        owner = self._controllers.owner(value)
        if owner.object_kind == workload.LEADER_WORKER_SET and owners.opted_out(owner.value):
            return
        judgement = self._judge.pod(owner, value)
        if owner.identity not in self._found:
            self._found[owner.identity] = Workload(owner.identity, (), ())
        self._found[owner.identity].add(value, judgement)

    def findings(self) -> tuple[Finding, ...]:
        """Return what is found out, by namespace, kind and name."""
        return tuple(self._found[identity].finding() for identity in sorted(self._found))


class _Holder(msgspec.Struct):
    """What holds pod templates.

    Attributes:
        is_ours: whether it asks for a runtime.
        runtimes: those that its pod templates ask for.
        judged: its pod templates, if they are rendered or should be.
        pod_templates: all that it has and that do not opt out, by name.
        standards: by role, what its pods are judged by, as far as that was asked for.
    """

    is_ours: bool = False
    runtimes: tuple[str, ...] = ()
    judged: Templates = msgspec.field(default_factory=Templates)
    pod_templates: dict[str, workload.PodTemplate] = msgspec.field(default_factory=dict)
    standards: dict[str, pods.Standard | None] = msgspec.field(default_factory=dict)


class _Judge:
    """Judges objects and pods by one state."""

    def __init__(self, state: rendering.State) -> None:
        self._state = state
        self._holders: dict[int, tuple[Object, _Holder]] = {}  # by id of the object, which is held here
        self._templates: dict[str, Templates] = {}
        self._standards: dict[str, pods.Standard] = {}

    def holder(self, object_kind: workload.GroupVersionKind, value: Object, *, namespace: str) -> _Holder:
        """Return what is known of the pod templates of an object."""
        known = self._holders.get(id(value))
        if known is None:
            known = self._holders[id(value)] = value, self._holder(object_kind, value, namespace)
        return known[1]

    def _holder(self, object_kind: workload.GroupVersionKind, value: Object, namespace: str) -> _Holder:
        is_group = object_kind == workload.LEADER_WORKER_SET
        is_labelled = not is_group or not owners.exclusion(value)  # of the others, pod templates are
        try:
            found = [one for one in workload.pod_templates(value, object_kind) if not workload.opted_out(one)]
        except errors.Denied as denied:  # such as a group of size 0
            judgement = Judgement(pod_template="", verdict="denied", denial=compare.denial(denied))
            return _Holder(is_labelled, judged=Templates({"": judgement}))
        runtimes = [str(one.labels[workload.RUNTIME]) for one in found if workload.RUNTIME in one.labels]
        holder = _Holder(bool(runtimes), tuple(dict.fromkeys(runtimes)), pod_templates={one.name: one for one in found})
        is_rendered = is_group or any(workload.RECORD in one.own_annotations for one in found)
        if runtimes and is_labelled and is_rendered:
            reduced = compare.reduced(value, object_kind)
            key = digests.of([namespace, object_kind, reduced])
            if key not in self._templates:
                self._templates[key] = templates.judge(reduced, object_kind, self._state, namespace=namespace)
            holder.judged = self._templates[key]
        return holder

    def pod(self, owner: Owner, pod: Object) -> Judgement:
        """Return the judgement of a pod, named after its role in a group."""
        labels = (pod.get("metadata") or {}).get("labels") or {}
        role = ""
        if workload.GROUP_NAME in labels:
            role = "leader" if labels.get(workload.WORKER_INDEX) == "0" else "worker"
        try:
            (pod_template,) = workload.pod_templates(pod, workload.POD)
            standard = self._standard(owner, role)
            if standard is None:
                return pods.judge_alone(pod, self._state, namespace=owner.identity.namespace, name=role)
            return pods.judge(pod_template, standard, role)
        except errors.Denied as denied:
            return verdicts.unreadable(role, compare.denial(denied))

    def _standard(self, owner: Owner, role: str) -> pods.Standard | None:
        """Return what a pod is judged by; None if its controller is not at hand."""
        if owner.value is None or owner.object_kind is None:
            return None
        holder = self.holder(owner.object_kind, owner.value, namespace=owner.identity.namespace)
        if role not in holder.standards:
            holder.standards[role] = self._made(owner, holder, role)
        return holder.standards[role]

    def _made(self, owner: Owner, holder: _Holder, role: str) -> pods.Standard | None:
        named = holder.pod_templates
        name = next(iter(named), "")
        if owner.object_kind == workload.LEADER_WORKER_SET:
            name = "leaderTemplate" if role == "leader" and "leaderTemplate" in named else "workerTemplate"
        if name not in named:
            return None
        pod_template = named[name]
        if name in holder.judged.records:
            text, judgement = holder.judged.records[name], holder.judged.judgements[name]
            fresh = holder.judged.fresh.get(name)
            if fresh is not None:
                return pods.of_rendering(fresh, judgement, text)
            return pods.Standard(judgement.denial or _GONE, None, judgement, text)
        labels, annotations = (
            rendering.arrival.of_group(owner.identity.name, pod_template.group_size, leader=role == "leader")
            if role
            else ({}, {})
        )
        bare = rendering.arrival.made_from(pod_template, labels, annotations)
        key = digests.of([owner.identity.namespace, bare])
        if key not in self._standards:
            self._standards[key] = pods.anew(bare, self._state, namespace=owner.identity.namespace)
        return self._standards[key]


#: Why a pod cannot be rendered anew whose pod template rendering would remove.
_GONE = compare.Denial("no-bare-form", "the pod template that it was made from would not be created any more")
