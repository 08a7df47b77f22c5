"""What an explanation says, as values; JSON has the same names (``docs/explain.md``).

Every text in here that gives a reason is the one that a denial would have. Lists are in the order in which things were decided.
"""

from typing import Any, Literal

import msgspec

from webhook.rendering.origins import Setter

#: What becomes of an object or pod template; where pods are rendered one by one, what becomes of them.
Outcome = Literal["rendered", "denied", "not-labelled", "opted-out", "mirror-pod", "not-intercepted"]


class Written(msgspec.Struct, frozen=True):
    """Where something is written.

    Attributes:
        key_path: from the root of the configuration, or of the object where the workload wrote it.
        source: file, or ``ConfigMap namespace/name``; "" if it is not known, as of an object from a cluster.
        line, column: counted from 1; 0 if they are not known.
    """

    key_path: str
    source: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        """Return the place, and the key path only if there is no place."""
        return f"{self.source}:{self.line}:{self.column}" if self.source else self.key_path


class Container(msgspec.Struct, frozen=True):
    """The inference container.

    Attributes:
        name: its name.
        path: where it is in the object; of one that the webhook adds, where it would be.
        reason: why it is this one.
        written: where the workload's own file has it; None if the workload does not have it, or has no file.
    """

    name: str
    path: str
    reason: str
    written: Written | None = None


class GpuChoice(msgspec.Struct, frozen=True):
    """A GPU type that fits, or a row of the GPU table that was passed over.

    Attributes:
        gpu_type: its name.
        count: how many GPUs or slices are asked for; 0 if nothing counts them.
        used: whether it is the one that is used.
        reason: why it is used, or why not.
        row: the row of the GPU table; None if no row gives the type. A built-in row has no place.
        written: where the workload's own file asks for it; None if that is not known.
    """

    gpu_type: str
    count: int
    used: bool
    reason: str
    row: Written | None = None
    written: Written | None = None


class Template(msgspec.Struct, frozen=True):
    """The runtime template.

    Attributes:
        runtime: its name.
        written: where it is.
        last_good: the problem of its newest version, if the last good version is used; else "".
    """

    runtime: str
    written: Written
    last_good: str = ""


class AgentEntry(msgspec.Struct, frozen=True):
    """An agent entry and the verdict on it.

    Attributes:
        used: whether it is the one that is used.
        reason: why it is used, or why not.
        written: where it is.
        last_good: as in ``Template``.
    """

    used: bool
    reason: str
    written: Written
    last_good: str = ""


class Variable(msgspec.Struct, frozen=True):
    """A variable of Go templates.

    Attributes:
        name: its name.
        value: its value.
        source: what the value comes from.
        written: where the workload's own file has the label or annotation that gives it; None if none does.
    """

    name: str
    value: Any
    source: str
    written: Written | None = None


class Element(msgspec.Struct, frozen=True):
    """An element of command or args, who set it, and where it is written."""

    value: str
    set_by: Setter
    written: Written


class Field(msgspec.Struct, frozen=True):
    """A field of the rendered pod template that somebody set as a whole.

    Attributes:
        path: in the pod template.
        keys: the same as keys and positions.
        item: what identifies the last item on the way, such as ``name=HF_HOME``; "" if there is none.
        set_by: who set it.
        value: its value; null if it was removed.
        removed: whether the webhook removed it.
        was: what the workload had there, if that was replaced or removed; else null.
        written: where the configuration says it, or the workload's own file; None if it is in neither.
        elements: of command and args that Go templates rendered.
    """

    path: str
    keys: tuple[str | int, ...]
    item: str
    set_by: Setter
    value: Any
    removed: bool = False
    was: Any = None
    written: Written | None = None
    elements: tuple[Element, ...] = ()


class Stored(msgspec.Struct, frozen=True):
    """What the record of a stored pod template says.

    Attributes:
        revision: of the configuration that it was rendered with.
        newest: whether the configuration has still this revision.
        same_result: whether rendering it now gives the same; None if that is denied.
        untouched: whether the rendered fields are as the webhook wrote them.
        edits: paths of fields that were edited by hand, and that updates keep.
    """

    revision: str
    newest: bool
    same_result: bool | None
    untouched: bool
    edits: tuple[str, ...] = ()


class Denial(msgspec.Struct, frozen=True):
    """Why something is denied.

    Attributes:
        code: the code of the reason.
        message: as admission would give it, but for the advice to run ``explain``.
        written: where the cause is written; None unless it is a place in a Go template, or a label, annotation or resource in the
            workload's own file.
    """

    code: str
    message: str
    written: Written | None = None


class PodTemplate(msgspec.Struct, frozen=True):
    """A pod template and everything that was decided about it; None and empty: not reached.

    Attributes:
        name: ``leaderTemplate``, ``workerTemplate``, ``template``; "" of a Pod.
        path: from the root of the object; "" of a Pod.
        outcome: what becomes of it, or of its pods.
        pod_by_pod: whether its pods are rendered one by one when they are created, and the pod template stays as it is.
        role, group_size: as the variables ROLE and GROUP_SIZE have them.
        origin: ``as written``, ``created from workerTemplate`` or ``completed from workerTemplate``; of pods that are rendered one by
            one, ``made from`` and the name of their pod template.
        denial: why it is denied, or its pods are.
        container: the inference container.
        gpu_types: those that fit, the first in order first, and the rows that were passed over.
        template: the runtime template; None too if only agent entries know the runtime.
        agent_entries: every one, in file order.
        variables: in the order in which they are documented.
        fields: every field of labels, annotations and spec; together they are the rendered pod template, or pod, without its record.
        warnings: about this pod template, in full.
        revision: of the configuration.
        stored: what its record says, if it has one.
    """

    name: str
    path: str
    outcome: Outcome
    role: str
    group_size: int
    origin: str
    pod_by_pod: bool = False
    denial: Denial | None = None
    container: Container | None = None
    gpu_types: tuple[GpuChoice, ...] = ()
    template: Template | None = None
    agent_entries: tuple[AgentEntry, ...] = ()
    variables: tuple[Variable, ...] = ()
    fields: tuple[Field, ...] = ()
    warnings: tuple[str, ...] = ()
    revision: str = ""
    stored: Stored | None = None


class Explanation(msgspec.Struct, frozen=True):
    """Why an object is rendered as it is.

    Attributes:
        kind, namespace, name: of the object.
        outcome: what becomes of it.
        reason: the outcome in words.
        denial: the reason that admission would give, if it is denied.
        pod_templates: in the order in which they are rendered.
        warnings: all that admission would give, in full.
        remarks: what is uncertain about it.
        next_steps: commands and edits that would change the outcome.
    """

    kind: str
    namespace: str
    name: str
    outcome: Outcome
    reason: str
    denial: Denial | None = None
    pod_templates: tuple[PodTemplate, ...] = ()
    warnings: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    next_steps: tuple[str, ...] = ()
