"""Why this container, this image, this command: the answers for workloads from the field, and where they are said to be written."""

import json
import re

import msgspec
import pytest
import yaml

from tests.explaining import field_cases, test_golden
from tests.explaining.field_cases import ANSWERS, CASES, WORKLOADS

files = pytest.mark.parametrize("path", WORKLOADS, ids=field_cases.name)


@files
def test_the_answers_are_right(path):
    assert field_cases.answers(field_cases.explained(path)) == ANSWERS[field_cases.name(path)]


@files
def test_the_json_is_as_the_schema_describes_it(path):
    schema = json.loads(test_golden.SCHEMA.read_text())

    test_golden.checked(json.loads(msgspec.json.encode([field_cases.explained(path)])), schema, schema)


def test_every_file_has_answers():
    assert set(ANSWERS) == {field_cases.name(path) for path in WORKLOADS}


@files
def test_every_place_leads_to_its_key(path):
    """A key is written at its place, and an item of a list follows a dash or bracket there."""
    checked = 0
    for one in field_cases.explained(path).pod_templates:
        places = [one.template.written] if one.template else []
        places += [entry.written for entry in one.agent_entries]
        places += [choice.row for choice in one.gpu_types if choice.row]
        places += [field.written for field in one.fields if field.written]
        places += [element.written for field in one.fields for element in field.elements]
        places += [variable.written for variable in one.variables if variable.written]
        places += [choice.written for choice in one.gpu_types if choice.written]
        places += [one.container.written] if one.container and one.container.written else []
        for written in places:
            assert written.line, written
            if written.source.startswith("built-in"):
                continue
            line = (path.parent / written.source).read_text().splitlines()[written.line - 1]
            before, after = line[: written.column - 1], line[written.column - 1 :]
            if written.key_path.endswith("]"):
                assert re.search(r"(^|[-\[,])\s*$", before), (written, line)
            else:
                key = re.match(r"""["']?([^"':]+)["']?:""", after)
                assert written.key_path.endswith(f".{key[1]}"), (written, line)
            checked += 1
    assert checked or not list(path.parent.glob("agent.yaml"))


ORIGINALS = sorted((CASES.parents[1] / "rebuilt").glob("*/original.yaml"))


@pytest.mark.parametrize("path", ORIGINALS, ids=lambda path: path.parent.name)
def test_a_manifest_without_our_label_is_left_alone_and_explained_so(path):
    for value in yaml.safe_load_all(path.read_text()):
        found = field_cases.explain(value, field_cases.configuration())

        assert (found.outcome, found.denial, found.next_steps) == ("not-labelled", None, ())
        assert found.reason == "left alone: it has no label hydra.io/runtime"
