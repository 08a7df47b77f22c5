"""Every field of a pod spec and its type, as the API server describes them in its OpenAPI.

``pod_fields.json`` is taken from an API server by ``python -m tests.controlplane.pod_fields``; ``tests/controlplane/test_pod_fields.py``
compares it with one. It is read when it is first asked for: serving a request needs only what ``kubernetes`` has.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal

Kind = Literal["string", "integer", "boolean", "quantity", "int-or-string"]


@dataclass(frozen=True, slots=True)
class ValueType:
    """A field that is neither a map nor a list.

    Attributes:
        kind: what it is.
        known: the only values that the API server accepts; empty if it accepts others.
    """

    kind: Kind
    known: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ListType:
    """A list of items of one type."""

    items: "Type"


@dataclass(frozen=True, slots=True)
class MapType:
    """A map with any keys, such as labels."""

    values: "Type"


@dataclass(frozen=True, slots=True)
class ObjectType:
    """A map with certain keys.

    Attributes:
        name: Kubernetes' name of the type, such as ``EnvVar``.
        fields: the types of its fields.
        required: those that an object must have.
    """

    name: str
    fields: dict[str, "Type"]
    required: tuple[str, ...]


Type = ValueType | ListType | MapType | ObjectType


@cache
def objects() -> dict[str, ObjectType]:
    """Return every type of a map with certain keys that a pod spec can have in it, by its name."""
    text = (resources.files("webhook.catalog.schema") / "pod_fields.json").read_text(encoding="utf-8")
    types: dict[str, Any] = json.loads(text)["types"]
    found = {name: ObjectType(name, {}, tuple(row["required"])) for name, row in types.items()}
    for name, row in types.items():
        found[name].fields.update((key, _type(written, found)) for key, written in row["fields"].items())
    return found


def _type(written: Any, known: dict[str, ObjectType]) -> Type:
    if isinstance(written, list):
        return ValueType("string", tuple(written))
    if isinstance(written, str):
        return known[written] if written in known else ValueType(written)  # type: ignore[arg-type]  # one of Kind
    [(shape, inner)] = written.items()
    return ListType(_type(inner, known)) if shape == "list" else MapType(_type(inner, known))
