"""Made-up workloads of a runtime, to find out whether a change of the configuration changes anything."""

from collections.abc import Iterator
from itertools import cycle, product
from typing import Any

from webhook import catalog
from webhook.workload import keys

#: Arguments of a workload: none, one, and several.
_ARGS = ((), ("--sample=1",), ("--sample=1", "two words"))

#: Annotations for the sizes: the defaults, one of everything, and several of everything.
_SIZES: tuple[dict[str, str], ...] = (
    {},
    {keys.TENSOR_PARALLEL_SIZE: "1", keys.PIPELINE_PARALLEL_SIZE: "1"},
    {keys.TENSOR_PARALLEL_SIZE: "2", keys.PIPELINE_PARALLEL_SIZE: "3", keys.DATA_PARALLEL_SIZE: "4"},
    {keys.DATA_PARALLEL_SIZE: "2"},
)

#: GPUs of a pod.
_COUNTS = (0, 1, 8)

#: Pods of a group; 0 is a pod of its own.
_GROUPS = (0, 2, 3)


def workloads(snapshot: catalog.Snapshot, runtime: str) -> Iterator[dict[str, Any]]:
    """Yield workloads of a runtime, in every role and on each GPU type that agent entries name; or of all runtimes if it is "".

    Those of one runtime combine everything that its template can read but GPU types, which take turns unless it reads them.
    Those of all runtimes are for changes of agent entries, which depend on less.
    """
    for name in (runtime,) if runtime else snapshot.runtimes:
        entries = snapshot.agent_entries_for(name)
        gpu_types = sorted({one for entry in entries for one in entry.gpu_types} or {"sample-gpu"})
        for group, gpu_type, count, args, sizes in _inputs(snapshot, name, gpu_types, every=bool(runtime)):
            served = any(not entry.gpu_types or gpu_type in entry.gpu_types for entry in entries)
            annotations = {keys.GPU_TYPE: gpu_type, keys.GPU_COUNT: str(count), **sizes}
            yield _workload(name, group, annotations, list(args), "auto" if served else "registry.example/sample:1")


def _inputs(
    snapshot: catalog.Snapshot, runtime: str, gpu_types: list[str], *, every: bool
) -> Iterator[tuple[int, str, int, tuple[str, ...], dict[str, str]]]:
    if not every:
        yield from product(_GROUPS[:2], gpu_types, _COUNTS[-1:], _ARGS, _SIZES[:1])
        return
    template = snapshot.runtime_templates.get(runtime)
    together = gpu_types if template is not None and template.may_read("GPU_TYPE") else [""]
    turn = cycle(gpu_types)
    for group, gpu_type, count, args, sizes in product(_GROUPS, together, _COUNTS, _ARGS, _SIZES):
        yield group, gpu_type or next(turn), count, args, sizes


def _workload(runtime: str, group: int, annotations: dict[str, str], args: list[str], image: str) -> dict[str, Any]:
    labels = {keys.RUNTIME: runtime, keys.MODEL_ID: "sample-model"}
    metadata = {"name": "sample", "labels": labels, "annotations": annotations}
    spec = {"containers": [{"name": "sample", "image": image, "args": args}]}
    if not group:
        return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
    template = {"size": group, "workerTemplate": {"spec": spec}}
    return {
        "apiVersion": "leaderworkerset.x-k8s.io/v1",
        "kind": "LeaderWorkerSet",
        "metadata": metadata,
        "spec": {"leaderWorkerTemplate": template},
    }
