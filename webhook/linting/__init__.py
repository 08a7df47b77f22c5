"""Finds what is suspicious in a configuration: every problem of reading it, and what only a trial shows.

- ``fields``: fields that are valid but will not do what was meant
- ``templates``: Go templates as they are written
- ``render_trials``: what templates render to with every sample
- ``startup``: the command and args of a rendering, as an engine or a shell receives them
- ``sample_variables``: the variables that trials render with
- ``trial_results``: what trials produce and how their findings are collected
- ``shell/``: arguments, flags and shell scripts

Never in here: I/O, or rules of rendering and merging. Trials call the code that serves requests.
"""

from collections.abc import Iterable

from webhook.catalog import agent, gpus
from webhook.catalog import templates as catalog_templates
from webhook.catalog.documents import Document
from webhook.catalog.model import Problem
from webhook.linting import fields, render_trials, templates

__all__ = ["lint"]


def lint(documents: Iterable[Document]) -> tuple[Problem, ...]:
    """Return every load problem and every finding of these documents, in order of document and place.

    Findings that compare templates with agent entries need a document of each kind.
    """
    found: list[list[Problem]] = []
    read_templates: list[catalog_templates.Loaded] = []
    read_agents: list[agent.Loaded] = []
    for document in documents:
        if document.config_kind == "templates":
            loaded = catalog_templates.load(document, {})
            read_templates.append(loaded)
            _check_templates(loaded)
            found.append(loaded.report.problems)
        elif document.config_kind == "agent":
            configured = agent.load(document)
            read_agents.append(configured)
            for rule in fields.AGENT_RULES:
                rule(configured.entries or (), configured.report)
            found.append(configured.report.problems)
        else:
            found.append(gpus.load(document)[1].problems)
    for loaded in read_templates:
        for configured in read_agents:
            if loaded.entries is not None and configured.entries is not None:
                for cross_rule in fields.CROSS_RULES:
                    cross_rule(loaded, configured)
    return tuple(problem for problems in found for problem in sorted(problems, key=lambda one: (one.line, one.column)))


def _check_templates(loaded: catalog_templates.Loaded) -> None:
    for entry in loaded.entries or ():
        known = templates.check(entry, loaded.report)
        render_trials.check(entry, loaded.report, known)
    for rule in fields.TEMPLATE_RULES:
        rule(loaded.entries or (), loaded.report)
