"""Findings about the script that a shell gets: which it is, whether a shell can read it, and whether arguments arrive in it."""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Any, NamedTuple

from webhook import errors
from webhook.catalog import Startup
from webhook.catalog.report import Placed
from webhook.catalog.schema.runtime_templates import ReadRuntimeTemplate
from webhook.linting import fields, passing
from webhook.linting.trial_results import Findings, Rendering, refers
from webhook.rendering import arguments, budget, command
from webhook.shell import argv, scan, syntax
from webhook.shell import passing as shell_passing

#: An argument with everything that a shell changes where it is not quoted, or quoted in the wrong way.
HOSTILE = """--custom=it's "two words" $HOME `id` * {a,b}; \\"""
#: Some of it as Go quotes it.
_FOR_GO = '\\"two words\\"'
_NAME = 'make it an element after the script, which is "$0" there'
#: Where a script is likely to do what is found about how it passes its arguments on.
_UNQUOTED = re.compile(r"(?<!\")\$(?:[@*0]|\{[@*0])|(?<!\")\$\{?\w+")
_PARSED = re.compile(r"\beval\b|\b\w*sh\s+-\w*c\b|\bsu\b")
_JOINED = re.compile(r"\$(?:\*|\{\*)|\$[@{]")
#: Many trials render the same script.
_unfinished = lru_cache(maxsize=32)(syntax.unfinished)
_passing = lru_cache(maxsize=32)(shell_passing.passing)
masked = lru_cache(maxsize=32)(scan.masked)
#: How many characters around a place in a script are searched for in its template.
_AROUND = 24


class Script(NamedTuple):
    """A script that a shell gets.

    Attributes:
        text: what it is with the current sample.
        path, at: its place in the configuration.
        rendering: where it comes from; None if it is an element of a plain ``command``.
    """

    text: str
    path: str
    at: Placed
    rendering: Rendering | None


def find(
    findings: Findings,
    entry: ReadRuntimeTemplate,
    elements: Sequence[Rendering],
    started: Sequence[str],
    rendered: command.Command,
    first: int,
) -> Script | None:
    """Return the script that a shell gets; None if there is none, or if it is an argument of the workload.

    ``first`` is how many of the elements are the command.
    """
    at = argv.script_at(started)
    if at is None:
        return None
    if rendered.command is not None:
        one = elements[at] if at < len(elements) else None
    elif at < first:
        path, node = fields.command_key(entry, findings.sample.role, "command")
        return Script(started[at], f"{path}[{at}]", node, None)
    else:
        ends = accumulate(rendered.printed)
        one = next((one for one, end in zip(elements, ends, strict=True) if at - first < end), None)
    if one is None:
        return None
    text = one.text if rendered.command is None else started[at]
    return Script(text, one.path, one.template.compiled.scalar, one)


def splits(findings: Findings, one: Rendering) -> bool:
    """Find a script of several lines where each of them becomes an argument of its own."""
    several = "\n" in one.text.strip()
    if several:
        cause = "without commandTemplate each line is an argument, so the shell gets only the first line as its script"
        remedy = "write commandTemplate in place of command"
        findings.add("script-in-lines", one.path, "", one.template.compiled.scalar, cause, remedy)
    return several


def lacks(findings: Findings, elements: Sequence[Rendering], own: Sequence[str]) -> bool:
    """Find a shell that gets no script; ``own`` is what is started, without arguments that are appended."""
    lacking = argv.lacks_script(own)
    if lacking is None:
        return False
    last = elements[min(lacking, len(elements) - 1)]
    if lacking < len(own):
        cause = f'the shell takes "{own[lacking]}" for the name of a file'
        remedy = "write -c before it, as an element of its own"
        if own[lacking].startswith("-"):
            remedy = "write an element for the option, and one for the script"
    else:
        cause = "the shell gets -c, but no script, so the first argument of a workload would be one"
        remedy = "add the script and a name as elements"
    findings.add("no-script", last.path, cause, last.template.compiled.scalar, cause, remedy)
    return True


def check(findings: Findings, script: Script, startup: Startup, first: Sequence[str]) -> bool:
    """Check a script, and how it gets free text of workloads and agent entries; return whether a shell can read it.

    Args:
        findings: receives the findings.
        script: what a shell gets.
        startup: what it is rendered from.
        first: the elements of a plain ``command``.
    """
    unfinished = _unfinished(script.text)
    if unfinished is not None:
        opening, closing, at = unfinished
        what = f"{opening} is never closed" if closing else f"nothing follows {opening}"
        remedy = f"add the closing {closing}" if closing else "write a command after it, or remove it"
        if closing == "'":
            remedy = "add the closing ', or put a text with an apostrophe in double quotes"
        place = _inside(findings, script, at)
        findings.add("script-syntax", script.path, opening, place, f"the shell refuses the script: {what}", remedy)
        return False
    one = script.rendering
    for name in arguments.FREE_TEXT if one is not None and findings.sample.possible else ():
        given = name != "CUSTOM_ARGS" or findings.sample.variables["CUSTOM_ARGS"]
        if one is not None and given and refers(one.template.compiled, name):
            _check_splice(findings, one, startup, first, name)
    passes = _passing(script.text)
    for found, how, remedy, sign in (
        (passes.split, "passes its arguments on without quotes", 'write "$@"', _UNQUOTED),
        (
            passes.parsed,
            "reads its arguments as code",
            'start the program itself, without eval or a second shell, with "$@"',
            _PARSED,
        ),
        (
            passes.joined and not passes.parsed,
            "joins its arguments into one",
            'write "$@", as a word of its own',
            _JOINED,
        ),
    ):
        if found:
            sign_at = sign.search(script.text)
            place = _inside(findings, script, sign_at.start()) if sign_at else script.at
            cause = f"the script {how}, so they do not arrive as they are"
            findings.add("reparsed-arguments", script.path, how, place, cause, remedy)
    return True


def _check_splice(findings: Findings, one: Rendering, startup: Startup, first: Sequence[str], name: str) -> None:
    """Check whether a variable, of which any text is the value, arrives where the template prints it into a script."""
    value: Any = [HOSTILE] if name == "CUSTOM_ARGS" else HOSTILE
    variables = {**findings.sample.variables, name: value}
    try:
        rendered = command.command(startup, variables, budget.new())
    except errors.Denied:
        return
    started = [*(rendered.command or first), *rendered.args]
    changed = [
        case
        for notice in arguments.notices(startup, variables, started[: len(started) - len(rendered.args)], rendered, ())
        if notice.code == "shell-changes-argument"
        for case in notice.cases
    ]
    at = argv.script_at(started)
    if HOSTILE not in changed or at is None:
        return
    compiled = one.template.compiled
    use = next(use for use in compiled.template.variables if use.name == name)
    place = findings.report.inside(compiled.scalar, use.line, use.column)
    remedy = passing.instead(startup, HOSTILE) if name == "CUSTOM_ARGS" else _NAME
    if _FOR_GO in started[at]:
        cause = f"printf quotes {name} for Go, not for a shell, which still expands $ and backquotes in it"
        findings.add("quoted-for-go", one.path, name, place, cause, remedy)
    else:
        cause = f"the shell gets {name} as text of the script, and changes quotes, $, spaces and the like in it"
        findings.add("spliced-argument", one.path, name, place, cause, remedy, severity="info")


def _inside(findings: Findings, script: Script, at: int) -> Placed:
    """Return the place in the configuration of an offset in a script; that of the whole script if it is not found there."""
    if script.rendering is None:
        return script.at
    compiled = script.rendering.template.compiled
    text = compiled.template.text
    for length in range(_AROUND, 0, -1):
        for begin, end in ((at, at + length), (max(at - length, 0), at + 1)):
            piece = script.text[begin:end]
            if text.count(piece) == 1:
                found = text.index(piece) + at - begin
                line = text.count("\n", 0, found) + 1
                return findings.report.inside(compiled.scalar, line, found - text.rfind("\n", 0, found))
    return script.at
