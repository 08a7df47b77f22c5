"""Command and args of the inference container (contract section 5)."""

from collections.abc import Mapping
from typing import Any

import msgspec

from webhook import catalog, gotemplate
from webhook.notices import Notice
from webhook.rendering import expand


class Command(msgspec.Struct, frozen=True):
    """Command and args of a container; without a command the image's own is used."""

    command: list[str] | None
    args: list[str]
    notices: tuple[Notice, ...] = ()


def command(
    runtime_template: catalog.RuntimeTemplate | None, variables: Mapping[str, Any], budget: gotemplate.Budget
) -> Command:
    """Render ``commandTemplate`` and ``argsTemplate``.

    Args:
        runtime_template: None where only an agent entry knows the runtime.
        variables: ``CUSTOM_ARGS`` among them holds the arguments that the agent entry and the workload give.
        budget: what the Go templates may still use.

    Raises:
        errors.Denied: a Go template fails or prints a value that does not exist.
    """
    custom: list[str] = variables["CUSTOM_ARGS"]
    if runtime_template is None or not (runtime_template.command or runtime_template.args):
        return Command(None, custom)
    args = [expand.text(template, variables, budget) for template in runtime_template.args]
    if not runtime_template.command:
        lines = [line.strip() for text in args for line in text.split("\n")]
        args = [line for line in lines if line]
        return Command(None, args if runtime_template.uses_custom_args else args + custom)
    rendered = [expand.text(template, variables, budget) for template in runtime_template.command]
    if not runtime_template.args:
        return Command(rendered, custom)
    if custom and not runtime_template.uses_custom_args:
        return Command(rendered, args, (Notice("arguments-ignored", custom),))
    return Command(rendered, args)
