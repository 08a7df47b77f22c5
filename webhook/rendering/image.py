"""Which image the inference container runs, and the pull policy that goes with it (contract sections 6 and 7).

The workload's own image wins unless it is a placeholder; then the agent entry's is used, then the runtime template's.
"""

from collections.abc import Mapping
from typing import Any

from webhook import catalog, errors, workload
from webhook.catalog import Fields

#: What an image is written as where it is to be filled in and Kubernetes does not accept an empty one.
_PLACEHOLDER = "auto"

#: The container that Istio adds; it also writes ``auto`` where it fills in an image itself.
ISTIO_PROXY = "istio-proxy"


def is_placeholder(image: Any) -> bool:
    """Return whether an image is to be filled in: it is absent, empty or ``auto``."""
    return image is None or (isinstance(image, str) and image.strip() in ("", _PLACEHOLDER))


def without_placeholder(container: Fields) -> Fields:
    """Return Container fields of the configuration without an image that is a placeholder; a null one is a removal."""
    if container.get("image") is None or not is_placeholder(container["image"]):
        return container
    return {key: value for key, value in container.items() if key != "image"}


def offered(runtime_template: catalog.RuntimeTemplate | None, role: workload.Role) -> bool:
    """Return whether a runtime template brings an image for a role; with ``renderAll`` it may be a Go template."""
    for part in runtime_template.parts(role) if runtime_template is not None else ():
        if "image" in part.container and not is_placeholder(part.container["image"]):
            return True
        if part.container.get("image", "") is None:  # a role overlay removes that of the common part
            return False
    return False


def fill(container: Mapping[str, Any], image: str | None, policy: str | None, *, is_pod: bool) -> dict[str, Any]:
    """Return a container with its placeholder image, if it has one, replaced.

    The API server gives a placeholder on a Pod ``imagePullPolicy: Always``, as it does for every image without a tag. When the
    placeholder is replaced, the configuration's policy is set; without one the field is removed, and the API server defaults it
    for the real image. An absent or blank image gets ``IfNotPresent``, which gives way to the configuration's policy as well
    (SetDefaults_Container in ``pkg/apis/core/v1/defaults.go`` of Kubernetes 1.36).

    Args:
        container: the inference container as the workload has it.
        image: what the configuration offers.
        policy: the configuration's ``imagePullPolicy``.
        is_pod: whether the container is that of a Pod at admission.
    """
    filled = dict(container)
    if is_placeholder(container.get("image")) and image:
        filled["image"] = image
        own = container.get("imagePullPolicy")
        if is_pod and (own == "Always" or (own == "IfNotPresent" and policy is not None and _is_blank(container))):
            del filled["imagePullPolicy"]
    if policy is not None and filled.get("imagePullPolicy") is None:
        filled["imagePullPolicy"] = policy
    return filled


def _is_blank(container: Mapping[str, Any]) -> bool:
    return not (container.get("image") or "").strip()


def fill_added(pod_fields: Fields, image: str) -> Fields:
    """Return PodSpec fields of the configuration whose containers without an image run that of the inference container.

    Istio fills in the image of its own container (contract section 4).
    """
    found = dict(pod_fields)
    for key in ("initContainers", "containers"):
        if containers := pod_fields.get(key):
            found[key] = [
                {**container, "image": image}
                if is_placeholder(container.get("image")) and container["name"] != ISTIO_PROXY
                else container
                for container in containers
            ]
    return found


def check(
    container: Mapping[str, Any], called: str, agent_entry: catalog.AgentEntry | None, role: workload.Role
) -> None:
    """Check that a filled-in container has an image.

    Args:
        container: the container.
        called: what messages call it.
        agent_entry: its agent entry.
        role: of its pod, which may be all that the entry has no image for.

    Raises:
        errors.Denied: it still has a placeholder.
    """
    if not is_placeholder(container.get("image")):
        return
    third = "no agent entry matches"
    if agent_entry is not None:
        for_others = bool(agent_entry.image) and not is_placeholder(agent_entry.image)
        third = f"{agent_entry.path}, its agent entry, names none{f' for a {role} pod' if for_others else ''}"
    message = (
        f"{called} has no image: the workload and the runtime template set none, and {third}; set it in one of them"
    )
    raise errors.Denied("no-image", message)
