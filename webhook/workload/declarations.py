"""What a pod template declares by its labels and annotations (contract section 3)."""

from collections.abc import Mapping
from typing import Any

import msgspec

from webhook import errors
from webhook.workload import keys
from webhook.workload.pod_templates import PodTemplate, parse_integer

_HIGHEST_PORT = 65_535


class Declaration(msgspec.Struct, frozen=True):
    """What a pod template declares.

    Optional values that are absent are "" or, for integers, None.

    Attributes:
        constants: the settings that annotations replace for this workload, by variable name.
    """

    runtime: str
    model_id: str
    model_name: str = ""
    gpu_type: str = ""
    container: str = ""
    gpu_count: int | None = None
    tensor_parallel_size: int | None = None
    pipeline_parallel_size: int | None = None
    data_parallel_size: int | None = None
    dataset: str = ""
    constants: Mapping[str, Any] = msgspec.field(default_factory=dict)


def declaration(pod_template: PodTemplate) -> Declaration:
    """Read what a pod template declares.

    Raises:
        errors.Denied: the model id is missing, a value is empty or not a string, or a number or path is
            not one.
    """
    labels, annotations = pod_template.labels, pod_template.annotations
    _text(annotations, "annotation", keys.REFRESH)  # means nothing at creation, but must not be empty
    return Declaration(
        runtime=_text(labels, "label", keys.RUNTIME, required=True),
        model_id=_text(labels, "label", keys.MODEL_ID, required=True),
        model_name=_text(annotations, "annotation", keys.MODEL_NAME),
        gpu_type=_text(annotations, "annotation", keys.GPU_TYPE),
        container=_text(annotations, "annotation", keys.CONTAINER),
        gpu_count=_count(annotations, keys.GPU_COUNT, 0),
        tensor_parallel_size=_count(annotations, keys.TENSOR_PARALLEL_SIZE, 1),
        pipeline_parallel_size=_count(annotations, keys.PIPELINE_PARALLEL_SIZE, 1),
        data_parallel_size=_count(annotations, keys.DATA_PARALLEL_SIZE, 1),
        dataset=_text(annotations, "annotation", keys.DATASET),
        constants=_constants(annotations),
    )


def _constants(annotations: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables that annotations set in place of the settings."""
    found: dict[str, Any] = {}
    if path := _text(annotations, "annotation", keys.MODEL_PATH):
        if not path.startswith("/"):
            message = (
                f"annotation {keys.MODEL_PATH} is {errors.shown(path)}: must be an absolute path, which begins with /"
            )
            raise errors.Denied("invalid-value", message)
        found["MODEL_PATH"] = path
    if text := _text(annotations, "annotation", keys.MODEL_PORT):
        port = parse_integer(text)
        if port is None or not 1 <= port <= _HIGHEST_PORT:
            message = f"annotation {keys.MODEL_PORT} is {errors.shown(text)}: must be a port from 1 to {_HIGHEST_PORT}"
            raise errors.Denied("invalid-value", message)
        found["MODEL_PORT"] = port
    return found


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


def _count(annotations: Mapping[str, Any], key: str, least: int) -> int | None:
    text = _text(annotations, "annotation", key)
    if not text:
        return None
    count = parse_integer(text)
    if count is None or count < least:
        raise errors.Denied("invalid-size", f'annotation {key} is "{text}": must be an integer of at least {least}')
    return count
