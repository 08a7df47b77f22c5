"""A clock that advances only when every task waits, and a Secret in memory."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime, timedelta

import certs


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock jumps to the next timer once no callback is ready, so hours take milliseconds."""

    def __init__(self) -> None:
        self._seconds = 0.0
        super().__init__(_Jumping(self))

    def time(self) -> float:
        return self._seconds

    def pass_time(self, seconds: float) -> None:
        self._seconds += seconds


class _Jumping(selectors.DefaultSelector):
    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None):
        ready = super().select(0)
        if not ready:
            assert timeout is not None, "every task waits, and no timer is set"
            self._loop.pass_time(timeout)
        return ready


def run(main: Coroutine[None, None, object]) -> object:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)


def at(now: datetime, skew: timedelta | None = None) -> Callable[[], certs.Reading]:
    """Return a clock that always gives this reading."""
    return lambda: certs.Reading(now, skew)


class MemorySecret:
    """A Secret that compares versions as an API server does, and lets other tasks run before and after each operation."""

    def __init__(self, data: Mapping[str, bytes] | None = None) -> None:
        self.data = None if data is None else dict(data)
        self.version = 1
        self.writes = 0
        self.broken: Callable[[str], bool] = lambda _moment: False

    async def read(self) -> certs.Stored | None:
        await self.pass_by("read")
        stored = None if self.data is None else certs.Stored(dict(self.data), str(self.version))
        await self.pass_by("after read")
        return stored

    async def write(self, data: Mapping[str, bytes], version: str | None) -> bool:
        await self.pass_by("write")
        fits = version == (None if self.data is None else str(self.version))
        if fits:
            self.put(data)
            self.writes += 1
        await self.pass_by("after write")
        return fits

    def put(self, data: Mapping[str, bytes] | None) -> None:
        """Change the Secret, as a person would."""
        self.data = None if data is None else dict(data)
        self.version += 1

    async def pass_by(self, moment: str) -> None:
        await asyncio.sleep(0)
        if self.broken(moment):
            raise certs.SecretStoreError(f"no answer ({moment})")
