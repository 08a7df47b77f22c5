"""Findings about what templates render to: every combination of roles, arguments and sizes is tried.

A rendering here is that of a request, through the same code; only the variables are made up.
"""

import re
from collections.abc import Hashable
from dataclasses import dataclass, field

from webhook import errors, gotemplate
from webhook.catalog import RuntimeTemplate, Severity, templates
from webhook.catalog.nodes import Scalar
from webhook.catalog.report import Placed, Report
from webhook.linting import argv, entries, flags, samples
from webhook.linting.expressions import Place
from webhook.rendering import command

#: Where templates of command and args stand.
_ARGUMENT = re.compile(r"\.containerTemplate\.(command|args)Template\[")
#: What Go prints for null, for a missing variable inside `print`, and for a verb of printf that does not fit its value.
_MISPRINTED = re.compile(r"<nil>|%!\S?\([^)]*\)?")
_QUOTED = re.compile(r"\"(?:\\.|[^\"\\])*\"|'[^']*'", re.DOTALL)
_DOUBLED = re.compile(r"(?<=\S)[ \t]{2,}(?=\S)")
_TRAILING = re.compile(r"(?<=\S)[ \t]+$", re.MULTILINE)

#: Characters of a rendering that a finding shows before and after the blanks it is about.
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class _Tried:
    """A template of an entry with what it rendered to."""

    path: str
    scalar: Scalar
    template: gotemplate.Template
    text: str


@dataclass(slots=True)
class _Findings:
    """What the trials of one entry found: each thing once, with the first combination that shows it."""

    report: Report
    combination: samples.Combination | None = None
    found: dict[Hashable, tuple[Severity, str, str, Placed, str, str]] = field(default_factory=dict)

    def add(self, code: str, path: str, what: Hashable, at: Placed, cause: str, remedy: str = "") -> None:
        """Add a finding of the combination that is being tried; `what` tells it from others of its code and path.

        What only happens to variables that no pod has is a remark.
        """
        assert self.combination is not None
        severity: Severity = "warning" if self.combination.exists else "info"
        known = self.found.get((code, path, what))
        if known is None or (known[0] == "info" and severity == "warning"):
            self.found[code, path, what] = severity, code, path, at, f"{cause} ({self.combination})", remedy

    def tell(self) -> None:
        """Put everything into the report."""
        for severity, code, path, at, cause, remedy in self.found.values():
            add = self.report.warning if severity == "warning" else self.report.info
            add(code, path, at, cause, remedy)


def check(entry: templates.Entry, report: Report, known: frozenset[Place]) -> None:
    """Add the findings of an entry; `known` are places of mistakes that have been reported already."""
    findings = _Findings(report)
    for combination in samples.combinations(entry.runtime or "runtime"):
        findings.combination = combination
        tried = [_try(findings, known, combination, compiled) for compiled in entry.compiled]
        for one in tried:
            if one is not None:
                _look_for_misprints(findings, one)
        if entry.template is None:
            continue
        for one in tried:
            if one is not None and _ARGUMENT.search(one.path):
                _look_at_argument(findings, one, lines=not entry.template.command)
        if all(tried) and (entry.template.command or entry.template.args):
            _look_at_command(findings, entry, entry.template, combination)
    findings.tell()


def _try(
    findings: _Findings,
    known: frozenset[Place],
    combination: samples.Combination,
    compiled: templates.Compiled,
) -> _Tried | None:
    """Render a template; None if a request would be refused."""
    path, scalar, template = compiled
    missing: list[gotemplate.NoValue] = []
    unknown = {use.name for use in template.variables} - samples.VARIABLES  # reported where they stand
    inside = findings.report.inside
    try:
        text = template.render(combination.data, on_no_value=missing.append)
    except gotemplate.ExecError as error:
        if error.variable not in unknown and (path, error.line, error.column) not in known:
            at = inside(scalar, error.line, error.column) if error.line else scalar
            findings.add("render-fails", path, (error.line, error.column), at, str(error))
        return None
    for one in missing if not unknown else ():
        at = inside(scalar, one.line, one.column)
        findings.add("no-value", path, (one.line, one.column), at, f"{one.expression} has no value")
    return None if missing else _Tried(*compiled, text)


def _look_for_misprints(findings: _Findings, one: _Tried) -> None:
    """Look for what Go prints in place of a value; unlike `<no value>` it reaches a container."""
    for misprint in _MISPRINTED.finditer(one.text):
        cause = f'"{misprint[0]}" is printed'
        remedy = "look at the variables and verbs of print and printf"
        findings.add("misprint", one.path, misprint[0], one.scalar, cause, remedy)


def _look_at_argument(findings: _Findings, one: _Tried, *, lines: bool) -> None:
    """Look for blanks that nobody meant; with ``lines`` each line becomes an argument of its own (contract section 5)."""
    text = one.text
    if lines:
        arguments = [line.strip() for line in text.split("\n")]
        text = "\n".join(arguments)
        if not any(flags.blanks(one.scalar.value)):
            for line, _ in flags.blanks(text):
                cause = f'the line "{arguments[line - 1]}" becomes one argument'
                remedy = "write each flag on a line of its own, and its value after an equals sign"
                findings.add("flags-on-one-line", one.path, line, one.scalar, cause, remedy)
    bare = _QUOTED.sub(lambda quoted: "q" * len(quoted[0]), text)
    remedy = "trim with {{- or -}}"
    for blanks in _DOUBLED.finditer(bare):
        before, after = _around(text, blanks)
        # blanks that stand so in the template are its author's
        if f"{before}{blanks[0]}" in one.template.text or f"{blanks[0]}{after}" in one.template.text:
            continue
        cause = f'two blanks in a row in "{before}{blanks[0]}{after}"'
        findings.add("doubled-blank", one.path, "", one.scalar, cause, remedy)
    for blanks in _TRAILING.finditer(bare):
        cause = f'a blank at the end of "{_around(text, blanks)[0]}{blanks[0]}"'
        findings.add("trailing-blank", one.path, "", one.scalar, cause, remedy)


def _around(text: str, blanks: re.Match[str]) -> tuple[str, str]:
    """Return the words beside some blanks, or as much of them as a finding shows."""
    before = re.split(r"\s", text[max(blanks.start() - _SHOWN, 0) : blanks.start()])[-1]
    after = re.split(r"\s", text[blanks.end() : blanks.end() + _SHOWN])[0]
    return before, after


def _look_at_command(
    findings: _Findings, entry: templates.Entry, template: RuntimeTemplate, combination: samples.Combination
) -> None:
    """Look at everything that is started together."""
    _, container, path = entries.parts(entry)
    assert container is not None
    key = "argsTemplate" if template.args else "commandTemplate"
    where, at = f"{path}.containerTemplate.{key}", container.entries[key]
    data = combination.data
    try:
        rendered = command.command(template, data)
    except errors.Denied as refusal:
        findings.add("render-fails", where, "", at, refusal.message)
        return
    started = [*(rendered.command or ()), *rendered.args]
    for flag in argv.repeated_flags(started):
        findings.add(
            "flag-twice", where, flag, at, f"{flag} is given twice", "give it once: engines differ in which they take"
        )
    if rendered.warnings or not data["CUSTOM_ARGS"] or any(argv.passes(started, arg) for arg in data["CUSTOM_ARGS"]):
        return
    if _serves(template, combination, started):
        cause = "CUSTOM_ARGS do not reach what is started: the args of workloads and agent entries are ignored"
        findings.add("custom-args-unused", where, "", at, cause, 'refer to .CUSTOM_ARGS, or to "$@" in a script')


def _serves(template: RuntimeTemplate, combination: samples.Combination, started: list[str]) -> bool:
    """Tell whether this is meant to serve the model, rather than to help or to refuse: it names the model's files."""
    if any(use.name == "MODEL_PATH" for part in (*template.command, *template.args) for use in part.variables):
        return any(combination.data["MODEL_PATH"] in each for each in started)
    return not combination.data["IS_DISTRIBUTED"] or combination.data["IS_LEADER"]
