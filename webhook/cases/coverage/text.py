"""Coverage for a terminal: a line for each runtime, then the source of what no case went through."""

from collections.abc import Iterator, Mapping
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


def missing(one: Counted) -> str:
    """Return what no case does."""
    subject = errors.printable(one.subject)
    match one.what:
        case "branch":
            return f"{{{{{subject}}}}} {_OUTCOMES[one.subject.split(' ', 1)[0], one.outcome]}"
        case "action":
            return f"{subject} is never executed"
        case "definition":
            return f"{{{{{subject}}}}} is never called"
        case "role":
            return (
                f"no {subject} of runtime {one.owner}" if subject != "lone" else f"no lone pod of runtime {one.owner}"
            )
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
    for (source, line), group in groupby(coverage.missed, key=lambda one: (one.source, one.line)):
        found = list(group)
        owner = found[0].owner
        yield ""
        for one in found:
            yield f"{source}:{line}:{one.column}: {owner}: {missing(one)}"
        yield from (f"    {row}" for row in _excerpt(coverage, found))


def _excerpt(coverage: Coverage, found: list[Counted]) -> Iterator[str]:
    """Yield the source of a line, of a long one the part around the first place, and a line with a caret below that place."""
    lines = coverage.sources.get(found[0].source, ())
    if not 1 <= found[0].line <= len(lines):
        return
    source = lines[found[0].line - 1]
    indent = len(source) - len(source.lstrip())
    shown, caret = gotemplate.excerpt(source[indent:], found[0].column - indent, _AROUND).split("\n")
    yield shown
    yield caret
