"""The variables that are known at a place of a template, with whatever a reader of the template keeps of each."""

from collections.abc import Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


class Bindings(Generic[T]):
    """Variables by name; a later one hides an earlier one. Many of them take no longer to look up than few."""

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
        """Return what is kept of the variable that a name means here."""
        values = self._by_name.get(name)
        return values[-1] if values else default

    def all(self, name: str) -> Sequence[T]:
        """Return what is kept of all variables of a name, the one that it means here last."""
        return self._by_name.get(name, ())

    def mark(self) -> int:
        """Return how many variables there are."""
        return len(self._names)

    def forget(self, mark: int) -> list[str]:
        """Drop the variables that were declared since `mark`; return their names."""
        names = self._names[mark:]
        del self._names[mark:]
        for name in names:
            self._by_name[name].pop()
        return names
