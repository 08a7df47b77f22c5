"""Objects before and after a change, as ``render`` and ``restore`` print them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import typer

from webhook import errors, patch, workload
from webhook.cli import objects, output
from webhook.cli.object_files import Located
from webhook.cli.output import ObjectFormat


def print_changed(
    before: Sequence[Located],
    change: Callable[[Located], Mapping[str, Any]],
    form: ObjectFormat,
    *,
    exit_code: bool = False,
) -> None:
    """Change every object and print the results; if any is denied, report the denials and print nothing.

    Args:
        before: the objects.
        change: returns what becomes of one that is no List.
        form: how to print.
        exit_code: whether the exit status says if anything differs.

    Raises:
        typer.Exit: with status 1, an object was denied; or, with ``exit_code``, with 1 if an object differs and 2 if one was denied.
    """
    denied = False

    def attempt(one: Located) -> Mapping[str, Any]:
        nonlocal denied
        try:
            return change(one)
        except errors.Denied as refusal:
            denied = True
            output.report(f"{one.place(refusal.message)}denied: {refusal.answer}")
            return one.value

    after = [one.changed(attempt) for one in before]
    if denied:
        raise typer.Exit(2 if exit_code else 1)
    pairs = [(one.value, other) for one, other in zip(before, after, strict=True)]
    _print(pairs, form)
    if exit_code and any(one != other for one, other in pairs):
        raise typer.Exit(1)


def _print(pairs: Sequence[tuple[objects.Object, objects.Object]], form: ObjectFormat) -> None:
    match form:
        case ObjectFormat.YAML:
            typer.echo(objects.to_yaml([after for _, after in pairs]), nl=False)
        case ObjectFormat.JSON:
            typer.echo(objects.to_json([after for _, after in pairs]), nl=False)
        case ObjectFormat.PATCH:
            for before, after in pairs:
                typer.echo(msgspec.json.encode(patch.diff(before, after)).decode())
        case ObjectFormat.DIFF:
            for before, after in pairs:
                name = f"{before['kind']} {workload.display_name(before)}"
                output.console().print(output.coloured(output.difference(before, after, name)), end="")
