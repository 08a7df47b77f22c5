"""Findings about how arguments reach what is started: through a shell, or as elements of command and args."""

import re
from collections.abc import Sequence

from webhook import gotemplate
from webhook.catalog import Startup
from webhook.catalog.schema import remedies
from webhook.linting import lookalikes, sample_variables
from webhook.linting.trial_results import Findings, Rendering, refers
from webhook.shell import argv

#: What only a shell understands, and arguments that need one.
_OPERATORS = frozenset({"&&", "||", "|", ";", ">", ">>", "<", "2>&1", "&"})
_NEEDS_SHELL = re.compile(r"\$[@*]|\$\{[@*]\}|\s(?:&&|\|\|?|;|>{1,2}|<)\s")
#: A flag and its value, or something and a flag, in one element.
_SEVERAL = re.compile(r"--?[A-Za-z][\w.-]*[ \t]+\S|.*[ \t]--?[A-Za-z]", re.DOTALL)

PARAMETERS = 'end commandTemplate with the script and a name, leave out argsTemplate, and write "$@" in the script'
NAMED = 'write "$@" in the script, and after it an element that becomes "$0", such as "{{ .MODEL_NAME }}"'
IN_LINES = (
    'write commandTemplate in place of command and argsTemplate, which ends with the script and a name, and write "$@" '
    "in the script"
)
_ELEMENT = "remove this element: without argsTemplate, args are CUSTOM_ARGS, an element each"
_ELEMENTS = "remove this element, and move the others of argsTemplate to commandTemplate: args are then CUSTOM_ARGS"
_LINES = "write command and argsTemplate alone, of which each line is an argument and an empty one is dropped"


def instead(startup: Startup, script: str | None) -> str:
    """Return how to pass CUSTOM_ARGS on instead of printing them, where a script or an element of the command has them."""
    if script is None:
        return _ELEMENTS if startup.args else _ELEMENT
    return PARAMETERS if startup.command else IN_LINES


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
            if findings.sample.variables["CUSTOM_ARGS"]:
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
