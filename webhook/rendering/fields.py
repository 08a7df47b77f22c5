"""Facts about PodSpec and Container fields that merging needs in addition to the catalog's: defaults, one-of groups.

Source: the Kubernetes 1.36 API (``x-kubernetes-list-map-keys`` and ``patchMergeKey`` of its types, the defaults of
``pkg/apis/core/v1/defaults.go`` and of the ServiceAccount, Priority and DefaultTolerationSeconds admission plugins).
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec

from webhook import catalog, digests
from webhook.rendering import filled_in

#: Keyed lists by field name: the keys that identify an entry (contract section 7). No other list field of a pod template
#: has one of these names, so the name is enough.
MERGE_KEYS = catalog.MERGE_KEYS

#: Lists without a merge key that get the entries of both sides, equal ones once; again the name is enough (``add`` and ``drop`` are
#: those of ``capabilities``).
UNIONS = frozenset({"add", "drop", "envFrom", "tolerations"})

#: Unions of strings; the others hold maps.
CAPABILITIES = frozenset({"add", "drop"})

#: Lists whose new entries come before the workload's own: a template prepares what the workload's init containers use, and of two
#: sources of one variable the last one wins, which is to be the workload's. (New variables have an order of their own, see ``env``.)
PREPENDED = frozenset({"envFrom", "initContainers"})

#: Lists of paths in a file system, which are the same with and without a slash at the end.
_PATHS = frozenset({"volumeMounts"})

#: The longest value that a path holds in full, in bytes of JSON: enough for a toleration or a source of variables.
_LONGEST_VALUE = 200

#: The longest entry of a union whose text is remembered, in bytes of JSON.
_LONGEST_REMEMBERED = 1000

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


def is_itemized(field: str) -> bool:
    """Return whether the entries of the list under this key are told apart, by merge key or by value; any other list is atomic."""
    return field in MERGE_KEYS or field in UNIONS


def identity(entry: Any, field: str) -> str:
    """Return what tells an entry of a list apart from the others, as a record writes it; "" if it has no merge key.

    Args:
        entry: the entry.
        field: the key of the list, one that :func:`is_itemized`.
    """
    return value(entry, field) if field in UNIONS else selector(entry, MERGE_KEYS[field])


def identities(entries: list[Any], field: str) -> list[str]:
    """Return the identity of each entry of a list."""
    if field in UNIONS:
        return [value(entry, field) for entry in entries]
    keys = MERGE_KEYS[field]
    if len(keys) > 1:
        return [selector(entry, keys) for entry in entries]
    [key] = keys
    return [
        f"{key}={found}" if type(entry) is dict and type(found := entry.get(key)) is str else selector(entry, keys)
        for entry in entries
    ]


def place(entry: Any, field: str) -> str:
    """Return what two entries of a keyed list must not have in common: the merge key, of a mount without a slash at its end."""
    if field in _PATHS and isinstance(entry, dict) and type(path := entry.get(MERGE_KEYS[field][0])) is str:
        return without_slash(path)
    return selector(entry, MERGE_KEYS[field])


def without_slash(path: str) -> str:
    """Return a path without slashes at its end; that of the root is "/"."""
    return path.rstrip("/") or path[:1]


def value(entry: Any, field: str) -> str:
    """Return an entry of a union as text: compact JSON with sorted keys, without what others fill in or leave out.

    A long one is cut to its digest, ``sha256:0123456789abcdef``, which is not JSON.
    """
    text = msgspec.json.encode(entry)
    if len(text) > _LONGEST_REMEMBERED:
        return _value(entry, field)
    return _remembered_value(text, field)


@lru_cache(maxsize=4096)  # a decision asks for the same entries up to ten times; with the keys this takes at most 5 MB
def _remembered_value(text: bytes, field: str) -> str:
    return _value(msgspec.json.decode(text), field)


def _value(entry: Any, field: str) -> str:
    form = entry if type(entry) is str else filled_in.normal(entry, "", field)
    text = msgspec.json.encode(form) if type(form) is str else digests.canonical(form)
    return text.decode() if len(text) <= _LONGEST_VALUE else f"sha256:{digests.of_text(text)}"


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
