"""What will probably not run as merged, though it is admitted, so that its author is warned (contract section 7)."""

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from webhook.notices import Case, Notice
from webhook.rendering import fields, image

#: A path begins after one of these: in a script, an option, a list, a URL's query or JSON, but not inside another path.
_BEFORE = re.compile(r"[\s=\"'`,;:<>|&@(\[{]")

#: What the name of a file or directory goes on with.
_NAME = re.compile(r"[\w.\-]")


def notices(spec: Mapping[str, Any], container: Mapping[str, Any], model_path: str) -> Iterator[Notice]:
    """Yield what is doubtful about a merged pod.

    Args:
        spec: the merged pod spec.
        container: the inference container in it.
        model_path: the variable MODEL_PATH.
    """
    if unfilled := list(placeholders(spec)):
        yield Notice("placeholder-image", unfilled)
    if shared := list(_shared_ports(spec)):
        yield Notice("one-port-twice", shared)
    if model_path.strip("/") and _refers(container, model_path) and not _mounts(container, model_path):
        yield Notice("model-not-mounted", (model_path,))


def placeholders(spec: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of containers whose image is a placeholder; Istio fills in its own."""
    for container in chain(spec.get("initContainers") or (), spec.get("containers") or ()):
        name = str(container.get("name"))
        if name != image.ISTIO_PROXY and image.is_placeholder(container.get("image")):
            yield name


def _shared_ports(spec: Mapping[str, Any]) -> Iterator[Case]:
    """Yield each port that two containers declare which run at the same time, with their names.

    All containers of a pod have one network.
    """
    sidecars = (one for one in spec.get("initContainers") or () if one.get("restartPolicy") == "Always")
    declared: dict[str, int] = {}
    names: list[str] = []
    reported: set[str] = set()
    for at, container in enumerate(chain(sidecars, spec.get("containers") or ())):
        names.append(str(container.get("name")))
        for port in container.get("ports") or ():
            key = fields.identity(port, "ports")
            if not key or key in reported or declared.setdefault(key, at) == at:
                continue
            reported.add(key)
            protocol = port.get("protocol") or "TCP"
            number = f"{port['containerPort']}" if protocol == "TCP" else f"{port['containerPort']}/{protocol}"
            yield number, names[declared[key]], names[at]


def _refers(container: Mapping[str, Any], path: str) -> bool:
    """Return whether command, args or a variable of a container holds a path, or one below it."""
    held = fields.without_slash(path)
    variables = (item.get("value") for item in container.get("env") or ())
    texts = chain(container.get("command") or (), container.get("args") or (), variables)
    return any(isinstance(text, str) and held in text and _holds(text, held) for text in texts)


def _holds(text: str, path: str) -> bool:
    """Return whether a text holds a path that does not go on with another name, in time proportional to the text."""
    pieces = (text, *_BEFORE.split(text))
    return any(piece.startswith(path) and not _NAME.match(piece, len(path)) for piece in pieces)


def _mounts(container: Mapping[str, Any], path: str) -> bool:
    """Return whether a volume is mounted at a path or above it."""
    for mount in container.get("volumeMounts") or ():
        at = fields.without_slash(str(mount.get("mountPath")))
        if f"{fields.without_slash(path)}/".startswith(f"{at.rstrip('/')}/"):
            return True
    return False
