"""Which GPU type, runtime template and agent entry serve a pod template (contract section 6)."""

from collections.abc import Mapping
from typing import Any

import msgspec

from webhook import catalog, errors, workload
from webhook.rendering import containers, quantity

_TEMPLATES = catalog.CONFIG_MAPS["templates"]
_AGENT = catalog.CONFIG_MAPS["agent"]

#: More than any node has; beyond it an amount is a mistake.
_MOST_GPUS = 10**6

#: Entries whose mismatch a message explains before it only counts the rest.
_REASONS = 50

#: The GPU type of a container that asks for no GPU.
CPU = "cpu"


class Selection(msgspec.Struct, frozen=True):
    """What serves a pod template.

    Attributes:
        template: the runtime template; None if only an agent entry knows the runtime.
        entry: the first agent entry that matches; None only if workload or template bring an image.
        gpu_type, gpu_count: what the inference container asks for, or what the annotation says it runs on.
    """

    template: catalog.RuntimeTemplate | None
    entry: catalog.AgentEntry | None
    gpu_type: str
    gpu_count: int

    def digests(self) -> tuple[str, ...]:
        """Return the digests of the configuration that is used."""
        return tuple(part.digest for part in (self.template, self.entry) if part is not None)

    def warnings(self) -> list[str]:
        """Return a warning for each part that is a last good version (contract section 10)."""
        parts = (self.template, self.entry)
        return [
            f"the last good version of {part.path} is in use: {part.stale}"
            for part in parts
            if part is not None and part.stale is not None
        ]


def select(declaration: workload.Declaration, container: Mapping[str, Any], snapshot: catalog.Snapshot) -> Selection:
    """Choose template and agent entry.

    Raises:
        errors.Denied: the runtime is unknown or broken, a GPU count is no whole number, or nothing provides an image.
        errors.NotReady: a configuration has never been read.
    """
    if snapshot.missing:
        message = f"{'; '.join(snapshot.missing)}; try again once that is mended"
        raise errors.NotReady("configuration-missing", message)
    runtime = declaration.runtime
    if problem := snapshot.broken.get(runtime):
        message = f'runtime "{runtime}" of ConfigMap {_TEMPLATES} cannot be used: {problem}'
        raise errors.Denied("broken-runtime", message)
    if not snapshot.knows(runtime):
        advice = errors.among(runtime, snapshot.runtimes)
        raise errors.Denied("unknown-runtime", f'label {workload.RUNTIME}: there is no runtime "{runtime}"; {advice}')
    template = snapshot.runtime_templates.get(runtime)
    entries = snapshot.agent_entries_for(runtime)
    gpu_types, gpu_count = _gpus(declaration, container, snapshot)
    entry, gpu_type = _first_match(entries, gpu_types)
    if entry is not None and entry.broken is not None:
        raise errors.Denied(
            "broken-agent-entry",
            f'{entry.path} of ConfigMap {_AGENT} serves runtime "{runtime}" here but cannot be used: {entry.broken}',
        )
    image = template.container.get("image") if template is not None else None
    if entry is None and containers.is_placeholder(container.get("image")) and containers.is_placeholder(image):
        raise errors.Denied("no-agent-entry", _no_entry(runtime, gpu_types[0], snapshot))
    return Selection(template, entry, gpu_type, gpu_count)


def _first_match(
    entries: tuple[catalog.AgentEntry, ...], gpu_types: list[str]
) -> tuple[catalog.AgentEntry | None, str]:
    """Return the entry for the first GPU type that has one, and that type."""
    for gpu_type in gpu_types:
        for entry in entries:
            if not entry.gpu_types or gpu_type in entry.gpu_types:
                return entry, gpu_type
    return None, gpu_types[0]


def _gpus(
    declaration: workload.Declaration, container: Mapping[str, Any], snapshot: catalog.Snapshot
) -> tuple[list[str], int]:
    """Return the GPU types that fit what the container asks for, likeliest first, and how many GPUs it asks for."""
    asked = _asked_resources(container)
    rows = [row for row in snapshot.gpu_types if row.resource in asked]
    if not rows:
        return [declaration.gpu_type or CPU], 0
    named = [row for row in rows if row.name == declaration.gpu_type]
    row = (named or rows)[0]
    count = _whole(row.resource, asked[row.resource])
    if declaration.gpu_type:
        return [declaration.gpu_type], count
    return [other.name for other in rows if other.resource == row.resource], count


def _asked_resources(container: Mapping[str, Any]) -> dict[str, Any]:
    """Return the resources a container asks for, limits before requests, without those it asks none of."""
    path = "resources"
    resources = workload.mapping(container.get("resources"), path)
    requests = workload.mapping(resources.get("requests"), f"{path}.requests")
    limits = workload.mapping(resources.get("limits"), f"{path}.limits")
    return {name: amount for name, amount in {**requests, **limits}.items() if str(amount) != "0"}


def _whole(resource: str, amount: Any) -> int:
    number = quantity.parse(amount)
    if number is None or not 1 <= number <= _MOST_GPUS or number != int(number):
        message = f"resources: {resource} is {errors.shown(amount)}; must be a whole number of GPUs"
        raise errors.Denied("invalid-gpu-count", message)
    return int(number)


def _no_entry(runtime: str, gpu_type: str, snapshot: catalog.Snapshot) -> str:
    reasons = [
        f"{entry.path} is for {_reason(entry, runtime, gpu_type)}" for entry in snapshot.agent_entries[:_REASONS]
    ]
    if (rest := len(snapshot.agent_entries) - _REASONS) > 0:
        reasons.append(f"and {rest} more entries")
    reasons += map(str, _unreadable_entries(snapshot))
    tried = "; ".join(reasons) or "there are none"
    known = {
        CPU,
        *(row.name for row in snapshot.gpu_types),
        *(name for one in snapshot.agent_entries for name in one.gpu_types),
    }
    near = errors.nearest(gpu_type, known) if gpu_type not in known else ""
    meant = f', did you mean "{near}"?' if near else ""
    return (
        f'no image: no agent entry is for runtime "{runtime}" on GPU type "{gpu_type}"{meant} ({tried}); '
        f"give the container an image, ask for another resource or set annotation {workload.GPU_TYPE}"
    )


def _unreadable_entries(snapshot: catalog.Snapshot) -> list[catalog.Problem]:
    """Return what is wrong with agent entries of which not even the match can be read."""
    reading = snapshot.readings.get("agent")
    problems = reading.problems if reading is not None else ()
    paths = tuple(entry.path for entry in snapshot.agent_entries)
    unread = [problem for problem in problems if problem.severity == "error" and not problem.path.startswith(paths)]
    return unread[:_REASONS]


def _reason(entry: catalog.AgentEntry, runtime: str, gpu_type: str) -> str:
    parts = []
    if entry.runtimes and runtime not in entry.runtimes:
        parts.append(f"runtime {errors.listed(entry.runtimes)}")
    if entry.gpu_types and gpu_type not in entry.gpu_types:
        parts.append(f"GPU type {errors.listed(entry.gpu_types)}")
    return " and ".join(parts)
