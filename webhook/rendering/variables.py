"""The variables that a Go template of the configuration may use (contract section 5)."""

import re
from collections.abc import Mapping
from typing import Any

from webhook import workload
from webhook.rendering.containers import InferenceContainer
from webhook.rendering.selection import Selection
from webhook.settings import Settings

#: What a DNS label (RFC 1123) does not consist of, in lower case. One has at most 63 characters.
_NOT_OF_LABEL = re.compile(r"[^a-z0-9]")
_SLUG_CHARACTERS = 52


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
    gpu_count = selection.gpu_count if declaration.gpu_count is None else declaration.gpu_count
    agent_entry = selection.agent_entry
    own_args = container.value.get("args") or ()
    return {
        "RUN_TIME": declaration.runtime,
        "MODEL_ID": declaration.model_id,
        "MODEL_NAME": declaration.model_name or declaration.model_id,
        "MODEL_SLUG": _slug(declaration.model_id),
        **constants(settings, cluster_name),
        **declaration.constants,
        "NAMESPACE": namespace,
        "IS_DISTRIBUTED": distributed,
        "IS_LEADER": pod_template.role == "leader",
        "ROLE": pod_template.role,
        "TP_SIZE": declaration.tensor_parallel_size or (1 if selection.gpus_sliced else gpu_count) or 1,
        "PP_SIZE": declaration.pipeline_parallel_size or (pod_template.group_size if distributed else 1),
        "DP_SIZE": declaration.data_parallel_size or 1,
        "CUSTOM_ARGS": [*(agent_entry.args[pod_template.role] if agent_entry is not None else ()), *own_args],
        "CONTAINER_NAME": container.name,
        "GPU_TYPE": selection.gpu_type,
        "GPU_COUNT": gpu_count,
        "GROUP_SIZE": pod_template.group_size,
        "TOTAL_GPU_COUNT": gpu_count * pod_template.group_size,
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


def _slug(model_id: str) -> str:
    """Return a model id as a DNS label with room for a prefix (contract section 5, MODEL_SLUG).

    Something is always left of it, because a label's value begins with a letter or digit.
    """
    return _NOT_OF_LABEL.sub("-", model_id.lower()).strip("-")[:_SLUG_CHARACTERS].rstrip("-")


#: The variables that the configuration sets to the same value for every workload.
CONSTANTS = tuple(constants(Settings(), None))
