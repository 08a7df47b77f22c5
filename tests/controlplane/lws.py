"""A stand-in for the LeaderWorkerSet controller, as a process: `python -m tests.controlplane.lws --help`.

It does, through the real API, what tests of admission can see of the controller: its two mutating webhooks, on the paths
that the real one serves; a StatefulSet of leaders for each LeaderWorkerSet, one of workers for each leader pod; labels,
annotations and environment; template-revision-hash; status. Deletion is left to the garbage collector, pods to the StatefulSet
controller.

Left out, because no pod runs here: recreation of groups on a restart, surge and waiting during a rollout. Left out, because
no test has them: subgroups, exclusive topology, TPUs, gang scheduling, volume claims, a subdomain for each replica.

State is in the API alone: it may be killed and started at any time.
"""

import argparse
import asyncio
import base64
import hashlib
import json
import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import jsonpatch
from aiohttp import web

Object = dict[str, Any]

DOMAIN = "leaderworkerset.sigs.k8s.io"
NAME = f"{DOMAIN}/name"
GROUP_INDEX = f"{DOMAIN}/group-index"
GROUP_KEY = f"{DOMAIN}/group-key"
WORKER_INDEX = f"{DOMAIN}/worker-index"
REVISION = f"{DOMAIN}/template-revision-hash"
SIZE = f"{DOMAIN}/size"
REPLICAS = f"{DOMAIN}/replicas"
LEADER_NAME = f"{DOMAIN}/leader-name"

LOOK_SECONDS = 0.1
"""Between two looks at the cluster. They are lists from the API server's cache; watches would take more code than the rest."""

log = logging.getLogger("lws")


# What the webhooks make of objects


def default_set(workloads: Object) -> None:
    """Fill in what the API server has not filled in from the CRD, and the empty values that the real one writes."""
    spec = workloads["spec"]
    spec.setdefault("networkConfig", {"subdomainPolicy": "Shared"})
    rollout = spec.setdefault("rolloutStrategy", {"type": "RollingUpdate"})
    rollout.setdefault("rollingUpdateConfiguration", {"maxSurge": 0, "maxUnavailable": 1, "partition": 0})
    template = spec["leaderWorkerTemplate"]
    if template["restartPolicy"] == "Default":
        template["restartPolicy"] = "None"
    for pods in (template.get("leaderTemplate"), template["workerTemplate"]):
        if pods is not None:
            pods.setdefault("metadata", {})
            for container in [*pods["spec"]["containers"], *pods["spec"].get("initContainers", [])]:
                container.setdefault("resources", {})
    workloads.setdefault("status", {})


def default_pod(pod: Object) -> None:
    """Add what tells a pod of its group: labels, and variables before those that each container has."""
    metadata = pod["metadata"]
    labels, ordinal = metadata["labels"], metadata["name"].rpartition("-")[2]
    if labels.get(WORKER_INDEX) == "0":
        labels.setdefault(GROUP_INDEX, ordinal)
        key = f"{metadata['namespace']}/{metadata['name']}"
        labels.setdefault(GROUP_KEY, hashlib.sha1(key.encode()).hexdigest())
    else:
        labels[WORKER_INDEX] = ordinal
    leader = f"{labels[NAME]}-{labels[GROUP_INDEX]}.{pod['spec']['subdomain']}.{metadata['namespace']}"
    variables = {
        "LWS_LEADER_ADDRESS": leader,
        "LWS_GROUP_SIZE": metadata["annotations"][SIZE],
        "LWS_WORKER_INDEX": labels[WORKER_INDEX],
    }
    ours = [{"name": name, "value": value} for name, value in variables.items()]
    for container in [*pod["spec"]["containers"], *pod["spec"].get("initContainers", [])]:
        container["env"] = ours + [each for each in container.get("env", []) if each["name"] not in variables]


def answering(default: Callable[[Object], None]) -> Callable[[web.Request], Any]:
    """Return a handler of AdmissionReviews that applies a function to their objects."""

    async def handle(request: web.Request) -> web.Response:
        review = await request.json()
        asked = review["request"]
        before = asked["object"]
        before["metadata"].setdefault("namespace", asked["namespace"])
        after = json.loads(json.dumps(before))
        default(after)
        patch = jsonpatch.make_patch(before, after).to_string()
        response = {
            "uid": asked["uid"],
            "allowed": True,
            "patchType": "JSONPatch",
            "patch": base64.b64encode(patch.encode()).decode(),
        }
        return web.json_response({"apiVersion": review["apiVersion"], "kind": "AdmissionReview", "response": response})

    return handle


# What the controller makes of a LeaderWorkerSet


def revision(workloads: Object) -> str:
    """Return the template-revision-hash: another one for any change of the pod templates or the size."""
    parts = [workloads["spec"]["leaderWorkerTemplate"], workloads["spec"]["networkConfig"]]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:10]


def leaders(workloads: Object) -> Object:
    """Return the StatefulSet of the leader pods."""
    metadata, spec = workloads["metadata"], workloads["spec"]
    template = spec["leaderWorkerTemplate"]
    rollout = spec["rolloutStrategy"]["rollingUpdateConfiguration"]
    selector = {NAME: metadata["name"], WORKER_INDEX: "0"}
    return stateful_set(
        workloads,
        metadata["name"],
        owner=workloads,
        selector=selector,
        labels={NAME: metadata["name"], REVISION: revision(workloads)},
        annotations={REPLICAS: str(spec["replicas"])},
        spec={
            "replicas": spec["replicas"],
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": rollout["partition"]}},
        },
        pods=with_metadata(
            template.get("leaderTemplate", template["workerTemplate"]),
            labels={**selector, REVISION: revision(workloads)},
            annotations={SIZE: str(template["size"])},
        ),
    )


def workers(workloads: Object, leader: Object) -> Object:
    """Return the StatefulSet of the worker pods of one leader pod."""
    template, name = workloads["spec"]["leaderWorkerTemplate"], leader["metadata"]["name"]
    selector = {key: leader["metadata"]["labels"][key] for key in (NAME, GROUP_INDEX, GROUP_KEY)}
    labels = {**selector, REVISION: revision(workloads)}
    annotations = {SIZE: str(template["size"]), LEADER_NAME: name}
    return stateful_set(
        workloads,
        name,
        owner=leader,
        selector=selector,
        labels=labels,
        annotations={},
        spec={"replicas": template["size"] - 1, "ordinals": {"start": 1}},
        pods=with_metadata(template["workerTemplate"], labels, annotations),
    )


def stateful_set(
    workloads: Object,
    name: str,
    *,
    owner: Object,
    selector: dict[str, str],
    labels: dict[str, str],
    annotations: dict[str, str],
    spec: Object,
    pods: Object,
) -> Object:
    metadata = workloads["metadata"]
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {
            "name": name,
            "namespace": metadata["namespace"],
            "labels": {**metadata.get("labels", {}), **labels},
            "annotations": {**metadata.get("annotations", {}), **annotations},
            "ownerReferences": [owned_by(owner)],
        },
        "spec": {
            "serviceName": metadata["name"],
            "podManagementPolicy": "Parallel",
            "selector": {"matchLabels": selector},
            "template": pods,
            **spec,
        },
    }


def service(workloads: Object) -> Object:
    """Return the headless Service that gives the pods their names."""
    name, namespace = workloads["metadata"]["name"], workloads["metadata"]["namespace"]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": {NAME: name},
            "ownerReferences": [owned_by(workloads)],
        },
        "spec": {"clusterIP": "None", "selector": {NAME: name}, "publishNotReadyAddresses": True},
    }


def status(workloads: Object, pods: list[Object]) -> Object:
    """Return the status, given the leader pods."""
    metadata = workloads["metadata"]
    updated = sum(pod["metadata"]["labels"].get(REVISION) == revision(workloads) for pod in pods)
    ready = sum(is_ready(pod) for pod in pods)
    if ready == updated == workloads["spec"]["replicas"]:
        condition = {"type": "Available", "reason": "AllGroupsReady", "message": "All replicas are ready"}
    else:
        condition = {"type": "Progressing", "reason": "GroupsProgressing", "message": "Replicas are progressing"}
    since = {each["type"]: each["lastTransitionTime"] for each in workloads.get("status", {}).get("conditions", [])}
    condition |= {
        "status": "True",
        "observedGeneration": metadata["generation"],
        "lastTransitionTime": since.get(condition["type"], datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")),
    }
    return {
        "replicas": len(pods),
        "updatedReplicas": updated,
        "readyReplicas": ready,
        "hpaPodSelector": f"{NAME}={metadata['name']},{WORKER_INDEX}=0",
        "observedGeneration": metadata["generation"],
        "conditions": [condition],
    }


def with_metadata(pods: Object, labels: dict[str, str], annotations: dict[str, str]) -> Object:
    metadata = pods.get("metadata", {})
    more = {
        "labels": {**metadata.get("labels", {}), **labels},
        "annotations": {**metadata.get("annotations", {}), **annotations},
    }
    return {**pods, "metadata": {**metadata, **more}}


def owned_by(owner: Object) -> Object:
    metadata = owner["metadata"]
    identity = {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": metadata["name"],
        "uid": metadata["uid"],
    }
    return {**identity, "controller": True, "blockOwnerDeletion": True}


def is_ready(pod: Object) -> bool:
    return any(
        each["type"] == "Ready" and each["status"] == "True" for each in pod.get("status", {}).get("conditions", [])
    )


# The loop


@dataclass
class Controller:
    """Makes what is missing, again and again."""

    session: aiohttp.ClientSession
    applied: dict[str, Object] = field(default_factory=dict)
    """The last that was applied, by path, so that a look at a cluster at rest writes nothing."""

    async def run(self) -> None:
        while True:
            try:
                await self.look()
            except (aiohttp.ClientError, TimeoutError) as error:
                log.warning("%r", error)
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        sets = await self.listed("/apis/leaderworkerset.x-k8s.io/v1/leaderworkersets")
        pods = await self.listed(f"/api/v1/pods?labelSelector={WORKER_INDEX}%3D0,{NAME}")
        stateful = await self.listed(f"/apis/apps/v1/statefulsets?labelSelector={NAME}")
        existing = {key(each) for each in stateful}
        for workloads in sets:
            if "deletionTimestamp" in workloads["metadata"]:
                continue
            workloads |= {"apiVersion": "leaderworkerset.x-k8s.io/v1", "kind": "LeaderWorkerSet"}
            mine = [pod for pod in pods if owner_key(pod) == key(workloads)]
            try:
                await self.make(workloads, mine, existing)
            except aiohttp.ClientResponseError as error:  # such as a refusal by admission: tried again
                log.warning("%s: %s", key(workloads), error.message)

    async def make(self, workloads: Object, pods: list[Object], existing: set[tuple[str, str]]) -> None:
        await self.apply("/api/v1", "services", service(workloads))
        await self.apply("/apis/apps/v1", "statefulsets", leaders(workloads), anew=key(workloads) not in existing)
        template, policy = workloads["spec"]["leaderWorkerTemplate"], workloads["spec"]["startupPolicy"]
        for pod in pods:
            pod |= {"apiVersion": "v1", "kind": "Pod"}
            # A leader of an earlier revision has its workers or is about to be replaced.
            current = pod["metadata"]["labels"].get(REVISION) == revision(workloads)
            started = policy == "LeaderCreated" or is_ready(pod)
            leaving = "deletionTimestamp" in pod["metadata"]
            if template["size"] > 1 and current and started and not leaving and key(pod) not in existing:
                await self.apply("/apis/apps/v1", "statefulsets", workers(workloads, pod), anew=True)
        latest = status(workloads, pods)
        if latest != workloads.get("status"):
            body = {"apiVersion": workloads["apiVersion"], "kind": workloads["kind"], "status": latest}
            await self.patch(path("/apis/leaderworkerset.x-k8s.io/v1", "leaderworkersets", workloads) + "/status", body)

    async def listed(self, address: str) -> list[Object]:
        separator = "&" if "?" in address else "?"
        async with self.session.get(f"{address}{separator}resourceVersion=0") as answer:
            return (await answer.json())["items"]

    async def apply(self, api: str, plural: str, wanted: Object, *, anew: bool = False) -> None:
        address = path(api, plural, wanted)
        if anew or self.applied.get(address) != wanted:
            await self.patch(address, wanted)
            self.applied[address] = wanted

    async def patch(self, address: str, body: Object) -> None:
        """Apply on the server's side, taking over every field that is named."""
        query = {"fieldManager": "lws", "force": "true"}
        headers = {"Content-Type": "application/apply-patch+yaml"}
        async with self.session.patch(
            address, params=query, json=body, headers=headers, raise_for_status=False
        ) as answer:
            if not answer.ok:
                message = (await answer.json(content_type=None)).get("message")
                raise aiohttp.ClientResponseError(answer.request_info, (), status=answer.status, message=message)


def key(item: Object) -> tuple[str, str]:
    return item["metadata"]["namespace"], item["metadata"]["name"]


def owner_key(pod: Object) -> tuple[str, str]:
    return pod["metadata"]["namespace"], pod["metadata"]["labels"][NAME]


def path(api: str, plural: str, item: Object) -> str:
    namespace, name = key(item)
    return f"{api}/namespaces/{namespace}/{plural}/{name}"


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", required=True, help="URL of the API server")
    parser.add_argument("--ca-file", required=True, help="what to trust it by")
    parser.add_argument("--token", required=True)
    parser.add_argument("--port", required=True, type=int, help="of the webhooks")
    parser.add_argument("--cert-dir", required=True, type=Path, help="with tls.crt and tls.key")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")

    application = web.Application(client_max_size=8 * 1024**2)
    application.router.add_post("/mutate-leaderworkerset-x-k8s-io-v1-leaderworkerset", answering(default_set))
    application.router.add_post("/mutate--v1-pod", answering(default_pod))
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(options.cert_dir / "tls.crt", options.cert_dir / "tls.key")
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", options.port, ssl_context=serving).start()

    async with aiohttp.ClientSession(
        options.server,
        headers={"Authorization": f"Bearer {options.token}"},
        connector=aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=options.ca_file)),
        timeout=aiohttp.ClientTimeout(total=10),
        raise_for_status=True,
    ) as session:
        await Controller(session).run()


if __name__ == "__main__":
    asyncio.run(main())
