"""``hydra-webhook explain``: why objects are rendered as they are, from files or from a cluster."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

import msgspec
import typer
from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from webhook import catalog, errors, explaining, rendering, workload
from webhook import cluster as cluster_room
from webhook.cli import clusters, object_files, objects, options, output
from webhook.settings import Settings

#: Controllers of controllers that are followed: of a worker's pod, its StatefulSet, the leader, its StatefulSet, the LeaderWorkerSet.
_MOST_CONTROLLERS = 6

_STYLES = {"✓": "green", "✗": "red", "": ""}


@dataclass(frozen=True, slots=True)
class _Question:
    """An object to explain.

    Attributes:
        value: the object; of a pod with a controller, that of the controller.
        pod: the pod with a controller that was asked about.
        file: where everything in the object is written, if it comes from a file.
    """

    value: objects.Object
    pod: objects.Object | None = None
    file: catalog.ObjectPlaces | None = None


def explain(
    filename: options.Files = None,
    more: clusters.FilesOrObjects = None,
    templates: options.Templates = None,
    agent: options.Agent = None,
    gpu_configs: options.GpuConfigs = None,
    namespace: clusters.NamespaceOfFiles = "",
    output_format: options.ReportOutput = output.ReportFormat.TEXT,
    *,
    recursive: options.Recursive = False,
    all_namespaces: clusters.AllNamespaces = False,
    cluster: options.Cluster = options.DEFAULTS.cluster,
    model_path: options.ModelPath = options.DEFAULTS.model_path,
    model_host: options.ModelHost = options.DEFAULTS.model_host,
    model_port: options.ModelPort = options.DEFAULTS.model_port,
    ray_port: options.RayPort = options.DEFAULTS.ray_port,
    known_keys: options.KnownKeys = "",
    kubeconfig: clusters.Kubeconfig = None,
    context: clusters.Context = "",
    from_cluster: clusters.FromCluster = False,
    webhook_namespace: clusters.WebhookNamespace = clusters.WEBHOOK_NAMESPACE,
) -> None:
    """Explain why workloads are rendered as they are.

    For each pod template: the inference container, GPU type, runtime template and agent entry with the reasons, every variable
    and every field with what set it, and warnings in full. A rendered object is restored to its bare form first. Where a
    cluster is asked, configuration and settings are those of its webhook, unless configuration files are given; without names,
    every workload with a runtime is explained.

    Exit status: 0 success, 1 an object is denied, 2 wrong usage, or the cluster could not be read.
    """
    settings = Settings(
        cluster=cluster,
        model_path=model_path,
        model_host=model_host,
        model_port=model_port,
        ray_port=ray_port,
        known_keys=options.keys(known_keys),
    )
    own = bool(templates or agent or gpu_configs)
    names, files = clusters.objects_and_files(more)
    ask = all_namespaces or bool(names) or clusters.asked(kubeconfig, context, from_cluster=from_cluster)
    from_files = bool(filename or files) or not ask
    read = object_files.located(filename, files, recursive=recursive, described=True) if from_files else []
    questions = [
        _Question(one.value, file=catalog.ObjectPlaces(one.source, one.node) if one.node is not None else None)
        for one in read
    ]
    judged: clusters.ServerState | None = None
    if own or not ask:
        documents = options.documents(templates, agent, gpu_configs)
        snapshot = catalog.build(documents, None)
        options.report_errors(snapshot)
        options.check_readable(snapshot)
        judged = clusters.ServerState(rendering.State(snapshot, settings), "", documents)
    if ask:
        if not own:
            clusters.check_settings(settings)
        opened = clusters.reader(
            kubeconfig, context, namespace, all_namespaces=all_namespaces, webhook_namespace=webhook_namespace
        )
        judged, stored, namespace = clusters.run(_asked(opened, names, judged, everything=not names and not from_files))
        questions += stored
    assert judged is not None
    places = catalog.Places(judged.documents)
    found = [_explained(question, judged.state, places, namespace or "default") for question in questions]
    if output_format is output.ReportFormat.JSON:
        output.print_json(found)
    else:
        for one in found:
            show(output.console(), explaining.outline(one))
    if any(one.denial is not None for one in found):
        raise typer.Exit(1)


def _explained(
    question: _Question, state: rendering.State, places: catalog.Places, namespace: str
) -> explaining.Explanation:
    value = question.value
    found = explaining.explain(
        value,
        objects.kind_of(value),
        state,
        places,
        namespace=objects.namespace_of(value, namespace),
        pod=question.pod,
        file=question.file,
    )
    if question.pod is None:
        return found
    remark = f"explained by its controller, since others changed the stored pod {workload.display_name(question.pod)}"
    return msgspec.structs.replace(found, remarks=(*found.remarks, remark))


async def _asked(
    opened: clusters.Opened, names: Sequence[str], judged: clusters.ServerState | None, *, everything: bool
) -> tuple[clusters.ServerState, list[_Question], str]:
    """Return the webhook's state unless files give one, the objects that are asked about, and the namespace."""
    async with opened as reader:
        judged = await reader.state_or(judged)
        references = [cluster_room.kinds.reference(name, reader.namespace) for name in names]
        found = [await _question(reader, reference) for reference in references]
        if everything:
            found += [_Question(item) async for item in _workloads(reader)]
        return judged, found, reader.namespace


async def _workloads(reader: clusters.Reader) -> AsyncIterator[objects.Object]:
    """Yield the workloads with a runtime, but neither pods nor controllers that are part of another one."""
    for kind in cluster_room.kinds.ALL:
        collection = kind.collection(reader.namespace)
        if kind is cluster_room.kinds.LEADER_WORKER_SET:  # of some, only the pod templates are labelled
            collection = replace(collection, label_selector="")
        async for item in reader.objects(collection):
            if _controller(item, "") is None and _has_runtime(item):
                yield item


def _has_runtime(value: objects.Object) -> bool:
    """Return whether a pod template of an object asks for a runtime, or is so malformed that this cannot be seen."""
    try:
        found = workload.pod_templates(value, objects.kind_of(value))
    except errors.Denied:
        return True
    return any(workload.RUNTIME in one.labels for one in found)


async def _question(reader: clusters.Reader, reference: cluster_room.ObjectReference) -> _Question:
    """Return a stored object, or in place of a pod the controller that it comes from in the end."""
    value = asked = await reader.get(reference)
    for _ in range(_MOST_CONTROLLERS):
        above = _controller(value, reference.collection.namespace)
        if objects.kind_of(asked) != workload.POD or above is None:
            break
        value = await reader.get(above)
    return _Question(value, None if value is asked else asked)


def _controller(value: objects.Object, namespace: str) -> cluster_room.ObjectReference | None:
    """Return the controller of an object, if it has one of a kind that commands read."""
    for owner in value["metadata"].get("ownerReferences") or ():
        kind = cluster_room.kinds.named(str(owner.get("kind")))
        if owner.get("controller") and kind is not None and owner.get("apiVersion") == kind.api_version:
            return kind.reference(namespace, str(owner.get("name")))
    return None


def show(console: Console, branch: explaining.Branch) -> None:
    """Print an outline: as a tree on a terminal, and elsewhere as indented lines, none of which is ever broken."""
    if console.is_terminal:
        console.print(_tree(branch))
    else:
        for line in _lines(branch, 0):
            console.print(line, markup=False)
    console.print()


def _tree(branch: explaining.Branch) -> Tree:
    tree = Tree(_text(branch), guide_style="dim")
    waiting = [(tree, branch)]
    while waiting:
        node, one = waiting.pop()
        waiting += [(node.add(_text(child)), child) for child in one.children]
    return tree


def _text(branch: explaining.Branch) -> Text:
    mark = Text(f"{branch.mark} " if branch.mark else "", style=_STYLES[branch.mark])
    note = f" ← {errors.printable(branch.note)}" if branch.note else ""
    return Text.assemble(mark, errors.printable(branch.text), (note, "dim"))


def _lines(branch: explaining.Branch, depth: int) -> Sequence[str]:
    line = f"{'  ' * depth}{_text(branch).plain}"
    return [line, *(inner for child in branch.children for inner in _lines(child, depth + 1))]
