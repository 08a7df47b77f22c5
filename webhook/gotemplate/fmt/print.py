"""Go's fmt: Sprint, Sprintln and Sprintf."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from ..limits import Allowance, TooLongError, string_steps, typing_steps
from ..values import (
    ABSENT,
    HIGH,
    LOW,
    Uint8,
    go_number,
    holds_interfaces,
    is_beyond_int,
    is_list,
    is_map,
    scalar_type,
    type_name,
)
from .format import Directive, format_address, format_bool, format_complex, format_integer, format_number, format_string
from .ftoa import format_float
from .runes import REPLACEMENT, is_byte, normal

_MAX_NUMBER = 1_000_000
"""Go takes no width, precision or argument number above this."""

_LONGEST_CACHED = 256
"""A longer layout is not remembered: it may come from the data."""
_DIRECTIVE_STEPS = 5
_ELEMENT_STEPS = 3
"""What one directive, and one element of a list under a verb, takes next to one step."""
_LAYOUT = 4
_QUOTED = 16
_QUOTED_WIDE = 4
"""So many characters of a layout, and of a quoted string, take one step."""

_ADDRESS = 0xC000010000
"""What `%p` prints for every list and map. Go prints where the value lies in memory, which no one can rely on."""


def text_of(value: object) -> str:
    """Return a value under `%v`."""
    kind = type(value)
    if kind is str:
        return value  # type: ignore[return-value]  # the line above says so
    if kind is int and (LOW < value < HIGH or not is_beyond_int(value)):  # type: ignore[operator]  # an int
        return str(value)
    if kind is bool:
        return "true" if value else "false"
    if value is None or value is ABSENT:
        return "<nil>"
    if isinstance(value, list | tuple):
        return f"[{' '.join([text_of(item) for item in value])}]"
    if isinstance(value, Mapping):
        return f"map[{' '.join([f'{text_of(key)}:{text_of(value[key])}' for key in sorted(value)])}]"
    value = go_number(value)
    if isinstance(value, float):
        return format_float(value, "g", -1)
    return _Printer(None).argument(Directive(), value, "v")


def sprint(args: Sequence[object]) -> str:
    """Return `fmt.Sprint(args...)`: spaces between operands of which neither is a string."""
    if len(args) == 1:
        return text_of(args[0])
    pieces: list[str] = []
    after_string = True
    for arg in args:
        is_string = isinstance(arg, str)
        if not is_string and not after_string:
            pieces.append(" ")
        pieces.append(text_of(arg))
        after_string = is_string
    return normal("".join(pieces))


def sprintln(args: Sequence[object]) -> str:
    """Return `fmt.Sprintln(args...)`."""
    return " ".join([text_of(arg) for arg in args]) + "\n"


def sprintf(layout: str, args: Sequence[object], allowance: Allowance) -> str:
    """Return `fmt.Sprintf(layout, args...)`.

    Raises:
        TooLongError: the result would be longer than the allowance says.
        OutOfStepsError: it takes more steps than that.
    """
    simple = _simple_layout(layout) if len(layout) <= _LONGEST_CACHED else None
    if simple is not None and len(simple) == len(args) + 1:
        pieces = [simple[0][1]]
        printer = _Printer(allowance)
        for (verb, text), arg in zip(simple[1:], args, strict=True):
            kind = type(arg)
            if verb == "v" or (kind is str and verb == "s") or (kind is int and verb == "d" and not is_beyond_int(arg)):
                pieces.append(text_of(arg))
            else:
                pieces.append(printer.argument(Directive(), arg, verb))
            pieces.append(text)
        return normal("".join(pieces))
    allowance.spend(len(layout) // _LAYOUT)
    return normal(_Printer(allowance).layout(layout, args))


_SIMPLE = re.compile(r"%([sdv])")


@lru_cache(maxsize=256)
def _simple_layout(layout: str) -> list[tuple[str, str]] | None:
    """Return verbs with the text after each, the first text with no verb; None if there is more to the layout."""
    parts = _SIMPLE.split(layout)
    if any("%" in text for text in parts[::2]):
        return None
    return [("", parts[0]), *zip(parts[1::2], parts[2::2], strict=True)]


class _Printer:
    """One call of Sprintf."""

    def __init__(self, allowance: Allowance | None) -> None:
        self.allowance = allowance
        self.size = 0
        self.reordered = False
        self.good_number = True
        self.no_bracket = False  # whether no bracket closes any more

    def charge(self, size: int) -> None:
        self.size += size
        if self.allowance is not None and self.size > self.allowance.budget:
            raise TooLongError

    def spend(self, steps: int) -> None:
        if self.allowance is not None:
            self.allowance.spend(steps)

    # --- values ---

    def argument(self, directive: Directive, value: object, verb: str) -> str:
        """Return an argument under a verb."""
        if value is None or value is ABSENT:
            return directive.pad("<nil>") if verb in "Tv" else f"%!{verb}(<nil>)"
        if verb == "T":
            self.spend(typing_steps(value))
            return directive.pad(directive.truncate(type_name(value)))
        if verb == "p":
            if is_list(value) or is_map(value):
                return format_address(directive, _ADDRESS)
            return self.bad_verb(directive, value, verb)
        return self.value(directive, value, verb)

    def value(self, directive: Directive, value: object, verb: str) -> str:
        if is_list(value) or is_map(value):
            return self.container(directive, value, verb)
        if isinstance(value, str) and (verb == "q" or directive.sharp_v):
            self.spend(string_steps(directive.truncate(value), _QUOTED, _QUOTED_WIDE))
        text = _scalar(directive, value, verb)
        if text is None:
            return self.bad_verb(directive, value, verb)
        self.charge(len(text))
        return text

    def bad_verb(self, directive: Directive, value: object, verb: str) -> str:
        return f"%!{verb}({type_name(value)}={self.value(directive, value, 'v')})"

    def container(self, directive: Directive, value: object, verb: str) -> str:
        if verb == "w":
            return self.bad_verb(directive, value, verb)
        typed = directive.sharp_v
        assert isinstance(value, list | tuple | Mapping)
        self.spend(_ELEMENT_STEPS * (len(value) + 1) + typing_steps(value))
        interfaces = holds_interfaces(value)
        if isinstance(value, Mapping):
            items: Iterable[str] = (
                f"{self.value(directive, key, verb)}:{self.element(directive, value[key], verb, typed=interfaces)}"
                for key in sorted(value)
            )
            begin, end = ("{", "}") if typed else ("map[", "]")
        else:
            items = (self.element(directive, item, verb, typed=interfaces) for item in value)
            begin, end = ("{", "}") if typed else ("[", "]")
        return f"{type_name(value) if typed else ''}{begin}{(', ' if typed else ' ').join(items)}{end}"

    def element(self, directive: Directive, value: object, verb: str, *, typed: bool) -> str:
        if value is None and typed:
            return "interface {}(nil)" if directive.sharp_v else "<nil>"
        return self.value(directive, value, verb)

    # --- layouts ---

    def layout(self, layout: str, args: Sequence[object]) -> str:
        """Return a layout with its directives carried out."""
        pieces: list[str] = []
        number = 0  # of the next argument
        end = len(layout)
        at = 0
        while at < end:
            self.good_number = True
            percent = layout.find("%", at)
            if percent < 0:
                percent = end
            pieces.append(layout[at:percent])
            self.charge(percent - at)
            self.spend(_DIRECTIVE_STEPS)
            if percent == end:
                break
            directive = Directive()
            number, at = self.directive(directive, layout, percent + 1, number, args, pieces)
            if at >= end and not self.verb_found:
                pieces.append("%!(NOVERB)")
                break
        if not self.reordered and number < len(args):
            extra = [
                "<nil>" if arg is None or arg is ABSENT else f"{type_name(arg)}={self.argument(Directive(), arg, 'v')}"
                for arg in args[number:]
            ]
            pieces.append(f"%!(EXTRA {', '.join(extra)})")
        return "".join(pieces)

    verb_found = True

    def directive(
        self, directive: Directive, layout: str, at: int, number: int, args: Sequence[object], pieces: list[str]
    ) -> tuple[int, int]:
        """Carry out the directive after a percent sign; return the number of the next argument and where to go on."""
        end = len(layout)
        self.verb_found = True
        while at < end and layout[at] in _FLAGS:
            setattr(directive, _FLAGS[layout[at]], True)
            at += 1
        if at < end and "a" <= layout[at] <= "z" and number < len(args):
            pieces.append(self.verb(directive, args[number], layout[at]))
            return number + 1, at + 1
        number, at, after_index = self.width(directive, layout, at, number, args, pieces)
        if at + 1 < end and layout[at] == ".":
            number, at, after_index = self.precision(directive, layout, at + 1, number, args, pieces, after_index)
        if not after_index:
            number, at, after_index = self.argument_number(number, layout, at, len(args))
        if at >= end:
            self.verb_found = False
            return number, at
        return self.finish(directive, REPLACEMENT if is_byte(layout[at]) else layout[at], number, args, pieces), at + 1

    def finish(self, directive: Directive, verb: str, number: int, args: Sequence[object], pieces: list[str]) -> int:
        """Carry out a directive whose verb has been read; return the number of the next argument."""
        if verb == "%":
            pieces.append("%")
        elif not self.good_number:
            pieces.append(f"%!{verb}(BADINDEX)")
        elif number >= len(args):
            pieces.append(f"%!{verb}(MISSING)")
        else:
            pieces.append(self.verb(directive, args[number], verb))
            return number + 1
        return number

    def width(
        self, directive: Directive, layout: str, at: int, number: int, args: Sequence[object], pieces: list[str]
    ) -> tuple[int, int, bool]:
        """Read a directive's width; return also whether an argument number stands directly before what follows."""
        number, at, after_index = self.argument_number(number, layout, at, len(args))
        if layout[at : at + 1] == "*":
            width, number = _star(args, number)
            if width is None:
                pieces.append("%!(BADWIDTH)")
            else:
                directive.width = abs(width)
                if width < 0:
                    directive.minus, directive.zero = True, False
            return number, at + 1, False
        directive.width, at = _number(layout, at, len(layout))
        if after_index and directive.width is not None:
            self.good_number = False
        return number, at, after_index

    def precision(
        self,
        directive: Directive,
        layout: str,
        at: int,
        number: int,
        args: Sequence[object],
        pieces: list[str],
        after_index: bool,  # noqa: FBT001 - passed on from the caller's state
    ) -> tuple[int, int, bool]:
        """Read what follows a directive's point."""
        if after_index:
            self.good_number = False
        number, at, after_index = self.argument_number(number, layout, at, len(args))
        if layout[at : at + 1] == "*":
            precision, number = _star(args, number)
            if precision is None or precision < 0:
                pieces.append("%!(BADPREC)")
            else:
                directive.precision = precision
            return number, at + 1, False
        directive.precision, at = _number(layout, at, len(layout))
        if directive.precision is None:
            directive.precision = 0
        return number, at, after_index

    def verb(self, directive: Directive, arg: object, verb: str) -> str:
        if verb in "vw":
            directive.for_value()
        wanted = max(directive.width or 0, 0 if isinstance(arg, str) else directive.precision or 0)
        self.charge(wanted)
        self.size -= wanted
        return self.argument(directive, arg, verb)

    def argument_number(self, number: int, layout: str, at: int, count: int) -> tuple[int, int, bool]:
        """Read a bracketed argument number, if there is one at `at`."""
        if layout[at : at + 1] != "[":
            return number, at, False
        self.reordered = True
        close = layout.find("]", at + 1) if len(layout) - at >= 3 and not self.no_bracket else -1
        if close < 0:
            self.no_bracket = True
            self.good_number = False
            return number, at + 1, False
        index, stop = _number(layout, at + 1, close)
        good = index is not None and stop == close
        if good and index is not None and 1 <= index <= count:
            return index - 1, close + 1, True
        self.good_number = False
        return number, close + 1, good


_FLAGS = {"#": "sharp", "0": "zero", "+": "plus", "-": "minus", " ": "space"}


def _scalar(directive: Directive, value: object, verb: str) -> str | None:
    """Return a string, boolean or number under a verb; None if it has no such verb."""
    kind = scalar_type(value)
    value = go_number(value)
    if kind is str:
        return format_string(directive, str(value), verb)
    if kind is bool:
        return format_bool(directive, bool(value), verb)
    if isinstance(value, int):
        return format_integer(directive, int(value), verb, signed=kind is not Uint8)
    if isinstance(value, float):
        return format_number(directive, value, verb)
    assert isinstance(value, complex)
    return format_complex(directive, value, verb)


def _number(layout: str, at: int, end: int) -> tuple[int | None, int]:
    """Read digits; return their value, None without any or with too many, and where they end."""
    value: int | None = None
    if at >= end:
        return None, end
    while at < end and "0" <= layout[at] <= "9":
        if value is not None and value > _MAX_NUMBER:
            return None, end
        value = (value or 0) * 10 + int(layout[at])
        at += 1
    return value, at


def _star(args: Sequence[object], number: int) -> tuple[int | None, int]:
    """Return the width or precision that an argument gives, None if it gives none, and the next argument's number."""
    if number >= len(args):
        return None, number
    arg = args[number]
    if isinstance(arg, int) and not isinstance(arg, bool) and abs(arg) <= _MAX_NUMBER:
        return int(arg), number + 1
    return None, number + 1
