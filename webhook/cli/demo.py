"""``hydra-webhook demo``: a real server on loopback, called over TLS as an API server would, and its answers."""

import asyncio
import base64
import http.client
import io
import os
import shlex
import shutil
import ssl
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import jsonpatch
import msgspec
import typer
import uvloop
from rich.console import Console
from rich.text import Text

from webhook import app, errors, telemetry, workload
from webhook.cli import folded, object_files, objects, options, output

_CONTENT = {"Content-Type": "application/json"}

#: What is sent if no file is given: in a checkout links to `manifests/examples`, in a wheel files.
_EXAMPLES = [Path(__file__).with_name("examples") / name for name in ("pod.yaml", "leaderworkerset-cpu.yaml")]

#: Characters of a line where the output is not a terminal.
_WIDTH = 100

_STYLES = {"+": "green", "-": "red"}


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
    chosen = bool(filename or more)
    read = object_files.read(
        filename if chosen else [example.resolve() for example in _EXAMPLES], more, recursive=recursive
    )
    if chosen:
        object_files.report_overlooked(read, inside=False, namespace=namespace)
    sent = [
        (Path("-" if item.source == object_files.STANDARD_INPUT else item.source), item.value)
        for one in read
        for item in one.items()
        if objects.kind_of(item.value) in workload.INTERCEPTED
    ]
    if not sent:
        raise typer.BadParameter("these files contain no Pod or LeaderWorkerSet", param_hint="-f")
    serving = app.Options(
        host="127.0.0.1", port=0, health_port=0, templates=templates, agent=agent, gpu_configs=gpu_configs
    )
    console = output.console()
    try:
        allowed = uvloop.run(_ask(serving, sent, namespace, console))
    except app.CannotStart as error:
        output.report(str(error))
        raise typer.Exit(1) from error
    given = {"--templates": templates, "--agent": agent, "--gpu-configs": gpu_configs}
    more_options = [f"{option} {shlex.quote(str(file))}" for option, file in given.items() if file is not None]
    if namespace != "default":
        more_options.append(f"-n {shlex.quote(namespace)}")
    for line in _next(sent[0][0], more_options):
        console.print(line, markup=False, soft_wrap=True)
    if not allowed:
        raise typer.Exit(1)


async def _ask(
    serving: app.Options, sent: Sequence[tuple[Path, objects.Object]], namespace: str, console: Console
) -> bool:
    """Start a server, send it every object, and stop it; return whether all objects were allowed."""
    log = telemetry.make_log(io.BytesIO(), "json")
    allowed = True
    async with app.serving(serving, log) as running:
        trust = ssl.create_default_context(cadata=running.ca_pem.decode())
        for number, (file, value) in enumerate(sent, start=1):
            review = _review(value, str(number), objects.namespace_of(value, namespace))
            protocol, response = await asyncio.to_thread(_post, running.port, trust, review)
            if number == 1:
                console.print(f"a server on loopback: {protocol}, certificate verified", markup=False, soft_wrap=True)
            allowed &= _show(console, _path(file), value, response)
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


def _post(port: int, trust: ssl.SSLContext, review: bytes) -> tuple[str, dict[str, Any]]:
    """Send a review.

    Returns:
        The version of TLS, and the response, or a denial with the server's own words if it answered with an HTTP error.
    """
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=10, context=trust)
    try:
        connection.connect()
        assert isinstance(connection.sock, ssl.SSLSocket)
        protocol = (connection.sock.version() or "TLS").replace("v", " ")
        connection.request("POST", "/mutate?timeout=5s", review, _CONTENT)
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    if answer.status != http.client.OK:
        return protocol, {"allowed": False, "status": {"message": f"HTTP {answer.status}: {body.decode().strip()}"}}
    return protocol, dict(msgspec.json.decode(body)["response"])


def _show(console: Console, file: str, value: objects.Object, response: dict[str, Any]) -> bool:
    """Print what was sent and what came back; return whether the object was allowed."""

    def line(text: str, style: str = "") -> None:
        console.print(Text(text, style=style), soft_wrap=True)

    line("")
    line(f"in:  {value['kind']} {workload.display_name(value)}: {_asked(value)}", "bold")
    line(f"     {file}")
    if not response["allowed"]:
        line(f"out: denied: {response['status']['message']}", "red")
        return False
    operations = msgspec.json.decode(base64.b64decode(response.get("patch", "W10=")))
    line(f"out: allowed, with a patch of {output.counted(len(operations), 'operation')}", "bold")
    if operations:
        rendered = jsonpatch.apply_patch(value, operations)
        columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else _WIDTH
        width = min(columns, _WIDTH) - 2
        for text in folded.difference(value, rendered, objects.kind_of(value), width):
            line(f"  {text}", _STYLES.get(text.lstrip()[0], ""))
    for warning in response.get("warnings", ()):
        line(f"  Warning: {warning}", "yellow")
    return True


def _asked(value: objects.Object) -> str:
    """Return what the labels of an object ask for."""
    metadata = value.get("metadata")
    labels = metadata.get("labels") if isinstance(metadata, dict) else None
    labels = labels if isinstance(labels, dict) else {}
    if workload.RUNTIME not in labels:
        return "without a runtime"
    asked = f"runtime {labels[workload.RUNTIME]}, model {labels.get(workload.MODEL_ID)}"
    return errors.printable(asked)


def _next(file: Path, more_options: Sequence[str]) -> Iterator[str]:
    """Yield what to do next, with commands that work where they are printed."""
    program, name = _program(), " ".join([shlex.quote(_path(file)), *more_options])
    yield ""
    yield "next: every change, the reasons for it, a workload of your own"
    yield f"  {program} render -f {name} -o diff"
    yield f"  {program} explain -f {name}"
    yield f"  {program} demo -f FILE"


def _program() -> str:
    """Return how a shell calls this program from here."""
    called = Path(sys.argv[0])
    if called.name == "__main__.py":
        return f"{shlex.quote(sys.executable)} -m webhook"
    found = shutil.which(called.name)
    if found is None or (called.exists() and not called.samefile(found)):
        return shlex.quote(_path(called))
    return called.name


def _path(file: Path) -> str:
    """Return the path of a file as a person would write it here."""
    if str(file) == "-":
        return "-"
    relative = os.path.relpath(file)
    return relative if not relative.startswith("..") else str(file.absolute())
