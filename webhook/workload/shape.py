"""The shape of each kind of object: everything that the code walks is the map, list or string that it should be.

The API server checks a custom resource against its schema only after mutating admission, a file that is given to the
command line may hold anything, and so may what a record restores. So every object is checked once, before anything looks
into it. The table names what is read, and nothing else: what Kubernetes makes of the rest is not decided here. Fields
that only a configuration names are checked where they are merged.
"""

from collections.abc import Mapping
from typing import Any

from webhook import errors, jsonshape
from webhook.jsonshape import ListOf, MapOf, Shape
from webhook.workload.object_kinds import LEADER_WORKER_SET, POD, POD_TEMPLATE_PLACES, GroupVersionKind

_PROBE = MapOf({"httpGet": MapOf(), "tcpSocket": MapOf()})

_CONTAINERS = ListOf(
    MapOf(
        {
            "name": str,
            "image": str,
            "command": ListOf(str),
            "args": ListOf(str),
            "env": ListOf(MapOf({"name": str})),
            "ports": ListOf(MapOf({"name": str})),
            "resources": MapOf({"requests": MapOf(), "limits": MapOf(), "claims": ListOf(MapOf({"name": str}))}),
            "volumeMounts": ListOf(MapOf({"name": str, "mountPath": str})),
            "volumeDevices": ListOf(MapOf({"name": str, "devicePath": str})),
            "startupProbe": _PROBE,
            "readinessProbe": _PROBE,
            "livenessProbe": _PROBE,
        }
    )
)

_NODE_EXPRESSIONS = ListOf(MapOf({"key": str, "operator": str, "values": ListOf(str)}))

_NODE_TERMS = ListOf(MapOf({"matchExpressions": _NODE_EXPRESSIONS}))

_AFFINITY = MapOf(
    {
        "nodeAffinity": MapOf(
            {"requiredDuringSchedulingIgnoredDuringExecution": MapOf({"nodeSelectorTerms": _NODE_TERMS})}
        )
    }
)

_POD_SPEC = MapOf(
    {
        "containers": _CONTAINERS,
        "initContainers": _CONTAINERS,
        "volumes": ListOf(MapOf({"name": str})),
        "nodeSelector": MapOf(),
        "affinity": _AFFINITY,
        "resourceClaims": ListOf(MapOf({"name": str})),
    }
)

_METADATA = MapOf({"labels": MapOf(), "annotations": MapOf()})

_OBJECT = MapOf({"metadata": _METADATA})

_POD_TEMPLATE = MapOf({"metadata": _METADATA, "spec": _POD_SPEC})

_CLAIMS: Mapping[str, Shape] = {"volumeClaimTemplates": ListOf(MapOf({"metadata": MapOf()}))}

_GROUP = MapOf({"leaderTemplate": _POD_TEMPLATE, "workerTemplate": _POD_TEMPLATE, **_CLAIMS})


def _holding(place: tuple[str, ...]) -> MapOf:
    """Return the shape of an object that has a pod template at these keys."""
    shape = _POD_TEMPLATE
    for key in reversed(place):
        shape = MapOf({key: shape, **_CLAIMS})
    return shape


_SHAPES: Mapping[GroupVersionKind, MapOf] = {
    POD: _POD_TEMPLATE,
    LEADER_WORKER_SET: MapOf({"metadata": _METADATA, "spec": MapOf({"leaderWorkerTemplate": _GROUP})}),
    **{object_kind: _holding(place) for object_kind, place in POD_TEMPLATE_PLACES.items()},
}


def check(value: Mapping[str, Any], object_kind: GroupVersionKind, path: str = "") -> None:
    """Check the size and depth of an object, and the shape that its kind prescribes; other kinds are not looked into.

    Raises:
        errors.Malformed: it is nested too deeply, or part of it has the wrong type.
        errors.TooLarge: it holds too many values.
    """
    if object_kind in _SHAPES:
        values = jsonshape.check_depth(value, path)
        jsonshape.check(value, _SHAPES[object_kind], path)
        if values > jsonshape.MOST_VALUES:
            check_values(value, path or "the object")


def check_values(value: Mapping[str, Any], what: str, *, more: Any = None) -> None:
    """Check that an object holds at most as many values as are decided about in time.

    Its status and managed fields do not count: nobody writes them, and nothing walks them.

    Args:
        value: an object whose shape has been checked.
        what: what messages call it.
        more: what is going to be added to it.

    Raises:
        errors.TooLarge: it holds more.
    """
    unread = value.get("status"), (value.get("metadata") or {}).get("managedFields")
    values = jsonshape.count(value) + jsonshape.count(more) - sum(map(jsonshape.count, unread))
    if values > jsonshape.MOST_VALUES:
        raise errors.TooLarge(f"{what} holds {values} values, more than {jsonshape.MOST_VALUES}")


def check_metadata(value: Mapping[str, Any], path: str) -> None:
    """Check labels and annotations alone, which decide whether an object is looked into at all.

    Raises:
        errors.Malformed: part of them has the wrong type.
    """
    jsonshape.check(value, _OBJECT, path)


def check_pod_template(value: Mapping[str, Any], path: str) -> None:
    """Check the depth and shape of a pod template that is not yet part of an object.

    Raises:
        errors.Malformed: as :func:`check`.
    """
    jsonshape.check_depth(value, path)
    jsonshape.check(value, _POD_TEMPLATE, path)


def check_pod_spec(value: Mapping[str, Any], path: str) -> None:
    """Check the shape of a pod spec.

    Raises:
        errors.Malformed: part of it has the wrong type.
    """
    jsonshape.check(value, _POD_SPEC, path)
