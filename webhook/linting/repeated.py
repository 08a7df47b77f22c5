"""Flags that a runtime template and an agent entry that serves it both give to the engine."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice, product

from webhook import catalog, errors
from webhook.catalog.report import Report
from webhook.catalog.schema.agent_entries import ReadAgentEntry
from webhook.catalog.schema.runtime_templates import ReadRuntimeTemplate
from webhook.catalog.yaml.nodes import Node, YamlSequence
from webhook.linting import sample_variables, sections
from webhook.rendering import budget, command
from webhook.shell import flags
from webhook.workload import ROLES, Role

#: How many pairs of a runtime template and an agent entry with args are tried; each takes some milliseconds.
_PAIRS = 500


def flags_of_both(
    runtime_templates: Iterable[ReadRuntimeTemplate],
    report: Report,
    agent_entries: Iterable[ReadAgentEntry],
    agent_report: Report,
) -> None:
    """Args of agent entries that repeat a flag of a runtime template; each is reported once, with the first runtime."""
    entries = [
        entry for entry in agent_entries if entry.agent_entry is not None and any(entry.agent_entry.args.values())
    ]
    unknown = sections.unknown_starts(report)
    by_name = {one.runtime: one.draft for one in runtime_templates if one.draft is not None and one.path not in unknown}
    reported: set[tuple[str, str]] = set()
    for entry, agent_entry, runtime_template in islice(_pairs(entries, by_name), _PAIRS):
        for role in ROLES:
            for own, other in _repeated(runtime_template, agent_entry, role):
                if (entry.path, own) not in reported:
                    reported.add((entry.path, own))
                    cause = (
                        f'{own} is passed twice: the template of runtime "{runtime_template.runtime}" passes {other}'
                    )
                    remedy = "pass it once: engines differ in which of the two they use"
                    path, at = _place(entry, role, own)
                    agent_report.warning("flag-twice", path, at, cause, remedy)


def _pairs(
    entries: Iterable[ReadAgentEntry], by_name: Mapping[str | None, catalog.RuntimeTemplate]
) -> Iterator[tuple[ReadAgentEntry, catalog.AgentEntry, catalog.RuntimeTemplate]]:
    """Yield the agent entries with the runtime templates that they match."""
    for entry in entries:
        if entry.agent_entry is not None:
            for name in entry.agent_entry.runtimes or by_name:
                if name in by_name:
                    yield entry, entry.agent_entry, by_name[name]


def _repeated(
    runtime_template: catalog.RuntimeTemplate, agent_entry: catalog.AgentEntry, role: Role
) -> Iterator[tuple[str, str]]:
    """Yield the flags of the agent entry that repeat one of the runtime template in this role, on one GPU or more."""
    arguments = agent_entry.args[role]
    types = agent_entry.gpu_types or (sample_variables.USUAL_GPU_TYPE,)
    for gpu_type, size in product(types[:1], sample_variables.SIZES) if arguments else ():
        variables = sample_variables.of(runtime_template.runtime, role, arguments, size, gpu_type)
        try:
            rendered = command.command(runtime_template.startups[role], variables, budget.new())
        except errors.Denied:
            continue  # trials of the runtime template report it
        own = runtime_template.plain_command(role) if rendered.command is None else rendered.command
        yield from flags.repeated_by(arguments, [*own, *rendered.args])


def _place(entry: ReadAgentEntry, role: Role, argument: str) -> tuple[str, Node]:
    """Return path and node of an argument of an entry: the first that has this flag, or else the entry."""
    flag = argument.replace("=", " ").split()[0]
    for section in sections.containers(entry):
        listed = section.fields.get("args") if section.role in (None, role) else None
        for index, item in enumerate(listed.items if isinstance(listed, YamlSequence) else ()):
            if str(getattr(item, "value", "")).replace("=", " ").split()[:1] == [flag]:
                return f"{section.path}.args[{index}]", item
    return entry.path, entry.node
