"""An API server in memory, as far as `cluster.Client` is used to read and write single objects."""

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jsonpatch

from webhook import cluster

Object = dict[str, Any]


class Api:
    """Objects by name. Stands in for a client.

    Attributes:
        objects: what is stored.
        refused: verb → what is raised instead of doing it.
        before: called before each verb, to let somebody else be faster.
        asked: the verbs so far.
    """

    def __init__(self, **objects: Object) -> None:
        self.objects: dict[str, Object] = {}
        self.refused: dict[str, cluster.Reason] = {}
        self.before: Callable[[str], None] = lambda verb: None
        self.asked: list[str] = []
        self._version = 0
        for name, item in objects.items():
            self.store(name.replace("_", "-"), item)

    def store(self, name: str, item: Mapping[str, Any]) -> Object:
        self._version += 1
        metadata = {**item.get("metadata", {}), "name": name, "resourceVersion": str(self._version)}
        self.objects[name] = copy.deepcopy({**item, "metadata": metadata})
        return copy.deepcopy(self.objects[name])

    async def get(self, resource: cluster.Resource) -> Object:
        self._ask("get", resource)
        if resource.name not in self.objects:
            raise cluster.ApiError("not-found", f"get {resource.human}: not found")
        return copy.deepcopy(self.objects[resource.name])

    async def create(self, resource: cluster.Resource, body: Object) -> Object:
        self._ask("create", resource)
        if resource.name in self.objects:
            raise cluster.ApiError("conflict", f"create {resource.human}: exists")
        return self.store(resource.name, body)

    async def replace(self, resource: cluster.Resource, body: Object) -> Object:
        self._ask("update", resource)
        stored = self.objects.get(resource.name)
        if stored is None:
            raise cluster.ApiError("not-found", f"update {resource.human}: not found")
        if stored["metadata"]["resourceVersion"] != body["metadata"]["resourceVersion"]:
            raise cluster.ApiError("conflict", f"update {resource.human}: changed")
        return self.store(resource.name, body)

    async def patch_json(self, resource: cluster.Resource, operations: Sequence[Mapping[str, Any]]) -> Object:
        self._ask("patch", resource)
        try:
            patched = jsonpatch.apply_patch(self.objects[resource.name], list(operations))
        except (KeyError, jsonpatch.JsonPatchException, jsonpatch.JsonPointerException):
            raise cluster.ApiError("invalid", f"patch {resource.human}: test failed") from None
        return self.store(resource.name, patched)

    def _ask(self, verb: str, resource: cluster.Resource) -> None:
        self.asked.append(verb)
        self.before(verb)
        if verb in self.refused:
            raise cluster.ApiError(self.refused[verb], f"{verb} {resource.human}: {self.refused[verb]}")
