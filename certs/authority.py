"""The certificate authority that all replicas share through a Secret, which any of them may write."""

from collections.abc import Callable

from certs import policy
from certs.clocks import Reading
from certs.policy import Decision, Lifetimes, Trust
from certs.secret_store import SecretStore, SecretStoreError

# Once any replica has written, the others read that and have nothing left to write. More tries cover writers that are not
# replicas.
_TRIES = 5


class Authority:
    """The shared authority as this replica knows it."""

    def __init__(self, store: SecretStore, lifetimes: Lifetimes) -> None:
        self._store = store
        self._lifetimes = lifetimes
        self._trust: Trust | None = None

    @property
    def trust(self) -> Trust | None:
        """What the Secret held when it was last read or written; None before the first time, or if that is not valid."""
        return self._trust

    async def refresh(self, read_clock: Callable[[], Reading], announced: str = "") -> Decision:
        """Read the Secret and write what is due, as ``policy.decide`` decides.

        If several replicas do so at once, one of them wins and the others adopt what it wrote.

        Args:
            read_clock: reads this replica's clock. Called after the Secret was read, since that may have shown that it is wrong.
            announced: serial of the successor that may be promoted, if there is one; see ``policy.decide``.

        Raises:
            SecretStoreError: the store failed, or the Secret changes faster than it can be written.
        """
        for _ in range(_TRIES):
            stored = await self._store.read()
            data = stored.data if stored else {}
            decision = policy.decide(policy.contents_of(data), self._trust, read_clock(), self._lifetimes, announced)
            if decision.changes and decision.trust is not None:
                foreign = {name: value for name, value in data.items() if name not in policy.KEYS}
                written = {**foreign, **policy.data_of(decision.trust)}
                if not await self._store.write(written, stored.version if stored else None):
                    continue
            self._trust = decision.trust
            return decision
        raise SecretStoreError(f"the Secret was changed by others {_TRIES} times while it was being written")
