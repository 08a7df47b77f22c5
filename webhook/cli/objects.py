"""Kubernetes objects: what they are called, and writing them."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from webhook import catalog, errors, workload

Object = dict[str, Any]

kind_of = workload.kind_of
is_object = workload.is_object
is_list = workload.is_list


def namespace_of(value: Mapping[str, Any], default: str) -> str:
    """Return the namespace of an object, or the default if it names none."""
    metadata = value.get("metadata")
    return str((metadata.get("namespace") if isinstance(metadata, dict) else None) or default)


def name_of(value: Mapping[str, Any]) -> str:
    """Return the name of an object, or ""."""
    metadata = value.get("metadata")
    return str((metadata.get("name") if isinstance(metadata, dict) else None) or "")


def full_name(value: Mapping[str, Any], namespace: str) -> str:
    """Return namespace and name of an object on one line, whatever it holds; ``namespace`` is where it is if it names none."""
    return errors.printable(f"{namespace_of(value, namespace)}/{workload.display_name(value)}")


def to_yaml(values: Sequence[Mapping[str, Any]]) -> str:
    """Return the objects as a YAML stream that kubectl reads back as the same values."""
    return "---\n".join(catalog.dump(value) for value in values)


def to_json(values: Sequence[Mapping[str, Any]]) -> str:
    """Return one object as JSON, or several as a List, as kubectl prints them."""
    single = len(values) == 1
    value = values[0] if single else {"apiVersion": "v1", "kind": "List", "items": list(values)}
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n"
