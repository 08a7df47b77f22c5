"""The predefined functions, apart from `and` and `or`, which the compiler builds because they skip arguments.

A function takes its arguments as a list and raises `CallError` with the text that Go puts after "error calling NAME: ".
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..errors import CallError
from ..fmt.print import sprint, sprintf, sprintln
from ..fmt.runes import byte_length, from_bytes, to_bytes
from ..limits import Allowance, string_steps
from ..values import ABSENT, Uint8, Window, is_beyond_int, type_name
from . import comparison, escaping

NO_VALUE_TEXT = "<no value>"
"""What Go prints for no value at all."""


@dataclass(frozen=True, slots=True)
class Function:
    """One predefined function.

    Attributes:
        run: takes the arguments and what the rendering may still use.
        at_least: the number of arguments that it needs.
        exact: whether it takes no more than that.
        builds: whether it makes a string as long as its arguments are.
        takes_layout: whether its first argument must be a string.
        prints: whether null among its arguments prints as `<no value>`.
        scans: whether it looks through strings that are all ASCII; through others every function does.
    """

    run: Callable[[list[object], Allowance], object]
    at_least: int
    exact: bool = False
    builds: bool = False
    takes_layout: bool = False
    prints: bool = False
    scans: bool = True


class Boxed:
    """An index of `slice` that Go knows only as an interface; there `slice`, unlike `index`, does not look inside."""

    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value = value


def _length(args: list[object], _: Allowance) -> int:
    value = args[0]
    if isinstance(value, str):
        return byte_length(value)
    if isinstance(value, list | tuple | Mapping):
        return len(value)
    if value is None:
        raise CallError("len of nil pointer")
    if value is ABSENT:
        raise CallError("reflect: call of reflect.Value.Type on zero Value")
    raise CallError(f"len of type {type_name(value)}")


def _position(index: object, capacity: int) -> int:
    """Return an index into a slice or string; like Go's check it lets one past the end through."""
    if comparison.is_nil(index):
        raise CallError("cannot index slice/array with nil")
    if isinstance(index, Boxed):
        raise CallError("cannot index slice/array with type interface {}")
    if not isinstance(index, int) or isinstance(index, bool) or is_beyond_int(index):
        raise CallError(f"cannot index slice/array with type {type_name(index)}")
    if index < 0 or index > capacity:
        raise CallError(f"index out of range: {index}")
    return int(index)


def _index(args: list[object], _: Allowance) -> object:
    item = args[0]
    if comparison.is_nil(item):
        raise CallError("index of untyped nil")
    for index in args[1:]:
        item = _element(item, index)
    return item


def _element(item: object, index: object) -> object:
    if item is None:
        raise CallError("index of nil pointer")
    if isinstance(item, str):
        data = item if item.isascii() else to_bytes(item)
        at = _position(index, len(data))
        if at == len(data):
            raise CallError("reflect: string index out of range")
        byte = data[at]
        return Uint8(ord(byte) if isinstance(byte, str) else byte)
    if isinstance(item, list | tuple):
        at = _position(index, len(item))
        if at == len(item):
            raise CallError("reflect: slice index out of range")
        element: object = item[at]
        return element
    if isinstance(item, Mapping):
        if comparison.is_nil(index):
            raise CallError("value is nil; should be of type string")
        if not isinstance(index, str):
            raise CallError(f"value has type {type_name(index)}; should be string")
        return item.get(index)
    raise CallError(f"can't index item of type {type_name(item)}")


def _slice(args: list[object], _: Allowance) -> object:
    item = args[0]
    indexes = args[1:]
    if comparison.is_nil(item):
        raise CallError("slice of untyped nil")
    if len(indexes) > 3:
        raise CallError(f"too many slice indexes: {len(indexes)}")
    if isinstance(item, str):
        if len(indexes) == 3:
            raise CallError("cannot 3-index slice a string")
        data = item if item.isascii() else to_bytes(item)
        start, stop, _end = _bounds(indexes, len(data), len(data))
        part = data[start:stop]
        return part if isinstance(part, str) else from_bytes(part)
    if not isinstance(item, list | tuple):
        raise CallError(f"can't slice item of type {type_name(item)}")
    window = item if isinstance(item, Window) else None
    capacity = len(item) if window is None else window.capacity
    start, stop, end = _bounds(indexes, len(item), capacity)
    base, origin = (item, 0) if window is None else (window.base, window.start)
    return Window(base, origin + start, origin + stop, end - start)


def _bounds(indexes: Sequence[object], length: int, capacity: int) -> tuple[int, int, int]:
    """Return where a slice begins, ends, and may be extended to."""
    bounds = [0, length, capacity]
    for place, index in enumerate(indexes):
        bounds[place] = _position(index, capacity)
    start, stop, end = bounds
    if start > stop:
        raise CallError(f"invalid slice index: {start} > {stop}")
    if len(indexes) == 3 and stop > end:
        raise CallError(f"invalid slice index: {stop} > {end}")
    return start, stop, end


def _print(args: list[object], allowance: Allowance) -> str:
    allowance.hold(_length_of_strings(args))
    return sprint(args)


def _println(args: list[object], allowance: Allowance) -> str:
    allowance.hold(_length_of_strings(args))
    return sprintln(args)


def _length_of_strings(args: list[object]) -> int:
    return sum([len(arg) for arg in args if isinstance(arg, str)])


def _printf(args: list[object], allowance: Allowance) -> str:
    layout = args[0]
    assert isinstance(layout, str)
    return sprintf(layout, args[1:], allowance)


def _escaper(escape: Callable[[str], str], narrow: int, wide: int) -> Callable[[list[object], Allowance], object]:
    """Return a function that escapes; one step does so many ASCII characters, and so many where there are others."""

    def run(args: list[object], allowance: Allowance) -> str:
        allowance.hold(_length_of_strings(args))
        text = sprint([NO_VALUE_TEXT if comparison.is_nil(arg) else arg for arg in args])
        allowance.hold(len(text))
        allowance.spend(string_steps(text, narrow, wide))
        return escape(text)

    return run


FUNCTIONS: dict[str, Function] = {
    "eq": Function(comparison.equal, 1),
    "ge": Function(lambda args, _: comparison.greater_or_equal(*args), 2, exact=True),
    "gt": Function(lambda args, _: comparison.greater(*args), 2, exact=True),
    "html": Function(_escaper(escaping.html, 64, 64), 0, builds=True, prints=True),
    "index": Function(_index, 1, scans=False),
    "js": Function(_escaper(escaping.js, 16, 4), 0, builds=True, prints=True),
    "le": Function(lambda args, _: comparison.less_or_equal(*args), 2, exact=True),
    "len": Function(_length, 1, exact=True, scans=False),
    "lt": Function(lambda args, _: comparison.less(*args), 2, exact=True),
    "ne": Function(comparison.not_equal, 2, exact=True),
    "not": Function(lambda args, _: not args[0], 1, exact=True, scans=False),
    "print": Function(_print, 0, builds=True),
    "printf": Function(_printf, 1, builds=True, takes_layout=True),
    "println": Function(_println, 0, builds=True),
    "slice": Function(_slice, 1, builds=True, scans=False),
    "urlquery": Function(_escaper(escaping.urlquery, 16, 4), 0, builds=True, prints=True),
}
