"""Go templates of the configuration to text, refusing ``<no value>`` (contract section 5)."""

import re
from collections.abc import Mapping
from typing import Any

from webhook import catalog, errors, gotemplate
from webhook.rendering.budget import cause

#: What Go prints for a value that does not exist; it must never reach a container.
_NO_VALUE = "<no value>"

#: What JSON and Kubernetes take for an integer, of at most 64 bits.
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,18})")


def text(template: gotemplate.Template, variables: Mapping[str, Any], budget: gotemplate.Budget) -> str:
    """Render one Go template within the budget of the request.

    Raises:
        errors.Denied: it fails or needs more than is left, or its output holds ``<no value>``.
    """
    missing: list[gotemplate.NoValue] = []
    try:
        rendered = template.render(variables, on_no_value=missing.append, budget=budget)
    except gotemplate.ExecError as error:
        place = errors.PlaceInTemplate(template.name, error.line or 1, error.column or 1)
        raise errors.Denied("template-failed", f"the template failed: {cause(error, budget)}", place) from error
    if missing:
        place = errors.PlaceInTemplate(template.name, missing[0].line, missing[0].column)
        raise errors.Denied("no-value", _no_value(template, missing[0], variables), place)
    if _NO_VALUE in rendered:
        message = (
            f"template {template.name} printed {_NO_VALUE}, spelled out by an argument or by the template itself; "
            "write it in another way"
        )
        raise errors.Denied("no-value", message, errors.PlaceInTemplate(template.name))
    return rendered


def integer(template: catalog.IntegerTemplate, variables: Mapping[str, Any], budget: gotemplate.Budget) -> int | str:
    """Render a Go template where Kubernetes wants an integer, or also takes a string (contract section 4).

    Raises:
        errors.Denied: as :func:`text`, or it printed neither.
    """
    return as_integer(template, text(template.template, variables, budget))


def as_integer(template: catalog.IntegerTemplate, printed: str) -> int | str:
    """Return what Kubernetes gets for what a Go template printed.

    Raises:
        errors.Denied: it is not an integer, and Kubernetes takes no string there.
    """
    printed = printed.strip()
    if _INTEGER.fullmatch(printed):
        return int(printed)
    if template.or_string:
        return printed
    message = (
        f"template {template.template.name} printed {errors.shown(printed)}, but Kubernetes wants an integer there"
    )
    raise errors.Denied("not-an-integer", message, errors.PlaceInTemplate(template.template.name))


def tree(value: Any, variables: Mapping[str, Any], budget: gotemplate.Budget) -> Any:
    """Return a JSON value in which every Go template is replaced by what it renders to (``renderAll``).

    Raises:
        errors.Denied: as :func:`text`.
    """
    if isinstance(value, gotemplate.Template):
        return text(value, variables, budget)
    if isinstance(value, catalog.IntegerTemplate):
        return integer(value, variables, budget)
    if isinstance(value, dict):
        return {key: tree(inner, variables, budget) for key, inner in value.items()}
    if isinstance(value, list):
        return [tree(inner, variables, budget) for inner in value]
    return value


def _no_value(template: gotemplate.Template, missing: gotemplate.NoValue, variables: Mapping[str, Any]) -> str:
    place = f"template {template.name}, line {missing.line}, column {missing.column}"
    unknown = [use.name for use in template.variables if use.name not in variables]
    written = missing.expression.removeprefix("$").removeprefix(".").split(".")[0]
    name = written if written in unknown or not unknown else unknown[0]
    cause = "" if name == written else f" (.{name} does not exist)"
    return f"{place}: {missing.expression} has no value{cause}; {errors.among(name, variables.keys())}"
