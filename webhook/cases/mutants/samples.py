"""Made-up workloads of a runtime, to find out whether a change of the configuration changes anything."""

from collections.abc import Iterator
from itertools import product
from typing import Any

from webhook import catalog
from webhook.workload import keys

#: Arguments of a workload: none, one, and several of which a shell would change one.
_ARGS = ((), ("--sample=1",), ("--sample=1", "two words", "$3"))

#: Annotations for the sizes: the defaults, one of everything, and several of everything.
_SIZES = (
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
    """Yield workloads of a runtime, or of all runtimes if it is "": every role, on each GPU type that agent entries name."""
    for name in (runtime,) if runtime else snapshot.runtimes:
        gpu_types = {one for entry in snapshot.agent_entries_for(name) for one in entry.gpu_types} or {"sample-gpu"}
        for group, gpu_type, count, args, sizes in product(_GROUPS, sorted(gpu_types), _COUNTS, _ARGS, _SIZES):
            annotations = {keys.GPU_TYPE: gpu_type, keys.GPU_COUNT: str(count), **sizes}
            yield _workload(name, group, annotations, list(args))


def _workload(runtime: str, group: int, annotations: dict[str, str], args: list[str]) -> dict[str, Any]:
    labels = {keys.RUNTIME: runtime, keys.MODEL_ID: "sample-model"}
    metadata = {"name": "sample", "labels": labels, "annotations": annotations}
    spec = {"containers": [{"name": "sample", "image": "auto", "args": args}]}
    if not group:
        return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
    template = {"size": group, "workerTemplate": {"spec": spec}}
    return {
        "apiVersion": "leaderworkerset.x-k8s.io/v1",
        "kind": "LeaderWorkerSet",
        "metadata": metadata,
        "spec": {"leaderWorkerTemplate": template},
    }
