"""``hydra-webhook demo``: a real server on loopback, called over TLS as an API server would, and its answers."""

import asyncio
import base64
import http.client
import io
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jsonpatch
import msgspec
import typer
import uvloop

from webhook import app, telemetry, workload
from webhook.cli import object_files, objects, options, output

_CONTENT = {"Content-Type": "application/json"}

#: What is sent if no file is given: in a checkout links to `manifests/examples`, in a wheel files.
_EXAMPLES = [Path(__file__).with_name("examples") / name for name in ("pod.yaml", "leaderworkerset.yaml")]


def demo(
    filename: options.Files = None,
    more: options.MoreFiles = None,
    templates: options.Templates = None,
    agent: options.Agent = None,
    gpu_configs: options.GpuConfigs = None,
    namespace: options.ObjectNamespace = "default",
    *,
    recursive: options.Recursive = False,
) -> None:
    """Send objects to a server on loopback and show its answers.

    Without a FILE, the objects are an example Pod and an example LeaderWorkerSet.

    Each object is sent in an AdmissionReview over TLS, as an API server would. Nothing in a cluster is read or changed.

    Exit status: 0 success, 1 an object was denied or the server could not start, 2 wrong usage.
    """
    if not filename and not more:
        filename = _EXAMPLES
    read = object_files.read(filename, more, recursive=recursive)
    if filename is not _EXAMPLES:
        object_files.report_overlooked(read, inside=False, namespace=namespace)
    found = [item.value for one in read for item in one.items()]
    values = [value for value in found if objects.kind_of(value) in workload.INTERCEPTED]
    if not values:
        raise typer.BadParameter("these files contain no Pod or LeaderWorkerSet", param_hint="-f")
    serving = app.Options(
        host="127.0.0.1", port=0, health_port=0, templates=templates, agent=agent, gpu_configs=gpu_configs
    )
    try:
        allowed = uvloop.run(_ask(serving, values, namespace))
    except app.CannotStart as error:
        output.report(str(error))
        raise typer.Exit(1) from error
    if not allowed:
        raise typer.Exit(1)


async def _ask(serving: app.Options, values: Sequence[objects.Object], namespace: str) -> bool:
    """Start a server, send it every object, and stop it; return whether all objects were allowed."""
    log = telemetry.make_log(io.BytesIO(), "json")
    allowed = True
    async with app.serving(serving, log) as running:
        console = output.console()
        trust = ssl.create_default_context(cadata=running.ca_pem.decode())
        for number, value in enumerate(values, start=1):
            review = _review(value, str(number), objects.namespace_of(value, namespace))
            response = await asyncio.to_thread(_post, running.port, trust, review)
            allowed &= _show(console, value, response)
    return allowed


def _review(value: objects.Object, uid: str, namespace: str) -> bytes:
    group, version, kind = objects.kind_of(value)
    request = {
        "uid": uid,
        "kind": {"group": group, "version": version, "kind": kind},
        "namespace": namespace,
        "name": objects.name_of(value),
        "operation": "CREATE",
        "object": value,
    }
    return msgspec.json.encode({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request})


def _post(port: int, trust: ssl.SSLContext, review: bytes) -> dict[str, Any]:
    """Send a review; return its response, or a denial with the server's own words if it answered with an HTTP error."""
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=10, context=trust)
    try:
        connection.request("POST", "/mutate?timeout=5s", review, _CONTENT)
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    if answer.status != 200:
        return {"allowed": False, "status": {"message": f"HTTP {answer.status}: {body.decode().strip()}"}}
    return dict(msgspec.json.decode(body)["response"])


def _show(console: Any, value: objects.Object, response: dict[str, Any]) -> bool:
    """Print one answer; return whether the object was allowed."""
    name = f"{value['kind']} {workload.display_name(value)}"
    if not response["allowed"]:
        console.print(f"{name}: denied: {response['status']['message']}", style="red", markup=False)
        return False
    operations = msgspec.json.decode(base64.b64decode(response.get("patch", "W10=")))
    rendered = jsonpatch.apply_patch(value, operations)
    console.print(f"{name}: allowed, with a patch of {len(operations)} operations", style="bold", markup=False)
    for warning in response.get("warnings", ()):
        console.print(f"Warning: {warning}", style="yellow", markup=False)
    console.print(output.coloured(output.difference(value, rendered, name)))
    return True
