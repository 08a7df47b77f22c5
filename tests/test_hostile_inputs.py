"""No mangled review and no forged record is an internal error, changes its input, or restores what it may not.

``make attack`` holds a million inputs, by all processors. ``HYDRA_ATTACK_INPUTS``, ``HYDRA_ATTACK_FIRST`` and
``HYDRA_ATTACK_SECONDS`` say how many, from which number, and for how long at most.
"""

import collections
import concurrent.futures
import itertools
import multiprocessing
import os
import sys
import time

import pytest

from tests import hostile

INPUTS = int(os.environ.get("HYDRA_ATTACK_INPUTS", "1000000"))
FIRST = int(os.environ.get("HYDRA_ATTACK_FIRST", "0"))
SECONDS = float(os.environ.get("HYDRA_ATTACK_SECONDS", "7200"))

#: Inputs that one process holds between two reports.
_CHUNK = 2000


def held(first, count):
    """Return how many of these inputs ended in each way."""
    return collections.Counter(hostile.hold(number) for number in range(first, first + count))


@pytest.mark.slow
def test_a_few_thousand_hostile_inputs_are_decided_in_order():
    outcomes = held(0, 3000)

    assert outcomes.total() == 3000
    assert {"rendered", "already-rendered", "invalid-record", "malformed-object", "kept"} <= outcomes.keys()


@pytest.mark.attack
def test_a_million_hostile_inputs_are_decided_in_order(capsys):
    outcomes = collections.Counter()
    ends = time.monotonic() + SECONDS
    chunks = ((first, min(_CHUNK, FIRST + INPUTS - first)) for first in range(FIRST, FIRST + INPUTS, _CHUNK))
    workers = os.cpu_count() or 1
    spawn = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(workers, mp_context=spawn) as pool:
        running = {pool.submit(held, *chunk) for chunk in itertools.islice(chunks, 2 * workers)}
        while running:
            done, running = concurrent.futures.wait(running, return_when=concurrent.futures.FIRST_COMPLETED)
            for one in done:
                outcomes += one.result()
                chunk = next(chunks, None) if time.monotonic() < ends else None
                if chunk is not None:
                    running.add(pool.submit(held, *chunk))
            with capsys.disabled():
                sys.stdout.write(f"\r{outcomes.total():,} of {INPUTS:,} inputs from {FIRST:,}")
    with capsys.disabled():
        sys.stdout.writelines(f"\n{count:>10,} {outcome}" for outcome, count in outcomes.most_common())
