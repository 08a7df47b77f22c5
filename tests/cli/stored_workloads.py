"""A fleet with something of everything, its configuration, and a cluster that holds it."""

import json

from tests import fleet
from tests.whatif import stored
from webhook import mutation
from webhook.cli import clusters

OLD, NEW = "r.example/vllm:v1", "r.example/vllm:v2"
TEMPLATES = fleet.templates()


def workloads():
    """A fleet with something of everything."""
    old, new = fleet.state(image=OLD), fleet.state(image=NEW)
    drifted = stored.lws(old, "deepseek-r1")
    before, rolling = stored.lws(old, "qwen3-235b"), stored.lws(new, "qwen3-235b")
    hot = stored.lws(new, "hot")
    by_hand = fleet.edit((*stored.GROUP, "workerTemplate", "spec", "containers", "main", "image"), "hot:1")
    gone = stored.lws(old, "gone", runtime="other")
    gone["metadata"]["namespace"] = "team-b"
    early = fleet.file(stored.ASKED)
    deployment = stored.controller("Deployment", "chat")
    middle = stored.controller("ReplicaSet", "chat-1", stored.owned_by("apps/v1", "Deployment", "chat"))
    alone = stored.pod(new)
    alone["spec"]["containers"].append({"name": "istio-proxy", "image": "istio"})
    return [
        drifted, *stored.group_pods(drifted, 0), *stored.group_pods(drifted, 1),
        *(stored.lws(old, f"same-{number}") for number in range(4)),
        rolling, *stored.group_pods(before, 0), *stored.group_pods(rolling, 1, "h2"), *stored.group_pods(rolling, 2, "h2"),
        mutation.update(by_hand(hot), hot, new, namespace="default").value, gone, early,
        deployment, middle, *stored.pods_of(middle, old, 2), *stored.pods_of(middle, new, 1, n="new"),
        stored.controller("CronJob", "nightly"), alone,
    ]  # fmt: skip


class Cluster:
    """A cluster as commands read it, of which the collections are noted that are asked for."""

    def __init__(self, context, objects, state):
        self.context, self.namespace = context, "team-a"
        self.asked, self.differences = [], []
        self._objects, self._state = objects, state

    async def objects(self, collection):
        self.asked.append((collection.kind, collection.namespace, collection.label_selector))
        for one in self._objects:
            if one["kind"] == collection.kind:
                yield json.loads(json.dumps(one))

    async def state(self):
        return clusters.ServerState(self._state, "9.9.9")

    async def state_or(self, own):
        if own is None:
            return await self.state()
        self.differences.append(own.state)
        return own


def in_team_a(values):
    for value in values:
        value["metadata"]["namespace"] = "team-a"
    return values
