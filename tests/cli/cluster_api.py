"""An API server in a thread of its own, for commands that run in the process of the test."""

import asyncio
import copy
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from aiohttp import web

Object = dict[str, Any]
Admit = Callable[[Object], tuple[int, Object, list[str]]]


class ClusterApi:
    """Objects by path.

    Attributes:
        objects: what is stored, by the path of the object.
        forbidden: paths that are answered 403.
        admit: what admission makes of a patched object: HTTP status, the object or a Status, and warnings.
        patches: path, query and body of each patch.
        requests: method and path of each request.
    """

    def __init__(self) -> None:
        self.objects: dict[str, Object] = {}
        self.forbidden: set[str] = set()
        self.admit: Admit = lambda item: (200, item, [])
        self.patches: list[tuple[str, dict[str, str], Object]] = []
        self.requests: list[tuple[str, str]] = []
        self.url = ""

    def put(self, path: str, **fields: Any) -> None:
        name = path.rpartition("/")[2]
        metadata = {"name": name, "resourceVersion": "1", "uid": f"uid-{path}", **fields.pop("metadata", {})}
        if "/namespaces/" in path:
            metadata["namespace"] = path.partition("/namespaces/")[2].partition("/")[0]
        self.objects[path] = {"metadata": metadata, **fields}

    async def answer(self, request: web.Request) -> web.Response:
        self.requests.append((request.method, request.path))
        if request.path in self.forbidden:
            return _status(403, "no")
        if request.method == "PATCH":
            return await self._patch(request)
        if request.path in self.objects:
            return web.json_response(self.objects[request.path])
        plural, selector = request.path.rpartition("/")[2], request.query.get("labelSelector", "")
        items = [item for path, item in self.objects.items() if self._listed(path, request.path, plural)]
        if not items and "limit" not in request.query:
            return _status(404, "not found")
        found = [item for item in items if _selected(item, selector)]
        return web.json_response({"kind": "List", "metadata": {"resourceVersion": "1"}, "items": found})

    def _listed(self, path: str, collection: str, plural: str) -> bool:
        return path.startswith(f"{collection}/") or (
            "/namespaces/" not in collection and path.rpartition("/")[0].endswith(f"/{plural}")
        )

    async def _patch(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.patches.append((request.path, dict(request.query), body))
        item = copy.deepcopy(self.objects[request.path])
        item["metadata"].setdefault("annotations", {}).update(body["metadata"]["annotations"])
        http_status, admitted, warnings = self.admit(item)
        headers = [("Warning", f"299 - {json.dumps(warning)}") for warning in warnings]
        if http_status == 200 and "dryRun" not in request.query:
            self.objects[request.path] = admitted
        return web.json_response(admitted, status=http_status, headers=headers)


def denied(message: str) -> tuple[int, Object, list[str]]:
    return 422, {"kind": "Status", "code": 422, "reason": "Invalid", "message": message}, []


def _selected(item: Object, selector: str) -> bool:
    key, _, value = selector.partition("=")
    labels = item["metadata"].get("labels", {})
    return not selector or (labels.get(key) == value if value else key in labels)


def _status(http_status: int, message: str) -> web.Response:
    return web.json_response({"kind": "Status", "code": http_status, "message": message}, status=http_status)


@contextmanager
def serving(api: ClusterApi) -> Iterator[ClusterApi]:
    """Serve while the context is open."""
    loop, started, ended = asyncio.new_event_loop(), threading.Event(), asyncio.Event()

    async def serve() -> None:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", api.answer)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        api.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        started.set()
        await ended.wait()
        await runner.cleanup()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    started.wait(60)
    try:
        yield api
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
        loop.close()
