"""The variables that a template may use (contract section 5)."""

from collections.abc import Mapping
from typing import Any

from webhook import workload
from webhook.rendering.selection import Selection
from webhook.settings import Settings


def variables(
    declaration: workload.Declaration,
    template: workload.PodTemplate,
    container: Mapping[str, Any],
    selection: Selection,
    *,
    namespace: str,
    cluster_name: str | None,
    settings: Settings,
) -> dict[str, Any]:
    """Return the root data of every template, by variable name.

    Args:
        declaration: what the pod template says.
        template: its role and group size.
        container: the inference container as the workload has it.
        selection: what serves it.
        namespace: the request's namespace; the object's may be empty.
        cluster_name: of the agent configuration.
        settings: the constants.

    Raises:
        errors.Denied: the container's ``args`` are not a list of strings.
    """
    distributed = template.role != "lone"
    own_args = workload.strings(container.get("args"), f'container "{container["name"]}": args')
    tensor_parallel_size = declaration.tensor_parallel_size or selection.gpu_count or 1
    pipeline_parallel_size = declaration.pipeline_parallel_size or (template.group_size if distributed else 1)
    return {
        "RUN_TIME": declaration.runtime,
        "MODEL_ID": declaration.model_id,
        "MODEL_NAME": declaration.model_name or declaration.model_id,
        "MODEL_PATH": settings.model_path,
        "MODEL_HOST": settings.model_host,
        "MODEL_PORT": settings.model_port,
        "RAY_PORT": settings.ray_port,
        "CLUSTER": cluster_name or settings.cluster,
        "NAMESPACE": namespace,
        "IS_DISTRIBUTED": distributed,
        "IS_LEADER": template.role == "leader",
        "TP_SIZE": tensor_parallel_size,
        "PP_SIZE": pipeline_parallel_size,
        "CUSTOM_ARGS": [*(selection.entry.args if selection.entry else ()), *own_args],
        "GPU_TYPE": selection.gpu_type,
        "GPU_COUNT": selection.gpu_count,
        "GROUP_SIZE": template.group_size,
    }
