"""What a pod template declares by its labels and annotations (contract section 3)."""

from collections.abc import Mapping
from typing import Any

import msgspec

from webhook import errors
from webhook.workload import keys
from webhook.workload.pod_templates import PodTemplate, parse_size


class Declaration(msgspec.Struct, frozen=True):
    """What a pod template declares.

    Optional values that are absent are "" or, for the two sizes, None.
    """

    runtime: str
    model_id: str
    model_name: str
    gpu_type: str
    container: str
    tensor_parallel_size: int | None
    pipeline_parallel_size: int | None


def declaration(pod_template: PodTemplate) -> Declaration:
    """Read what a pod template declares.

    Raises:
        errors.Denied: the model id is missing, a value is empty or not a string, or a size is not an integer of at
            least 1.
    """
    labels, annotations = pod_template.labels, pod_template.annotations
    _text(annotations, "annotation", keys.REFRESH)  # means nothing at creation, but must not be empty
    return Declaration(
        runtime=_text(labels, "label", keys.RUNTIME, required=True),
        model_id=_text(labels, "label", keys.MODEL_ID, required=True),
        model_name=_text(annotations, "annotation", keys.MODEL_NAME),
        gpu_type=_text(annotations, "annotation", keys.GPU_TYPE),
        container=_text(annotations, "annotation", keys.CONTAINER),
        tensor_parallel_size=_size(annotations, keys.TENSOR_PARALLEL_SIZE),
        pipeline_parallel_size=_size(annotations, keys.PIPELINE_PARALLEL_SIZE),
    )


def _text(values: Mapping[str, Any], what: str, key: str, *, required: bool = False) -> str:
    if key not in values:
        if required:
            raise errors.Denied("missing-key", f"{what} {key} is missing")
        return ""
    value = values[key]
    if not isinstance(value, str):
        message = f"{what} {key} is {errors.shown(value)}, not a string; put it in quotes"
        raise errors.Denied("invalid-value", message)
    if not value.strip():
        remedy = "give it a value" if required else "give it a value or remove it"
        raise errors.Denied("empty-value", f'{what} {key} is "{value}": empty; {remedy}')
    return value


def _size(annotations: Mapping[str, Any], key: str) -> int | None:
    text = _text(annotations, "annotation", key)
    if not text:
        return None
    size = parse_size(text)
    if size is None:
        raise errors.Denied("invalid-size", f'annotation {key} is "{text}": must be an integer of at least 1')
    return size
