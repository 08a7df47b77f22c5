"""Which container is the inference container (contract section 3)."""

from typing import Any

from webhook import errors, workload

#: The name of the container that is created where a pod has none.
CREATED_NAME = "inference"

_PLACEHOLDER = "auto"


def is_placeholder(image: Any) -> bool:
    """Tell whether an image is one to be filled in: absent, blank or ``auto``."""
    return image is None or (isinstance(image, str) and image.strip() in ("", _PLACEHOLDER))


def inference_container(template: workload.PodTemplate, wanted: str) -> dict[str, Any] | None:
    """Return the inference container of a pod template, or None where there is no container at all.

    Args:
        template: the pod template, whose shape has been checked.
        wanted: the value of annotation ``hydra.io/container``, or "".

    Raises:
        errors.Denied: an annotation names a container that does not exist, or the container has no name of its own.
    """
    spec = workload.mapping(template.value.get("spec"), "spec")
    containers = workload.entries(spec.get("containers"), "spec.containers")
    for annotation, value in (
        (workload.CONTAINER, wanted),
        (workload.DEFAULT_CONTAINER, _default_container(template)),
    ):
        if value:
            return _by_name(containers, annotation, value)
    if not containers:
        return None
    chosen = next((container for container in containers if is_placeholder(container.get("image"))), containers[0])
    name = chosen.get("name")
    if not name:
        place = next(index for index, container in enumerate(containers) if container is chosen)
        raise errors.Denied("container-without-name", f"spec.containers[{place}].name is missing; give it a name")
    return _by_name(containers, "spec.containers", name)


def _default_container(template: workload.PodTemplate) -> str:
    name = template.own_annotations.get(workload.DEFAULT_CONTAINER)
    return name if isinstance(name, str) else ""


def _by_name(containers: list[dict[str, Any]], said_by: str, name: str) -> dict[str, Any]:
    found = [container for container in containers if container.get("name") == name]
    if len(found) == 1:
        return found[0]
    if found:
        raise errors.Denied("duplicate-container", f'{said_by}: there are {len(found)} containers named "{name}"')
    names = [str(container["name"]) for container in containers if container.get("name")]
    message = f'annotation {said_by} is "{name}": there is no such container; {errors.among(name, names)}'
    raise errors.Denied("unknown-container", message)
