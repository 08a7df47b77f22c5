"""Go's fmt.Sprint and fmt.Sprintln, and one value under one printf directive."""

from collections.abc import Iterable, Mapping, Sequence

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
from .runes import normal

_ELEMENT_STEPS = 3
"""The cost of an element of a list or map under a verb."""
_QUOTED = 16
_QUOTED_WIDE = 4
"""This many characters of a quoted string cost one step: if all are ASCII, and otherwise."""

_ADDRESS = 0xC000010000
"""What `%p` prints for every list and map. Go prints the value's address in memory, on which no template can rely."""


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
    return Printer(None).argument(Directive(), value, "v")


def sprint(args: Sequence[object]) -> str:
    """Return `fmt.Sprint(args...)`: a space between two operands unless one of them is a string."""
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


class Printer:
    """Prints values under directives, and keeps count of what that costs."""

    def __init__(self, allowance: Allowance | None) -> None:
        self.allowance = allowance
        self.size = 0  # of the text printed so far, in characters

    def charge(self, size: int) -> None:
        """Count printed characters.

        Raises:
            TooLongError: they exceed the allowance's budget.
        """
        self.size += size
        if self.allowance is not None and self.size > self.allowance.budget:
            raise TooLongError

    def spend(self, steps: int) -> None:
        """Count steps; raises `OutOfStepsError` if there are not that many left."""
        if self.allowance is not None:
            self.allowance.spend(steps)

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
        """Return a value other than nil under a verb other than `T` and `p`."""
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
        """Return Go's complaint about a verb that the value's type does not have."""
        return f"%!{verb}({type_name(value)}={self.value(directive, value, 'v')})"

    def container(self, directive: Directive, value: object, verb: str) -> str:
        """Return a list or map with each element under the verb."""
        if verb == "w":
            return self.bad_verb(directive, value, verb)
        typed = directive.sharp_v
        assert isinstance(value, list | tuple | Mapping)
        self.spend(_ELEMENT_STEPS * (len(value) + 1) + typing_steps(value))
        interfaces = holds_interfaces(value)
        if isinstance(value, Mapping):
            items: Iterable[str] = (
                f"{self.value(directive, key, verb)}:{self.element(directive, value[key], verb, interfaces=interfaces)}"
                for key in sorted(value)
            )
            begin, end = ("{", "}") if typed else ("map[", "]")
        else:
            items = (self.element(directive, item, verb, interfaces=interfaces) for item in value)
            begin, end = ("{", "}") if typed else ("[", "]")
        return f"{type_name(value) if typed else ''}{begin}{(', ' if typed else ' ').join(items)}{end}"

    def element(self, directive: Directive, value: object, verb: str, *, interfaces: bool) -> str:
        """Return an element; `interfaces`: whether the elements' type is interface {}, which a nil shows under `%#v`."""
        if value is None and interfaces:
            return "interface {}(nil)" if directive.sharp_v else "<nil>"
        return self.value(directive, value, verb)


def _scalar(directive: Directive, value: object, verb: str) -> str | None:
    """Return a string, boolean or number under a verb; None if its type has no such verb."""
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
