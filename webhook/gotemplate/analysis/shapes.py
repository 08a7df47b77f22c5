"""What is known of a value without rendering: its type, its truth, or the value itself."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from ..errors import CallError
from ..exec.funcs import FUNCTIONS
from ..limits import Allowance, OutOfStepsError, TooLongError, container_steps
from ..parse.names import COMPARISON_NAMES
from ..values import ABSENT, Uint8, is_list, is_map, type_name

_CONSTANT_BYTES = 4_096
"""Constants are computed up to this size, in as many steps. Of a larger one only the type is known."""
_RESULTS: Mapping[str, object] = {
    **dict.fromkeys((*COMPARISON_NAMES, "not"), False),
    **dict.fromkeys(("html", "js", "print", "printf", "println", "urlquery"), ""),
    "len": 0,
}
"""A value of the type that a function returns, if that does not depend on its arguments."""


_MIRRORED: Mapping[str, str] = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq", "ne": "ne"}
"""The comparison that says the same with its two arguments exchanged."""

VAGUE = frozenset({"[]interface {}", "map[string]interface {}"})
"""Types that say nothing about the content: two values of such a type need have nothing in common."""


class _Unknown:
    """The type of the sample of a value whose type is unknown."""


class Shape(NamedTuple):
    """What is known of a value.

    Attributes:
        sample: a value of the same type.
        certain: whether the sample is the value itself.
        truth: whether the value counts as true; None if unknown.
        least: the least value that an integer may have; None if unknown.
    """

    sample: object
    certain: bool
    truth: bool | None
    least: int | None = None

    @property
    def known(self) -> bool:
        """Whether the type is known."""
        return not isinstance(self.sample, _Unknown)


UNKNOWN: Final = Shape(_Unknown(), certain=False, truth=None)
"""A value of which nothing is known."""


def constant(value: object) -> Shape:
    """Return the shape of a known value. Of null only the truth is known, since it has no type of its own."""
    if value is None:
        return Shape(UNKNOWN.sample, certain=False, truth=False)
    return Shape(value, certain=True, truth=bool(value))


def typed(sample: object) -> Shape:
    """Return the shape of any value with the type of a sample. The type of null is unknown."""
    return UNKNOWN if sample is None else Shape(sample, certain=False, truth=None)


def at_least(shape: Shape, least: int) -> Shape:
    """Return the shape of an integer that is not less than this."""
    return shape._replace(least=least, truth=True if least > 0 else shape.truth)


NOTHING: Final = constant(ABSENT)
"""No value at all."""


def widened(shape: Shape) -> Shape:
    """Return the shape of any value with the same type. A missing value stays what it is."""
    return NOTHING if shape.sample is ABSENT else typed(shape.sample)


def element_of(shape: Shape) -> Shape:
    """Return the shape of the elements of a list; unknown for other values and for lists of lists."""
    sample = shape.sample
    if not isinstance(sample, list | tuple):
        return UNKNOWN
    names = {type_name(item) for item in sample}
    return typed(sample[0]) if len(names) == 1 and not is_list(sample[0]) else UNKNOWN


def turns(shape: Shape) -> bool | None:
    """Return whether a loop over a value has any turn; None if unknown.

    Raises:
        CallError: Go cannot iterate over values of this type.
    """
    sample = shape.sample
    if isinstance(sample, str | bool | float | complex):
        raise CallError(f"range can't iterate over a {type_name(sample)}")
    if not shape.certain:
        return True if shape.least is not None and shape.least > 0 else None
    return sample > 0 if isinstance(sample, int) else bool(sample)


def turn_count(shape: Shape) -> int | None:
    """Return how many elements a loop over a value has; None if unknown."""
    sample = shape.sample
    if not shape.certain or isinstance(sample, bool):
        return None
    if isinstance(sample, int):
        return max(sample, 0)
    return len(sample) if is_list(sample) or is_map(sample) else None  # type: ignore[arg-type]  # has a length


def short_circuit(name: str, shapes: Sequence[Shape]) -> Shape:
    """Return the shape of `and` or `or`, given the arguments up to the first that certainly decides."""
    deciding = name == "or"
    candidates = [shape for shape in shapes[:-1] if shape.truth is None] + [shapes[-1]]
    if len(candidates) == 1:
        return candidates[0]
    # every candidate but the last is the result only if it decides
    truth = deciding if shapes[-1].truth is deciding else None
    names = {type_name(shape.sample) if shape.known else "" for shape in candidates}
    sample = UNKNOWN.sample if len(names) > 1 or names & {"", *VAGUE} else candidates[0].sample
    return Shape(sample, certain=False, truth=truth)


def result(name: str, args: Sequence[Shape]) -> Shape:
    """Return the shape of the result of a function other than `and`, `or` and `call`.

    Raises:
        CallError: it rejects all values of these shapes.
    """
    if name == "printf" and not isinstance(args[0].sample, str):
        return typed("")
    if all(arg.certain for arg in args) and _size(args) <= _CONSTANT_BYTES:
        try:
            value = _call(name, args)
        except (TooLongError, OutOfStepsError):
            return typed(_RESULTS.get(name, ""))
        return constant(value)
    if name == "not" and args[0].truth is not None:
        return constant(not args[0].truth)
    if name in COMPARISON_NAMES:
        _check_comparison(name, args)
        if (decided := _bounded(name, args)) is not None:
            return constant(decided)
    elif name == "len" and args[0].known:
        _call(name, args)
    elif name == "index":
        return _indexed(args)
    elif name == "slice":
        return _sliced(args[0])
    return typed(_RESULTS[name])


def _call(name: str, args: Sequence[Shape]) -> object:
    """Call a function with samples."""
    return FUNCTIONS[name].run([arg.sample for arg in args], Allowance(_CONSTANT_BYTES, _CONSTANT_BYTES))


def _size(args: Sequence[Shape]) -> int:
    """Return about how large some arguments are; some number above `_CONSTANT_BYTES` if larger than that."""
    return sum(
        len(arg.sample) if isinstance(arg.sample, str) else container_steps(arg.sample, _CONSTANT_BYTES)
        for arg in args
        if isinstance(arg.sample, str | list | tuple | Mapping)
    )


def _check_comparison(name: str, args: Sequence[Shape]) -> None:
    """Compare samples: whether Go compares two values depends on their types alone."""
    first = args[0]
    if len(args) == 1:
        _call(name, args)  # fails, since an argument is missing
    for other in args[1:]:
        if not (first.known and other.known):
            continue
        if any(is_list(each.sample) or is_map(each.sample) for each in (first, other)):
            if other.sample is not ABSENT and first.sample is not ABSENT:
                # Go's message would quote the values, which are only samples here
                types = f"{type_name(first.sample)} and {type_name(other.sample)}"
                raise CallError(f"incompatible types for comparison: {types}")
            continue
        _call(name, (first, other))


def _bounded(name: str, args: Sequence[Shape]) -> bool | None:
    """Return the result of comparing an integer, of which only the least value is known, with a known one; None if unknown."""
    if len(args) != 2:
        return None
    one, other = args
    if one.least is None:
        name, one, other = _MIRRORED[name], other, one
    if one.least is None or not other.certain or type(other.sample) is not int:
        return None
    above, not_below = one.least > other.sample, one.least >= other.sample
    decided = {"gt": above, "ge": not_below, "lt": not_below, "le": above, "eq": above, "ne": above}[name]
    return name in ("gt", "ge", "ne") if decided else None


def _indexed(args: Sequence[Shape]) -> Shape:
    item = args[0]
    for index in args[1:]:
        sample = item.sample
        if isinstance(sample, str | list | tuple):
            if index.known and not isinstance(index.sample, int):
                raise CallError(f"cannot index slice/array with type {type_name(index.sample)}")
            item = typed(Uint8(0)) if isinstance(sample, str) else element_of(item)
        elif isinstance(sample, Mapping):
            if index.known and not isinstance(index.sample, str):
                raise CallError(f"value has type {type_name(index.sample)}; should be string")
            item = UNKNOWN
        elif item.known and sample is not ABSENT:
            raise CallError(f"can't index item of type {type_name(sample)}")
        else:
            item = UNKNOWN
    return item


def _sliced(item: Shape) -> Shape:
    if item.known and not isinstance(item.sample, str | list | tuple) and item.sample is not ABSENT:
        raise CallError(f"can't slice item of type {type_name(item.sample)}")
    return widened(item)
