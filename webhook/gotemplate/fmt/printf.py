"""Go's fmt.Sprintf: reads a layout and prints each argument under its directive."""

import re
from collections.abc import Sequence
from functools import lru_cache

from ..limits import Allowance
from ..values import ABSENT, is_beyond_int, type_name
from .format import Directive
from .print import Printer, text_of
from .runes import REPLACEMENT, is_byte, normal

_MAX_NUMBER = 1_000_000
"""Go accepts no width, precision or argument number above this."""

_LONGEST_CACHED = 256
"""A longer layout is not cached: it may come from the data."""
_DIRECTIVE_STEPS = 5
"""The cost of one directive."""
_LAYOUT = 4
"""This many characters of a layout cost one step."""


def sprintf(layout: str, args: Sequence[object], allowance: Allowance) -> str:
    """Return `fmt.Sprintf(layout, args...)`.

    Raises:
        TooLongError: the result would exceed the allowance's budget.
        OutOfStepsError: it takes more steps than the allowance has left.
    """
    simple = _simple_layout(layout) if len(layout) <= _LONGEST_CACHED else None
    if simple is not None and len(simple) == len(args) + 1:
        pieces = [simple[0][1]]
        printer = Printer(allowance)
        for (verb, text), arg in zip(simple[1:], args, strict=True):
            kind = type(arg)
            if verb == "v" or (kind is str and verb == "s") or (kind is int and verb == "d" and not is_beyond_int(arg)):
                pieces.append(text_of(arg))
            else:
                pieces.append(printer.argument(Directive(), arg, verb))
            pieces.append(text)
        return normal("".join(pieces))
    allowance.spend(len(layout) // _LAYOUT)
    return normal(_Layout(layout, args, allowance).run())


_SIMPLE = re.compile(r"%([sdv])")


@lru_cache(maxsize=256)
def _simple_layout(layout: str) -> list[tuple[str, str]] | None:
    """Split a layout of only `%s`, `%d` and `%v` into pairs of a verb and the text after it; return None for others.

    The first pair has the text before the first verb, and no verb.
    """
    parts = _SIMPLE.split(layout)
    if any("%" in text for text in parts[::2]):
        return None
    return [("", parts[0]), *zip(parts[1::2], parts[2::2], strict=True)]


_FLAGS = {"#": "sharp", "0": "zero", "+": "plus", "-": "minus", " ": "space"}


class _Layout(Printer):
    """One call of Sprintf (Go's doPrintf): a cursor on the layout and one on the arguments."""

    def __init__(self, layout: str, args: Sequence[object], allowance: Allowance) -> None:
        super().__init__(allowance)
        self.layout = layout
        self.args = args
        self.pieces: list[str] = []
        self.at = 0  # the next character of the layout
        self.number = 0  # the next argument
        self.reordered = False  # whether the layout has any argument number such as [1]
        self.good_number = True  # whether those of the current directive are valid
        self.no_bracket = False  # whether no "]" follows any more

    def run(self) -> str:
        """Return the layout with its directives replaced by the arguments."""
        layout = self.layout
        end = len(layout)
        while self.at < end:
            percent = layout.find("%", self.at)
            if percent < 0:
                percent = end
            self.pieces.append(layout[self.at : percent])
            self.charge(percent - self.at)
            self.spend(_DIRECTIVE_STEPS)
            self.at = percent + 1
            if percent < end:
                self.directive()
        if not self.reordered and self.number < len(self.args):
            extra = [
                "<nil>" if arg is None or arg is ABSENT else f"{type_name(arg)}={self.argument(Directive(), arg, 'v')}"
                for arg in self.args[self.number :]
            ]
            self.pieces.append(f"%!(EXTRA {', '.join(extra)})")
        return "".join(self.pieces)

    def directive(self) -> None:
        """Carry out the directive after a percent sign."""
        layout = self.layout
        end = len(layout)
        directive = Directive()
        self.good_number = True
        at = self.at
        while at < end and layout[at] in _FLAGS:
            setattr(directive, _FLAGS[layout[at]], True)
            at += 1
        if at < end and "a" <= layout[at] <= "z" and self.number < len(self.args):
            self.at = at + 1
            self.print_next(directive, layout[at])
            return
        self.at = at
        after_number = self.width(directive)
        if self.at + 1 < end and layout[self.at] == ".":
            self.at += 1
            after_number = self.precision(directive, after_number=after_number)
        if not after_number:
            self.argument_number()
        if self.at >= end:
            self.pieces.append("%!(NOVERB)")
            return
        verb = layout[self.at]
        self.at += 1
        self.finish(directive, REPLACEMENT if is_byte(verb) else verb)

    def finish(self, directive: Directive, verb: str) -> None:
        """Carry out a directive whose verb has been read."""
        if verb == "%":
            self.pieces.append("%")
        elif not self.good_number:
            self.pieces.append(f"%!{verb}(BADINDEX)")
        elif self.number >= len(self.args):
            self.pieces.append(f"%!{verb}(MISSING)")
        else:
            self.print_next(directive, verb)

    def print_next(self, directive: Directive, verb: str) -> None:
        """Print the next argument."""
        arg = self.args[self.number]
        self.number += 1
        if verb in "vw":
            directive.for_value()
        wanted = max(directive.width or 0, 0 if isinstance(arg, str) else directive.precision or 0)
        self.charge(wanted)
        self.size -= wanted
        self.pieces.append(self.argument(directive, arg, verb))

    def width(self, directive: Directive) -> bool:
        """Read a directive's width; return whether an argument number directly precedes what follows."""
        after_number = self.argument_number()
        if self.layout[self.at : self.at + 1] == "*":
            self.at += 1
            width = self.star()
            if width is None:
                self.pieces.append("%!(BADWIDTH)")
            else:
                directive.width = abs(width)
                if width < 0:
                    directive.minus, directive.zero = True, False
            return False
        directive.width, self.at = _number(self.layout, self.at, len(self.layout))
        if after_number and directive.width is not None:
            self.good_number = False
        return after_number

    def precision(self, directive: Directive, *, after_number: bool) -> bool:
        """Read what follows a directive's point; return whether an argument number directly precedes what follows."""
        if after_number:
            self.good_number = False
        after_number = self.argument_number()
        if self.layout[self.at : self.at + 1] == "*":
            self.at += 1
            precision = self.star()
            if precision is None or precision < 0:
                self.pieces.append("%!(BADPREC)")
            else:
                directive.precision = precision
            return False
        precision, self.at = _number(self.layout, self.at, len(self.layout))
        directive.precision = precision or 0
        return after_number

    def star(self) -> int | None:
        """Return the width or precision that the next argument gives; None if it gives none."""
        if self.number >= len(self.args):
            return None
        arg = self.args[self.number]
        self.number += 1
        if isinstance(arg, int) and not isinstance(arg, bool) and abs(arg) <= _MAX_NUMBER:
            return int(arg)
        return None

    def argument_number(self) -> bool:
        """Read an argument number such as `[1]`, if one comes next; return whether one did."""
        layout, at = self.layout, self.at
        if layout[at : at + 1] != "[":
            return False
        self.reordered = True
        close = layout.find("]", at + 1) if len(layout) - at >= 3 and not self.no_bracket else -1
        if close < 0:
            self.no_bracket = True
            self.good_number = False
            self.at = at + 1
            return False
        index, stop = _number(layout, at + 1, close)
        self.at = close + 1
        well_formed = index is not None and stop == close
        if index is not None and well_formed and 1 <= index <= len(self.args):
            self.number = index - 1
            return True
        self.good_number = False
        return well_formed


def _number(layout: str, at: int, end: int) -> tuple[int | None, int]:
    """Read digits; return their value, None if there are none or too many, and where they end."""
    value: int | None = None
    if at >= end:
        return None, end
    while at < end and "0" <= layout[at] <= "9":
        if value is not None and value > _MAX_NUMBER:
            return None, end
        value = (value or 0) * 10 + int(layout[at])
        at += 1
    return value, at
