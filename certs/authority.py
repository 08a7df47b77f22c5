"""One authority for all replicas, kept in a Secret that any of them may write."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from certs import policy
from certs.policy import Decision, Terms, Trust

# After one write by anyone, everyone who reads finds nothing left to do; more tries are for writers who are not replicas.
_TRIES = 5


class VaultError(Exception):
    """The Secret could not be read or written; ``str()`` is one line that says why."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A Secret as it was read: its data, and the version that ``Vault.write`` compares. Its data is kept out of ``repr``."""

    data: Mapping[str, bytes]
    version: str

    def __repr__(self) -> str:
        return f"Stored(keys={sorted(self.data)!r}, version={self.version!r})"


class Vault(Protocol):
    """Where the Secret is.

    Both calls give up by themselves, by raising ``VaultError``, within seconds.
    """

    async def read(self) -> Stored | None:
        """Return the Secret as it is now, never from a cache; None if there is none."""

    async def write(self, data: Mapping[str, bytes], version: str | None) -> bool:
        """Replace all data of the Secret; create it if ``version`` is None.

        Returns:
            False: it is not at that version (or exists already), and was not changed.
        """


class Authority:
    """The shared authority as this replica knows it."""

    def __init__(self, vault: Vault, terms: Terms) -> None:
        self._vault = vault
        self._terms = terms
        self._trust: Trust | None = None

    @property
    def trust(self) -> Trust | None:
        """What the Secret said last; None until it was read."""
        return self._trust

    async def refresh(self, now: datetime, announced: str = "") -> Decision:
        """Read the Secret and write what is due (``policy.decide``).

        Of replicas that do so at once one wins, and the others take over what it wrote.

        Raises:
            VaultError: as the vault, or the Secret changes faster than it can be written.
        """
        for _ in range(_TRIES):
            stored = await self._vault.read()
            data = stored.data if stored else {}
            decision = policy.decide(policy.contents_of(data), self._trust, now, self._terms, announced)
            if decision.changes:
                foreign = {name: value for name, value in data.items() if name not in policy.KEYS}
                written = {**foreign, **policy.data_of(decision.trust)}
                if not await self._vault.write(written, stored.version if stored else None):
                    continue
            self._trust = decision.trust
            return decision
        raise VaultError(f"others changed the Secret {_TRIES} times while it was being written")
