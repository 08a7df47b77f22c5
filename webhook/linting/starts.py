"""Findings about what a container starts: command and args as an engine, or a shell, gets them."""

import re
from collections.abc import Iterator, Sequence

from webhook import errors
from webhook.catalog import RuntimeTemplate, templates
from webhook.catalog.report import Placed, Report
from webhook.linting import argv, entries, flags, samples, scanner
from webhook.linting.tried import Findings, Tried, refers
from webhook.rendering import command

#: Where templates of command and args stand.
_ARGUMENT = re.compile(r"\.containerTemplate\.(command|args)Template\[")
_DOUBLED = re.compile(r"(?<=\S)[ \t]{2,}(?=\S)")
_TRAILING = re.compile(r"(?<=\S)[ \t]+$", re.MULTILINE)

#: Characters of a rendering that are looked at, and that a finding shows, before and after blanks.
_AROUND = 20


def check(findings: Findings, entry: templates.Entry, template: RuntimeTemplate, tried: Sequence[Tried]) -> None:
    """Look at everything that is started together."""
    elements = [one for one in tried if _ARGUMENT.search(one.path)]
    others = [one for one in tried if not _ARGUMENT.search(one.path)]
    if not elements:
        return
    try:
        rendered = command.command(template, findings.combination.data)
    except errors.Denied as refusal:
        findings.add("render-fails", elements[0].path, "", elements[0].subject.compiled.scalar, refusal.message)
        return
    started = [*(rendered.command or ()), *rendered.args]
    script = argv.script_at(started)
    for index, one in enumerate(elements):
        if template.command:
            _look_at_blanks(findings, one, one.text, scanner.masked(one.text) if index == script else one.text)
        else:
            _look_at_lines(findings, one)
    # the elements are those of command and args in their order, unless each line is one
    _look_for_repetitions(findings, elements if template.command else elements[-1:], started)
    if not rendered.warnings and not any(refers(one.subject.compiled, "CUSTOM_ARGS") for one in others):
        _look_for_arguments(findings, entry, template, started)


def _look_for_repetitions(findings: Findings, elements: Sequence[Tried], started: Sequence[str]) -> None:
    """Look for flags that one command gets twice."""
    for flag, index in argv.repeated_flags(started):
        culprit = elements[min(index, len(elements) - 1)]
        own = not any(argument.startswith(flag) for argument in samples.CUSTOM_ARGS)
        what = flag if own else "CUSTOM_ARGS"
        cause = f"{flag} is given twice" if own else "CUSTOM_ARGS are handed over twice"
        remedy = "give it once: engines differ in which they take" if own else ""
        findings.add("flag-twice", culprit.path, what, culprit.subject.compiled.scalar, cause, remedy)


def _look_at_lines(findings: Findings, one: Tried) -> None:
    """Look at lines of which each becomes an argument (contract section 5)."""
    lines = [line.strip() for line in one.text.split("\n")]
    for line in lines:
        at = flags.first_blank(line)
        if at is not None:
            before, after = line[:at].split()[-1], line[at:].split()[0]
            cause = f'the line "{line}" becomes one argument'
            remedy = "write each flag on a line of its own, and its value after an equals sign"
            place = _between(findings.report, one, before, " ", after)
            findings.add("flags-on-one-line", one.path, (place.line, place.column), place, cause, remedy)
    text = "\n".join(lines)
    _look_at_blanks(findings, one, text, text)


def _look_at_blanks(findings: Findings, one: Tried, text: str, masked: str) -> None:
    """Look for blanks that nobody meant, in a text of which parts may be masked."""
    remedy = "trim with {{- or -}}"
    for blanks in _DOUBLED.finditer(masked):
        if not _written(one.subject.texts, text, blanks):
            before, after = _words(text, blanks)
            cause = f'two blanks in a row in "{before}{blanks[0]}{after}"'
            at = _between(findings.report, one, before, " ", after)
            findings.add("doubled-blank", one.path, (before, after), at, cause, remedy)
    for blanks in _TRAILING.finditer(masked):
        before, _ = _words(text, blanks)
        at = _between(findings.report, one, before, blanks[0], "")
        findings.add("trailing-blank", one.path, before, at, f'a blank at the end of "{before}{blanks[0]}"', remedy)


def _written(texts: frozenset[str], text: str, blanks: re.Match[str]) -> bool:
    """Tell whether blanks stand so in one piece of the template's text: then its author wanted them."""
    before = text[max(blanks.start() - _AROUND, 0) : blanks.start()]
    after = text[blanks.end() : blanks.end() + _AROUND]
    for piece in texts:
        at = piece.find(blanks[0])
        while at >= 0:
            end = at + len(blanks[0])
            left, right = piece[max(at - _AROUND, 0) : at], piece[end : end + _AROUND]
            if before.endswith(left) and after.startswith(right):
                return True
            at = piece.find(blanks[0], at + 1)
    return False


def _words(text: str, blanks: re.Match[str]) -> tuple[str, str]:
    """Return the words beside some blanks, or as much of them as a finding shows."""
    before = re.split(r"\s", text[max(blanks.start() - _AROUND, 0) : blanks.start()])[-1]
    after = re.split(r"\s", text[blanks.end() : blanks.end() + _AROUND])[0]
    return before, after


def _between(report: Report, one: Tried, before: str, blank: str, after: str) -> Placed:
    """Return where blanks between two words stand in the template, if the words tell; else where it begins."""
    _, scalar, template = one.subject.compiled
    flag = re.match(r"--?[\w.-]+", after)
    for words, within in ((before + blank, len(before)), (blank + (flag[0] if flag else after), 0)):
        at = template.text.find(words) if words.strip() else -1
        if at >= 0:
            line = template.text.count("\n", 0, at + within) + 1
            return report.inside(scalar, line, at + within - template.text.rfind("\n", 0, at + within))
    return scalar


def _look_for_arguments(
    findings: Findings, entry: templates.Entry, template: RuntimeTemplate, started: Sequence[str]
) -> None:
    """Look whether CUSTOM_ARGS reach what is started; workers often start something else."""
    data = findings.combination.data
    arguments = data["CUSTOM_ARGS"]
    worker = data["IS_DISTRIBUTED"] and not data["IS_LEADER"]
    if worker or not arguments or argv.gives_up(started):
        return
    if argv.becomes_name(started, arguments[0]):
        cause = "the first of CUSTOM_ARGS becomes the name of the script, $0, and is lost"
        remedy = "end commandTemplate with a name, such as the model's, and the arguments follow as $@"
    elif not any(argv.passes(started, name) for name in _names(arguments)):
        cause = "CUSTOM_ARGS do not reach what is started: the args of workloads and agent entries are ignored"
        remedy = 'refer to .CUSTOM_ARGS, or to "$@" in a script'
    else:
        return
    _, container, path = entries.parts(entry)
    assert container is not None
    key = "argsTemplate" if template.args else "commandTemplate"
    findings.add("custom-args-unused", f"{path}.containerTemplate.{key}", cause, container.pairs[key], cause, remedy)


def _names(arguments: Sequence[str]) -> Iterator[str]:
    """Yield what is left of arguments however they are written: escaped, quoted, or with a blank after the name."""
    for argument in arguments:
        yield argument.partition("=")[0].strip("-")
