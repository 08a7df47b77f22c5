"""The score and the survivors, for a terminal."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

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


def score(verdicts: Iterable[Verdict]) -> float:
    """Return how many percent of the changes that could be noticed were, rounded down to a tenth; 100 if there are none."""
    noticeable = [verdict for verdict in verdicts if verdict in ("killed", "survived", "untested")]
    return noticeable.count("killed") * 1000 // len(noticeable) / 10 if noticeable else 100.0


def report(tried: Sequence[tuple[Mutant, Verdict]], *, untried: int = 0) -> str:
    """Return the report, without a line break at its end.

    Args:
        tried: changes with what became of them.
        untried: how many changes the time was too short for.
    """
    return "\n".join(_lines(tried, untried))


def _lines(tried: Sequence[tuple[Mutant, Verdict]], untried: int) -> Iterator[str]:
    for mutant, verdict in tried:
        if verdict == "survived":
            yield f"{mutant.source}:{mutant.line}:{mutant.column}: no case notices {WORDS[mutant.kind]} in {mutant.where}"
            yield from (f"    - {errors.printable(line)}" for line in mutant.removed)
            yield from (f"    + {errors.printable(line)}" for line in mutant.added)
            yield ""
    untested = Counter((one.source, one.runtime) for one, verdict in tried if verdict == "untested")
    for (source, runtime), count in untested.items():
        yield f"{source}: no case is about runtime {runtime}, so nothing notices {count} changes of it"
    if untested:
        yield ""
    verdicts = [verdict for _, verdict in tried]
    names: list[Verdict] = ["killed", "survived", "untested", "equivalent"]
    numbers = ", ".join(f"{verdicts.count(name)} {name}" for name in names if name != "untested" or untested)
    yield f"mutation score {score(verdicts)} %: {numbers}"
    if untried:
        yield f"{untried} more changes were not tried: the time was too short"
