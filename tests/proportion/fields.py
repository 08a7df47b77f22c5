"""The lists and maps of a pod spec, and what to fill them with."""

from collections.abc import Callable
from typing import Any

Place = Callable[[Any], dict[str, Any]]

#: Longest nesting that a JSON decoder accepts everywhere.
_DEPTH = 400


def container(**parts: Any) -> dict[str, Any]:
    """Return a pod spec with one container that has these fields."""
    return {"containers": [{"name": "main", **parts}]}


def _in_pod(field: str) -> Place:
    return lambda items: {"containers": [{"name": "main"}], field: items}


def _in_container(field: str) -> Place:
    return lambda items: container(**{field: items})


#: How to put a list into a pod spec, by the list's name.
PLACES: dict[str, Place] = {
    "containers": lambda items: {"containers": items},
    **{
        field: _in_pod(field)
        for field in (
            "initContainers",
            "volumes",
            "tolerations",
            "imagePullSecrets",
            "hostAliases",
            "topologySpreadConstraints",
            "readinessGates",
            "schedulingGates",
            "resourceClaims",
        )
    },
    **{
        field: _in_container(field)
        for field in ("args", "command", "env", "envFrom", "ports", "volumeMounts", "volumeDevices", "resizePolicy")
    },
    "capabilities": lambda items: container(securityContext={"capabilities": {"add": items}}),
    "httpHeaders": lambda items: container(readinessProbe={"httpGet": {"port": 1, "httpHeaders": items}}),
    "exec": lambda items: container(livenessProbe={"exec": {"command": items}}),
    "claims": lambda items: container(resources={"claims": items}),
    "sysctls": lambda items: {"containers": [{"name": "main"}], "securityContext": {"sysctls": items}},
    "searches": lambda items: {"containers": [{"name": "main"}], "dnsConfig": {"searches": items}},
    "affinity terms": lambda items: {
        "containers": [{"name": "main"}],
        "affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": items}},
    },
    "unknown": _in_container("futureField"),
}

#: How to put a map into a pod spec, by the map's name.
MAPS: dict[str, Place] = {
    "nodeSelector": _in_pod("nodeSelector"),
    "overhead": _in_pod("overhead"),
    "affinity": _in_pod("affinity"),
    "securityContext": _in_pod("securityContext"),
    "limits": lambda value: container(resources={"limits": value}),
    "requests": lambda value: container(resources={"requests": value}),
    "probe": lambda value: container(readinessProbe=value),
    "lifecycle": lambda value: container(lifecycle=value),
    "container": lambda value: container(**value),
    "pod spec": lambda value: {"containers": [{"name": "main"}], **value},
    "unknown map": _in_container("futureField"),
}

#: Names that differ at once, late, hardly, or not at all.
NAMES: dict[str, Callable[[int], str]] = {
    "short names": "c{:05}".format,
    "names with a common beginning": lambda at: f"{'c' * 50}{at:05}",
    "names of the greatest length": lambda at: f"{'c' * 58}{at:05}",
    "long names": lambda at: f"{'c' * 200}{at:05}",
    "mirrored names": lambda at: f"{at:05}{'xc' * 29}",
    "endless names": lambda at: f"{'c' * 20_000}{at:05}",
}

#: Lists of strings; all others are lists of maps.
_TEXTS = frozenset({"args", "command", "capabilities", "exec", "searches"})


def items(field: str) -> dict[str, Callable[[int], Any]]:
    """Return how to make an item by its number, by a name for such items."""
    if field in _TEXTS:
        return {
            "distinct": "a{:05}".format,
            "nearly equal": lambda at: f"{'a' * 200}{at:05}",
            "equal": lambda _: "a",
            "endless": lambda at: f"{'a' * 20_000}{at}",
            "lines": lambda _: "a\n\n" * 100,
        }
    found: dict[str, Callable[[int], Any]] = {
        "distinct": lambda at: {"name": f"n{at}", **_keys(field, at)},
        "nearly equal": lambda at: {"name": f"{'n' * 200}{at:05}", **_keys(field, at)},
        "equal": lambda _: {"name": "n", **_keys(field, 1)},
        "wide": lambda at: {"name": f"n{at}", **_keys(field, at), "more": {str(key): {} for key in range(50)}},
        "deep": lambda at: {"name": f"n{at}", **_keys(field, at), "more": deep(2_000)},
        "empty": lambda _: {},
    }
    if field in ("containers", "initContainers"):
        found["mounting"] = lambda at: {"name": f"n{at}", "volumeMounts": [{"name": "models", "mountPath": "/m"}]}
    return found


def _keys(field: str, at: int) -> dict[str, Any]:
    """Return what items of a list have besides a name."""
    return {
        "volumeMounts": {"mountPath": f"/{at}", "name": "models"},
        "volumeDevices": {"devicePath": f"/{at}", "name": "models"},
        "ports": {"containerPort": at},
        "tolerations": {"key": "nvidia.com/gpu", "operator": "Exists", "value": str(at)},
        "topologySpreadConstraints": {"topologyKey": str(at), "whenUnsatisfiable": "DoNotSchedule"},
        "hostAliases": {"ip": str(at)},
    }.get(field, {})


def deep(size: int) -> Any:
    """Return maps and lists nested as deep as a decoder accepts, with keys that make up the size."""
    key = "k" * max(1, size // _DEPTH - 6)
    value: Any = {}
    for _ in range(min(_DEPTH, size // 7) // 2):
        value = {key: [value]}
    return value
