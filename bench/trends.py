"""How fast something grows, and how sure that is."""

import itertools
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

#: Groups of neighbouring samples. Samples that follow each other are alike, and would make an estimate look surer than it is; means of
#: long stretches are hardly so.
BLOCKS = 10

#: How many standard errors hold the true slope with 95 % probability, by degrees of freedom (Student's t).
_T = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306}


@dataclass(frozen=True, slots=True)
class Growth:
    """How much a value grows for each unit of time.

    Attributes:
        slope: the best estimate.
        margin: the true slope lies within this much of it with 95 % probability.
    """

    slope: float
    margin: float

    @property
    def is_certain(self) -> bool:
        """Return whether the value really grows or shrinks, rather than only varying."""
        return abs(self.slope) > self.margin


def growth(times: Sequence[float], values: Sequence[float]) -> Growth:
    """Return the slope of a straight line through the means of `BLOCKS` stretches of time, by least squares.

    Raises:
        ValueError: there are fewer than three samples.
    """
    count = min(BLOCKS, len(times))
    if count < 3:
        raise ValueError(f"{len(times)} samples show no growth; three are needed")
    edges = [round(index * len(times) / count) for index in range(count + 1)]
    blocks = [slice(begin, end) for begin, end in itertools.pairwise(edges)]
    x = [statistics.fmean(times[block]) for block in blocks]
    y = [statistics.fmean(values[block]) for block in blocks]
    line = statistics.linear_regression(x, y)
    left = sum((value - line.slope * time - line.intercept) ** 2 for time, value in zip(x, y, strict=True))
    middle = statistics.fmean(x)
    error = math.sqrt(left / (count - 2) / sum((time - middle) ** 2 for time in x))
    return Growth(line.slope, _T[count - 2] * error)
