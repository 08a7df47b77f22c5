"""The record: what the webhook wrote on a pod template, so that it is recognised and can be taken back (section 8).

It is compact JSON with sorted keys in annotation ``hydra.io/rendered`` and depends on nothing but the input: no clock, no
randomness, no host.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from webhook import errors, patch, workload
from webhook.rendering import changes

#: Of the record's layout.
VERSION = 1
#: Changes that a record may name: far more than any template makes, and few enough to be taken back at once.
_MOST_PATHS = 2000

_RECORD_PATH = f"/metadata/annotations/{patch.escape(workload.RECORD)}"


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename={"model_id": "model"}):
    """The content of a record.

    Attributes:
        version: of this layout.
        runtime, model_id: what was rendered.
        revision: hash of the configuration that was used.
        inputs: digest of what the workload said: section 3's labels and annotations, role, group size, bare template.
        container: name of the inference container.
        added, made, replaced: the way back, as in :class:`changes.Changes`.
        rendered: digest of the rendered fields, robust to what a CRD fills in.
        created: the whole template was made by the webhook (a leader template from the worker's).
    """

    version: int
    runtime: str
    model_id: str
    revision: str
    inputs: str
    container: str
    added: tuple[str, ...]
    replaced: dict[str, Any]
    rendered: str
    made: tuple[str, ...] = ()
    created: bool = False

    @property
    def changes(self) -> changes.Changes:
        """Return the way back."""
        return changes.Changes(self.added, self.made, self.replaced)


_decoder = msgspec.json.Decoder(Record)


def digest(value: Any) -> str:
    """Return a short hash of a JSON value that does not depend on the order of its keys: 16 hex digits of SHA-256."""
    return hashlib.sha256(msgspec.json.encode(value, order="sorted")).hexdigest()[:16]


def write(value: Mapping[str, Any], record: Record) -> dict[str, Any]:
    """Return a pod template with the record in its annotations."""
    text = msgspec.json.encode(record, order="sorted").decode()
    metadata = dict(value.get("metadata") or {})
    metadata["annotations"] = {**(metadata.get("annotations") or {}), workload.RECORD: text}
    return {**value, "metadata": metadata}


def read(template: workload.PodTemplate) -> Record | None:
    """Return the record of a pod template, or None if it carries none.

    Raises:
        errors.Denied: the annotation is no record.
    """
    text = template.own_annotations.get(workload.RECORD)
    if text is None:
        return None
    try:
        record = _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeError, TypeError, RecursionError) as error:
        raise _invalid(f"is not a record of this webhook: {error}") from error
    if record.version != VERSION:
        raise _invalid(f"has version {record.version}, and this webhook knows version {VERSION}")
    paths = (*record.added, *record.made, *record.replaced)
    if len(paths) > _MOST_PATHS:
        raise _invalid(f"names {len(paths)} changes, and this webhook makes at most {_MOST_PATHS}")
    if not all(path.startswith("/") for path in paths):
        raise _invalid("holds a path that does not begin with a slash")
    if record.created and template.name not in ("leaderTemplate", ""):  # "": a pod that was made from such a template
        raise _invalid("says that the webhook made this template, which it does for leaderTemplate only")
    return record


def check(record: Record, template: workload.PodTemplate) -> None:
    """Hold a record against the pod template that carries it.

    Raises:
        errors.Denied: it names another runtime, model or container than the template does.
    """
    labels = dict(template.labels)
    copied = () if record.created else record.added
    for key in workload.IDENTITY_LABELS:  # a copy that the webhook made does not override its original
        if f"/metadata/labels/{patch.escape(key)}" in copied:
            labels[key] = template.inherited_labels.get(key, labels.get(key))
    declared = workload.declaration(msgspec.structs.replace(template, labels=labels))
    named = [
        ("runtime", record.runtime, f"label {workload.RUNTIME}", declared.runtime),
        ("model", record.model_id, f"label {workload.MODEL_ID}", declared.model_id),
    ]
    if declared.container:
        named.append(("container", record.container, f"annotation {workload.CONTAINER}", declared.container))
    for what, recorded, key, value in named:
        if recorded != value:
            raise _invalid(f'was written for {what} "{recorded}", but {key} is "{value}"')
    spec = workload.mapping(template.value.get("spec"), "spec")
    names = [str(container.get("name")) for container in workload.entries(spec.get("containers"), "spec.containers")]
    if record.container not in names:
        raise _invalid(f'names container "{record.container}", but the containers are {errors.listed(names)}')


def rendered_digest(current: changes.Current) -> str:
    """Return the digest of the rendered fields as they now stand.

    It is the same after a CRD has filled in defaults, and differs when somebody has edited a rendered field.
    """
    return digest([[path, None if now is changes.ABSENT else _without_defaults(now)] for path, now in current])


def untouched(value: Mapping[str, Any], record: Record) -> bool:
    """Tell whether the rendered fields still are as the webhook wrote them."""
    return rendered_digest(changes.current(value, record.changes)) == record.rendered


def restore(value: Mapping[str, Any], record: Record) -> dict[str, Any]:
    """Return a pod template in its bare form: without the record and with every change taken back.

    A template that the webhook created has no bare form; it is to be removed instead.
    """
    return changes.undo(value, changes.Changes((*record.added, _RECORD_PATH), record.made, record.replaced))


#: Values that the LeaderWorkerSet CRD fills in below fields that a template sets, by key.
_CRD_DEFAULTS: Mapping[str, tuple[Any, ...]] = {
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


def _without_defaults(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _without_defaults(inner) if isinstance(inner, dict | list) else inner
            for key, inner in value.items()
            if inner is not None
            and key != workload.RECORD
            and not (key in _CRD_DEFAULTS and inner in _CRD_DEFAULTS[key])
        }
    if isinstance(value, list):
        return [_without_defaults(inner) if isinstance(inner, dict | list) else inner for inner in value]
    return value


def _invalid(what: str) -> errors.Denied:
    remedy = "remove the annotation to have the workload rendered anew"
    return errors.Denied("invalid-record", f"annotation {workload.RECORD} {what}; {remedy}")
