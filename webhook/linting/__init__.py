"""What is suspicious in a configuration: everything that reading it found, and what only trying it out shows.

The room's rule: configuration texts come in, problems go out, and no rule renders or merges on its own: templates are tried
with what requests run.

``entries`` looks at fields, ``expressions`` at templates as they are written, ``trials`` at what they render to.
"""

from collections.abc import Iterable

from webhook.catalog import agent, gpus, templates
from webhook.catalog.documents import Document
from webhook.catalog.model import Problem
from webhook.linting import entries, expressions, trials

__all__ = ["lint"]


def lint(documents: Iterable[Document]) -> tuple[Problem, ...]:
    """Return every load problem and every finding of these documents, in order of document and place.

    Findings between templates and agent entries are made only if there are documents of both kinds.
    """
    found: list[list[Problem]] = []
    read_templates: list[templates.Loaded] = []
    read_agents: list[agent.Loaded] = []
    for document in documents:
        if document.config_kind == "templates":
            loaded = templates.load(document, {})
            read_templates.append(loaded)
            _templates(loaded)
            found.append(loaded.report.problems)
        elif document.config_kind == "agent":
            configured = agent.load(document)
            read_agents.append(configured)
            for rule in entries.AGENT_RULES:
                rule(configured.entries or (), configured.report)
            found.append(configured.report.problems)
        else:
            found.append(gpus.load(document)[1].problems)
    for loaded in read_templates:
        for configured in read_agents:
            if loaded.entries is not None and configured.entries is not None:
                for cross_rule in entries.CROSS_RULES:
                    cross_rule(loaded, configured)
    return tuple(problem for problems in found for problem in sorted(problems, key=lambda one: (one.line, one.column)))


def _templates(loaded: templates.Loaded) -> None:
    for entry in loaded.entries or ():
        known = expressions.check(entry, loaded.report)
        trials.check(entry, loaded.report, known)
    for rule in entries.TEMPLATE_RULES:
        rule(loaded.entries or (), loaded.report)
