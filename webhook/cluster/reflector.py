"""Follows one object: list, watch from there, and list again whenever the watch cannot tell what has happened since."""

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from webhook.cluster import events, pacing
from webhook.cluster.events import Event, Object, Page
from webhook.cluster.failures import ApiError
from webhook.cluster.resources import Resource

LASTED = 10.0
"""Seconds for which a watch must have been open to count as one that works: only then may the next one be opened without a
pause, and only then do pauses become short again."""

LIST_AGAIN = 300.0
"""Seconds after which the object is listed again although nothing seems to be wrong. When etcd has been restored from a
backup, the API server may accept watches from resourceVersions that are still to come and tell nothing until then."""

_MAX_PAGES = 10  # the one object that is asked for fits on one


class Source(Protocol):
    """What a reflector asks of a client."""

    async def page(self, resource: Resource, cursor: str = "") -> Page:
        """Return one page of a list; see ``Client.page``."""

    def watch(
        self, resource: Resource, version: str, seconds: int
    ) -> contextlib.AbstractAsyncContextManager[AsyncIterator[Event]]:
        """Watch; see ``Client.watch``."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Clock and dice of a reflector.

    Attributes:
        watch: seconds after which the API server is asked to end a watch, up to a fifth more or less. Short, since the
            end is the only sign of life that a server must give.
        clock: returns seconds, monotonic.
        sleep: waits for so many of them.
        random: returns a number from 0 up to 1.
    """

    watch: float = 30.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    random: Callable[[], float] = random.random


class Reflector:
    """Follows one object and tells each of its states.

    A list is a consistent read (no resourceVersion): a cache of the API server may be behind, and would take an object
    back to what it was before; for a single object the difference costs nothing. A watch that ends as it was asked to
    goes on where it ended. After everything else, 410, a broken stream, an event that makes no sense, an end that came
    too early, there is a pause and a new list: it is no dearer than a watch, and right whatever was missed.

    Args:
        source: the API server.
        resource: the object.
        seen: is awaited with the whole object whenever it is another one than last time, and with None when it is not there
            (any more). What it raises is reported and does no harm; the same state is not told again.
        report: is told of every failure: an ``ApiError``, or whatever ``seen`` has raised.
        timing: clock and dice.

    Attributes:
        resource: the object.
        synced: a complete list has been told once.
        stale_since: time of the clock since when it has not been known whether the API server is followed; None while a
            watch is open.
        failure: what has gone wrong since a watch was last open, in one line; empty if nothing has.
    """

    def __init__(
        self,
        source: Source,
        resource: Resource,
        seen: Callable[[Object | None], Awaitable[None]],
        *,
        report: Callable[[Exception], None],
        timing: Timing | None = None,
    ) -> None:
        self.resource = resource
        self._source = source
        self._seen = seen
        self._report = report
        self._timing = timing or Timing()
        self._limiter = pacing.Limiter()
        self._backoff = pacing.Backoff(self._timing.random)
        self._listed = self._timing.clock()
        self._told: events.Identity | None = None
        self.synced = False
        self.stale_since: float | None = self._timing.clock()
        self.failure = ""

    async def run(self) -> None:
        """Follow the object until cancelled. Nothing else ends it."""
        version = ""
        while True:
            try:
                version = await self._watch(version or await self._list())
                if self._timing.clock() - self._listed >= LIST_AGAIN:
                    version = ""
            except ApiError as error:
                await self._failed(error, error.retry_after or 0.0)
                version = ""
            except Exception as error:  # noqa: BLE001 - a bug must not leave a server with yesterday's configuration
                await self._failed(error, 0.0)
                version = ""

    async def _list(self) -> str:
        """List, tell what was found, and return the resourceVersion from which to watch."""
        found: Object | None = None
        cursor = version = ""
        for _ in range(_MAX_PAGES):
            await self._turn()
            page = await self._source.page(self.resource, cursor)
            if version and page.version != version:
                raise self._malformed("its pages are of different resourceVersions")
            version = page.version
            for item in page.items:
                if self._is_ours(item):
                    if found is not None:
                        raise self._malformed("the object is in it twice")
                    found = item
            cursor = page.cursor
            if not cursor:
                break
        else:
            raise self._malformed(f"more than {_MAX_PAGES} pages")
        self.stale_since = self._listed = self._timing.clock()
        await self._tell(found)
        self.synced = True
        return version

    async def _watch(self, version: str) -> str:
        """Watch until the stream ends; return the resourceVersion from which to go on."""
        clock = self._timing.clock
        seconds = round(self._timing.watch * (0.8 + 0.4 * self._timing.random()))
        await self._turn()
        async with self._source.watch(self.resource, version, seconds) as stream:
            opened = heard = clock()
            self.stale_since, self.failure = None, ""
            try:
                async for event in stream:
                    heard = clock()
                    version = event.version
                    if event.kind != "bookmark" and self._is_ours(event.object):
                        await self._tell(event.object if event.kind == "put" else None)
                heard = clock()
            finally:
                self.stale_since = heard
                lasted = clock() - opened
                if lasted >= LASTED:
                    self._backoff.reset()
        if lasted < LASTED:
            message = f"watch {self.resource.human}: ended after {lasted:.1f} s instead of {seconds} s"
            raise ApiError("unreachable", message)
        return version

    async def _turn(self) -> None:
        """Wait until another request may be made, and count it."""
        while wait := self._limiter.wait(self._timing.clock()):
            await self._timing.sleep(wait)
        self._limiter.note(self._timing.clock())

    async def _tell(self, state: Object | None) -> None:
        told = events.identity(state) if state is not None else _ABSENT
        if told == self._told:
            return
        self._told = told
        try:
            await self._seen(state)
        except Exception as error:  # noqa: BLE001 - whoever listens must not end the following
            self._reported(error)

    async def _failed(self, error: Exception, retry_after: float) -> None:
        self.failure = str(error) if isinstance(error, ApiError) else f"{type(error).__name__}: {error}"
        self._reported(error)
        await self._timing.sleep(max(self._backoff.pause(), retry_after))

    def _reported(self, error: Exception) -> None:
        with contextlib.suppress(Exception):  # likewise
            self._report(error)

    def _is_ours(self, item: Object) -> bool:
        return events.identity(item).name == self.resource.name

    def _malformed(self, what: str) -> ApiError:
        return ApiError("malformed", f"list {self.resource.human}: {what}")


_ABSENT = events.Identity("", "", "")  # no object has such an identity
