"""One budget of bytes for the bodies of all connections, so that memory does not grow with the number of senders."""

import asyncio
from collections import deque

BODIES_BYTES = 32 * 1024 * 1024
"""Bytes of large bodies (``calls.SMALL_BODY``) in memory at a time: four of the largest that are accepted. API servers send
a large one now and then; the pods of a whole burst, a few KiB each, need no share."""

WAIT_SECONDS = 3.0
"""How long a body waits for its share: longer than ``calls.HOLD_SECONDS``, after which a silent holder loses it, and shorter
than the 5 s of our ``timeoutSeconds``, so that the API server gets an answer and can try another replica."""


class BodyBudget:
    """Shares of a number of bytes.

    When there are not enough, peers (client addresses) take turns, and the requests of one peer are served in their order. So
    a peer that asks for everything delays another one by a single share, and a small request never overtakes a large one
    for ever.

    Args:
        total: bytes; the largest share that can be taken.
    """

    def __init__(self, total: int = BODIES_BYTES) -> None:
        self._free = total
        self._queues: dict[str, deque[tuple[int, asyncio.Future[None]]]] = {}  # in the order of the peers' turns

    @property
    def free(self) -> int:
        """Return how many bytes nobody holds."""
        return self._free

    async def take(self, peer: str, size: int) -> None:
        """Take a share, which must be returned with ``give_back``; wait for it if necessary.

        Raises:
            TimeoutError: there was none within ``WAIT_SECONDS``.
        """
        if size <= self._free and not self._queues:
            self._free -= size
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = (size, turn)
        self._queues.setdefault(peer, deque()).append(waiting)
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await turn
        except BaseException:  # a timeout, or the connection is gone
            if turn.done() and not turn.cancelled():  # it was granted at the same moment
                self.give_back(size)
            else:
                self._leave(peer, waiting)
            raise

    def give_back(self, size: int) -> None:
        """Return a share that was taken."""
        self._free += size
        self._grant()

    def _leave(self, peer: str, waiting: tuple[int, asyncio.Future[None]]) -> None:
        queue = self._queues.get(peer, deque())
        if waiting in queue:
            queue.remove(waiting)
            if not queue:
                del self._queues[peer]
        self._grant()  # the one that left may have been too large for what is free

    def _grant(self) -> None:
        while self._queues:
            peer, queue = next(iter(self._queues.items()))
            size, turn = queue[0]
            waits = not turn.done()  # a request whose time is up is cancelled before it leaves
            if waits and size > self._free:
                return
            del self._queues[peer]
            queue.popleft()
            if queue:
                self._queues[peer] = queue  # its next turn comes after those of all others
            if waits:
                self._free -= size
                turn.set_result(None)
