"""Lines and columns of places in a text."""

from array import array
from bisect import bisect_right
from itertools import accumulate


class Lines:
    """Finds the line of any offset of one text. Its index is made when first asked for: most templates never fail."""

    __slots__ = ("_starts", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts = array("L")

    def place(self, offset: int) -> tuple[int, int]:
        """Return line and column of an offset, both from 1."""
        starts = self._starts
        if not starts:
            starts = array("L", accumulate((len(line) + 1 for line in self.text.split("\n")), initial=0))
            self._starts = starts
        line = bisect_right(starts, offset)
        return line, offset - starts[line - 1] + 1

    def source(self, offset: int) -> str:
        """Return the line in which an offset stands, without its end."""
        return self.text[self.text.rfind("\n", 0, offset) + 1 :].partition("\n")[0]
