"""Coverage for a terminal: a line for each runtime, then the source of what no case went through."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from webhook import errors, gotemplate
from webhook.cases.coverage.counted import Counted, Coverage, percent

#: Characters of a line that are shown on each side of a place.
_AROUND = 100

#: What is missing, by the keyword of the action and the outcome.
_OUTCOMES: Mapping[tuple[str, str], str] = {
    ("if", "body"): "is never true",
    ("if", "else"): "is never false",
    ("with", "body"): "never has a value",
    ("with", "else"): "always has a value",
    ("range", "none"): "is never empty",
    ("range", "one"): "never has exactly one turn",
    ("range", "many"): "never has several turns",
}


def report(coverage: Coverage) -> str:
    """Return the report, without a line break at its end."""
    return "\n".join([*_table(coverage), *_missing(coverage), "", f"total {share(coverage.counted)}"])


def share(counted: tuple[Counted, ...]) -> str:
    """Return how much of something cases went through: ``93.1 % (41 of 44)``."""
    return f"{percent(counted)} % ({sum(bool(one.hits) for one in counted)} of {len(counted)})"


def all_gaps(coverage: Coverage) -> Iterator[tuple[Counted, str]]:
    """Yield what no case does, in the order of the places, each with the first that it is about."""
    for _, group in groupby(coverage.counted, key=_line):
        yield from gaps(group)


def gaps(counted: Iterable[Counted]) -> Iterator[tuple[Counted, str]]:
    """Yield what no case does at the places of one line, each with the first that it is about."""
    groups: dict[tuple[int, str, str], list[Counted]] = {}
    for number, one in enumerate(counted):
        place = (one.column, one.template, one.subject) if one.what == "branch" else (-number, "", "")
        groups.setdefault(place, []).append(one)
    for group in groups.values():
        if group[0].what == "branch" and not any(one.hits for one in group):
            yield group[0], f"{{{{{errors.printable(group[0].subject)}}}}} is never executed"
        else:
            yield from ((one, _missing_one(one)) for one in group if not one.hits)


def _missing_one(one: Counted) -> str:
    subject = errors.printable(one.subject)
    match one.what:
        case "branch":
            return f"{{{{{subject}}}}} {_OUTCOMES[one.subject.split(' ', 1)[0], one.outcome]}"
        case "action":
            return f"{subject} is never executed"
        case "definition":
            return f"{{{{{subject}}}}} is never called"
        case "role":
            return f"no case has a {subject}{' pod' if subject == 'lone' else ''}"
        case _:
            return f"no case uses this {one.what}: {subject}"


def _table(coverage: Coverage) -> Iterator[str]:
    owners = list(coverage.owners())
    width = max((len(owner) for _, owner, _ in owners), default=0)
    for source, group in groupby(owners, key=lambda one: one[0]):
        yield source
        for _, owner, counted in group:
            yield f"  {owner.ljust(width)}  {share(counted)}"


def _missing(coverage: Coverage) -> Iterator[str]:
    for (source, line), group in groupby(coverage.counted, key=_line):
        found = list(gaps(group))
        if found:
            yield ""
            for one, text in found:
                yield f"{source}:{line}:{one.column}: {one.owner}: {text}"
            yield from (f"    {row}" for row in _excerpt(coverage, found[0][0]))


def _line(one: Counted) -> tuple[str, int]:
    return one.source, one.line


def _excerpt(coverage: Coverage, first: Counted) -> Iterator[str]:
    """Yield the source of a line, of a long one the part around the first place, and a line with a caret below that place."""
    lines = coverage.sources.get(first.source, ())
    if not 1 <= first.line <= len(lines):
        return
    source = lines[first.line - 1]
    indent = len(source) - len(source.lstrip())
    shown, caret = gotemplate.excerpt(source[indent:], first.column - indent, _AROUND).split("\n")
    yield shown
    yield caret
