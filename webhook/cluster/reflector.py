"""Follows a collection: list it, watch from there, and list again whenever the watch cannot say what has happened since."""

import asyncio
import contextlib
import random
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from webhook.cluster import answers
from webhook.cluster.answers import Event, Identity, Key, Object, Page
from webhook.cluster.collections import Collection, ObjectReference
from webhook.cluster.failures import ApiError, TooLargeError

REQUESTS = 3
WINDOW = 2.0
"""A reflector sends at most ``REQUESTS`` requests in any ``WINDOW`` seconds, whatever the server does. A start takes two,
list and watch; the third is for the first retry after a failure."""

FIRST_PAUSE = 0.5  # seconds, so that an edit during a failure is still seen within about a second
LONGEST_PAUSE = 30.0  # seconds

LASTED = 10.0
"""Seconds for which a watch must have been open to count as working. Only then may the next one be opened without a pause,
and only then do pauses become short again."""

LIST_AGAIN = 300.0
"""Seconds after which the collection is listed again although nothing seems to be wrong. If etcd has been restored from a
backup, the API server may accept a watch from a resourceVersion in the future and send nothing until that is reached."""

_AT_ONCE = 50  # objects that are passed on without a chance for other tasks

_MAX_PAGES = 10_000  # a million objects; a server whose list never ends must not hold the reflector for ever
_MAX_PAGES_ALONE = 10  # a single object fits on one page


class Source(Protocol):
    """What a reflector needs of a client."""

    async def page(self, collection: Collection, cursor: str = "", *, few: bool = False) -> Page:
        """Return one page of a list; see ``Client.page``."""

    def watch(
        self, collection: Collection, version: str, seconds: int
    ) -> contextlib.AbstractAsyncContextManager[AsyncIterator[Event]]:
        """Watch; see ``Client.watch``."""


class Observer(Protocol):
    """Receives the state of a collection, one object at a time.

    A state that was received is not sent again, even if it is listed again or if receiving it raised an exception. A
    reflector reports such an exception and goes on.
    """

    async def put(self, item: Object) -> None:
        """Receive an object that was created or changed, or that the first list contains."""

    async def deleted(self, key: Key) -> None:
        """Receive the key of an object that was put and does not exist any more, or does not match the selectors."""

    async def listed(self) -> None:
        """Be notified that a list is complete: every object that exists has been put, and every other one deleted."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Clock and random numbers of a reflector.

    Attributes:
        watch: seconds after which the API server is asked to end a watch, plus or minus a fifth. Short, because the end is
            the only sign of life that a server must give.
        list_again: seconds after which the collection is listed again although nothing seems to be wrong.
        clock: returns monotonic seconds.
        sleep: waits for a number of these seconds.
        random: returns a number from 0 up to 1.
    """

    watch: float = 30.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    random: Callable[[], float] = random.random
    list_again: float = LIST_AGAIN


class Reflector:
    """Follows a collection and passes every change on to an observer.

    A list is a consistent read (without a resourceVersion): a cache of the API server may be out of date and would take
    objects back to an earlier state. Objects are passed on page by page, and only their identities are kept in memory. A
    watch that ends when it was asked to continues where it ended. After anything else (410, a broken stream, a malformed
    event, an early end) there is a pause and a new list, which is right whatever was missed.

    Args:
        source: the API server.
        collection: what to follow.
        observer: receives the objects.
        report: receives every failure: an ``ApiError``, or the exception of the observer.
        timing: clock and random numbers.

    Attributes:
        collection: what is followed.
        synced: whether a list has been completed.
        stale_since: time of the clock since when it is unknown whether the observer is up to date; None while a watch is
            open.
        failure: what has gone wrong since a watch was last open, in one line; empty if nothing has.
    """

    def __init__(
        self,
        source: Source,
        collection: Collection,
        observer: Observer,
        *,
        report: Callable[[Exception], None],
        timing: Timing | None = None,
    ) -> None:
        self.collection = collection
        self._source = source
        self._observer = observer
        self._report = report
        self._timing = timing or Timing()
        self._limiter = Limiter()
        self._backoff = Backoff(self._timing.random)
        self._known: dict[Key, Identity] = {}  # the state of each object that the observer has
        self._last_list = self._timing.clock()
        self.synced = False
        self.stale_since: float | None = self._timing.clock()
        self.failure = ""

    async def run(self) -> None:
        """Follow the collection until cancelled. Nothing else ends it."""
        version = ""
        while True:
            try:
                version = await self._watch(version or await self._list())
                if self._timing.clock() - self._last_list >= self._timing.list_again:
                    version = ""
            except ApiError as error:
                await self._pause_after(error, error.retry_after or 0.0)
                version = ""
            except Exception as error:  # noqa: BLE001 - a bug must not leave the observer with an old state for ever
                await self._pause_after(error, 0.0)
                version = ""

    async def _list(self) -> str:
        """List the collection and return the resourceVersion from which to watch."""
        found: set[Key] = set()
        cursor = version = ""
        most = _MAX_PAGES_ALONE if self.collection.name else _MAX_PAGES
        for _ in range(most):
            page = await self._page(cursor)
            if version and page.version != version:
                raise self._malformed("its pages have different resourceVersions")
            version = page.version
            items = {}
            for item in filter(self._is_ours, page.items):
                key = answers.identity(item).key
                if key in found:
                    raise self._malformed(f"it contains {key.name} twice")
                found.add(key)
                items[key] = item
            for number, item in enumerate(items.values()):
                if number % _AT_ONCE == 0:
                    await asyncio.sleep(0)  # for whatever else this process has to do
                await self._put(item)
            cursor = page.cursor
            if not cursor:
                break
        else:
            raise self._malformed(f"it has more than {most} pages")
        for key in [key for key in self._known if key not in found]:
            await self._delete(key)
        self.stale_since = self._last_list = self._timing.clock()
        await self._safely(self._observer.listed())
        self.synced = True
        return version

    async def _page(self, cursor: str) -> Page:
        await self._wait_for_turn()
        try:
            return await self._source.page(self.collection, cursor)
        except TooLargeError:
            if self.collection.name:
                raise
            await self._wait_for_turn()
            return await self._source.page(self.collection, cursor, few=True)

    async def _watch(self, version: str) -> str:
        """Watch until the stream ends; return the resourceVersion from which to continue."""
        clock = self._timing.clock
        seconds = round(self._timing.watch * (0.8 + 0.4 * self._timing.random()))
        await self._wait_for_turn()
        async with self._source.watch(self.collection, version, seconds) as stream:
            opened = last_sign = clock()
            self.stale_since, self.failure = None, ""
            try:
                async for event in stream:
                    last_sign = clock()
                    version = event.version
                    if event.event_type == "bookmark" or not self._is_ours(event.object):
                        continue
                    if event.event_type == "put":
                        await self._put(event.object)
                    else:
                        await self._delete(answers.identity(event.object).key)
                last_sign = clock()
            finally:
                self.stale_since = last_sign
                lasted = clock() - opened
                if lasted >= LASTED:
                    self._backoff.reset()
        if lasted < LASTED:
            message = f"watch {self.collection.human}: ended after {lasted:.1f} s instead of {seconds} s"
            raise ApiError("unreachable", message)
        return version

    async def _put(self, item: Object) -> None:
        identity = answers.identity(item)
        if self._known.get(identity.key) != identity:
            self._known[identity.key] = identity
            await self._safely(self._observer.put(item))

    async def _delete(self, key: Key) -> None:
        if self._known.pop(key, None) is not None:
            await self._safely(self._observer.deleted(key))

    async def _safely(self, notification: Awaitable[None]) -> None:
        try:
            await notification
        except Exception as error:  # noqa: BLE001 - the observer must not end the reflector
            self._safely_report(error)

    async def _wait_for_turn(self) -> None:
        """Wait until another request may be sent, and count it."""
        while wait := self._limiter.wait(self._timing.clock()):
            await self._timing.sleep(wait)
        self._limiter.note(self._timing.clock())

    async def _pause_after(self, error: Exception, retry_after: float) -> None:
        self.failure = str(error) if isinstance(error, ApiError) else f"{type(error).__name__}: {error}"
        self._safely_report(error)
        await self._timing.sleep(max(self._backoff.pause(), retry_after))

    def _safely_report(self, error: Exception) -> None:
        with contextlib.suppress(Exception):  # reporting must not end the reflector either
            self._report(error)

    def _is_ours(self, item: Object) -> bool:
        """Return whether an object belongs to the collection. A server or proxy may ignore the selector of a name."""
        return self.collection.name in {"", answers.identity(item).key.name}

    def _malformed(self, problem: str) -> ApiError:
        return ApiError("malformed", f"list {self.collection.human}: {problem}")


def follow_object(
    source: Source,
    reference: ObjectReference,
    seen: Callable[[Object | None], Awaitable[None]],
    *,
    report: Callable[[Exception], None],
    timing: Timing | None = None,
) -> Reflector:
    """Return a reflector of a single object: of the collection that contains at most that object.

    Args:
        source: the API server.
        reference: the object.
        seen: receives each state of the object, and None if it does not exist or does not exist any more.
        report: as for ``Reflector``.
        timing: as for ``Reflector``.
    """
    return Reflector(source, reference.alone, _Single(seen), report=report, timing=timing)


class _Single:
    """The observer of a single object: also passes on that there is none."""

    def __init__(self, seen: Callable[[Object | None], Awaitable[None]]) -> None:
        self._seen = seen
        self._has_been_seen = False

    async def put(self, item: Object) -> None:
        self._has_been_seen = True
        await self._seen(item)

    async def deleted(self, _key: Key) -> None:
        await self._seen(None)

    async def listed(self) -> None:
        if not self._has_been_seen:
            self._has_been_seen = True
            await self._seen(None)


class Limiter:
    """Allows at most ``REQUESTS`` in any ``WINDOW`` seconds."""

    def __init__(self) -> None:
        self._sent: deque[float] = deque(maxlen=REQUESTS)

    def wait(self, now: float) -> float:
        """Return the seconds to wait before the next request; 0 if it may be sent now."""
        if len(self._sent) < REQUESTS:
            return 0.0
        return max(0.0, self._sent[0] + WINDOW - now)

    def note(self, now: float) -> None:
        """Count a request that is sent now."""
        self._sent.append(now)


class Backoff:
    """Pauses after failures, which double up to ``LONGEST_PAUSE``.

    Each is between half its length and its whole length, at random, so that replicas that failed together do not retry
    together.

    Args:
        random: returns a number from 0 up to 1.
    """

    def __init__(self, random: Callable[[], float]) -> None:
        self._random = random
        self._next = FIRST_PAUSE

    def pause(self) -> float:
        """Return the seconds to wait after another failure."""
        longest = self._next
        self._next = min(2 * longest, LONGEST_PAUSE)
        return longest * (0.5 + self._random() / 2)

    def reset(self) -> None:
        """Start again with short pauses, because something has worked for a while."""
        self._next = FIRST_PAUSE
