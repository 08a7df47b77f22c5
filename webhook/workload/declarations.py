"""What a pod template declares by its labels and annotations (contract section 3)."""

from collections.abc import Mapping
from typing import Any

import msgspec

from webhook import errors
from webhook.workload import keys, mistaken_keys, names
from webhook.workload.pod_templates import LARGEST_INTEGER, PodTemplate, parse_integer

_HIGHEST_PORT = 65_535

#: What to do about a required label that is missing.
_ADDED = {keys.RUNTIME: "add it with the name of a runtime", keys.MODEL_ID: "add it with the id of the model"}


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
        errors.Denied: the model id is missing, a value is empty, not a string or not one of a label, or a number or path is
            not one.
    """
    annotations = pod_template.annotations
    _text(annotations, "annotation", keys.REFRESH)  # means nothing at creation, but must not be empty
    return Declaration(
        runtime=_label(pod_template, keys.RUNTIME),
        model_id=_model_id(pod_template),
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


def check_label(key: str, value: str, remedy: str) -> None:
    """Check that a label can have a value. API servers check it only after mutating admission, so we see it first.

    Raises:
        errors.Denied: Kubernetes refuses it.
    """
    if not names.LABEL_VALUE.accepts(value):
        message = (
            f"label {key} is {errors.shown(value)}, but as the value of a label Kubernetes accepts only "
            f"{names.LABEL_VALUE.words}; {remedy}"
        )
        raise errors.Denied("invalid-label-value", message)


def _model_id(pod_template: PodTemplate) -> str:
    value = _label(pod_template, keys.MODEL_ID)
    check_label(keys.MODEL_ID, value, f"choose another id, and give the whole name in annotation {keys.MODEL_NAME}")
    return value


def _label(pod_template: PodTemplate, key: str) -> str:
    """Return the value of a required label."""
    labels = pod_template.labels
    if key not in labels:
        instead = mistaken_keys.instead_of(key, labels, pod_template.annotations)
        raise errors.Denied("missing-key", f"label {key} is missing; {instead or _ADDED[key]}")
    return _text(labels, "label", key, required=True)


def _text(values: Mapping[str, Any], what: str, key: str, *, required: bool = False) -> str:
    if key not in values:
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
        message = f"annotation {key} is {errors.shown(text)}: must be an integer of at least {least} and at most {LARGEST_INTEGER}"
        raise errors.Denied("invalid-size", message)
    return count
