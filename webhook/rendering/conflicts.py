"""Conflicts that would keep a merged pod from running, reported before the API server or the kubelet does (section 7).

Messages name both sides. Only conflicts that merging can cause are checked; the API server reports all others.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from webhook import errors
from webhook.rendering import fields, quantities

_CONTAINER_FIELDS = ("containers", "initContainers")


class Side(msgspec.Struct, frozen=True):
    """A pod spec and the inference container in it, before or after merging."""

    spec: Mapping[str, Any]
    container: Mapping[str, Any]


def check(own: Side, merged: Side, *, claims: frozenset[str], source: str) -> None:
    """Check the result of merging for conflicts.

    Args:
        own: the workload before merging.
        merged: the result of merging.
        claims: names of volumes that the workload defines outside its pod template.
        source: the name of the other side in messages.

    Raises:
        errors.Denied: the result would not run; the message names both sides.
    """
    _check_ports(own.container, merged.container, source)
    _check_container_names(own.spec, merged.spec, source)
    _check_mounts(own.spec, merged.spec, claims, source)
    _check_resources(own.container, merged.container, source)
    _check_probes(own.container, merged.container, source)


def _check_ports(own: Mapping[str, Any], merged: Mapping[str, Any], source: str) -> None:
    if merged.get("ports") is own.get("ports"):
        return
    seen: dict[str, Mapping[str, Any]] = {}
    for port in merged.get("ports") or ():
        name = port.get("name")
        if name in seen:
            mine = {fields.identity(port, "ports") for port in own.get("ports") or ()}
            numbers = [fields.identity(one, "ports") for one in (seen[name], port)]
            sides = [f"{number} of {'the workload' if number in mine else source}" for number in numbers]
            message = f'two ports of the inference container are named "{name}": {sides[0]} and {sides[1]}; rename one'
            raise errors.Denied("port-name-conflict", message)
        if name:
            seen[name] = port


def _check_container_names(own: Mapping[str, Any], merged: Mapping[str, Any], source: str) -> None:
    if not merged.get("initContainers"):
        return
    containers, init_containers = (_names(merged, field) for field in _CONTAINER_FIELDS)
    mine = [_names(own, field) for field in _CONTAINER_FIELDS]
    for name in containers:
        if name not in init_containers or all(name in names for names in mine):
            continue  # the workload's own mistake, which the API server reports
        sides = ["the workload" if name in names else source for names in mine]
        message = (
            f'container "{name}" of {sides[0]} and init container "{name}" of {sides[1]} have the same name; rename one'
        )
        raise errors.Denied("container-name-conflict", message)


def _names(spec: Mapping[str, Any], field: str) -> dict[Any, None]:
    """Return the names in a list of containers, in order and without duplicates."""
    return dict.fromkeys(container.get("name") for container in spec.get(field) or ())


def _check_mounts(own: Mapping[str, Any], merged: Mapping[str, Any], claims: frozenset[str], source: str) -> None:
    defined = {str(volume.get("name")) for volume in merged.get("volumes") or ()} | claims
    for name, path, volume in _mounts(merged):
        if volume in defined:
            continue
        side = "the workload" if (name, path, volume) in _mounts(own) else source
        message = (
            f'container "{name}": {side} mounts volume "{volume}" at {path}, '
            f"but neither the workload nor {source} defines it; {errors.among(volume, defined)}"
        )
        raise errors.Denied("undefined-volume", message)


def _check_resources(own: Mapping[str, Any], merged: Mapping[str, Any], source: str) -> None:
    if merged.get("resources") is own.get("resources"):
        return
    resources, mine = merged.get("resources") or {}, own.get("resources") or {}
    limits = resources.get("limits") or {}
    for name, amount in (resources.get("requests") or {}).items():
        if amount == limits.get(name):
            continue
        request, limit = quantities.parse(amount), quantities.parse(limits.get(name))
        if request is not None and limit is not None and request > limit:
            asks, caps = (
                "the workload" if name in (mine.get(part) or {}) else source for part in ("requests", "limits")
            )
            message = f"resources: {asks} requests {name}: {amount}, more than the limit {limits[name]} of {caps}"
            raise errors.Denied("request-above-limit", message)


def _check_probes(own: Mapping[str, Any], merged: Mapping[str, Any], source: str) -> None:
    """Deny a probe from the configuration whose named port does not exist, because the workload has renamed it."""
    names = {port.get("name") for port in merged.get("ports") or ()}
    for field in ("startupProbe", "readinessProbe", "livenessProbe"):
        for handler in ("httpGet", "tcpSocket"):
            port = _probed_port(merged, field, handler)
            if not isinstance(port, str) or port.isdecimal() or port in names:
                continue
            if port == _probed_port(own, field, handler):
                continue  # its own mistake
            message = (
                f'{field} of {source} probes the port "{port}", but the inference container has no port of this name; '
                f"its ports are named {errors.listed({str(name) for name in names if name})}"
            )
            raise errors.Denied("unknown-probe-port", message)


def _probed_port(container: Mapping[str, Any], field: str, handler: str) -> Any:
    """Return the port that a probe uses; None if it has no such handler, or not one with a port."""
    probe = container.get(field)
    details = probe.get(handler) if isinstance(probe, dict) else None
    return details.get("port") if isinstance(details, dict) else None


def _mounts(spec: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield container name, mount path and volume name of every mount."""
    for field in ("initContainers", "containers"):
        for container in spec.get(field) or ():
            for mount in container.get("volumeMounts") or ():
                yield str(container.get("name")), str(mount.get("mountPath")), str(mount.get("name"))
            for device in container.get("volumeDevices") or ():
                yield str(container.get("name")), str(device.get("devicePath")), str(device.get("name"))
