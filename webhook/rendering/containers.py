"""Which container is the inference container (contract section 3)."""

from collections.abc import Mapping
from typing import Any

import msgspec

from webhook import catalog, errors, workload
from webhook.notices import Notice
from webhook.rendering import accelerators, image

#: The name of the container that is created in a pod without any but Istio's.
CREATED_NAME = "inference"


class InferenceContainer(msgspec.Struct, frozen=True):
    """The container that is filled in.

    Attributes:
        value: the container as the workload has it; only a name if it is to be created.
        path: where it is written, from the object's root: ``spec.template.spec.containers[0]``.
        index: its position in ``spec.containers``; None if it is to be created, after all others.
        reason: why it is this one, as messages say it in brackets.
    """

    value: Mapping[str, Any]
    path: str
    index: int | None
    reason: str

    @property
    def name(self) -> str:
        """Return its name."""
        return str(self.value["name"])

    @property
    def path_in_pod(self) -> str:
        """Return where it is from the root of its pod or pod template: ``spec.containers[0]``."""
        return f"spec.{self.path.rpartition('spec.')[2]}"

    def __str__(self) -> str:
        """Return what messages call it."""
        return f'container "{self.name}" ({self.path}, {self.reason})'

    def put(self, spec: Mapping[str, Any], container: dict[str, Any]) -> dict[str, Any]:
        """Return a pod spec with ``container`` in its place, or appended if it is to be created."""
        containers = list(spec.get("containers") or ())
        if self.index is None:
            containers.append(container)
        else:
            containers[self.index] = container
        return {**spec, "containers": containers}


def inference_container(pod_template: workload.PodTemplate, wanted: str, table: catalog.GpuTypes) -> InferenceContainer:
    """Return the inference container of a pod template whose shape has been checked.

    Args:
        pod_template: the pod template.
        wanted: the value of annotation ``hydra.io/container``, or "".
        table: the GPU table, which may name further accelerators.

    Raises:
        errors.Denied: an annotation names a container that does not exist, or the container has no name of its own.
    """
    path = pod_template.containers_path
    containers = _containers(pod_template)
    for annotation, name in (
        (workload.CONTAINER, wanted),
        (workload.DEFAULT_CONTAINER, _default_container(pod_template)),
    ):
        if name:
            return _named(containers, path, name, f"chosen by annotation {annotation}", annotation)
    index, reason = _first(containers, table)
    if index is None:  # after Istio's, which holds back those after it until it is ready
        return InferenceContainer({"name": CREATED_NAME}, f"{path}[{len(containers)}]", None, reason)
    own_name = containers[index].get("name")
    if not own_name:
        raise errors.Denied("container-without-name", f"{path}[{index}].name is missing; give the container a name")
    return _named(containers, path, own_name, reason)


def accelerator_elsewhere(
    pod_template: workload.PodTemplate, chosen: InferenceContainer, table: catalog.GpuTypes
) -> list[Notice]:
    """Return a notice if not the inference container but another one asks for an accelerator.

    A resource claim may be an accelerator, so an inference container with one is not suspicious.
    """
    found = [
        (str(container.get("name")), chosen.name)
        for container in _containers(pod_template)
        if container is not chosen.value and accelerators.asks_for_accelerator(container, table)
    ]
    if (
        not found
        or (chosen.value.get("resources") or {}).get("claims")
        or accelerators.asks_for_accelerator(chosen.value, table)
    ):
        return []
    return [Notice("accelerator-elsewhere", found)]


def _containers(pod_template: workload.PodTemplate) -> list[dict[str, Any]]:
    return (pod_template.value.get("spec") or {}).get("containers") or []


def _first(containers: list[dict[str, Any]], table: catalog.GpuTypes) -> tuple[int | None, str]:
    """Return the position of the inference container where no annotation names it, and the reason; None where one is to be added."""
    candidates = [index for index, container in enumerate(containers) if container.get("name") != image.ISTIO_PROXY]
    for index in candidates:
        if image.is_placeholder(containers[index].get("image")):
            return index, "chosen as the first whose image is a placeholder"
    for index in candidates:
        if accelerators.asks_for_accelerator(containers[index], table):
            return index, "chosen as the first that asks for an accelerator"
    if candidates:
        return candidates[0], "chosen as the first"
    return None, "added by the webhook"


def _default_container(pod_template: workload.PodTemplate) -> str:
    name = pod_template.own_annotations.get(workload.DEFAULT_CONTAINER)
    return name if isinstance(name, str) else ""


def _named(
    containers: list[dict[str, Any]], path: str, name: str, reason: str, annotation: str = ""
) -> InferenceContainer:
    """Return the one container of this name, which an annotation or the choice itself asks for."""
    found = [index for index, container in enumerate(containers) if container.get("name") == name]
    if len(found) == 1:
        return InferenceContainer(containers[found[0]], f"{path}[{found[0]}]", found[0], reason)
    if found:
        asked = f"annotation {annotation}: " if annotation else ""
        message = f'{asked}{len(found)} containers in {path} are named "{name}"; rename all but one'
        raise errors.Denied("duplicate-container", message)
    names = [str(container["name"]) for container in containers if container.get("name")]
    message = f'annotation {annotation} is "{name}", but there is no such container; {errors.among(name, names)}'
    raise errors.Denied("unknown-container", message)
