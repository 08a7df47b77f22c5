"""Command and args of the inference container, and the rendering of any other template (contract section 5)."""

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from webhook import catalog, errors, gotemplate

#: What Go prints for a value that does not exist; it never reaches a container.
_NO_VALUE = "<no value>"


class Command(msgspec.Struct, frozen=True):
    """Command and args of a container; without a command the image's own is used."""

    command: list[str] | None
    args: list[str]
    warnings: tuple[str, ...] = ()


def command(template: catalog.RuntimeTemplate | None, data: Mapping[str, Any]) -> Command:
    """Render ``commandTemplate`` and ``argsTemplate``.

    Args:
        template: the runtime template, or None where only an agent entry knows the runtime.
        data: the variables; ``CUSTOM_ARGS`` are the arguments that the agent entry and the workload give.

    Raises:
        errors.Denied: a template fails or prints a value that does not exist.
    """
    custom: list[str] = data["CUSTOM_ARGS"]
    if template is None or not (template.command or template.args):
        return Command(None, custom)
    args = [expand(part, data) for part in template.args]
    if not template.command:
        lines = [line.strip() for text in args for line in text.split("\n")]
        args = [line for line in lines if line]
        return Command(None, args if template.uses_custom_args else args + custom)
    rendered = [expand(part, data) for part in template.command]
    if not template.args:
        return Command(rendered, custom)
    if custom and not template.uses_custom_args:
        ignored = f'runtime "{template.runtime}" does not use .CUSTOM_ARGS: {len(custom)} arguments were ignored'
        return Command(rendered, args, (ignored,))
    return Command(rendered, args)


def expand(template: gotemplate.Template, data: Mapping[str, Any]) -> str:
    """Render one template.

    Raises:
        errors.Denied: it fails, or what it prints holds ``<no value>``.
    """
    missing: list[gotemplate.NoValue] = []
    try:
        text = template.render(data, on_no_value=missing.append)
    except gotemplate.TemplateError as error:
        raise errors.Denied("template-failed", f"the template failed: {error}") from error
    if missing:
        raise errors.Denied("no-value", _no_value(template, missing[0], data))
    if _NO_VALUE in text:
        message = f"template {template.name} printed {_NO_VALUE}, which an argument or the template itself spells out"
        raise errors.Denied("no-value", message)
    return text


def expand_fields(values: Mapping[str, Any], templated: Collection[str], data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a map of fields with every template in the ``templated`` ones rendered (``renderAll``).

    Raises:
        errors.Denied: as :func:`expand`.
    """
    return {key: _expand_tree(value, data) if key in templated else value for key, value in values.items()}


def _expand_tree(tree: Any, data: Mapping[str, Any]) -> Any:
    if isinstance(tree, gotemplate.Template):
        return expand(tree, data)
    if isinstance(tree, dict):
        return {key: _expand_tree(value, data) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_expand_tree(value, data) for value in tree]
    return tree


def _no_value(template: gotemplate.Template, missing: gotemplate.NoValue, data: Mapping[str, Any]) -> str:
    place = f"template {template.name}, line {missing.line}, column {missing.column}"
    unknown = [use.name for use in template.variables if use.name not in data]
    said = missing.expression.removeprefix("$").removeprefix(".").split(".")[0]
    name = said if said in unknown or not unknown else unknown[0]
    of = "" if name == said else f" (.{name} does not exist)"
    return f"{place}: {missing.expression} has no value{of}; {errors.among(name, data.keys())}"
