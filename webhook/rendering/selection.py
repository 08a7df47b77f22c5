"""Which runtime template and agent entry serve a pod template (contract section 6)."""

from collections.abc import Iterable, Iterator

import msgspec

from webhook import catalog, errors, notices, workload
from webhook.rendering import gpus, image
from webhook.rendering.containers import InferenceContainer

_TEMPLATES = catalog.KINDS["templates"].config_map
_AGENT = catalog.KINDS["agent"].config_map

#: Agent entries whose mismatch a message explains before it only counts the rest.
_EXPLAINED = 50


class Selection(msgspec.Struct, frozen=True):
    """What serves a pod template.

    Attributes:
        runtime_template: None if only an agent entry knows the runtime.
        agent_entry: the first one that matches; None only if the workload or the runtime template brings an image.
        choice: the GPU type that the agent entry was chosen for, and what is counted of it.
        asked: everything that was found out about what the inference container asks for; None if nobody asked.
        gpu_notices: what the author should know about type and count.
    """

    runtime_template: catalog.RuntimeTemplate | None
    agent_entry: catalog.AgentEntry | None
    choice: gpus.Choice
    asked: gpus.Request | None = None
    gpu_notices: tuple[notices.Notice, ...] = ()

    @property
    def gpu_type(self) -> str:
        """Return the GPU type that the agent entry was chosen for."""
        return self.choice.gpu_type

    @property
    def gpu_rows(self) -> tuple[catalog.GpuType, ...]:
        """Return the rows of the GPU table that match what the inference container asks for."""
        return self.asked.rows if self.asked is not None else ()

    def last_good_notices(self) -> list[notices.Notice]:
        """Return a notice about each part whose last good version is in use (contract section 10)."""
        found = []
        if self.runtime_template is not None and self.runtime_template.stale is not None:
            found.append(notices.about("last-good-template", str(self.runtime_template.stale)))
        if self.agent_entry is not None and self.agent_entry.stale is not None:
            found.append(notices.about("last-good-entry", str(self.agent_entry.stale)))
        return found


class Candidate(msgspec.Struct, frozen=True):
    """An agent entry and the verdict on it.

    Attributes:
        agent_entry: the entry.
        mismatches: what it is for instead, such as ``runtime vllm``; empty if it matches.
    """

    agent_entry: catalog.AgentEntry
    mismatches: tuple[str, ...]

    @property
    def matches(self) -> bool:
        """Return whether the entry matches; the first one that does is used."""
        return not self.mismatches

    @property
    def reason(self) -> str:
        """Return why it does not match, as messages say it: ``is for runtime vllm and GPU type cpu``; "" if it matches."""
        return f"is for {' and '.join(self.mismatches)}" if self.mismatches else ""


def runtime_template(declaration: workload.Declaration, snapshot: catalog.Snapshot) -> catalog.RuntimeTemplate | None:
    """Return the runtime template that a pod template asks for; None if only agent entries know the runtime.

    Raises:
        errors.Denied: the runtime is unknown, broken or not the value of a label.
        errors.NotReady: a configuration has never been read.
    """
    if snapshot.missing:
        message = f"{'; '.join(snapshot.missing)}; try again once this is fixed"
        raise errors.NotReady("configuration-missing", message)
    runtime = declaration.runtime
    if problem := snapshot.broken.get(runtime):
        message = f'runtime "{runtime}" of ConfigMap {_TEMPLATES} cannot be used: {problem}'
        raise errors.Denied("broken-runtime", message)
    if not snapshot.knows(runtime):
        advice = errors.among(runtime, snapshot.runtimes)
        raise errors.Denied("unknown-runtime", f'label {workload.RUNTIME}: there is no runtime "{runtime}"; {advice}')
    workload.check_label(workload.RUNTIME, runtime, f"rename the runtime in ConfigMap {_TEMPLATES}")
    return snapshot.runtime_templates.get(runtime)


def select(
    declaration: workload.Declaration,
    role: workload.Role,
    container: InferenceContainer,
    snapshot: catalog.Snapshot,
    runtime_template: catalog.RuntimeTemplate | None,
    asked: gpus.Request,
) -> Selection:
    """Choose the agent entry.

    Args:
        declaration: what the pod template declares.
        role: of the pod template.
        container: the inference container as the workload has it.
        snapshot: the configuration.
        runtime_template: that of :func:`runtime_template`.
        asked: what the inference container asks for.

    Raises:
        errors.Denied: the entry is broken, or nothing provides an image.
    """
    runtime = declaration.runtime
    agent_entry, choice, others = _first_match(snapshot.agent_entries_for(runtime), asked.choices)
    if agent_entry is not None and agent_entry.broken is not None:
        raise errors.Denied(
            "broken-agent-entry",
            f'{agent_entry.path} of ConfigMap {_AGENT} serves runtime "{runtime}" here but cannot be used: '
            f"{agent_entry.broken}",
        )
    needs_image = agent_entry is None and image.is_placeholder(container.value.get("image"))
    if needs_image and not image.offered(runtime_template, role):
        raise errors.Denied("no-agent-entry", _no_agent_entry(declaration, container, asked, snapshot))
    found = gpus.notices(declaration, asked, choice)
    rivals = _rivals(runtime_template, agent_entry, choice, others)
    if rivals:
        found.append(notices.about("several-gpu-types", choice.gpu_type, ", ".join(rivals)))
    return Selection(runtime_template, agent_entry, choice, asked, tuple(found))


def candidates(agent_entries: Iterable[catalog.AgentEntry], runtime: str, gpu_type: str) -> Iterator[Candidate]:
    """Yield agent entries, each with the verdict on it for this runtime and GPU type."""
    for agent_entry in agent_entries:
        mismatches = []
        if agent_entry.runtimes and runtime not in agent_entry.runtimes:
            mismatches.append(f"runtime {errors.listed(agent_entry.runtimes)}")
        if agent_entry.gpu_types and gpu_type not in agent_entry.gpu_types:
            mismatches.append(f"GPU type {errors.listed(agent_entry.gpu_types)}")
        yield Candidate(agent_entry, tuple(mismatches))


def _first_match(
    agent_entries: tuple[catalog.AgentEntry, ...], choices: tuple[gpus.Choice, ...]
) -> tuple[catalog.AgentEntry | None, gpus.Choice, list[tuple[catalog.AgentEntry | None, gpus.Choice]]]:
    """Return the entry for the first GPU type that has one, that type, and the other types that have one with theirs.

    If none has one, that is the first type, and the others are all other types.
    """
    served = [(entry_for(agent_entries, choice.gpu_type), choice) for choice in choices]
    first, *others = [pair for pair in served if pair[0] is not None] or served
    return *first, others


def entry_for(agent_entries: Iterable[catalog.AgentEntry], gpu_type: str) -> catalog.AgentEntry | None:
    """Return the first of a runtime's agent entries that matches a GPU type (contract section 6)."""
    for one in agent_entries:
        if not one.gpu_types or gpu_type in one.gpu_types:
            return one
    return None


def _rivals(
    runtime_template: catalog.RuntimeTemplate | None,
    agent_entry: catalog.AgentEntry | None,
    choice: gpus.Choice,
    others: list[tuple[catalog.AgentEntry | None, gpus.Choice]],
) -> list[str]:
    """Return the GPU types that fit as well, though they would lead to another agent entry or another rendering."""
    if choice.certain or not others:
        return []
    read = runtime_template is not None and runtime_template.may_read("GPU_TYPE")
    return [other.gpu_type for entry, other in others if not other.fallback and (read or entry is not agent_entry)]


def _no_agent_entry(
    declaration: workload.Declaration, container: InferenceContainer, asked: gpus.Request, snapshot: catalog.Snapshot
) -> str:
    runtime, choice = declaration.runtime, asked.choices[0]
    gpu_type = choice.gpu_type
    rejected = [
        f"{candidate.agent_entry.path} {candidate.reason}"
        for candidate in candidates(snapshot.agent_entries[:_EXPLAINED], runtime, gpu_type)
    ]
    if (rest := len(snapshot.agent_entries) - _EXPLAINED) > 0:
        rejected.append(f"and {rest} more entries")
    rejected += map(str, unreadable_entries(snapshot))
    known = snapshot.gpu_type_names
    near = errors.nearest(gpu_type, known) if gpu_type not in known else ""
    suggestion = f', did you mean "{near}"?' if near else ""
    others = [other.gpu_type for other in asked.choices[1:]]
    excluded = f"; {gpus.passed_over(asked.passed_over)}" if asked.passed_over else ""
    also = f" and none for {errors.listed(others)} either" if others else ""
    return (
        f"{container} has no image, "
        f'and no agent entry is for runtime "{runtime}" on GPU type "{gpu_type}"{suggestion} '
        f"({'; '.join(rejected) or 'there are none'}){also}; "
        f"the type is {gpus.origin(declaration, choice)}{excluded}; "
        f"give the container an image, ask for another resource or set annotation {workload.GPU_TYPE}"
    )


def unreadable_entries(snapshot: catalog.Snapshot) -> list[catalog.Problem]:
    """Return the errors in agent entries of which not even the match can be read."""
    reading = snapshot.readings.get("agent")
    problems = reading.problems if reading is not None else ()
    found = [problem for problem in problems if problem.severity == "error"]
    if not found:
        return []
    paths = tuple(agent_entry.path for agent_entry in snapshot.agent_entries)
    return [problem for problem in found if not problem.path.startswith(paths)][:_EXPLAINED]
