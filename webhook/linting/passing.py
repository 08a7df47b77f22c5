"""Findings about how arguments reach what is started: through a shell, or as elements of command and args."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from webhook import errors, gotemplate
from webhook.catalog import Startup
from webhook.catalog.report import Placed
from webhook.catalog.schema import remedies
from webhook.linting import lookalikes, sample_variables
from webhook.linting.trial_results import Findings, Rendering, refers
from webhook.rendering import arguments, budget, command
from webhook.shell import argv, passing, syntax

#: An argument with everything that a shell changes where it is not quoted, or quoted in the wrong way.
HOSTILE = """--custom=it's "two words" $HOME `id` * {a,b}; \\"""
#: What only a shell understands, and arguments that need one.
_OPERATORS = frozenset({"&&", "||", "|", ";", ">", ">>", "<", "2>&1", "&"})
_NEEDS_SHELL = re.compile(r"\$[@*]|\$\{[@*]\}|\s(?:&&|\|\|?|;|>{1,2}|<)\s")
#: A flag and its value, or something and a flag, in one element.
_SEVERAL = re.compile(r"--?[A-Za-z][\w.-]*[ \t]+\S|.*[ \t]--?[A-Za-z]", re.DOTALL)

PARAMETERS = 'end commandTemplate with the script and a name, leave out argsTemplate, and write "$@" in the script'
NAMED = 'write "$@" in the script, and after it an element that becomes "$0", such as "{{ .MODEL_NAME }}"'
_NAME = 'make it an element after the script, which is "$0" there'
IN_LINES = (
    'write commandTemplate in place of command and argsTemplate, which ends with the script and a name, and write "$@" '
    "in the script"
)
_ELEMENT = "remove this element: without argsTemplate, args are CUSTOM_ARGS, an element each"
_ELEMENTS = "remove this element, and move the others of argsTemplate to commandTemplate: args are then CUSTOM_ARGS"
_LINES = "write command and argsTemplate alone, of which each line is an argument and an empty one is dropped"
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


def instead(startup: Startup, script: str | None) -> str:
    """Return how to pass CUSTOM_ARGS on instead of printing them, where a script or an element of the command has them."""
    if script is None:
        return _ELEMENTS if startup.args else _ELEMENT
    return PARAMETERS if startup.command else IN_LINES


def check_script(findings: Findings, script: Script, startup: Startup, first: Sequence[str]) -> bool:
    """Check a script, and how it gets free text of workloads and agent entries; return whether a shell can read it.

    Args:
        findings: receives the findings.
        script: what a shell gets.
        startup: what it is rendered from.
        first: the elements of a plain ``command``.
    """
    unfinished = syntax.unfinished(script.text)
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
    passes = passing.passing(script.text)
    for found, how, remedy in (
        (passes.split, "passes its arguments on without quotes", 'write "$@"'),
        (passes.parsed, "reads its arguments as code", 'start the program itself, without eval or a second shell, with "$@"'),
        (passes.joined and not passes.parsed, "joins its arguments into one", 'write "$@", as a word of its own'),
    ):
        if found:
            cause = f"the script {how}, so they do not arrive as they are"
            findings.add("reparsed-arguments", script.path, how, script.at, cause, remedy)
    return True


def _check_splice(
    findings: Findings, one: Rendering, startup: Startup, first: Sequence[str], name: str
) -> None:
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
    scalar = one.template.compiled.scalar
    remedy = instead(startup, HOSTILE) if name == "CUSTOM_ARGS" else _NAME
    if '\\"two words\\"' in started[at]:
        cause = f"printf quotes {name} for Go, not for a shell, which still expands $ and backquotes in it"
        findings.add("quoted-for-go", one.path, name, scalar, cause, remedy)
    else:
        cause = f"the shell gets {name} as text of the script, and changes quotes, $, spaces and the like in it"
        findings.add("spliced-argument", one.path, name, scalar, cause, remedy, severity="info")


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


def check_elements(
    findings: Findings,
    startup: Startup,
    elements: Sequence[Rendering],
    started: Sequence[str],
    joining: Sequence[Rendering],
) -> None:
    """Check that each element of command and args is one argument, where no shell takes it apart.

    Args:
        findings: receives the findings.
        startup: what the elements are rendered from.
        elements: what is rendered.
        started: what is started.
        joining: the elements in which CUSTOM_ARGS are.
    """
    code = argv.code_at(started)
    for index, one in enumerate(elements):
        text, scalar = one.text, one.template.compiled.scalar
        if index == code or sample_variables.AS_LIST in text or lookalikes.are_in(text):
            continue
        if one in joining:
            cause = "CUSTOM_ARGS are joined into one argument"
            findings.add("flags-on-one-line", one.path, "CUSTOM_ARGS", scalar, cause, instead(startup, None))
        elif not text.strip():
            cause = "this element is empty, and the program gets it as an empty argument"
            findings.add("empty-element", one.path, "", scalar, cause, _LINES)
        elif text.strip() in _OPERATORS or _NEEDS_SHELL.search(text):
            cause = f'no shell is started, so the program gets "{text}" as an argument'
            remedy = "start a shell: commandTemplate with /bin/sh, -c, the script and a name"
            findings.add("needs-shell", one.path, "", scalar, cause, remedy)
        elif text != text.lstrip(" \t"):
            cause = f'the argument "{text}" begins with a space'
            findings.add("flags-on-one-line", one.path, "space", scalar, cause, "remove the space; {{- trims it")
        elif _SEVERAL.match(text) or (index == 0 and " " in text):
            cause = f'the element "{text}" is a single argument'
            remedy = f"write an element for each: {', '.join(map(remedies.quoted, remedies.words(text)))}"
            if _has_actions(one):
                remedy = "write an element for each argument"
            findings.add("flags-on-one-line", one.path, "several", scalar, cause, remedy)


def _has_actions(one: Rendering) -> bool:
    return "{{" in one.template.compiled.template.text


def joining(findings: Findings, elements: Sequence[Rendering]) -> list[Rendering]:
    """Return the elements that print all CUSTOM_ARGS."""
    variables = {**findings.sample.variables, "CUSTOM_ARGS": list(sample_variables.CUSTOM_ARGS)}
    found = []
    for one in elements:
        if not refers(one.template.compiled, "CUSTOM_ARGS"):
            continue
        try:
            text = one.template.compiled.template.render(variables)
        except gotemplate.TemplateError:
            continue
        if sample_variables.AS_LIST not in text and all(argument in text for argument in sample_variables.CUSTOM_ARGS):
            found.append(one)
    return found
