"""Tries the mutants of ``test --mutate``, in several processes and within bounded time."""

import contextlib
import multiprocessing
import os
import time
from collections.abc import Iterator, Sequence
from concurrent import futures

from webhook import cases
from webhook.cases.mutants import Mutant, Suite, Trial, Verdict
from webhook.cli import output
from webhook.cli.case_files import Tested

#: Mutants that a process tries at a time: after the time is over, those that have begun are finished.
_AT_A_TIME = 8

#: In a process that tries mutants, what it tries them with.
_trial: Trial | None = None


def suites(tested: Sequence[Tested]) -> list[Suite]:
    """Return the cases that were run, with what they need."""
    return [
        Suite(tuple(outcome.case for outcome in one.outcomes), one.files, one.prepared.documents, one.prepared.settings)
        for one in tested
        if one.files is not None and one.prepared is not None
    ]


def tried(
    of: Sequence[Suite], *, seconds: float, processes: int | None = None
) -> tuple[list[tuple[Mutant, Verdict]], int]:
    """Try the mutants of what some test files test.

    Args:
        of: the test files, all of whose cases pass.
        seconds: how long; what is left then is not tried.
        processes: how many; as many as there are processors if None. With one, it is this one.

    Returns:
        The mutants that were tried with what became of them, in the order of their places; and how many were not.
    """
    mutants = Trial(of).mutants
    count = min(processes or os.cpu_count() or 1, len(mutants) // _AT_A_TIME + 1)
    chunks = [range(at, min(at + _AT_A_TIME, len(mutants))) for at in range(0, len(mutants), _AT_A_TIME)]
    end = time.monotonic() + seconds
    found = dict(_in_processes(of, chunks, end, count) if count > 1 else _here(of, chunks, end))
    ordered = sorted(found)
    return [(mutants[number], found[number]) for number in ordered], len(mutants) - len(ordered)


def _here(of: Sequence[Suite], chunks: Sequence[range], end: float) -> Iterator[tuple[int, Verdict]]:
    _begin(of)
    with output.Progress("changes") as progress:
        for chunk in chunks:
            if time.monotonic() > end:
                return
            yield from _verdicts(chunk)
            progress.step(len(chunk))


def _in_processes(
    of: Sequence[Suite], chunks: Sequence[range], end: float, count: int
) -> Iterator[tuple[int, Verdict]]:
    # spawned, so that they share nothing with this process and need no particular operating system
    context = multiprocessing.get_context("spawn")
    with futures.ProcessPoolExecutor(count, context, initializer=_begin, initargs=(of,)) as pool:
        waiting = [pool.submit(_verdicts, chunk) for chunk in chunks]
        with output.Progress("changes") as progress, contextlib.suppress(TimeoutError):
            for done in futures.as_completed(waiting, timeout=max(end - time.monotonic(), 0)):
                progress.step(len(done.result()))
        pool.shutdown(wait=True, cancel_futures=True)
        for one in waiting:
            if not one.cancelled():
                yield from one.result()


def _begin(of: Sequence[Suite]) -> None:
    global _trial  # noqa: PLW0603 - the way of a process pool to give its processes something to keep
    _trial = cases.mutants.Trial(of)


def _verdicts(numbers: range) -> list[tuple[int, Verdict]]:
    assert _trial is not None
    return [(number, _trial.verdict(_trial.mutants[number])) for number in numbers]
