"""Which container is the inference container (contract section 3)."""

from collections.abc import Mapping
from typing import Any

import msgspec

from webhook import errors, jsonshape, workload
from webhook.rendering import image

#: The name of the container that is created in a pod without any.
CREATED_NAME = "inference"


class InferenceContainer(msgspec.Struct, frozen=True):
    """The container that is filled in.

    Attributes:
        value: the container as the workload has it; only a name if it is to be created.
        path: where it is, from the object's root: ``spec.containers[0]``.
        index: its position in ``spec.containers``; None if it is to be created, after all others.
    """

    value: Mapping[str, Any]
    path: str
    index: int | None

    @property
    def name(self) -> str:
        """Return its name."""
        return str(self.value["name"])

    def put(self, spec: Mapping[str, Any], container: dict[str, Any]) -> dict[str, Any]:
        """Return a pod spec with ``container`` in its place, or appended if it is to be created."""
        containers = list(spec.get("containers") or ())
        if self.index is None:
            containers.append(container)
        else:
            containers[self.index] = container
        return {**spec, "containers": containers}


def inference_container(pod_template: workload.PodTemplate, wanted: str) -> InferenceContainer:
    """Return the inference container of a pod template whose shape has been checked.

    Args:
        pod_template: the pod template.
        wanted: the value of annotation ``hydra.io/container``, or "".

    Raises:
        errors.Denied: an annotation names a container that does not exist, or the container has no name of its own.
    """
    path = jsonshape.at(pod_template.path, "spec.containers")
    spec = pod_template.value.get("spec") or {}
    containers: list[dict[str, Any]] = spec.get("containers") or []
    for annotation, name in (
        (workload.CONTAINER, wanted),
        (workload.DEFAULT_CONTAINER, _default_container(pod_template)),
    ):
        if name:
            return _named(containers, path, name, annotation)
    if not containers:
        return InferenceContainer({"name": CREATED_NAME}, f"{path}[0]", None)
    unfilled = (at for at, container in enumerate(containers) if image.is_placeholder(container.get("image")))
    index = next(unfilled, 0)
    own_name = containers[index].get("name")
    if not own_name:
        raise errors.Denied("container-without-name", f"{path}[{index}].name is missing; give the container a name")
    return _named(containers, path, own_name)


def _default_container(pod_template: workload.PodTemplate) -> str:
    name = pod_template.own_annotations.get(workload.DEFAULT_CONTAINER)
    return name if isinstance(name, str) else ""


def _named(containers: list[dict[str, Any]], path: str, name: str, annotation: str = "") -> InferenceContainer:
    """Return the one container of this name, which an annotation or the choice itself asks for."""
    found = [index for index, container in enumerate(containers) if container.get("name") == name]
    if len(found) == 1:
        return InferenceContainer(containers[found[0]], f"{path}[{found[0]}]", found[0])
    if found:
        asked = f"annotation {annotation}: " if annotation else ""
        message = f'{asked}{len(found)} containers in {path} are named "{name}"; rename all but one'
        raise errors.Denied("duplicate-container", message)
    names = [str(container["name"]) for container in containers if container.get("name")]
    message = f'annotation {annotation} is "{name}", but there is no such container; {errors.among(name, names)}'
    raise errors.Denied("unknown-container", message)
