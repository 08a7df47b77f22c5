"""How thorough the tests are. Some have a short form for every day and a long one, which ``HYDRA_TESTS=long`` selects."""

import os

LONG = os.environ.get("HYDRA_TESTS") == "long"


def of(*, everyday: int, long: int) -> int:
    """Return how many examples, requests or rounds a test tries in this run."""
    return long if LONG else everyday
