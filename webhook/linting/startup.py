"""Findings about what a container starts: command and args as an engine or a shell receives them."""

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate

from webhook import errors
from webhook.catalog import Startup
from webhook.catalog.report import Placed, Report
from webhook.catalog.schema.runtime_templates import ReadRuntimeTemplate
from webhook.linting import fields, lookalikes, passing, sample_variables
from webhook.linting.trial_results import Findings, Rendering
from webhook.rendering import budget, command
from webhook.shell import argv, flags, scan

_DOUBLED = re.compile(r"(?<=\S)[ \t]{2,}(?=\S)")
_TRAILING = re.compile(r"(?<=\S)[ \t]+$", re.MULTILINE)
_SEPARATOR = re.compile(r"(?<=\S)\s+(?=\S)")
_FLAG = re.compile(r"--?[A-Za-z]")

#: How many characters around extra spaces are compared with the template, and shown in a finding.
_AROUND = 20


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
    first = rendered.command or _plain_command(entry, findings)
    started = [*first, *rendered.args]
    script = _script(findings, entry, elements, started, rendered, len(first))
    joining = passing.joining(findings, elements) if startup.command and script is None else []
    readable = True
    for one in elements:
        is_script = script is not None and one is script.rendering
        if startup.command:
            if one not in joining:
                _check_spaces(findings, one, one.text, scan.masked(one.text) if is_script else one.text)
        elif is_script:
            readable = not _splits_script(findings, one)
        elif sample_variables.AS_LIST not in one.text:
            _check_lines(findings, one)
    if script is not None and readable:
        readable = passing.check_script(findings, script, startup, first)
    if script is None and not _lacks_script(findings, elements, started, len(first)) and startup.command:
        passing.check_elements(findings, startup, elements, started, joining)
    # without a command, an element may become several arguments, so a repetition is reported at the last element
    if not joining:
        _check_repetitions(findings, elements if startup.command else elements[-1:], started)
    if not rendered.notices and not startup.others_use_custom_args and not joining and readable:
        _check_custom_args(findings, entry, startup, started)


def _plain_command(entry: ReadRuntimeTemplate, findings: Findings) -> Sequence[str]:
    """Return ``command`` of an entry, which is not a template, in the role of the current trial; empty if it has none."""
    parts = entry.draft.parts(findings.sample.role) if entry.draft is not None else ()
    found = next((part.container["command"] for part in parts if "command" in part.container), None) or ()
    return [word for word in found if isinstance(word, str)]


def _script(
    findings: Findings,
    entry: ReadRuntimeTemplate,
    elements: Sequence[Rendering],
    started: Sequence[str],
    rendered: command.Command,
    first: int,
) -> passing.Script | None:
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
        return passing.Script(started[at], f"{path}[{at}]", node, None)
    else:
        ends = accumulate(rendered.printed)
        one = next((one for one, end in zip(elements, ends, strict=True) if at - first < end), None)
    if one is None:
        return None
    text = one.text if rendered.command is None else started[at]
    return passing.Script(text, one.path, one.template.compiled.scalar, one)


def _splits_script(findings: Findings, one: Rendering) -> bool:
    """Find a script of several lines where each of them becomes an argument of its own."""
    splits = "\n" in one.text.strip()
    if splits:
        cause = "without commandTemplate each line is an argument, so the shell gets only the first line as its script"
        remedy = "write commandTemplate in place of command"
        findings.add("script-in-lines", one.path, "", one.template.compiled.scalar, cause, remedy)
    return splits


def _lacks_script(findings: Findings, elements: Sequence[Rendering], started: Sequence[str], first: int) -> bool:
    """Find a shell that gets no script."""
    lacking = argv.lacks_script(started[: first + len(elements)])
    if lacking is None:
        return False
    last = elements[min(lacking, len(elements) - 1)]
    if lacking < len(elements):
        cause = f'the shell takes "{started[lacking]}" for the name of a file'
        remedy = "write -c before it, as an element of its own"
        if started[lacking].startswith("-"):
            remedy = "write an element for the option, and one for the script"
    else:
        cause = "the shell gets -c, but no script, so the first argument of a workload would be one"
        remedy = "add the script and a name as elements"
    findings.add("no-script", last.path, cause, last.template.compiled.scalar, cause, remedy)
    return True


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
            place = _between(findings.report, one, before, " ", after)
            findings.add("flags-on-one-line", one.path, (place.line, place.column), place, cause, remedy)
    text = "\n".join(lines)
    _check_spaces(findings, one, text, text)


def separator(line: str) -> int | None:
    """Return the offset of the first space that separates two arguments in a rendered line; None if there is only one.

    A space separates if a flag follows it, or if no equals sign precedes it; any other space belongs to a value.
    """
    for spaces in _SEPARATOR.finditer(line):
        if _FLAG.match(line, spaces.end()) or "=" not in line[: spaces.start()]:
            return spaces.start()
    return None


def _check_spaces(findings: Findings, one: Rendering, text: str, masked: str) -> None:
    """Find spaces that an action left over, in a text in which parts may be masked."""
    remedy = "remove it, or trim it with {{- or -}}"
    for spaces in _DOUBLED.finditer(masked):
        if not _written(one.template.literals, text, spaces):
            before, after = _words(text, spaces)
            cause = f'two spaces in a row in "{before}{spaces[0]}{after}"'
            at = _between(findings.report, one, before, " ", after)
            findings.add("doubled-space", one.path, (before, after), at, cause, remedy)
    for spaces in _TRAILING.finditer(masked):
        before, _ = _words(text, spaces)
        at = _between(findings.report, one, before, spaces[0], "")
        findings.add("trailing-space", one.path, before, at, f'a space at the end of "{before}{spaces[0]}"', remedy)


def _written(literals: frozenset[str], text: str, spaces: re.Match[str]) -> bool:
    """Return whether one piece of the template's text contains these spaces: then its author wanted them."""
    before = text[max(spaces.start() - _AROUND, 0) : spaces.start()]
    after = text[spaces.end() : spaces.end() + _AROUND]
    for piece in literals:
        at = piece.find(spaces[0])
        while at >= 0:
            end = at + len(spaces[0])
            left, right = piece[max(at - _AROUND, 0) : at], piece[end : end + _AROUND]
            if before.endswith(left) and after.startswith(right):
                return True
            at = piece.find(spaces[0], at + 1)
    return False


def _words(text: str, spaces: re.Match[str]) -> tuple[str, str]:
    """Return the words before and after some spaces, or as much of them as a finding shows."""
    before = re.split(r"\s", text[max(spaces.start() - _AROUND, 0) : spaces.start()])[-1]
    after = re.split(r"\s", text[spaces.end() : spaces.end() + _AROUND])[0]
    return before, after


def _between(report: Report, one: Rendering, before: str, space: str, after: str) -> Placed:
    """Return the place between two words in the template's source, or its start if the words are not found there."""
    scalar, template = one.template.compiled.scalar, one.template.compiled.template
    flag = re.match(r"--?[\w.-]+", after)
    for words, within in ((before + space, len(before)), (space + (flag[0] if flag else after), 0)):
        at = template.text.find(words) if words.strip() else -1
        if at >= 0:
            line = template.text.count("\n", 0, at + within) + 1
            return report.inside(scalar, line, at + within - template.text.rfind("\n", 0, at + within))
    return scalar


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
