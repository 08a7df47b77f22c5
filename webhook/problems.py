"""What is wrong with a configuration, and where: the one form that reading, linting, logs and editors share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from webhook import errors

Severity = Literal["error", "warning", "info"]

#: Every code that a problem can have. ``docs/configuration.md`` describes each.
ProblemCode = Literal[
    # a configuration as a whole
    "absent",
    "deleted",
    "empty",
    "yaml-syntax",
    "yaml-limit",
    "several-documents",
    "wrong-kind",
    "configmap-name",
    "missing-data-key",
    "unread-data-key",
    "several-lists",
    "too-many-problems",
    # its entries
    "wrong-type",
    "missing-key",
    "unknown-key",
    "empty-value",
    "bad-value",
    "duplicate-key",
    "duplicate-runtime",
    "runtime-name",
    "two-names",
    "image-beside",
    "unquoted-tag",
    "reserved-key",
    "yaml-key",
    "yaml-value",
    "yaml-alias",
    "template-syntax",
    # findings of lint: templates
    "unknown-variable",
    "impossible-comparison",
    "always-fails",
    "unreachable-branch",
    "lws-variable-in-lone-pod",
    "render-fails",
    "no-value",
    "misprint",
    "doubled-space",
    "trailing-space",
    "flag-twice",
    "flags-on-one-line",
    "empty-element",
    "spliced-argument",
    "quoted-for-go",
    "reparsed-arguments",
    "script-syntax",
    "no-script",
    "script-in-lines",
    "needs-shell",
    "not-an-action",
    "not-an-integer",
    "custom-args-unused",
    "costly-templates",
    # findings of lint: Kubernetes' fields
    "unknown-value",
    "bad-quantity",
    "tiny-quantity",
    "bad-name",
    "env-name",
    "image-reference",
    "exclusive-fields",
    "unknown-resource",
    "command-with-spaces",
    "unknown-probe-port",
    "probe-of-workers",
    # findings of lint: fields
    "bare-key",
    "plain-command",
    "late-field",
    "unrendered",
    "duplicate-item",
    "duplicate-port-name",
    "unreachable-entry",
    "uncounted-gpu",
    "undefined-volume",
    "no-image",
    "no-agent-entry",
    "no-template",
    "unknown-gpu-type",
    # findings of lint: comments
    "unused-ignore",
]


class Span(NamedTuple):
    """A piece of a source: from its first character to just past its last.

    Lines and columns count from 1, columns in Unicode code points; 0 where unknown. A place, of which only the beginning is
    known, is a span without an end.
    """

    line: int = 0
    column: int = 0
    end_line: int = 0
    end_column: int = 0

    def in_utf16(self, lines: Sequence[str]) -> "Span":
        """Return the span with its columns counted in UTF-16 code units, as editors count (Language Server Protocol).

        Columns still count from 1. ``lines`` are all lines of the source, with or without their line breaks.
        """
        return Span(
            self.line,
            _utf16_column(lines, self.line, self.column),
            self.end_line,
            _utf16_column(lines, self.end_line, self.end_column),
        )


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a configuration, or worth knowing about it.

    Attributes:
        code: the rule, a stable name in kebab case.
        severity: ``error``: the entry (or the whole file) cannot be used or, found by lint alone, the API server refuses what it
            renders; ``warning`` and ``info``: it is used anyway.
        source: file path, or ``ConfigMap namespace/name``, as a person would name it.
        path: key path, e.g. ``templates[0].podTemplate.volumes``; empty for the whole file.
        line, column: where it begins in the source, as in ``Span``.
        cause: what is wrong.
        remedy: how to fix it; empty if the cause says it.
        end_line, end_column: where it ends, as in ``Span``.
        excerpt: the line that it is in, or part of it, and a second line with carets below the place; "" if it has no place.
    """

    code: ProblemCode
    severity: Severity
    source: str
    path: str
    line: int
    column: int
    cause: str
    remedy: str = ""
    end_line: int = 0
    end_column: int = 0
    excerpt: str = ""

    @property
    def span(self) -> Span:
        """Return where it is in the source."""
        return Span(self.line, self.column, self.end_line, self.end_column)

    @property
    def place(self) -> str:
        """Return ``source:line:column``, leaving out what is unknown."""
        return errors.printable(f"{self.source}:{self.line}:{self.column}" if self.line else self.source)

    @property
    def message(self) -> str:
        """Return ``path: cause; remedy``, leaving out what is unknown."""
        text = f"{self.cause}; {self.remedy}" if self.remedy else self.cause
        return errors.printable(f"{self.path}: {text}" if self.path else text)

    def __str__(self) -> str:
        """Return ``source:line:column: path: cause; remedy``, leaving out what is unknown."""
        return f"{self.place}: {self.message}"


def _utf16_column(lines: Sequence[str], line: int, column: int) -> int:
    if not 1 <= line <= len(lines) or column < 1:
        return column
    before = lines[line - 1][: column - 1]
    return column + sum(ord(character) > 0xFFFF for character in before)
