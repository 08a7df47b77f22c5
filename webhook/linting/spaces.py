"""Findings about spaces that actions leave over, and the places of rendered words in a template."""

import re

from webhook.catalog.report import Placed, Report
from webhook.linting.trial_results import Findings, Rendering

_DOUBLED = re.compile(r"(?<=\S)[ \t]{2,}(?=\S)")
_TRAILING = re.compile(r"(?<=\S)[ \t]+$", re.MULTILINE)

#: How many characters around extra spaces are compared with the template, and shown in a finding.
_AROUND = 20


def check(findings: Findings, one: Rendering, text: str, masked: str) -> None:
    """Find spaces that an action left over, in a text in which parts may be masked."""
    remedy = "remove it, or trim it with {{- or -}}"
    for spaces in _DOUBLED.finditer(masked):
        if not _written(one.template.literals, text, spaces):
            before, after = _words(text, spaces)
            cause = f'two spaces in a row in "{before}{spaces[0]}{after}"'
            at = between(findings.report, one, before, " ", after)
            findings.add("doubled-space", one.path, (before, after), at, cause, remedy)
    for spaces in _TRAILING.finditer(masked):
        before, _ = _words(text, spaces)
        at = between(findings.report, one, before, spaces[0], "")
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


def between(report: Report, one: Rendering, before: str, space: str, after: str) -> Placed:
    """Return the place between two words in the template's source, or its start if the words are not found there."""
    scalar, template = one.template.compiled.scalar, one.template.compiled.template
    flag = re.match(r"--?[\w.-]+", after)
    for words, within in ((before + space, len(before)), (space + (flag[0] if flag else after), 0)):
        at = template.text.find(words) if words.strip() else -1
        if at >= 0:
            line = template.text.count("\n", 0, at + within) + 1
            return report.inside(scalar, line, at + within - template.text.rfind("\n", 0, at + within))
    return scalar
