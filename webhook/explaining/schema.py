"""The JSON schema of explanations, made from the types themselves; ``docs/explain.schema.json`` is a copy."""

import re
from typing import Any

import msgspec

from webhook.explaining.explanation import Explanation

#: An attribute, or several, in the docstring of a type, up to the next one.
_ATTRIBUTE = re.compile(r"^        (\w+(?:, \w+)*): (.*?)(?=^        \w|\Z)", re.MULTILINE | re.DOTALL)


def schema() -> dict[str, Any]:
    """Return the schema of what ``explain --output json`` prints: a list of explanations (JSON Schema 2020-12)."""
    found = msgspec.json.schema(list[Explanation])
    for definition in found["$defs"].values():
        _describe(definition)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "hydra-webhook explain --output json",
        **msgspec.json.decode(msgspec.json.encode(found)),
    }


def _describe(definition: dict[str, Any]) -> None:
    """Give properties the descriptions that the docstring of their type has."""
    text, _, attributes = definition["description"].partition("\n\n    Attributes:\n")
    definition["description"] = _in_json(text)
    for names, description in _ATTRIBUTE.findall(attributes):
        for name in names.split(", "):
            definition["properties"][name]["description"] = _in_json(description)


def _in_json(text: str) -> str:
    """Return what a docstring says in the words of JSON, on one line."""
    return re.sub(r"\bNone\b", "null", " ".join(text.split()).replace("``", "`"))
