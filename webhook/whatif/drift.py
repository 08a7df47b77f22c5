"""What is stored and what runs, against what the configuration says now, by workload (contract section 12)."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from webhook import digests, errors, rendering, workload
from webhook.whatif import compare, owners, pods, templates, verdicts
from webhook.whatif.owners import Identity, Object, Owner
from webhook.whatif.templates import Templates
from webhook.whatif.verdicts import Judgement, Verdict

#: Names of pods, or numbers of groups, that stand for the others.
_EXAMPLES = 3

#: What of the metadata of a LeaderWorkerSet the rendering of its pod templates depends on.
_OURS = workload.LABELS | workload.ANNOTATIONS | {workload.DEFAULT_CONTAINER}


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """Pods, or groups, of a workload of which the same can be said.

    Attributes:
        verdict: the most important one on a pod of them.
        revisions: what their records name, that of the leader first; none for pods without a record.
        template_hash: from which state of their controller's pod template they were made, as a label says; "" without one.
        groups: how many groups of a LeaderWorkerSet; 0 for other workloads.
        pods: how many pods.
        examples: names of the first pods, or the first groups by their numbers.
        judgements: of a pod, or of leader and worker.
    """

    verdict: Verdict
    revisions: tuple[str, ...]
    template_hash: str
    groups: int
    pods: int
    examples: tuple[str, ...]
    judgements: tuple[Judgement, ...]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What is found out about a workload.

    Attributes:
        kind, namespace, name: which one it is.
        runtimes: those that its pod templates and pods ask for.
        verdict: the most important one on it.
        drift: whether it does not run, or is not stored, as the configuration says now.
        templates: the judgements of its stored pod templates, if they are rendered or should be.
        running: its pods.
    """

    kind: str
    namespace: str
    name: str
    runtimes: tuple[str, ...]
    verdict: Verdict
    drift: bool
    templates: tuple[Judgement, ...]
    running: tuple[Running, ...]


def drift(
    objects: Iterable[tuple[workload.GroupVersionKind, Object]], state: rendering.State, *, namespace: str = "default"
) -> tuple[Finding, ...]:
    """Judge every workload among some objects; what is not labelled, or opts out, is not one.

    Args:
        objects: LeaderWorkerSets, pods and their controllers, with their kinds; others are left out.
        state: the configuration and settings of now.
        namespace: of objects that do not name one.
    """
    inventory = owners.Inventory(objects, namespace)
    judge = _Judge(state)
    found: dict[Identity, _Workload] = {}
    for identity, object_kind, value in inventory.workloads():
        holder = judge.holder(identity.namespace, object_kind, value)
        if holder.runtimes:
            found[identity] = _Workload(holder)
    for pod in inventory.pods:
        owner = inventory.owner(pod)
        judged, role = judge.pod(owner, pod)
        one = found.setdefault(owner.identity, _Workload(_Holder()))
        one.add(pod, judged, role)
    return tuple(one.finding(identity) for identity, one in sorted(found.items(), key=lambda item: item[0]))


class _Holder(msgspec.Struct):
    """What holds pod templates.

    Attributes:
        runtimes: those that its pod templates ask for; none if it is not ours.
        judged: its pod templates, if they are rendered or should be.
        standards: by role, what its pods are judged by, as far as that was asked for.
    """

    runtimes: tuple[str, ...] = ()
    judged: Templates = msgspec.field(default_factory=Templates)
    pod_templates: dict[str, workload.PodTemplate] = msgspec.field(default_factory=dict)
    standards: dict[str, pods.Standard] = msgspec.field(default_factory=dict)


class _Judge:
    """Judges what one cluster holds. Equal pod templates are rendered once, whatever holds them."""

    def __init__(self, state: rendering.State) -> None:
        self._state = state
        self._holders: dict[int, tuple[Object, _Holder]] = {}  # by id of the object, which is held here
        self._templates: dict[str, Templates] = {}
        self._standards: dict[str, pods.Standard] = {}

    def holder(self, namespace: str, object_kind: workload.GroupVersionKind, value: Object) -> _Holder:
        """Return what is known of the pod templates of an object."""
        known = self._holders.get(id(value))
        if known is None:
            known = self._holders[id(value)] = value, self._holder(namespace, object_kind, value)
        return known[1]

    def _holder(self, namespace: str, object_kind: workload.GroupVersionKind, value: Object) -> _Holder:
        is_group = object_kind == workload.LEADER_WORKER_SET
        try:
            found = [one for one in workload.pod_templates(value, object_kind) if not workload.opted_out(one)]
            runtimes = [str(one.labels[workload.RUNTIME]) for one in found if workload.RUNTIME in one.labels]
            excluded = is_group and workload.exclusion(value)
        except errors.Denied as denied:  # such as a group of size 0
            judgement = Judgement(pod_template="", verdict="denied", denial=compare.denial(denied))
            return _Holder(("",), Templates({"": judgement}))
        holder = _Holder(tuple(dict.fromkeys(runtimes)), pod_templates={one.name: one for one in found})
        rendered = any(workload.RECORD in one.own_annotations for one in found)
        if (is_group and not excluded) or (not is_group and rendered and runtimes):
            reduced = _reduced(value, object_kind)
            key = digests.of([namespace, object_kind, reduced])
            if key not in self._templates:
                self._templates[key] = templates.judge(reduced, object_kind, self._state, namespace=namespace)
            holder.judged = self._templates[key]
        return holder

    def pod(self, owner: Owner, pod: Object) -> tuple[Judgement, str]:
        """Return the judgement of a pod, and its role."""
        namespace = owner.identity.namespace
        labels = (pod.get("metadata") or {}).get("labels") or {}
        role = ""
        if workload.GROUP_NAME in labels:
            role = "leader" if labels.get(workload.WORKER_INDEX) == "0" else "worker"
        try:
            (pod_template,) = workload.pod_templates(pod, workload.POD)
            standard = self._standard(owner, role)
            if standard is None:
                return pods.judge_alone(pod, self._state, namespace=namespace, name=role), role
            return pods.judge(pod_template, standard, role), role
        except errors.Denied as denied:
            return verdicts.unreadable(role, compare.denial(denied)), role

    def _standard(self, owner: Owner, role: str) -> pods.Standard | None:
        """Return what a pod is judged by; None if its controller is not at hand."""
        if owner.value is None or owner.object_kind is None:
            return None
        holder = self.holder(owner.identity.namespace, owner.object_kind, owner.value)
        if role not in holder.standards:
            standard = self._made(owner, holder, role)
            if standard is None:
                return None
            holder.standards[role] = standard
        return holder.standards[role]

    def _made(self, owner: Owner, holder: _Holder, role: str) -> pods.Standard | None:
        named = holder.pod_templates
        name = next(iter(named), "")
        if role:
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
        labels, annotations = _group_metadata(owner, pod_template, role) if role else ({}, {})
        bare = pods.made_from(pod_template, labels, annotations)
        key = digests.of([owner.identity.namespace, bare])
        if key not in self._standards:
            self._standards[key] = pods.anew(bare, self._state, namespace=owner.identity.namespace)
        return self._standards[key]


#: Why a pod cannot be rendered anew whose pod template rendering would remove.
_GONE = compare.Denial("no-bare-form", "the pod template that it was made from would not be created any more")


def _group_metadata(
    owner: Owner, pod_template: workload.PodTemplate, role: str
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the labels and annotations by which a pod of a group shows what it is."""
    labels = {workload.GROUP_NAME: owner.identity.name}
    if role == "leader":
        labels[workload.WORKER_INDEX] = "0"
    return labels, {workload.GROUP_SIZE: str(pod_template.group_size)}


def _reduced(value: Object, object_kind: workload.GroupVersionKind) -> dict[str, Any]:
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


class _Workload:
    """A workload of which pods are added one by one."""

    def __init__(self, holder: _Holder) -> None:
        self._judged = holder.judged
        self._runtimes = dict.fromkeys(holder.runtimes)
        self._groups: dict[str, list[tuple[str, Judgement, Object]]] = {}

    def add(self, pod: Object, judged: Judgement, role: str) -> None:
        """Add a pod: to its group, or alone."""
        metadata = pod["metadata"]
        self._runtimes[str(metadata["labels"][workload.RUNTIME])] = None
        name = workload.display_name(pod)
        group = str(metadata["labels"].get(workload.GROUP_INDEX, "")) if role else name
        self._groups.setdefault(group, []).append((role, judged, pod))

    def finding(self, identity: Identity) -> Finding:
        """Return what is found out."""
        running = tuple(self._running())
        stored = tuple(self._judged.judgements.values())
        verdict = verdicts.worst([*(one.verdict for one in stored), *(one.verdict for one in running)])
        return Finding(
            kind=identity.kind,
            namespace=identity.namespace,
            name=identity.name,
            runtimes=tuple(sorted(self._runtimes)),
            verdict=verdict,
            drift=verdicts.is_drift(verdict),
            templates=stored,
            running=running,
        )

    def _running(self) -> Iterator[Running]:
        """Yield groups and pods of which the same can be said, together; the most numerous first."""
        alike: dict[str, list[tuple[str, list[tuple[str, Judgement, Object]]]]] = {}
        for group, members in self._groups.items():
            members.sort(key=lambda member: (member[0], workload.display_name(member[2])))
            judged = list({digests.of(one): one for _, one, _ in members}.values())
            key = digests.of([judged, sorted({_template_hash(pod) for _, _, pod in members})])
            alike.setdefault(key, []).append((group, members))
        for found in sorted(alike.values(), key=lambda groups: (-len(groups), _number(groups[0][0]))):
            members = found[0][1]
            judged = list({digests.of(one): one for _, one, _ in members}.values())
            hashes = sorted({_template_hash(pod) for _, _, pod in members} - {""})
            yield Running(
                verdict=verdicts.worst(one.verdict for one in judged),
                revisions=tuple(dict.fromkeys(one.recorded for one in judged if one.recorded)),
                template_hash=",".join(hashes),
                groups=len(found) if members[0][0] else 0,
                pods=sum(len(members) for _, members in found),
                examples=tuple(sorted((group for group, _ in found), key=_number)[:_EXAMPLES]),
                judgements=tuple(judged),
            )


def _number(text: str) -> tuple[int, str]:
    """Return what sorts the numbers of groups by their value, and names by their letters."""
    return (int(text), "") if text.isascii() and text.isdigit() and len(text) < _DIGITS else (0, text)


_DIGITS = 10


def _template_hash(pod: Object) -> str:
    labels = pod["metadata"]["labels"]
    return next((str(labels[key]) for key in workload.TEMPLATE_HASHES if key in labels), "")
