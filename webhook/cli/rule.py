"""``hydra-webhook rule``: what a code in brackets means."""

import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from webhook import catalog, errors, linting, rules
from webhook.cli import options, output

Codes = Annotated[
    list[str] | None,
    typer.Argument(metavar="CODE", show_default="a list of all", help="Code of a finding, denial or warning."),
]
All = Annotated[bool, typer.Option("--all", help="Explain every code.")]

#: What a code is copied with: ``[unknown-runtime]``, ``error[wrong-type]``, ``[warning: no-value]``.
_COPIED = re.compile(r"(?:\w*\[)?(?:\w+: )?([\w-]+)\]?")

_FILES: dict[catalog.ConfigKind, str] = {
    "templates": "templates.yaml",
    "agent": "agent.yaml",
    "gpu-configs": "gpu-configs.yaml",
}
_INDENT = 4

#: Characters of a meaning that are shown even where the terminal is too narrow for them.
_SHORTEST = 20


def rule(
    codes: Codes = None,
    output_format: options.ReportOutput = output.ReportFormat.TEXT,
    *,
    every: All = False,
) -> None:
    """Explain a code that lint, a denial or a warning has.

    Shows what it means and what to do, and for a finding of lint a configuration that has it and one that does not.
    Without a code, all codes are listed.

    Exit status: 0 success, 2 there is no such code.
    """
    if codes and every:
        raise typer.BadParameter("cannot be combined with codes", param_hint="--all")
    found = [one for code in codes for one in _found(code)] if codes else list(rules.every())
    if output_format is output.ReportFormat.JSON:
        output.print_json(found)
    elif codes or every:
        console = output.console()
        for number, one in enumerate(found):
            if number:
                console.print()
            _explain(one, console)
    else:
        _list(found)


def _found(written: str) -> Sequence[rules.Rule]:
    """Return what is known about a code, with the brackets and the severity that it may have been copied with.

    Raises:
        typer.BadParameter: there is no such code.
    """
    copied = _COPIED.fullmatch(written.strip())
    code = copied[1].lower() if copied is not None else written
    found = rules.find(code)
    if not found:
        near = errors.nearest(code, rules.CODES)
        remedy = f'did you mean "{near}"?' if near else "hydra-webhook rule lists all codes"
        raise typer.BadParameter(f'there is no code "{errors.printable(written)}"; {remedy}', param_hint="CODE")
    return found


def _list(found: Sequence[rules.Rule]) -> None:
    """Print a line for each code; on a terminal the meanings are cut to what fits, because others give them in full."""
    before = max(len(one.code) for one in found) + max(len(one.kind) for one in found) + 4
    fits = max(shutil.get_terminal_size().columns - before, _SHORTEST) if sys.stdout.isatty() else None
    table = Table("CODE", "KIND", "MEANING", box=None, pad_edge=False, header_style="bold")
    for one in found:
        meaning = rules.plain(one.meaning)
        cut = meaning if fits is None or len(meaning) <= fits else f"{meaning[: fits - 1].rstrip()}…"
        table.add_row(one.code, one.kind, cut)
    output.print_table(table)


def _explain(one: rules.Rule, console: Console) -> None:
    """Print what is known about a code; a terminal wraps it."""
    headline = Text(one.code, style="bold")
    console.print(headline.append(f": {one.kind}", style="not bold"))
    if one.title:
        console.print(Text(f'The warning begins with "{one.title}".'))
    console.print(Text(_sentence(one.meaning)))
    if one.remedy:
        console.print(Text(f"What to do: {rules.plain(one.remedy)}."))
    for said, example in (("Wrong", one.wrong), ("Right", one.right)):
        for kind, text in example.items():
            console.print(Text(f"\n{said}, {_FILES[kind]}:\n", style="bold"))
            _indented(console, text.rstrip("\n").split("\n"), style="cyan")
        if said == "Wrong" and example:
            console.print(Text("\nlint reports:\n", style="bold"))
            _indented(console, _reported(one))


def _reported(one: rules.Rule) -> Iterator[str]:
    """Yield what lint says about the wrong example of a code."""
    documents = [catalog.Document(kind, _FILES[kind], text) for kind, text in one.wrong.items()]
    for problem in linting.lint(documents):
        if problem.code == one.code:
            yield str(problem)


def _indented(console: Console, lines: Iterator[str] | Sequence[str], style: str = "") -> None:
    for line in lines:
        text = Text(line, style=style)
        if console.is_terminal:
            console.print(Padding(text, (0, 0, 0, _INDENT), expand=False))
        else:
            console.print(Text(" " * _INDENT).append_text(text) if line else "")


def _sentence(meaning: str) -> str:
    text = rules.plain(meaning)
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"
