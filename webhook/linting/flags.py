"""Where a line that becomes one argument holds more than one (contract section 5).

Without a ``commandTemplate`` each rendered line is one argument, so ``--a 1 --b=2`` on a line reaches the engine as one word.
"""

import re

_BLANKS = re.compile(r"(?<=\S)\s+(?=\S)")
_FLAG = re.compile(r"--?[A-Za-z]")


def first_blank(line: str) -> int | None:
    """Return the offset of the first blank between two arguments of a rendered line; None if it holds only one.

    A blank before a flag separates, and so does one with no equals sign anywhere before it; others belong to a value.
    """
    for blanks in _BLANKS.finditer(line):
        if _FLAG.match(line, blanks.end()) or "=" not in line[: blanks.start()]:
            return blanks.start()
    return None
