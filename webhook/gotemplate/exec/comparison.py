"""eq, ne, lt, le, gt and ge with Go's rules: only values of one basic kind compare, and null equals only null."""

from collections.abc import Sequence

from ..errors import CallError
from ..fmt.print import sprintf
from ..fmt.runes import to_bytes
from ..limits import Allowance
from ..values import ABSENT, Uint8, go_number, is_list, is_map, scalar_type, type_name

_INTEGERS = (int, Uint8)


def equal(args: Sequence[object], allowance: Allowance) -> bool:
    """Return whether the first value equals one of the others."""
    if len(args) < 2:
        raise CallError("missing argument for comparison")
    first = args[0]
    return any(_equal(first, other, allowance) for other in args[1:])


def _equal(left: object, right: object, allowance: Allowance) -> bool:
    kind = scalar_type(left)
    other = scalar_type(right)
    if kind is not other:
        if kind in _INTEGERS and other in _INTEGERS:
            return left == right
        if is_nil(left) or is_nil(right):
            return False
        raise CallError(f"incompatible types for comparison: {type_name(left)} and {type_name(right)}")
    if kind is not None:
        return go_number(left) == go_number(right)
    if is_nil(left) or is_nil(right):
        return is_nil(left) and is_nil(right)
    if is_list(left) != is_list(right):
        raise CallError(
            sprintf("non-comparable types %s: %s, %s: %v", [left, type_name(left), type_name(right), right], allowance)
        )
    raise CallError(sprintf("non-comparable type %s: %s", [right, type_name(right)], allowance))


def is_nil(value: object) -> bool:
    """Return whether a value is null or none at all."""
    return value is None or value is ABSENT


def not_equal(args: Sequence[object], allowance: Allowance) -> bool:
    """Return whether two values differ."""
    return not _equal(args[0], args[1], allowance)


def less(left: object, right: object) -> bool:
    """Return whether one value is less than another."""
    kind = _ordered(left)
    other = _ordered(right)
    if kind is not other and not (kind in _INTEGERS and other in _INTEGERS):
        raise CallError(f"incompatible types for comparison: {type_name(left)} and {type_name(right)}")
    if kind in (bool, complex):
        raise CallError("invalid type for comparison")
    if isinstance(left, str) and isinstance(right, str) and not (left.isascii() and right.isascii()):
        return to_bytes(left) < to_bytes(right)
    return bool(go_number(left) < go_number(right))  # type: ignore[operator]  # both are strings or both numbers by now


def _ordered(value: object) -> type:
    kind = scalar_type(value)
    if kind is None or is_list(value) or is_map(value):
        raise CallError("invalid type for comparison")
    return kind


def less_or_equal(left: object, right: object) -> bool:
    """Return whether one value is less than another or equals it."""
    return less(left, right) or go_number(left) == go_number(right)


def greater(left: object, right: object) -> bool:
    """Return whether one value is greater than another."""
    return not less_or_equal(left, right)


def greater_or_equal(left: object, right: object) -> bool:
    """Return whether one value is greater than another or equals it."""
    return not less(left, right)
