"""A whole ConfigMap instead of bare YAML: places are those of the file, however deep the YAML is nested in it."""

import json
import textwrap

import pytest

from webhook import catalog

HEAD = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: hydra-runtime-template\ndata:\n"
BAD = """\
templates:
- runtime: r
  podTemplate:
    containerTemplate:
      argsTemplate:
      - |-
        one
        two {{ nope }}
      - 8192
"""


def read(content):
    return catalog.build([catalog.Document("templates", "cm.yaml", content)], None)


def places(snapshot):
    return [(problem.code, problem.line, problem.column) for problem in snapshot.problems]


def test_places_are_counted_through_a_literal_block():
    text = HEAD + "  config.yaml: |\n" + textwrap.indent(BAD, " " * 4)
    snapshot = read(text)
    assert places(snapshot) == [("template-syntax", 14, 20), ("wrong-type", 15, 13)]
    assert text.split("\n")[13][19:].startswith("nope")
    assert text.split("\n")[14][12:] == "8192"
    assert {problem.source for problem in snapshot.problems} == {"cm.yaml"}


def test_places_are_counted_through_a_block_with_an_indentation_indicator_and_empty_lines():
    text = HEAD + "  config.yaml: |2\n\n" + textwrap.indent("\n" + BAD, " " * 4)
    assert places(read(text)) == [("template-syntax", 16, 20), ("wrong-type", 17, 13)]


def test_a_syntax_error_inside_a_block_points_into_the_file():
    text = HEAD + "  config.yaml: |\n    templates:\n    - runtime: r\n        podTemplate: {}\n"
    assert places(read(text)) == [("yaml-syntax", 9, 9)]


def test_in_a_folded_block_the_place_is_that_of_the_line():
    snapshot = read(HEAD + "  config.yaml: >\n    templates:\n\n    - runtime: 1\n")
    [problem] = snapshot.problems
    assert (problem.line, problem.column) == (9, 16)
    assert problem.cause == "must be a string, found the number 1"


def test_in_a_json_manifest_the_place_is_that_in_the_string():
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"config.yaml": "templates:\n- runtime: 1\n"}}
    text = json.dumps(manifest, indent=1)
    [problem] = read(text).problems
    assert text.split("\n")[problem.line - 1][problem.column - 1 :].startswith("1\\n")
    assert problem.cause == "must be a string, found the number 1"


def test_where_the_place_in_a_value_is_unknown_it_is_that_of_the_value_and_the_cause_has_the_line():
    [problem] = read(HEAD + '  config.yaml: "templates:\\n- runtime: 1\u2028"\n').problems
    assert (problem.line, problem.column) == (6, 16)
    assert problem.cause.endswith("(line 2, column 12 of the value)")


def test_in_a_configmap_from_a_cluster_the_source_includes_the_data_key():
    snapshot = catalog.build(
        [catalog.Document("templates", "ConfigMap hydra/hydra-runtime-template", {"config.yaml": BAD})], None
    )
    assert places(snapshot) == [("template-syntax", 8, 16), ("wrong-type", 9, 9)]
    assert str(snapshot.problems[1]) == (
        "ConfigMap hydra/hydra-runtime-template[config.yaml]:9:9: "
        "templates[0].podTemplate.containerTemplate.argsTemplate[1]: "
        'must be a string, found the number 8192; quote it: "8192"'
    )


PROBLEMS = {
    "another name": (
        HEAD.replace("hydra-runtime-template", "other") + "  config.yaml: 'templates: []'\n",
        ("warning", "configmap-name", 4, 9),
        "name it hydra-runtime-template",
    ),
    "another kind": (HEAD.replace("ConfigMap", "Secret"), ("error", "wrong-kind", 2, 7), ""),
    "a List": ("apiVersion: v1\nkind: List\nitems: []\n", ("error", "wrong-kind", 2, 7), ""),
    "another key": (
        HEAD + "  templates.yaml: ''\n",
        ("error", "missing-data-key", 6, 19),
        "rename the one that holds it: templates.yaml",
    ),
    "no keys": (
        HEAD.replace("\ndata:", "\ndata: {}"),
        ("error", "missing-data-key", 0, 0),
        "add a data key with the YAML",
    ),
    "data that is a list": (HEAD.replace("\ndata:", "\ndata: []"), ("error", "wrong-type", 5, 7), ""),
    "a value without a block": (
        HEAD + "  config.yaml:\n    templates: []\n",
        ("error", "wrong-type", 7, 5),
        'write "config.yaml: |" and indent the YAML below it',
    ),
    "an empty value": (HEAD + "  config.yaml: ''\n", ("error", "empty", 0, 0), ""),
    "a duplicate key": (
        HEAD + "  config.yaml: 'templates: []'\n  config.yaml: ''\n",
        ("error", "duplicate-key", 7, 3),
        "remove one",
    ),
}


@pytest.mark.parametrize(("text", "found", "remedy"), PROBLEMS.values(), ids=PROBLEMS)
def test_every_mistake_in_a_manifest_is_reported(text, found, remedy):
    problem = read(text).problems[0]
    assert (problem.severity, problem.code, problem.line, problem.column) == found
    assert remedy in problem.remedy


def test_a_manifest_with_another_name_is_still_used():
    text = HEAD.replace("hydra-runtime-template", "other") + "  config.yaml: 'templates: [{runtime: r}]'\n"
    assert set(read(text).runtime_templates) == {"r"}


def test_a_manifest_needs_no_api_version():
    assert set(read("kind: ConfigMap\ndata:\n  config.yaml: 'templates: [{runtime: r}]'\n").runtime_templates) == {"r"}


def test_a_manifest_with_an_error_of_its_own_is_not_used():
    snapshot = read(HEAD + "  config.yaml: 'templates: [{runtime: r}]'\n  other: 1\n")
    assert [(problem.code, problem.path) for problem in snapshot.problems] == [("wrong-type", "data[other]")]
    assert not snapshot.runtime_templates
