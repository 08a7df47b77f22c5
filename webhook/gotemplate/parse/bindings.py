"""The variables in scope at a place of a template, each with whatever its user keeps of it."""

from collections.abc import Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


class Bindings(Generic[T]):
    """Variables by name. A later one hides an earlier one. Look-up takes constant time."""

    __slots__ = ("_by_name", "_names")

    def __init__(self) -> None:
        self._names: list[str] = []  # in the order of their declarations
        self._by_name: dict[str, list[T]] = {}

    def __contains__(self, name: str) -> bool:
        return bool(self._by_name.get(name))

    def declare(self, name: str, value: T) -> None:
        """Add a variable."""
        self._names.append(name)
        self._by_name.setdefault(name, []).append(value)

    def get(self, name: str, default: T) -> T:
        """Return the value of the innermost variable of a name."""
        values = self._by_name.get(name)
        return values[-1] if values else default

    def all(self, name: str) -> Sequence[T]:
        """Return the values of all variables of a name, the innermost last."""
        return self._by_name.get(name, ())

    def mark(self) -> int:
        """Return how many variables are in scope, for `forget`."""
        return len(self._names)

    def forget(self, mark: int) -> list[str]:
        """Drop the variables declared since `mark`; return their names."""
        names = self._names[mark:]
        del self._names[mark:]
        for name in names:
            self._by_name[name].pop()
        return names
