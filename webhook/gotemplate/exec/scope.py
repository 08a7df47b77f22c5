"""The variables of one template: which slot holds a variable at a place in the text."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..parse.bindings import Bindings


@dataclass(frozen=True, slots=True)
class Binding:
    """A declared variable.

    Attributes:
        slot: where its value is kept.
        certain: whether it certainly exists. If an argument of `and` or `or` declares it, it may not.
    """

    slot: int
    certain: bool


class Unset:
    """The type of `UNSET`."""

    __slots__ = ()


UNSET = Unset()
"""The value of a variable whose declaration has not been executed."""


class Scope(Bindings[Binding]):
    """The variables in scope while a template is compiled."""

    __slots__ = ("optional_depth", "slots")

    def __init__(self) -> None:
        super().__init__()
        self.slots = 0
        self.optional_depth = 0
        self.add("$")

    def add(self, name: str) -> int:
        """Add a variable; return its slot."""
        slot = self.slots
        self.slots += 1
        self.declare(name, Binding(slot, certain=not self.optional_depth))
        return slot

    def slots_of(self, name: str) -> tuple[int, ...]:
        """Return the slots that may hold a variable, the innermost first; empty if it is undefined.

        A last slot of -1 means that none of the others is certain to hold it.
        """
        found: list[int] = []
        for binding in reversed(self.all(name)):
            found.append(binding.slot)
            if binding.certain:
                return tuple(found)
        return (*found, -1) if found else ()


def bound_slot(slots: Sequence[int], variables: Sequence[object]) -> int:
    """Return the first of some slots whose variable has been declared; -1 if none has."""
    for slot in slots:
        if slot >= 0 and variables[slot] is not UNSET:
            return slot
    return -1
