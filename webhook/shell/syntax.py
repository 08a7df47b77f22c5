"""What a shell refuses to read: quotes, substitutions and blocks without an end, and operators with nothing after them."""

import re
from typing import NamedTuple

from webhook.shell import commands, scan

_CLOSED_SINGLE = re.compile(r"'[^']*'|\$'(?:\\.|[^'\\])*'", re.DOTALL)
_CLOSERS = {"$(": ")", "<(": ")", ">(": ")", "(": ")", "${": "}", "`": "`", "$((": "))", "((": "))"}
_CONTINUED = frozenset({"&&", "||", "|", "|&"})
#: The words that begin and end a block, where a command may start.
_BLOCKS = {"if": "fi", "do": "done", "case": "esac"}
#: After these words a command or the end of a block may follow.
_BEFORE_COMMANDS = frozenset({*commands.RESERVED, *_BLOCKS.values(), "{", "}"})


class Unfinished(NamedTuple):
    """Something that a script does not finish.

    Attributes:
        opening: what begins there: a quote, a substitution, a block such as `if`, or an operator between two commands.
        closing: what is missing; "" for an operator, which needs a command.
        at: its offset.
    """

    opening: str
    closing: str
    at: int


def unfinished(script: str) -> Unfinished | None:
    """Return what a script does not finish; None also if it is too long to be read (``scan.SCANNED_CHARACTERS``)."""
    if len(script) > scan.SCANNED_CHARACTERS:
        return None
    opened: list[tuple[str, int]] = []
    last = scan.Span("", 0, 0, 0, quoted=False)
    for span in scan.spans(script):
        text = script[span.start : span.end]
        if span.kind == "open":
            opened += [(text, span.start)] * (2 if text.endswith("((") else 1)
        elif span.kind == "close" or (span.kind == "quote" and len(opened) > span.depth):
            opened.pop()
        elif span.kind == "quote":
            opened.append(('"', span.start))
        elif span.kind == "single" and not _CLOSED_SINGLE.fullmatch(text):
            return Unfinished("'", "'", span.start)
        if span.kind not in {"space", "line", *scan.LEFT_OUT}:
            last = span
    if opened:
        opening, at = opened[-1]
        return Unfinished(opening, _CLOSERS.get(opening, opening), at)
    operator = script[last.start : last.end]
    if last.kind == "operator" and operator in _CONTINUED:
        return Unfinished(operator, "", last.start)
    return _open_block(script)


def _open_block(script: str) -> Unfinished | None:
    """Return the innermost block that has no end."""
    opened: list[tuple[str, int]] = []
    starts = True  # whether a command may start here
    for item in commands.items(script):
        if not starts or not item.bare:
            starts = item.ends
            continue
        if item.text in _BLOCKS:
            opened.append((item.text, item.start))
        elif opened and item.text == _BLOCKS[opened[-1][0]]:
            opened.pop()
        starts = item.ends or item.text in _BEFORE_COMMANDS
    if not opened:
        return None
    word, at = opened[-1]
    return Unfinished(word, _BLOCKS[word], at)
