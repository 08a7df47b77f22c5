"""The JSON schema of explanations, made from the types themselves; ``docs/explain.schema.json`` is a copy."""

from typing import Any

import msgspec

from webhook.explaining.explanation import Explanation


def schema() -> dict[str, Any]:
    """Return the schema of what ``explain --output json`` prints: a list of explanations (JSON Schema 2020-12)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "hydra-webhook explain --output json",
        **msgspec.json.schema(list[Explanation]),
    }
