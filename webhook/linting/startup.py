"""Findings about what a container starts: command and args as an engine or a shell receives them."""

import re
from collections.abc import Iterator, Sequence

from webhook import errors
from webhook.catalog import Startup
from webhook.catalog.schema.runtime_templates import ReadRuntimeTemplate
from webhook.linting import fields, lookalikes, passing, sample_variables, scripts, spaces
from webhook.linting.trial_results import Findings, Rendering
from webhook.rendering import budget, command
from webhook.shell import argv, flags

_SEPARATOR = re.compile(r"(?<=\S)\s+(?=\S)")
_FLAG = re.compile(r"--?[A-Za-z]")


def check(findings: Findings, entry: ReadRuntimeTemplate, startup: Startup, renderings: Sequence[Rendering]) -> None:
    """Add the findings about the command and args that one trial rendered."""
    of_template = {one.template.compiled.template: one for one in renderings}
    elements = [of_template[template] for template in (*startup.command, *startup.args) if template in of_template]
    if not elements or len(elements) < len(startup.command) + len(startup.args):
        return
    try:
        rendered = command.command(startup, findings.sample.variables, budget.new())
    except errors.Denied as refusal:
        findings.add("render-fails", elements[0].path, "", elements[0].template.compiled.scalar, refusal.message)
        return
    first = rendered.command or (entry.draft.plain_command(findings.sample.role) if entry.draft is not None else ())
    started = [*first, *rendered.args]
    script = scripts.find(findings, entry, elements, started, rendered, len(first))
    if script is not None:
        known = not _check_with_shell(findings, startup, elements, script, first)
    else:
        own = len(elements) if startup.command else len(first) + sum(rendered.printed)
        known = _check_without_shell(findings, startup, elements, started, own)
    if known:
        return
    # without a command, an element may become several arguments, so a repetition is reported at the last element
    _check_repetitions(findings, elements if startup.command else elements[-1:], started)
    if not rendered.notices and not startup.others_use_custom_args:
        _check_custom_args(findings, entry, startup, started)


def _check_with_shell(
    findings: Findings,
    startup: Startup,
    elements: Sequence[Rendering],
    script: scripts.Script,
    first: Sequence[str],
) -> bool:
    """Check the elements of what a shell starts; return whether the shell can read its script."""
    for one in elements:
        is_script = one is script.rendering
        if startup.command:
            spaces.check(findings, one, one.text, scripts.masked(one.text) if is_script else one.text)
        elif is_script and scripts.splits(findings, one):
            return False
        elif not is_script:
            _check_lines(findings, one)
    return scripts.check(findings, script, startup, first)


def _check_without_shell(
    findings: Findings, startup: Startup, elements: Sequence[Rendering], started: Sequence[str], own: int
) -> bool:
    """Check the elements of what starts without a script; return whether that explains where the arguments go.

    ``own`` is how many of what is started is not appended.
    """
    if not startup.command:
        for one in elements:
            if sample_variables.AS_LIST not in one.text:
                _check_lines(findings, one)
    joining = passing.joining(findings, elements) if startup.command else []
    for one in elements if startup.command else ():
        if one not in joining:
            spaces.check(findings, one, one.text, one.text)
    if scripts.lacks(findings, elements, started[:own]):
        return True
    if startup.command:
        passing.check_elements(findings, startup, elements, started, joining)
    return bool(joining)


def _check_repetitions(findings: Findings, elements: Sequence[Rendering], started: Sequence[str]) -> None:
    """Find flags that one command gets twice."""
    for flag, index in flags.repeated_flags(started):
        culprit = elements[min(index, len(elements) - 1)]
        own = not any(argument.startswith(flag) for argument in sample_variables.CUSTOM_ARGS)
        what = flag if own else "CUSTOM_ARGS"
        cause = f"{flag} is passed twice" if own else "CUSTOM_ARGS are passed twice"
        remedy = "pass it once: engines differ in which of the two they use" if own else "pass them in one place"
        findings.add("flag-twice", culprit.path, what, culprit.template.compiled.scalar, cause, remedy)


def _check_lines(findings: Findings, one: Rendering) -> None:
    """Check lines that become one argument each (contract section 5)."""
    lines = [line.strip() for line in one.text.split("\n")]
    for line in lines:
        at = separator(line) if not lookalikes.are_in(line) else None
        if at is not None:
            before, after = line[:at].split()[-1], line[at:].split()[0]
            cause = f'the line "{line}" becomes a single argument'
            remedy = "write each flag on its own line, with its value after an equals sign"
            if all(argument in line for argument in sample_variables.CUSTOM_ARGS):
                remedy = "remove .CUSTOM_ARGS: arguments that no template refers to are appended, one by one"
            place = spaces.between(findings.report, one, before, " ", after)
            findings.add("flags-on-one-line", one.path, (place.line, place.column), place, cause, remedy)
    text = "\n".join(lines)
    spaces.check(findings, one, text, text)


def separator(line: str) -> int | None:
    """Return the offset of the first space that separates two arguments in a rendered line; None if there is only one.

    A space separates if a flag follows it, or if no equals sign precedes it; any other space belongs to a value.
    """
    for found in _SEPARATOR.finditer(line):
        if _FLAG.match(line, found.end()) or "=" not in line[: found.start()]:
            return found.start()
    return None


def _check_custom_args(
    findings: Findings, entry: ReadRuntimeTemplate, startup: Startup, started: Sequence[str]
) -> None:
    """Check that CUSTOM_ARGS reach the program. Workers are left out: they often start something else."""
    variables = findings.sample.variables
    arguments = variables["CUSTOM_ARGS"]
    worker = variables["IS_DISTRIBUTED"] and not variables["IS_LEADER"]
    if worker or not arguments or argv.gives_up(started):
        return
    if argv.becomes_name(started, arguments[0]):
        cause = "the first of CUSTOM_ARGS becomes the name of the script, $0, and is lost"
        remedy = "end commandTemplate with a name, such as {{ .MODEL_NAME }}: the arguments then follow as $@"
    elif not any(argv.passes(started, name) for name in _names(arguments)):
        cause = "CUSTOM_ARGS do not reach the program: the args of workloads and agent entries are ignored"
        remedy = _to_pass_on(startup, started)
    else:
        return
    where, at = fields.command_key(entry, findings.sample.role, "argsTemplate" if startup.args else "commandTemplate")
    findings.add("custom-args-unused", where, cause, at, cause, remedy)


def _to_pass_on(startup: Startup, started: Sequence[str]) -> str:
    """Return what to do about arguments that do not reach the program."""
    script = argv.script_at(started)
    if script is None:
        return "refer to .CUSTOM_ARGS, or read sys.argv in Python code"
    if startup.args or not startup.command:
        return passing.instead(startup, started[script])
    named = script + 1 < len(startup.command)
    return 'write "$@" in the script' if named else passing.NAMED


def _names(arguments: Sequence[str]) -> Iterator[str]:
    """Yield the part of each argument that survives escaping, quoting, or a space in place of its equals sign."""
    for argument in arguments:
        yield argument.partition("=")[0].strip("-")
