"""A stand-in for the LeaderWorkerSet controller, as a process: `python -m tests.controlplane.lws --help`.

Through the real API it does what tests of admission can observe of the controller. It serves the two mutating webhooks on the
paths of the real one, creates a StatefulSet of leaders for each LeaderWorkerSet and one of workers for each leader pod, sets
labels, annotations, environment and template-revision-hash, and reports status. The garbage collector deletes, and the
StatefulSet controller creates pods.

It does not recreate groups after a restart, and does not surge or wait during a rollout, because no pod runs here. It has no
subgroups, exclusive topology, TPUs, gang scheduling, volume claims or subdomains per replica, because no test uses them.

All its state is in the API, so it may be killed and started at any time.
"""

import argparse
import asyncio
import base64
import copy
import logging
import ssl
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import jsonpatch
from aiohttp import web

from tests.controlplane import lws_objects as objects
from tests.controlplane.objects import Object

PAUSE_SECONDS = 0.1
"""Between two passes, at least. Each lists from the API server's cache, since watches would take more code than all the rest."""

log = logging.getLogger("lws")


def answering(default: Callable[[Object], None]) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Return a handler of AdmissionReviews that applies a function to their objects."""

    async def handle(request: web.Request) -> web.Response:
        review = await request.json()
        asked = review["request"]
        before = asked["object"]
        before["metadata"].setdefault("namespace", asked["namespace"])
        after = copy.deepcopy(before)
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


@dataclass
class Controller:
    """Reconciles all LeaderWorkerSets, again and again."""

    session: aiohttp.ClientSession
    applied: dict[str, Object] = field(default_factory=dict)
    """By path, what was last applied, so that nothing is written while nothing changes."""

    async def run(self) -> None:
        while True:
            began = time.monotonic()
            try:
                await self.reconcile_all()
            except (aiohttp.ClientError, TimeoutError) as error:
                log.warning("%r", error)
            # with hundreds of sets a pass takes long, and the webhooks are served by the same process
            await asyncio.sleep(max(PAUSE_SECONDS, time.monotonic() - began))

    async def reconcile_all(self) -> None:
        sets = await self.listed("/apis/leaderworkerset.x-k8s.io/v1/leaderworkersets")
        pods = await self.listed(f"/api/v1/pods?labelSelector={objects.WORKER_INDEX}%3D0,{objects.NAME}")
        stateful = await self.listed(f"/apis/apps/v1/statefulsets?labelSelector={objects.NAME}")
        existing = {key(each) for each in stateful}
        for workloads in sets:
            if "deletionTimestamp" in workloads["metadata"]:
                continue
            workloads |= {"apiVersion": "leaderworkerset.x-k8s.io/v1", "kind": "LeaderWorkerSet"}
            mine = [pod for pod in pods if owner_key(pod) == key(workloads)]
            try:
                await self.reconcile(workloads, mine, existing)
            except aiohttp.ClientResponseError as error:  # such as a refusal by admission; the next pass tries again
                log.warning("%s: %s", key(workloads), error.message)

    async def reconcile(self, workloads: Object, pods: list[Object], existing: set[tuple[str, str]]) -> None:
        await self.apply("/api/v1", "services", objects.service(workloads))
        await self.apply(
            "/apis/apps/v1", "statefulsets", objects.leaders(workloads), anew=key(workloads) not in existing
        )
        template, policy = workloads["spec"]["leaderWorkerTemplate"], workloads["spec"]["startupPolicy"]
        for pod in pods:
            pod |= {"apiVersion": "v1", "kind": "Pod"}
            # A leader of an earlier revision has its workers already, or is about to be replaced.
            current = pod["metadata"]["labels"].get(objects.REVISION) == objects.revision(workloads)
            started = policy == "LeaderCreated" or objects.is_ready(pod)
            leaving = "deletionTimestamp" in pod["metadata"]
            if template["size"] > 1 and current and started and not leaving and key(pod) not in existing:
                await self.apply("/apis/apps/v1", "statefulsets", objects.workers(workloads, pod), anew=True)
        latest = objects.status(workloads, pods)
        if latest != workloads.get("status"):
            body = {"apiVersion": workloads["apiVersion"], "kind": workloads["kind"], "status": latest}
            await self.patch(path("/apis/leaderworkerset.x-k8s.io/v1", "leaderworkersets", workloads) + "/status", body)

    async def listed(self, address: str) -> list[Object]:
        separator = "&" if "?" in address else "?"
        async with self.session.get(f"{address}{separator}resourceVersion=0") as answer:
            items: list[Object] = (await answer.json())["items"]
            return items

    async def apply(self, api: str, plural: str, wanted: Object, *, anew: bool = False) -> None:
        address = path(api, plural, wanted)
        if anew or self.applied.get(address) != wanted:
            await self.patch(address, wanted)
            self.applied[address] = wanted

    async def patch(self, address: str, body: Object) -> None:
        """Apply server-side, and take over the ownership of every field."""
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
    return pod["metadata"]["namespace"], pod["metadata"]["labels"][objects.NAME]


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
    application.router.add_post("/mutate-leaderworkerset-x-k8s-io-v1-leaderworkerset", answering(objects.default_set))
    application.router.add_post("/mutate--v1-pod", answering(objects.default_pod))
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
