"""Every golden case explained: as admission decides, in the form that the schema describes."""

import json
from pathlib import Path

import msgspec
import pytest

from tests import golden_cases
from tests.explaining import field_cases
from webhook import catalog, explaining, rendering

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "docs" / "explain.schema.json"

CASES = [
    case
    for case in golden_cases.CASES
    if case.request.get("operation") == "CREATE" and not case.keys.keys() & {"only", "errored", "http"}
]
DENIED = [case for case in CASES if "denied" in case.keys]
OTHERS = [case for case in CASES if "denied" not in case.keys]


def cases(some):
    return pytest.mark.parametrize("case", some, ids=lambda case: case.name)


CONFIGURED = {}


def configured(case):
    """Return the state and places of a case; cases share them if they have the same configurations and settings."""
    if case.configuration not in CONFIGURED:
        given = [
            catalog.Document(kind, f"{kind}.yaml", text)
            for kind, text in case.configuration
            if kind in golden_cases.CONFIGURATION
        ]
        documents = (*given, *catalog.embedded(except_for={document.config_kind for document in given}))
        state = rendering.State(catalog.build(documents, None), golden_cases.settings(case.keys.get("settings", {})))
        CONFIGURED[case.configuration] = field_cases.Configuration(state, catalog.Places(documents))
    return CONFIGURED[case.configuration]


EXPLAINED = {}


def explained(case):
    if case.name not in EXPLAINED:
        EXPLAINED[case.name] = field_cases.explain(case.object, configured(case), case.request["namespace"])
    return EXPLAINED[case.name]


@cases(DENIED)
def test_a_denial_is_explained_by_its_own_message(case):
    found = explained(case)

    assert (found.outcome, found.denial.code) == ("denied", case.keys["denied"]["code"])
    for piece in case.keys["denied"]["says"]:
        assert piece in found.denial.message


@cases(OTHERS)
def test_what_is_admitted_has_the_same_warnings_and_values(case):
    found = explained(case)

    assert found.denial is None
    assert list(found.warnings) == case.warnings("command line")
    if "unchanged" in case.keys:
        return
    assert found.outcome == "rendered"
    for one in found.pod_templates:
        if one.outcome != "rendered":
            continue
        value = case.expected
        for key in one.path.split(".") if one.path else ():
            value = value[key]
        for field in one.fields:
            there = value
            for key in field.keys[:-1]:
                there = there[key]
            if field.removed:
                assert field.keys[-1] not in there
            else:
                assert there[field.keys[-1]] == field.value, field.path


# The form


def checked(value, schema, root, path="$"):
    """Check a JSON value against the parts of JSON Schema that our schema uses; any other keyword fails."""
    known = {
        "$ref",
        "type",
        "enum",
        "anyOf",
        "items",
        "prefixItems",
        "properties",
        "required",
        "title",
        "description",
        "default",
    }
    assert schema.keys() <= known | {"$schema", "$defs"}, (path, schema.keys())
    if "$ref" in schema:
        checked(value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root, path)
    if "anyOf" in schema:
        assert any(fits(value, one, root, path) for one in schema["anyOf"]), (path, value)
    if "enum" in schema:
        assert value in schema["enum"], (path, value)
    types = {
        "null": type(None),
        "boolean": bool,
        "integer": int,
        "number": float,
        "string": str,
        "array": list,
        "object": dict,
    }
    if "type" in schema:
        assert type(value) is types[schema["type"]], (path, value)
    if isinstance(value, list):
        for at, item in enumerate(value):
            checked(item, schema.get("items", {}), root, f"{path}[{at}]")
    if isinstance(value, dict) and "properties" in schema:
        assert set(schema.get("required", ())) <= value.keys() <= schema["properties"].keys(), (path, value.keys())
        for key, inner in value.items():
            checked(inner, schema["properties"][key], root, f"{path}.{key}")


def fits(value, schema, root, path):
    try:
        checked(value, schema, root, path)
    except AssertionError:
        return False
    return True


@cases(CASES)
def test_the_json_is_as_the_schema_describes_it(case):
    schema = json.loads(SCHEMA.read_text())

    checked(json.loads(msgspec.json.encode([explained(case)])), schema, schema)


def test_the_check_of_the_form_refuses_another_form():
    schema = json.loads(SCHEMA.read_text())
    value = json.loads(msgspec.json.encode([explained(OTHERS[0])]))
    for wrong in ({"outcome": "maybe"}, {"name": 7}, {"surprise": 1}, {"pod_templates": [{"name": ""}]}):
        assert not fits([{**value[0], **wrong}], schema, schema, "$")


def test_the_documented_schema_is_that_of_the_values():
    assert json.loads(SCHEMA.read_text()) == explaining.schema()
