"""Where the shared authority is kept: a protocol that a Kubernetes Secret fulfils, and a dictionary in tests."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


class SecretStoreError(Exception):
    """The Secret could not be read or written; ``str()`` is one line that says why."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A Secret as it was read. Its data is kept out of ``repr``.

    Attributes:
        data: the values, decoded, by key.
        version: what ``SecretStore.write`` compares.
    """

    data: Mapping[str, bytes]
    version: str

    def __repr__(self) -> str:
        return f"Stored(keys={sorted(self.data)!r}, version={self.version!r})"


class SecretStore(Protocol):
    """Reads and writes one Secret.

    Both calls must give up within seconds by raising ``SecretStoreError``.
    """

    async def read(self) -> Stored | None:
        """Return the Secret as it is now, never from a cache; None if it does not exist."""

    async def write(self, data: Mapping[str, bytes], version: str | None) -> bool:
        """Replace all data of the Secret, or create it if ``version`` is None.

        Returns:
            False if the Secret has another version by now, or already exists; it was not changed.
        """
