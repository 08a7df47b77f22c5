"""Finds what is suspicious in a configuration: every problem of reading it, and what only a trial shows.

- ``fields``: fields that are valid but will not do what was meant
- ``pod_fields``: Kubernetes' fields at every depth, held against what the API server says about them
- ``field_walk``: goes through those fields
- ``objects``: keys of one map that exclude each other, resources that do not exist, a program with spaces
- ``values``: single values that Kubernetes, a container runtime or a shell does not take
- ``probes``: ports that nothing has, and probes that workers get
- ``near_names``: GPU types and runtimes that are misprints of known ones
- ``gpu_resources``: GPUs in the resources of a configuration, which decide nothing
- ``repeated``: flags that a runtime template and an agent entry both give
- ``sections``: the parts of an entry that have such fields, and keys without a value in them
- ``templates``: Go templates as they are written
- ``lookalikes``: text in templates that was meant as an action
- ``render_trials``: what templates render to with every sample
- ``printed``: what they print where Kubernetes wants certain values
- ``startup``: the command and args of a rendering, as an engine or a shell receives them
- ``spaces``: spaces that actions leave over in it
- ``scripts``: the script that a shell gets, and whether arguments arrive in it
- ``passing``: how arguments reach what is started without a shell, as elements
- ``ignores``: comments by which the author of a configuration ignores findings
- ``sample_variables``: the variables that trials render with
- ``trial_results``: what trials produce and how their findings are collected

Never in here: I/O, or rules of rendering and merging. Trials call the code that serves requests.
"""

from collections.abc import Callable, Iterable

from webhook import catalog
from webhook.catalog.report import Report
from webhook.catalog.schema import gpu_types
from webhook.catalog.schema.agent_entries import AgentConfiguration
from webhook.catalog.schema.gpu_types import GpuTable
from webhook.catalog.schema.runtime_templates import RuntimeTemplates
from webhook.linting import (
    fields,
    gpu_resources,
    ignores,
    lookalikes,
    near_names,
    pod_fields,
    probes,
    render_trials,
    sections,
    templates,
)
from webhook.linting.ignores import CODES
from webhook.rendering.gpus import CPU

__all__ = ["CODES", "lint"]


def lint(
    documents: Iterable[catalog.Document], together: Callable[[str, str], bool] = lambda _templates, _agent: True
) -> tuple[catalog.Problem, ...]:
    """Return every load problem and every finding of these documents that no comment ignores, in order of document and place.

    Findings that compare runtime templates with agent entries need a document of each kind.

    Args:
        documents: the configurations; there may be several of one kind.
        together: whether two documents, runtime templates and agent entries by their sources, are used by one webhook, and so
            compared with each other.
    """
    reads = [catalog.read(document) for document in documents]
    runtime_templates = [(one.content, one.report) for one in reads if isinstance(one.content, RuntimeTemplates)]
    agents = [(one.content, one.report) for one in reads if isinstance(one.content, AgentConfiguration)]
    tables = [one.content for one in reads if isinstance(one.content, GpuTable)]
    rows = [row.gpu_type for table in tables for row in table.rows if row.gpu_type is not None]
    gpus = catalog.GpuTypes((*rows, *gpu_types.BUILT_IN))
    for content, report in runtime_templates:
        _check_templates(content, report)
        served = tuple(
            entry
            for configured, agent_report in agents
            if together(report.source, agent_report.source)
            for entry in configured.entries
        )
        lookalikes.look_alikes(content.entries, report, served)
        gpu_resources.check(content.entries, report, gpus)
    for configured, report in agents:
        pod_fields.check(configured.entries, report)
        for entry in configured.entries:
            probes.ports(entry, report)
        near_names.gpu_types(configured.entries, report, {CPU, *(row.name for row in gpus)})
        gpu_resources.check(configured.entries, report, gpus)
        for rule in fields.AGENT_RULES:
            rule(configured.entries, report)
    compared = False
    for content, report in runtime_templates:
        for configured, agent_report in agents:
            if not together(report.source, agent_report.source):
                continue
            compared = True
            for cross_rule in fields.CROSS_RULES:
                cross_rule(content.entries, report, configured.entries, agent_report)
    return ignores.applied([(one.document, one.problems) for one in reads], compared=compared)


def _check_templates(content: RuntimeTemplates, report: Report) -> None:
    slots = pod_fields.check(content.entries, report)
    unknown_starts = sections.unknown_starts(report)
    for entry in content.entries:
        probes.ports(entry, report)
        probes.of_workers(entry, report)
        known = templates.check(entry, report)
        render_trials.check(entry, report, known, slots, unknown_starts)
    for rule in fields.TEMPLATE_RULES:
        rule(content.entries, report)
