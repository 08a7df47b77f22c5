"""Command and args of the inference container (contract section 5)."""

from collections.abc import Mapping
from itertools import chain
from typing import Any

import msgspec

from webhook import catalog, gotemplate
from webhook.notices import Notice
from webhook.rendering import expand


class Command(msgspec.Struct, frozen=True):
    """Command and args of a container; without a command the image's own is used.

    Attributes:
        command: one element for each entry of ``commandTemplate``.
        args: what the entries of ``argsTemplate`` print, and CUSTOM_ARGS where they are appended.
        notices: what the author should know.
        printed: how many elements of ``args`` each entry of ``argsTemplate`` printed; those after them are CUSTOM_ARGS.
    """

    command: list[str] | None
    args: list[str]
    notices: tuple[Notice, ...] = ()
    printed: tuple[int, ...] = ()


def command(startup: catalog.Startup, variables: Mapping[str, Any], budget: gotemplate.Budget) -> Command:
    """Render ``commandTemplate`` and ``argsTemplate``.

    Args:
        startup: how the runtime starts in this role; empty where only an agent entry knows it.
        variables: ``CUSTOM_ARGS`` among them holds the arguments that the agent entry and the workload give.
        budget: what the Go templates may still use.

    Raises:
        errors.Denied: a Go template fails or prints a value that does not exist.
    """
    custom: list[str] = variables["CUSTOM_ARGS"]
    if not (startup.command or startup.args):
        return Command(None, custom)
    args = [expand.text(template, variables, budget) for template in startup.args]
    if not startup.command:
        lines = [[line for part in text.split("\n") if (line := part.strip())] for text in args]
        args = [*chain.from_iterable(lines), *(() if startup.uses_custom_args else custom)]
        return Command(None, args, printed=tuple(map(len, lines)))
    printed = (1,) * len(args)
    rendered = [expand.text(template, variables, budget) for template in startup.command]
    if not startup.args:
        return Command(rendered, custom)
    if custom and not (startup.uses_custom_args or startup.others_use_custom_args):
        return Command(rendered, args, (Notice("arguments-ignored", custom),), printed)
    return Command(rendered, args, printed=printed)
