"""A runtime template with other Go templates in the place of its own, such as those that report what they go through."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from webhook import gotemplate
from webhook.catalog.model import IntegerTemplate, Part, RuntimeTemplate, Startup

Substitute = Callable[[gotemplate.Template], gotemplate.Template]


def substituted(runtime_template: RuntimeTemplate, substitute: Substitute) -> RuntimeTemplate:
    """Return a runtime template in which each Go template is replaced, once and wherever it is used.

    Args:
        runtime_template: it is not modified.
        substitute: returns the template to use instead, which must refer to the same variables.
    """
    new = {id(template): substitute(template) for template in runtime_template.templates}

    def of(value: Any) -> Any:
        if isinstance(value, gotemplate.Template):
            return new[id(value)]
        if isinstance(value, IntegerTemplate):
            return replace(value, template=new[id(value.template)])
        if isinstance(value, dict):
            return {key: of(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(map(of, value))
        return value

    def part(one: Part) -> Part:
        return Part(of(one.pod), of(one.container), of(one.metadata))

    def startup(one: Startup) -> Startup:
        return replace(one, command=of(one.command), args=of(one.args))

    return replace(
        runtime_template,
        common=part(runtime_template.common),
        overlays={role: part(one) for role, one in runtime_template.overlays.items()},
        startups={role: startup(one) for role, one in runtime_template.startups.items()},
        templates=of(runtime_template.templates),
    )
