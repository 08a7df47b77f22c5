"""The variables that a Go template of the configuration may use (contract section 5)."""

from collections.abc import Mapping
from typing import Any

from webhook import workload
from webhook.rendering.containers import InferenceContainer
from webhook.rendering.selection import Selection
from webhook.settings import Settings


def variables(
    declaration: workload.Declaration,
    pod_template: workload.PodTemplate,
    container: InferenceContainer,
    selection: Selection,
    *,
    namespace: str,
    cluster_name: str | None,
    settings: Settings,
) -> dict[str, Any]:
    """Return the root data of every Go template, by variable name.

    Args:
        declaration: what the pod template declares.
        pod_template: its role and group size.
        container: the inference container as the workload has it.
        selection: what serves it.
        namespace: the request's namespace; the object's may be empty.
        cluster_name: of the agent configuration.
        settings: the constants.
    """
    distributed = pod_template.role != "lone"
    own_args = container.value.get("args") or ()
    return {
        "RUN_TIME": declaration.runtime,
        "MODEL_ID": declaration.model_id,
        "MODEL_NAME": declaration.model_name or declaration.model_id,
        **constants(settings, cluster_name),
        "NAMESPACE": namespace,
        "IS_DISTRIBUTED": distributed,
        "IS_LEADER": pod_template.role == "leader",
        "TP_SIZE": declaration.tensor_parallel_size or selection.gpu_count or 1,
        "PP_SIZE": declaration.pipeline_parallel_size or (pod_template.group_size if distributed else 1),
        "CUSTOM_ARGS": [*(selection.agent_entry.args if selection.agent_entry else ()), *own_args],
        "GPU_TYPE": selection.gpu_type,
        "GPU_COUNT": selection.gpu_count,
        "GROUP_SIZE": pod_template.group_size,
    }


def constants(settings: Settings, cluster_name: str | None) -> Mapping[str, Any]:
    """Return the values of ``CONSTANTS`` by name."""
    return {
        "MODEL_PATH": settings.model_path,
        "MODEL_HOST": settings.model_host,
        "MODEL_PORT": settings.model_port,
        "RAY_PORT": settings.ray_port,
        "CLUSTER": cluster_name or settings.cluster,
    }


#: The variables that the configuration sets to the same value for every workload.
CONSTANTS = tuple(constants(Settings(), None))
