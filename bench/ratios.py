"""Comparisons of two series of measurements, made in the same rounds."""

import statistics
from collections.abc import Sequence


def median_ratio(mine: Sequence[float], its: Sequence[float]) -> float:
    """Return the median of ``mine / its``, each within a round, since the machine's speed changes from round to round."""
    return statistics.median(one / other for one, other in zip(mine, its, strict=True))


def median_difference(mine: Sequence[float], its: Sequence[float]) -> float:
    """Return the median of ``mine - its``, each within a round."""
    return statistics.median(one - other for one, other in zip(mine, its, strict=True))
