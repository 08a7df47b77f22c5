"""Variables of one template: which slot a name means at a place in the text."""

from dataclasses import dataclass

from ..parse.bindings import Bindings


@dataclass(frozen=True, slots=True)
class Binding:
    """A variable that has been declared.

    Attributes:
        slot: where its value is kept.
        certain: whether it surely exists. One that is declared inside an argument of `and` or `or` may not.
    """

    slot: int
    certain: bool


class Unset:
    """The type of `UNSET`."""

    __slots__ = ()


UNSET = Unset()
"""In the slot of a variable whose declaration has not been carried out."""


class Scope(Bindings[Binding]):
    """The variables known while a template is compiled."""

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
        """Return the slots to try, the innermost first; only the last is certain to be set. Empty: undefined."""
        found: list[int] = []
        for binding in reversed(self.all(name)):
            found.append(binding.slot)
            if binding.certain:
                return tuple(found)
        return (*found, -1) if found else ()
