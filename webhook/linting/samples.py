"""The variables that templates are tried with: those of pods such as requests bring, made as requests make them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from webhook import workload
from webhook.rendering import containers, gpus, selection, variables
from webhook.settings import Settings

#: Arguments that no template writes by itself, so that they are recognised in what it renders to.
CUSTOM_ARGS = ("--first-custom-argument=1", "--second-custom-argument=2")

#: The GPU type that templates are tried with unless they ask for it.
USUAL_GPU_TYPE = "nvidia-gpu"

#: The sizes that are tried: one GPU, and a full node.
_SIZES = (1, 8)

#: Of a group that is distributed.
_GROUP_SIZE = 2


@dataclass(frozen=True, slots=True)
class Combination:
    """Variables to render with.

    Attributes:
        data: all variables by name.
        exists: whether some pod has such variables: a leader is always distributed.
        gpu_type: what is said of the GPU type where it is not the usual one.
    """

    data: Mapping[str, Any]
    exists: bool
    gpu_type: str = ""

    def __str__(self) -> str:
        """Return what tells it from the others."""
        data = self.data
        flags = " ".join(f"{name}={str(data[name]).lower()}" for name in ("IS_DISTRIBUTED", "IS_LEADER"))
        return f"{flags} TP_SIZE={data['TP_SIZE']}{self.gpu_type}, {'with' if data['CUSTOM_ARGS'] else 'without'} CUSTOM_ARGS"


def combinations(runtime: str, gpu_types: Sequence[str]) -> Iterator[Combination]:
    """Yield every combination of IS_DISTRIBUTED, IS_LEADER, CUSTOM_ARGS empty or filled, TP_SIZE 1 or 8, and GPU_TYPE."""
    for gpu_type, distributed, leader, args, size in product(
        gpu_types, (False, True), (False, True), ((), CUSTOM_ARGS), _SIZES
    ):
        role: workload.Role = "lone" if not distributed else "leader" if leader else "worker"
        data = _variables(runtime, role, args, size, gpu_type)
        differing = "" if gpu_type == USUAL_GPU_TYPE else f" GPU_TYPE={gpu_type}"
        yield Combination({**data, "IS_LEADER": leader}, distributed or not leader, differing)


def of_role(role: workload.Role) -> Mapping[str, Any]:
    """Return variables of a pod of this role."""
    return _variables("runtime", role, CUSTOM_ARGS, _SIZES[-1], USUAL_GPU_TYPE)


def _variables(runtime: str, role: workload.Role, args: tuple[str, ...], size: int, gpu_type: str) -> dict[str, Any]:
    return variables.variables(
        workload.Declaration(runtime, "qwen3-0.6b", "", "", "", size, None),
        workload.PodTemplate((), {}, {}, {}, role=role, group_size=1 if role == "lone" else _GROUP_SIZE),
        containers.InferenceContainer({"name": containers.CREATED_NAME, "args": list(args)}, "spec.containers[0]", 0),
        selection.Selection(None, None, gpu_type, 0 if gpu_type == gpus.CPU else size),
        namespace="default",
        cluster_name="cluster",
        settings=Settings(),
    )


#: Names that a template can refer to (contract section 5).
VARIABLES = frozenset(of_role("lone"))
