"""The variables that trials render templates with. The code that serves requests computes them, for made-up pods."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from webhook import workload
from webhook.rendering import containers, gpus, selection, variables
from webhook.settings import Settings

#: Arguments that no template contains by itself, so that a trial recognises them in its result.
CUSTOM_ARGS = ("--first-custom-argument=1", "--second-custom-argument=2")

#: What Go prints for the list of them.
AS_LIST = f"[{' '.join(CUSTOM_ARGS)}]"

#: A model name that no template contains by itself, either.
MODEL_NAME = "sample/Model-Name"

#: The GPU type of every sample, unless a template refers to GPU_TYPE or GPU_COUNT.
USUAL_GPU_TYPE = "nvidia-gpu"

#: GPUs of a pod: one, and a full node.
SIZES = (1, 8)

#: Pods of a group.
_GROUP_SIZE = 2


@dataclass(frozen=True, slots=True)
class Sample:
    """One set of variables to render with.

    Attributes:
        variables: all variables by name.
        role: of the pods that they are for.
        possible: whether any pod has these variables: a leader outside a group does not exist.
        gpu_type: " GPU_TYPE=…" if it is not the usual one, for messages; else "".
    """

    variables: Mapping[str, Any]
    role: workload.Role
    possible: bool
    gpu_type: str = ""

    def __str__(self) -> str:
        """Return the variables that distinguish this sample from the others."""
        values = self.variables
        flags = " ".join(f"{name}={str(values[name]).lower()}" for name in ("IS_DISTRIBUTED", "IS_LEADER"))
        arguments = "with" if values["CUSTOM_ARGS"] else "without"
        return f"{flags} TP_SIZE={values['TP_SIZE']}{self.gpu_type}, {arguments} CUSTOM_ARGS"


def samples(runtime: str, gpu_types: Sequence[str]) -> Iterator[Sample]:
    """Yield every combination of IS_DISTRIBUTED, IS_LEADER, CUSTOM_ARGS (none, some), TP_SIZE (1, 8) and GPU_TYPE."""
    for gpu_type, distributed, leader, args, size in product(
        gpu_types, (False, True), (False, True), ((), CUSTOM_ARGS), SIZES
    ):
        role: workload.Role = "lone" if not distributed else "leader" if leader else "worker"
        values = of(runtime, role, args, size, gpu_type)
        differing = "" if gpu_type == USUAL_GPU_TYPE else f" GPU_TYPE={gpu_type}"
        yield Sample({**values, "IS_LEADER": leader}, role, distributed or not leader, differing)


def of_role(role: workload.Role) -> Mapping[str, Any]:
    """Return the variables of a pod with this role and CUSTOM_ARGS, on a full node."""
    return of("runtime", role, CUSTOM_ARGS, SIZES[-1], USUAL_GPU_TYPE)


def of(runtime: str, role: workload.Role, args: tuple[str, ...], size: int, gpu_type: str) -> dict[str, Any]:
    """Return the variables of a pod: its runtime, role, arguments, number of GPUs and their type."""
    amounts = () if gpu_type == gpus.CPU else ((gpu_type, size),)
    return variables.variables(
        workload.Declaration(runtime, "qwen3-0.6b", model_name=MODEL_NAME, tensor_parallel_size=size),
        workload.PodTemplate((), {}, {}, {}, role=role, group_size=1 if role == "lone" else _GROUP_SIZE),
        containers.InferenceContainer(
            {"name": containers.CREATED_NAME, "args": list(args)}, "spec.containers[0]", 0, "the first"
        ),
        selection.Selection(None, None, gpus.Choice(gpu_type, amounts=amounts)),
        namespace="default",
        cluster_name="cluster",
        settings=Settings(),
    )


#: The variables that a template can refer to (contract section 5).
NAMES = frozenset(of_role("lone"))
