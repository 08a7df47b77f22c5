"""Where a line of an ``argsTemplate`` holds more than one argument, seen from the text alone.

Without a ``commandTemplate`` each line of the rendered text is one argument (contract section 5), so ``--a 1 --b=2`` on a line
reaches the engine as one word. Rendering would tell exactly, but only for one set of variables; here the text is judged: actions
that print count as a letter, others as nothing, and trim markers eat blanks as Go's do.
"""

import re
from collections.abc import Iterator

_ACTION = re.compile(
    r"(?P<left>\{\{(?:-(?=\s))?)\s*(?P<body>/\*.*?\*/|(?:\"(?:\\.|[^\"\\])*\"|`[^`]*`|.)*?)\s*(?P<right>(?:(?<=\s)-)?\}\})",
    re.DOTALL,
)
_SILENT = re.compile(
    r"(?:if|else|end|range|with|define|block|template|break|continue)\b|/\*|\$\w*\s*(?:,\s*\$\w+\s*)?:?="
)
_PAIRS = {"(": ")", "[": "]", "{": "}"}


def blanks(text: str) -> Iterator[tuple[int, int]]:
    """Yield line and column (from 1, in the template) of the first blank in each line that separates arguments.

    Blanks after an equals sign and inside quotes or brackets belong to a value.
    """
    line: list[tuple[str, int]] = []
    for char, offset in [*_shown(text), ("\n", len(text))]:
        if char != "\n":
            line.append((char, offset))
            continue
        found = _first_blank(line)
        if found is not None:
            yield text.count("\n", 0, found) + 1, found - text.rfind("\n", 0, found)
        line = []


def _shown(text: str) -> list[tuple[str, int]]:
    """Return the characters that a rendering would show, with their offsets."""
    shown: list[tuple[str, int]] = []
    position = 0
    for action in _ACTION.finditer(text):
        shown += [(text[at], at) for at in range(position, action.start())]
        if action["left"].endswith("-"):
            while shown and shown[-1][0].isspace():
                shown.pop()
        if not _SILENT.match(action["body"]):
            shown.append(("x", action.start()))
        position = action.end()
        if action["right"].startswith("-"):
            while position < len(text) and text[position].isspace():
                position += 1
    return shown + [(text[at], at) for at in range(position, len(text))]


def _first_blank(line: list[tuple[str, int]]) -> int | None:
    """Return the offset of the first blank between two arguments of a line."""
    while line and line[-1][0].isspace():
        line.pop()
    closing: list[str] = []
    before = ""
    for char, offset in line:
        if closing and char == closing[-1]:
            closing.pop()
        elif char in "\"'" and not (closing and closing[-1] in "\"'"):
            closing.append(char)
        elif char in _PAIRS and not (closing and closing[-1] in "\"'"):
            closing.append(_PAIRS[char])
        elif char.isspace() and not closing and before not in ("", "="):
            return offset
        if not char.isspace():
            before = char
    return None
