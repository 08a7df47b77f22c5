"""Every object of a collection once, a page at a time: memory is bounded by a page, not by the cluster."""

from collections.abc import AsyncIterator
from typing import Protocol

from webhook.cluster import answers
from webhook.cluster.answers import Object, Page
from webhook.cluster.collections import Collection
from webhook.cluster.failures import ApiError, TooLargeError

_ATTEMPTS = 3
"""How often a list may begin. A cursor expires after about five minutes, so only a very slow reader needs a second one."""


class Source(Protocol):
    """What a list needs of a client."""

    async def page(self, collection: Collection, cursor: str = "", *, few: bool = False) -> Page:
        """Return one page of a list; see ``Client.page``."""


async def objects(source: Source, collection: Collection) -> AsyncIterator[Object]:
    """Yield each object of the collection, as it is when its page is read.

    When the API server forgets the list before its end, the list begins again, and what was yielded is left out.

    Raises:
        ApiError: a page cannot be read. A kind that the API server does not know has no objects.
    """
    yielded: set[str] = set()
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            async for page in _pages(source, collection):
                for item in page.items:
                    if (identity := _identity(item)) not in yielded:
                        yielded.add(identity)
                        yield {"apiVersion": collection.api_version, "kind": collection.kind, **item}
        except ApiError as error:
            if error.code == "gone" and attempt < _ATTEMPTS:
                continue
            if error.code == "not-found" and not yielded:
                return
            raise
        return


async def _pages(source: Source, collection: Collection) -> AsyncIterator[Page]:
    cursor = ""
    while True:
        try:
            page = await source.page(collection, cursor)
        except TooLargeError:
            page = await source.page(collection, cursor, few=True)
        yield page
        cursor = page.cursor
        if not cursor:
            return


def _identity(item: Object) -> str:
    """Return what tells an object from all others, also from one of the same name before or after it."""
    found = answers.identity(item)
    return found.uid or f"{found.key.namespace}/{found.key.name}"
