"""Facts about PodSpec and Container fields that merging needs in addition to the catalog's: defaults, one-of groups.

Source: the Kubernetes 1.36 API (``x-kubernetes-list-map-keys`` and ``patchMergeKey`` of its types, the defaults of
``pkg/apis/core/v1/defaults.go`` and of the ServiceAccount, Priority and DefaultTolerationSeconds admission plugins).
"""

from collections.abc import Mapping
from typing import Any

from webhook import catalog

#: Keyed lists by field name: the keys that identify an entry (contract section 7). No other list field of a pod template
#: has one of these names, so the name is enough.
MERGE_KEYS = catalog.MERGE_KEYS

#: Lists without a merge key that get the entries of both sides, equal ones once.
UNIONS = frozenset({"tolerations"})

#: Lists whose new entries come before the workload's own: a template prepares what the workload's init containers use.
PREPENDED = frozenset({"initContainers"})

#: Scalars that the API server sets on every pod, so on a pod they count as absent.
POD_DEFAULTS: Mapping[str, Any] = {
    "restartPolicy": "Always",
    "dnsPolicy": "ClusterFirst",
    "schedulerName": "default-scheduler",
    "serviceAccountName": "default",
    "serviceAccount": "default",
    "terminationGracePeriodSeconds": 30,
    "enableServiceLinks": True,
}
CONTAINER_DEFAULTS: Mapping[str, Any] = {
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
}
_PROBE_DEFAULTS: Mapping[str, Any] = {
    "timeoutSeconds": 1,
    "periodSeconds": 10,
    "successThreshold": 1,
    "failureThreshold": 3,
}
#: The same for maps inside a container.
NESTED_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "livenessProbe": _PROBE_DEFAULTS,
    "readinessProbe": _PROBE_DEFAULTS,
    "startupProbe": _PROBE_DEFAULTS,
    "httpGet": {"scheme": "HTTP", "path": "/"},
    "grpc": {"service": ""},
}

_HANDLERS = frozenset({"exec", "httpGet", "tcpSocket", "grpc", "sleep"})
#: Maps in which only one of these keys may be set: if the workload has one, no other is added.
ONE_OF: Mapping[str, frozenset[str]] = {
    "livenessProbe": _HANDLERS,
    "readinessProbe": _HANDLERS,
    "startupProbe": _HANDLERS,
    "postStart": _HANDLERS,
    "preStop": _HANDLERS,
}

#: Maps whose keys only make sense together (``type: Localhost`` and its profile): the workload's is used as a whole.
WHOLE = frozenset({"seccompProfile", "appArmorProfile"})


def selector(entry: Any, keys: tuple[str, ...]) -> str:
    """Return the merge key of a list entry as text, e.g. ``name=main``; "" if it has none."""
    if not isinstance(entry, dict):
        return ""
    if len(keys) == 1 and type(value := entry.get(keys[0])) is str:  # most lists, and a long one must not take long
        return f"{keys[0]}={value}"
    parts = []
    for key in keys:
        value = entry.get(key)
        if value is None:
            value = catalog.OPTIONAL_KEYS.get(key)
        if not isinstance(value, str | int):
            return ""
        parts.append(f"{key}={value}")
    return parts[0] if len(parts) == 1 else ",".join(parts)
