"""What others fill in below rendered fields, or leave out of them: two values that differ only in this are one rendering.

A LeaderWorkerSet's CRD and the API server set defaults, and drop empty values and fields that they do not know; the record's
digest of the rendered fields must survive that, or every rendering would look like an edit. What another webhook adds inside
a map or list that rendering made as a whole, such as a sidecar's variable in an init container of the template, cannot be
told from an edit.

Source: the defaults of LeaderWorkerSet's CRD, and ``pkg/apis/core/v1/defaults.go`` of Kubernetes 1.36.
"""

from collections.abc import Collection, Mapping
from typing import Any

from webhook import catalog, patch, workload
from webhook.rendering import quantities

#: Values that LeaderWorkerSet's CRD fills in below fields that a template sets, by key.
CRD_DEFAULTS: Mapping[str, tuple[Any, ...]] = {
    "protocol": ("TCP",),
    "name": ("",),
    "service": ("",),
    "optional": (False,),
    "readOnly": (False,),
    "fsType": ("ext4", "xfs"),
    "iscsiInterface": ("default",),
    "keyring": ("/etc/ceph/keyring",),
    "pool": ("rbd",),
    "user": ("admin",),
    "storageMode": ("ThinProvisioned",),
}

#: Empty values that LeaderWorkerSet's webhook writes where there is nothing, since it writes Go structs.
_EMPTY: Mapping[str, Any] = {"creationTimestamp": None, "metadata": {}, "resources": {}}

#: Values that the API server fills in below fields of a pod, by key.
_API_SERVER_DEFAULTS: Mapping[str, tuple[Any, ...]] = {
    "apiVersion": ("v1",),  # of a fieldRef
    "cachingMode": ("ReadWrite",),
    "defaultMode": (0o644,),
    "expirationSeconds": (3600,),
    "failureThreshold": (3,),
    "kind": ("Shared",),
    "path": ("/",),
    "periodSeconds": (10,),
    "procMount": ("Default",),
    "scheme": ("HTTP",),
    "successThreshold": (1,),
    "terminationMessagePath": ("/dev/termination-log",),
    "terminationMessagePolicy": ("File",),
    "timeoutSeconds": (1,),
    "volumeMode": ("Filesystem",),
}

_DEFAULTS = {**_API_SERVER_DEFAULTS, **CRD_DEFAULTS}

#: Tolerations that admission plugins give every pod.
_TOLERATIONS = tuple(
    {"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
    for key in ("not-ready", "unreachable")
)

#: The volume that the ServiceAccount plugin adds to each pod under a random name, and mounts into every container.
TOKEN_VOLUME = "kube-api-access-"  # noqa: S105 - the prefix of a volume's name

_AMOUNTS = frozenset({"limits", "requests"})

#: Numbers whose 0 Go does not leave out: here it means "at once", and absence "never".
_POINTERS = frozenset({"tolerationSeconds"})

#: Pull policies, and the image that decides which one is the default.
_IMAGES = {"imagePullPolicy": "image", "pullPolicy": "reference"}

#: Fields about which another field of their map decides too, with that one.
_DECIDED: Mapping[str, str] = {"hostPort": "containerPort", "requests": "limits", **_IMAGES}

#: Fields of which more than their value decides.
_WITH_RULES = frozenset({workload.RECORD, "sizeLimit", *_POINTERS, *_DECIDED})

_HOLDERS = frozenset({dict, list})

#: Lists to which whole items are added.
_COMPLETED_LISTS = frozenset({"tolerations", "volumeMounts"})


def by_the_crd(key: str, value: Any) -> bool:
    """Return whether LeaderWorkerSet's CRD or webhook fills in a value under this key."""
    return value in CRD_DEFAULTS.get(key, ()) or (key in _EMPTY and value == _EMPTY[key])


def normal(value: Any, key: str, holder: str, *, unknown: bool = False) -> Any:
    """Return a value in one form, whatever was filled in or left out; None for an empty one, which Go leaves out.

    Args:
        value: a JSON value.
        key: its key; of an item of a list, anything.
        holder: the key of the map or list that it is in.
        unknown: whether fields count that this release does not know, so that the API server may have dropped them.
    """
    if isinstance(value, dict):
        return _fields(value, key, None if unknown else _known(value, key, holder), unknown=unknown) or None
    if isinstance(value, list):
        items = value if key not in _COMPLETED_LISTS else [item for item in value if not _filled_in_item(item, key)]
        return [normal(item, "", key, unknown=unknown) for item in items] or None
    if (holder in _AMOUNTS or key == "sizeLimit") and (number := quantities.parse(value)) is not None:
        return f"{number.normalize():f}"
    return value or None


def alike(one: Any, other: Any, key: str, holder: str, *, unknown: bool = False) -> bool:
    """Return whether two values have the same :func:`normal` form, which takes the same arguments, for a look at what differs only."""
    if patch.same(one, other):
        return True
    if isinstance(one, dict) and isinstance(other, dict):
        known = [None if unknown else _known(value, key, holder) for value in (one, other)]
        if known[0] == known[1]:
            return _are_alike(one, other, key, known[0], unknown=unknown)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other) and key not in _COMPLETED_LISTS:
        return all(alike(mine, theirs, "", key, unknown=unknown) for mine, theirs in zip(one, other, strict=True))
    return patch.same(*(normal(value, key, holder, unknown=unknown) for value in (one, other)))


def _are_alike(
    one: Mapping[str, Any], other: Mapping[str, Any], key: str, known: Collection[str] | None, *, unknown: bool
) -> bool:
    """Return whether two maps, of which the same fields are known, have the same normal form."""
    differing = {name for name in one.keys() & other.keys() if not patch.same(one[name], other[name])}
    nested = {name for name in differing - _WITH_RULES if type(one[name]) is type(other[name]) in _HOLDERS}
    if not all(
        alike(one[name], other[name], name, key, unknown=unknown) for name in nested if known is None or name in known
    ):
        return False
    compared = (differing - nested) | (one.keys() ^ other.keys())
    for name, deciding in _DECIDED.items():
        if name in compared or deciding in differing or deciding in compared:
            compared |= {name, deciding}
    parts = ({name: value[name] for name in compared if name in value} for value in (one, other))
    return patch.same(*(_fields(part, key, known, unknown=unknown) for part in parts))


def _known(value: Mapping[str, Any], key: str, holder: str) -> Collection[str] | None:
    """Return the fields of a map that this release knows; None if it may be any."""
    return catalog.ITEMS.get(holder) or (catalog.POD_SPEC if key == "spec" and "containers" in value else None)


def _fields(value: Mapping[str, Any], key: str, known: Collection[str] | None, *, unknown: bool) -> dict[str, Any]:
    found = {}
    for name, inner in value.items():
        if known is not None and name not in known:
            continue
        if name in _DEFAULTS and inner in _DEFAULTS[name]:
            continue
        if name in _WITH_RULES:
            kept = _by_rule(name, inner, value, key, unknown=unknown)
        elif type(inner) is str and key not in _AMOUNTS:  # by far the most
            kept = inner or None
        else:
            kept = normal(inner, name, key, unknown=unknown)
        if kept is not None:
            found[name] = kept
    return found


def _by_rule(name: str, inner: Any, value: Mapping[str, Any], key: str, *, unknown: bool) -> Any:
    """Return the normal form of a field in a map to which a rule of its own applies, or that others of the map decide about."""
    if name == workload.RECORD:
        return None
    if name in _POINTERS:
        return inner
    if name == "hostPort" and inner == value.get("containerPort"):  # with hostNetwork
        return None
    if name in _IMAGES and inner == pull_policy(value.get(_IMAGES[name])):
        return None
    return normal(_above_limits(inner, value) if name == "requests" else inner, name, key, unknown=unknown)


def _above_limits(requests: Any, resources: Mapping[str, Any]) -> Any:
    """Return requests without those that equal their limit, which are filled in where they are absent."""
    limits = resources.get("limits")
    if not isinstance(requests, dict) or not isinstance(limits, dict):
        return requests
    return {name: amount for name, amount in requests.items() if amount != limits.get(name)}


def pull_policy(image: Any) -> str:
    """Return the pull policy that the API server gives to an image; "" if there is no image."""
    if not isinstance(image, str):
        return ""
    name, _, digest = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    return "Always" if not digest and tag in ("", "latest") else "IfNotPresent"


def _filled_in_item(item: Any, key: str) -> bool:
    if not isinstance(item, dict):
        return False
    if key == "tolerations":
        return item in _TOLERATIONS
    return key == "volumeMounts" and str(item.get("name")).startswith(TOKEN_VOLUME)
