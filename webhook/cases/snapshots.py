"""Snapshots: whole rendered objects in files, without their records (contract section 13)."""

from collections.abc import Mapping
from typing import Any

from webhook import catalog, errors, mutation, rendering, workload


class NotASnapshot(errors.HydraError):
    """A file that holds something else than one object; ``str()`` says what."""


def without_records(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object without the records on its pod templates, which change with every edit of the configuration.

    Raises:
        errors.Denied: the object does not have the shape that its kind prescribes.
    """
    found = dict(value)
    for pod_template in workload.pod_templates(value, workload.kind_of(value)):
        if workload.RECORD in pod_template.own_annotations:
            found = dict(mutation.replaced(found, pod_template.place, rendering.unrecorded(pod_template.value)))
    return found


def text(value: Mapping[str, Any]) -> str:
    """Return what a snapshot of this object holds."""
    return catalog.dump(value)


def read(content: bytes) -> dict[str, Any]:
    """Return the object that a snapshot holds.

    Raises:
        NotASnapshot: it does not hold one object.
    """
    try:
        values = catalog.load_all(content.decode())
    except (UnicodeDecodeError, catalog.BadYaml) as error:
        raise NotASnapshot(str(error)) from error
    if len(values) != 1:
        raise NotASnapshot(f"found {len(values)} YAML documents, expected one")
    if not isinstance(values[0], dict) or not isinstance(values[0].get("kind"), str):
        raise NotASnapshot("it is not a Kubernetes object: it has no kind")
    return values[0]
