"""What is found out about a workload: its stored pod templates, and its pods, of which those are counted together that are alike."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from webhook import digests, workload
from webhook.whatif import verdicts
from webhook.whatif.owners import Identity
from webhook.whatif.verdicts import Judgement, Verdict

#: Names of pods, or numbers of groups, that stand for the others.
_EXAMPLES = 3

#: The longest number of a group, in digits.
_DIGITS = 9


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """Pods, or groups, of a workload with the same judgements.

    Attributes:
        verdict: the most important one on a pod of them.
        revisions: what their records name, that of the leader first; none for pods without a record.
        template_hash: from which state of their controller's pod template they were made, as a label says; "" without one.
        groups: how many groups of a LeaderWorkerSet; 0 for other workloads.
        pods: how many pods.
        examples: names of the first pods, or numbers of the first groups.
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


class _Member(msgspec.Struct, frozen=True, order=True):
    """What is kept of a pod; the judgement by its digest."""

    role: str
    name: str
    judgement: str
    template_hash: str


class Workload:
    """A workload of which pods are added one by one.

    Args:
        identity: which one it is.
        runtimes: those that its pod templates ask for.
        templates: the judgements of its stored pod templates.
    """

    def __init__(self, identity: Identity, runtimes: tuple[str, ...], templates: tuple[Judgement, ...]) -> None:
        self._identity = identity
        self._runtimes = dict.fromkeys(runtimes)
        self._templates = templates
        self._judgements: dict[str, Judgement] = {}
        self._groups: dict[str, list[_Member]] = {}

    def add(self, pod: Mapping[str, Any], judgement: Judgement) -> None:
        """Add a pod: to its group if it has a role in one."""
        labels, name = pod["metadata"]["labels"], workload.display_name(pod)
        self._runtimes[str(labels[workload.RUNTIME])] = None
        digest = digests.of(judgement)
        self._judgements.setdefault(digest, judgement)
        template_hash = next((str(labels[key]) for key in workload.TEMPLATE_HASHES if key in labels), "")
        role = judgement.pod_template
        group = str(labels.get(workload.GROUP_INDEX, "")) if role else name
        self._groups.setdefault(group, []).append(_Member(role, name, digest, template_hash))

    def finding(self) -> Finding:
        """Return what is found out."""
        running = tuple(self._running())
        verdict = verdicts.worst([*(one.verdict for one in self._templates), *(one.verdict for one in running)])
        return Finding(
            kind=self._identity.kind,
            namespace=self._identity.namespace,
            name=self._identity.name,
            runtimes=tuple(sorted(self._runtimes)),
            verdict=verdict,
            drift=verdicts.is_drift(verdict),
            templates=self._templates,
            running=running,
        )

    def _running(self) -> Iterator[Running]:
        """Yield groups and pods, those with the same judgements together; the most numerous first."""
        alike: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
        for group, members in self._groups.items():
            members.sort()
            said = tuple(dict.fromkeys(one.judgement for one in members))
            hashes = tuple(sorted({one.template_hash for one in members} - {""}))
            alike.setdefault((said, hashes), []).append(group)
        for groups in alike.values():
            groups.sort(key=_number)
        for (said, hashes), groups in sorted(alike.items(), key=lambda item: (-len(item[1]), _number(item[1][0]))):
            judgements = tuple(self._judgements[digest] for digest in said)
            yield Running(
                verdict=verdicts.worst(one.verdict for one in judgements),
                revisions=tuple(dict.fromkeys(one.recorded for one in judgements if one.recorded)),
                template_hash=",".join(hashes),
                groups=len(groups) if judgements[0].pod_template else 0,
                pods=sum(len(self._groups[group]) for group in groups),
                examples=tuple(groups[:_EXAMPLES]),
                judgements=judgements,
            )


def _number(text: str) -> tuple[int, str]:
    """Return what sorts the numbers of groups by their value, and names by their letters."""
    is_number = text.isascii() and text.isdigit() and len(text) <= _DIGITS
    return (int(text), "") if is_number else (0, text)
