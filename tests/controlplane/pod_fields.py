"""Writes ``webhook/catalog/schema/pod_fields.json``: what an API server says about every field of a pod spec.

``python -m tests.controlplane.pod_fields`` asks a control plane of its own and overwrites the file. From the OpenAPI of the core
API only that is taken which can be reached from a PodSpec, and of each field only its type.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.controlplane.plane import ControlPlane

FILE = Path(__file__).parents[2] / "webhook/catalog/schema/pod_fields.json"

_ROOT = "io.k8s.api.core.v1.PodSpec"
#: Types that JSON writes as a string or a number.
_SCALARS = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": "quantity",
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": "int-or-string",
}
#: All that the API server accepts in the metadata of a claim that a volume creates.
_METADATA = {"ObjectMeta": ("annotations", "labels")}


def taken(server: ControlPlane) -> str:
    """Return the text of the file, made from what an API server publishes."""
    version = server.request("GET", "/version")
    schemas = server.request("GET", "/openapi/v3/api/v1")["components"]["schemas"]
    return text(f"{version['major']}.{version['minor']}", schemas)


def text(version: str, schemas: Mapping[str, Any]) -> str:
    """Return the text of the file for a version of Kubernetes and its schemas: a line for each field."""
    lines = ["{", f' "kubernetes": {json.dumps(version)},', ' "types": {']
    types = dict(sorted(_types(schemas)))
    for name, schema in types.items():
        kept = _METADATA.get(name, tuple(schema["properties"]))
        required = sorted(set(schema.get("required", ())) & set(kept))
        lines.append(f'  {json.dumps(name)}: {{"required": {json.dumps(required)}, "fields": {{')
        fields = [f"   {json.dumps(key)}: {json.dumps(_type(schema['properties'][key]))}" for key in sorted(kept)]
        lines += [f"{field}," for field in fields[:-1]] + fields[-1:]
        lines.append("  }}," if name != list(types)[-1] else "  }}")
    return "\n".join([*lines, " }", "}"]) + "\n"


def _types(schemas: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield name and schema of each type with fields that can be reached."""
    seen = {_ROOT}
    left = [_ROOT]
    while left:
        full = left.pop()
        name, schema = _short(full), schemas[full]
        yield name, schema
        for key in _METADATA.get(name, schema["properties"]):
            found = _referred(schema["properties"][key])
            if found and found not in seen and found not in _SCALARS:
                seen.add(found)
                left.append(found)


def _short(name: str) -> str:
    return name.rpartition(".")[2]


def _referred(schema: Mapping[str, Any]) -> str:
    """Return the type that a schema refers to, or that of its items or values; "" if there is none."""
    inner = (*schema.get("allOf", ()), *(schema[key] for key in ("items", "additionalProperties") if key in schema))
    found: str = schema.get("$ref", "").rpartition("/")[2]
    return found or next(filter(None, map(_referred, inner)), "")


def _type(schema: Mapping[str, Any]) -> Any:
    """Return the type of a field: the name of a type, a list of values, or a list or map of either."""
    if schema.get("type") == "array":
        return {"list": _type(schema["items"])}
    if "additionalProperties" in schema:
        return {"map": _type(schema["additionalProperties"])}
    if "enum" in schema:
        return sorted(value for value in schema["enum"] if value)  # "" is the same as an absent field
    name = _referred(schema)
    return _SCALARS.get(name) or _short(name) or schema["type"]


if __name__ == "__main__":
    with ControlPlane(controllers=False) as plane:
        FILE.write_text(taken(plane))
    sys.stdout.write(f"wrote {FILE}\n")
