"""What is known about one code."""

import re
from collections.abc import Mapping
from typing import Literal

import msgspec

from webhook import catalog

#: Where a code appears: in what ``lint`` reports, at the end of a denial, or in the docs' list of warnings.
Family = Literal["finding", "denial", "warning"]

#: A link of Markdown to another page of the docs, or to a place in it.
_LINK = re.compile(r"\[([^]]+)\]\(([^)]+)\)")


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is known about a code of one family; a code can be in several.

    Attributes:
        code: its name in kebab case.
        family: where it appears.
        group: the table of the docs that it is in: a key of ``tables.TABLES``.
        severity: of a finding; empty for others.
        title: of a warning, what the warning begins with; empty for others.
        meaning: what it means, as a line of Markdown with links relative to ``docs/``. That of a warning says what to do too.
        remedy: of a denial, what to do, in the same form. Findings have theirs in their messages.
        wrong: of a finding, configurations that have it, by kind; empty where there is no example.
        right: of a finding, the same without it.
    """

    code: str
    family: Family
    group: str
    severity: catalog.Severity | Literal[""] = ""
    title: str = ""
    meaning: str
    remedy: str = ""
    wrong: Mapping[catalog.ConfigKind, str] = {}
    right: Mapping[catalog.ConfigKind, str] = {}

    @property
    def kind(self) -> str:
        """Return what it is in a few words: ``lint error``, ``lint warning``, ``lint remark``, ``denial`` or ``warning``."""
        return f"lint {'remark' if self.severity == 'info' else self.severity}" if self.severity else self.family


def plain(markdown: str) -> str:
    """Return a line of Markdown as a terminal shows it: a link is its words, and the page in brackets."""
    return _LINK.sub(lambda link: f"{link[1]} ({_page(link[2])})", markdown)


def _page(target: str) -> str:
    return target if "://" in target else f"docs/{target}"
