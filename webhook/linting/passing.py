"""Findings about how arguments reach what is started: through a shell, or as elements of command and args."""

import re
from collections.abc import Sequence

from webhook.linting.trial_results import Findings, Rendering, refers
from webhook.shell import argv, passing, scan

#: A flag and its value, or something and a flag, in one element.
_SEVERAL = re.compile(r"--?[A-Za-z][\w.-]*[ \t]+\S|.*[ \t]--?[A-Za-z]", re.DOTALL)
_PARAMETERS = 'end commandTemplate with the script and a name, leave out argsTemplate, and write "$@" in the script'
_NAME = 'make it an element after the script, which is "$0" there'
_ELEMENTS = "leave out argsTemplate: args are then CUSTOM_ARGS, an element each"
_LINES = "write command and argsTemplate alone, of which each line is an argument and an empty one is dropped"


def check_script(findings: Findings, one: Rendering, script: str) -> None:
    """Check how a script gets free text of workloads and agent entries.

    Args:
        findings: receives the findings.
        one: the element that is the script, or that it is part of.
        script: its text.
    """
    variables = findings.sample.variables
    written = scan.uncommented(script)
    remedies = {"CUSTOM_ARGS": _PARAMETERS, "MODEL_NAME": _NAME, "GPU_TYPE": _NAME}
    for name, remedy in remedies.items():
        values = variables[name] if name == "CUSTOM_ARGS" else [variables[name]]
        if refers(one.template.compiled, name) and any(value in written for value in values):
            cause = f"the shell gets {name} as text of the script, and changes quotes, $, spaces and the like in it"
            scalar = one.template.compiled.scalar
            findings.add("spliced-argument", one.path, name, scalar, cause, remedy, severity="info")
    passes = passing.passing(script)
    if passes.split or passes.parsed:
        how = "reads its arguments as code" if passes.parsed else "passes its arguments on without quotes"
        cause = f"the script {how}, so the shell takes them apart"
        findings.add("reparsed-arguments", one.path, how, one.template.compiled.scalar, cause, 'write "$@"')


def check_elements(findings: Findings, elements: Sequence[Rendering], started: Sequence[str]) -> None:
    """Check that each element of command and args is one argument, where no shell takes it apart."""
    arguments = findings.sample.variables["CUSTOM_ARGS"]
    code = argv.code_at(started)
    for index, one in enumerate(elements):
        text, scalar = one.text, one.template.compiled.scalar
        if index == code:
            continue
        if not text.strip():
            cause = "this element is empty, and the program gets it as an empty argument"
            findings.add("empty-element", one.path, "", scalar, cause, _LINES)
        elif len(arguments) > 1 and all(argument in text for argument in arguments):
            cause = "CUSTOM_ARGS are joined into one argument"
            findings.add("flags-on-one-line", one.path, "CUSTOM_ARGS", scalar, cause, _ELEMENTS)
        elif _SEVERAL.match(text):
            cause = f'the element "{text}" is a single argument'
            findings.add("flags-on-one-line", one.path, "several", scalar, cause, "write an element for each argument")
        elif text != text.lstrip(" \t"):
            cause = f'the argument "{text}" begins with a space'
            findings.add("flags-on-one-line", one.path, "space", scalar, cause, "trim it with {{-")
