"""How one thing measured in rounds compares with another."""

import statistics
from collections.abc import Sequence


def median_ratio(mine: Sequence[float], its: Sequence[float]) -> float:
    """Return how many times as large mine is. Within a round, since the machine's speed changes from round to round."""
    return statistics.median(one / other for one, other in zip(mine, its, strict=True))


def median_difference(mine: Sequence[float], its: Sequence[float]) -> float:
    """Return by how much mine is larger. Within a round likewise."""
    return statistics.median(one - other for one, other in zip(mine, its, strict=True))
