"""Coverage in LCOV's tracefile format (geninfo(1), "TRACEFILE FORMAT"), which editors and services read.

A line counts as often as the action in it that was executed most often. A condition, a loop or the roles of a runtime are a
block of branches. A block whose condition was never evaluated has ``-`` for each of them.
"""

from collections.abc import Iterator
from itertools import groupby

from webhook.cases.coverage.counted import Counted, Coverage


def report(coverage: Coverage) -> str:
    """Return the tracefile."""
    lines = ["TN:"]
    for source, group in groupby(coverage.counted, key=lambda one: one.source):
        lines += _file(source, list(group))
    return "".join(f"{line}\n" for line in lines)


def _file(source: str, counted: list[Counted]) -> Iterator[str]:
    yield f"SF:{source}"
    branches = list(_branches([one for one in counted if one.what in ("branch", "role")]))
    for line, block, branch, taken in branches:
        yield f"BRDA:{line},{block},{branch},{taken}"
    if branches:
        yield f"BRF:{len(branches)}"
        yield f"BRH:{sum(taken not in ('-', '0') for _, _, _, taken in branches)}"
    hits: dict[int, int] = {}
    for one in counted:
        hits[one.line] = max(hits.get(one.line, 0), one.hits)
    for line, count in sorted(hits.items()):
        yield f"DA:{line},{count}"
    yield f"LF:{len(hits)}"
    yield f"LH:{sum(count > 0 for count in hits.values())}"
    yield "end_of_record"


def _branches(counted: list[Counted]) -> Iterator[tuple[int, int, int, str]]:
    """Yield line, block, branch and count of each branch; blocks are numbered within a line."""
    for line, on_line in groupby(counted, key=lambda one: one.line):
        groups: dict[tuple[object, ...], list[Counted]] = {}
        for one in on_line:
            place = (one.column, one.template, one.subject) if one.what == "branch" else (one.owner, "role")
            groups.setdefault(place, []).append(one)
        for block, group in enumerate(groups.values()):
            evaluated = any(one.hits for one in group)
            for branch, one in enumerate(group):
                yield line, block, branch, str(one.hits) if evaluated else "-"
