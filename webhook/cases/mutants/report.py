"""What became of the changes of a configuration: the score and the survivors, as values and for a terminal."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from webhook import errors
from webhook.cases.mutants.changes import Mutant
from webhook.cases.mutants.trial import Verdict

#: What a change does, in a few words.
WORDS = {
    "negated-condition": "a negated condition",
    "swapped-branches": "swapped branches",
    "dropped-pipeline": "a dropped pipeline",
    "changed-literal": "a changed literal",
    "dropped-trim": "a dropped trim marker",
    "removed-item": "a removed list item",
    "swapped-agent-entries": "swapped agent entries",
}


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of changes.

    Attributes:
        found: the changes that were tried, in the order of their places, with what became of each.
        untried: how many changes the time was too short for.
    """

    found: tuple[tuple[Mutant, Verdict], ...]
    untried: int = 0

    @property
    def score(self) -> float:
        """Return how many percent of the changes that could be noticed were."""
        return score(verdict for _, verdict in self.found)

    @property
    def survivors(self) -> tuple[Mutant, ...]:
        """Return the changes that no case noticed."""
        return tuple(mutant for mutant, verdict in self.found if verdict == "survived")

    @property
    def untested(self) -> Counter[tuple[str, str]]:
        """Return how many changes no case is about, by source and runtime."""
        return Counter((mutant.source, mutant.runtime) for mutant, verdict in self.found if verdict == "untested")

    def count(self, verdict: Verdict) -> int:
        """Return how many changes this became of."""
        return sum(one == verdict for _, one in self.found)


def score(verdicts: Iterable[Verdict]) -> float:
    """Return how many percent of the changes that could be noticed were, rounded down to a tenth; 100 if there are none."""
    noticeable = [verdict for verdict in verdicts if verdict in ("killed", "survived", "untested")]
    return noticeable.count("killed") * 1000 // len(noticeable) / 10 if noticeable else 100.0


def report(tried: Tried) -> str:
    """Return the report, without a line break at its end."""
    return "\n".join(_lines(tried))


def unnoticed(mutant: Mutant) -> str:
    """Return what is to be said of a survivor: what was changed, and where in the configuration."""
    return f"no case notices {WORDS[mutant.kind]} in {mutant.where}"


def difference(mutant: Mutant) -> Iterator[str]:
    """Yield the lines that a change removes, with a minus, and those that it adds, with a plus."""
    yield from (f"- {errors.printable(line)}" for line in mutant.removed)
    yield from (f"+ {errors.printable(line)}" for line in mutant.added)


def without_cases(runtime: str, count: int) -> str:
    """Return what is to be said of the changes of a runtime that no case is about."""
    changes = "1 change" if count == 1 else f"{count} changes"
    return f"no case is about runtime {runtime}, so nothing notices {changes} of it"


def summary(tried: Tried) -> str:
    """Return the score and the numbers."""
    names: list[Verdict] = ["killed", "survived", "untested", "equivalent"]
    numbers = ", ".join(f"{tried.count(name)} {name}" for name in names if name != "untested" or tried.untested)
    return f"mutation score {tried.score} %: {numbers}"


def _lines(tried: Tried) -> Iterator[str]:
    for mutant in tried.survivors:
        yield f"{mutant.source}:{mutant.line}:{mutant.column}: {unnoticed(mutant)}"
        yield from (f"    {line}" for line in difference(mutant))
        yield ""
    for (source, runtime), count in tried.untested.items():
        yield f"{source}: {without_cases(runtime, count)}"
    if tried.untested:
        yield ""
    yield summary(tried)
    if tried.untried:
        verb = "change was" if tried.untried == 1 else "changes were"
        yield f"{tried.untried} more {verb} not tried: the time was too short"
