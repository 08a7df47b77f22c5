"""An API server for single objects, as far as ``cluster.Client`` reads and writes them."""

import copy
from collections.abc import Callable, Mapping
from typing import Any

import jsonpatch
from aiohttp import web

from webhook import cluster

Object = dict[str, Any]

_VERBS = {"GET": "get", "POST": "create", "PUT": "update", "PATCH": "patch"}


class Api:
    """Objects by name, whatever their kind is.

    Attributes:
        client: of this server; set once it runs.
        objects: what is stored.
        refused: HTTP status by verb, which is sent instead of doing anything.
        before: called before each request with its verb, so that a test can be faster than the client.
        asked: the verbs of the requests so far.
    """

    client: cluster.Client

    def __init__(self, **objects: Object) -> None:
        self.objects: dict[str, Object] = {}
        self.refused: dict[str, int] = {}
        self.before: Callable[[str], None] = lambda verb: None
        self.asked: list[str] = []
        self._version = 0
        for name, item in objects.items():
            self.store(name.replace("_", "-"), item)

    def application(self) -> web.Application:
        application = web.Application(client_max_size=16 * 2**20)
        application.router.add_route("*", "/{path:.*}", self._answer)
        return application

    def store(self, name: str, item: Mapping[str, Any]) -> Object:
        self._version += 1
        metadata = {**item.get("metadata", {}), "name": name, "resourceVersion": str(self._version)}
        self.objects[name] = copy.deepcopy({**item, "metadata": metadata})
        return self.objects[name]

    async def _answer(self, request: web.Request) -> web.Response:
        verb = _VERBS[request.method]
        self.asked.append(verb)
        self.before(verb)
        if verb in self.refused:
            return _status(self.refused[verb], "no")
        body = await request.json() if request.can_read_body else {}
        name = body["metadata"]["name"] if verb == "create" else request.path.rpartition("/")[2]
        stored = self.objects.get(name)
        if verb == "create":
            return _status(409, "it exists") if stored is not None else web.json_response(self.store(name, body))
        if stored is None:
            return _status(404, "not found")
        if verb == "update":
            if stored["metadata"]["resourceVersion"] != body["metadata"]["resourceVersion"]:
                return _status(409, "it was changed")
            self.store(name, body)
        if verb == "patch":
            try:
                self.store(name, jsonpatch.apply_patch(stored, body))
            except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException):
                return _status(422, "the test failed")
        return web.json_response(self.objects[name])


def _status(http_status: int, message: str) -> web.Response:
    return web.json_response({"kind": "Status", "code": http_status, "message": message}, status=http_status)
