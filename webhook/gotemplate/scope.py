"""Variables of one template: which slot a name means at a place in the text."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Binding:
    """A variable that has been declared.

    Attributes:
        name: with its dollar sign.
        slot: where its value is kept.
        certain: whether it surely exists. One that is declared inside an argument of `and` or `or` may not.
    """

    name: str
    slot: int
    certain: bool


class Unset:
    """The type of `UNSET`."""

    __slots__ = ()


UNSET = Unset()
"""In the slot of a variable whose declaration has not been carried out."""


class Scope:
    """The variables known while a template is compiled."""

    def __init__(self) -> None:
        self.bindings = [Binding("$", 0, certain=True)]
        self.by_name = {"$": self.bindings[:]}
        self.slots = 1
        self.optional_depth = 0

    def declare(self, name: str) -> int:
        """Add a variable; return its slot."""
        slot = self.slots
        self.slots += 1
        binding = Binding(name, slot, certain=not self.optional_depth)
        self.bindings.append(binding)
        self.by_name.setdefault(name, []).append(binding)
        return slot

    def slots_of(self, name: str) -> tuple[int, ...]:
        """Return the slots to try, the innermost first; only the last is certain to be set. Empty: undefined."""
        found: list[int] = []
        for binding in reversed(self.by_name.get(name, ())):
            found.append(binding.slot)
            if binding.certain:
                return tuple(found)
        return (*found, -1) if found else ()

    def mark(self) -> int:
        """Return how many variables are known."""
        return len(self.bindings)

    def forget(self, mark: int) -> None:
        """Drop the variables declared since `mark`."""
        while len(self.bindings) > mark:
            self.by_name[self.bindings.pop().name].pop()
