"""Which image the inference container runs, and the pull policy that goes with it (contract sections 6 and 7).

The workload's own image wins unless it is a placeholder; then the agent entry's is used, then the runtime template's.
"""

from collections.abc import Mapping
from typing import Any

from webhook import catalog, errors

#: What an image is written as where it is to be filled in and Kubernetes does not accept an empty one.
_PLACEHOLDER = "auto"


def is_placeholder(image: Any) -> bool:
    """Return whether an image is to be filled in: it is absent, empty or ``auto``."""
    return image is None or (isinstance(image, str) and image.strip() in ("", _PLACEHOLDER))


def offered(agent_entry: catalog.AgentEntry | None, runtime_template: catalog.RuntimeTemplate | None) -> Any:
    """Return the image that the configuration offers; None if it offers none.

    With ``renderAll`` it may be a ``gotemplate.Template`` that is yet to be rendered.
    """
    if agent_entry is not None and not is_placeholder(agent_entry.image):
        return agent_entry.image
    image = runtime_template.container.get("image") if runtime_template is not None else None
    return None if is_placeholder(image) else image


def fill(container: Mapping[str, Any], image: str | None, policy: str | None, *, is_pod: bool) -> dict[str, Any]:
    """Return a container with its placeholder image, if it has one, replaced.

    The API server gives a placeholder on a Pod ``imagePullPolicy: Always``. When the placeholder is replaced, the
    configuration's policy is set; without one the field is removed, and the API server defaults it for the real image.

    Args:
        container: the inference container as the workload has it.
        image: what the configuration offers.
        policy: the configuration's ``imagePullPolicy``.
        is_pod: whether the container is that of a Pod at admission.
    """
    filled = dict(container)
    if is_placeholder(container.get("image")) and image:
        filled["image"] = image
        if is_pod and container.get("imagePullPolicy") == "Always":
            del filled["imagePullPolicy"]
    if policy is not None and filled.get("imagePullPolicy") is None:
        filled["imagePullPolicy"] = policy
    return filled


def check(container: Mapping[str, Any], agent_entry: catalog.AgentEntry | None) -> None:
    """Check that a filled-in container has an image.

    Raises:
        errors.Denied: it still has a placeholder.
    """
    if not is_placeholder(container.get("image")):
        return
    third = f"{agent_entry.path}, its agent entry, names none" if agent_entry is not None else "no agent entry matches"
    message = (
        f'container "{container["name"]}" has no image: the workload and the runtime template set none, and {third}'
    )
    raise errors.Denied("no-image", message)
