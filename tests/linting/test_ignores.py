"""Comments that ignore findings: what they are about, and remarks about those that are not needed."""

import re
from pathlib import Path

import pytest

from tests.linting.configurations import lint
from webhook import catalog, linting

LATE = "templates:\n- runtime: a\n  podTemplate:\n    {}priorityClassName: high{}\n    nodeName: node\n"


def late(before="", after=""):
    """Return runtime templates with two late fields, and comments before and after the first one."""
    return LATE.format(f"{before}\n    " if before else "", after)


def lines(problems, code="late-field"):
    return [problem.line for problem in problems if problem.code == code]


IGNORING = {
    "at the end of the line": late(after=" # hydra-lint: ignore=late-field"),
    "on the line before": late("# hydra-lint: ignore=late-field"),
    "several codes": late("# hydra-lint: ignore=late-field, unrendered"),
    "with a reason": late("# hydra-lint: ignore=late-field because all are LeaderWorkerSets"),
    "before another comment": late("# hydra-lint: ignore=late-field\n    # of LeaderWorkerSets\n"),
    "below another comment": late("# of LeaderWorkerSets\n    # hydra-lint: ignore=late-field"),
    "with a space instead of the sign": late("#hydra-lint ignore late-field"),
}


@pytest.mark.parametrize("text", IGNORING.values(), ids=IGNORING)
def test_a_comment_ignores_the_findings_of_its_line(text):
    last = text.rstrip().count("\n") + 1

    assert lines(lint(text)) == [last]


NOT_IGNORING = {
    "another code": late(after=" # hydra-lint: ignore=unrendered"),
    "two lines before": late("# hydra-lint: ignore=late-field\n    hostNetwork: false"),
    "not a comment": late(after="#hydra-lint:ignore=late-field"),
    "another tool": late(after=" # other-lint: ignore=late-field"),
}


@pytest.mark.parametrize("text", NOT_IGNORING.values(), ids=NOT_IGNORING)
def test_other_comments_ignore_nothing(text):
    assert len(lines(lint(text))) == 2


def test_a_comment_about_a_file_ignores_all_findings_of_a_code_in_it():
    assert lines(lint(f"# hydra-lint: ignore-file=late-field\n{late()}")) == []


SCRIPT = """\
templates:
- runtime: a
  podTemplate:
    containerTemplate:
      commandTemplate:
      - /bin/bash
      - -c
      COMMENT
      - |-
        one {{ if .IS_LEADER }}x{{ end }} "$@"

        two {{ if .IS_LEADER }}x{{ end }} y
      - name
      env:
      - {name: A, value: '{{ .NO }}'}
"""


def test_a_comment_before_a_block_is_about_all_of_it():
    without = lines(lint(SCRIPT.replace("COMMENT", "# nothing")), "doubled-space")
    assert without == [10, 12]
    assert lines(lint(SCRIPT.replace("COMMENT", "# hydra-lint: ignore=doubled-space")), "doubled-space") == []


def test_a_block_ends_where_its_text_ends():
    found = lint(SCRIPT.replace("COMMENT", "# hydra-lint: ignore=doubled-space,unrendered"))

    assert lines(found, "unrendered") == [15]
    assert lines(found, "unused-ignore") == [8]


def test_a_block_below_a_key_ends_before_the_next_key():
    text = (
        "templates:\n- runtime: a\n  podTemplate:\n    # hydra-lint: ignore=unrendered\n    hostname: >-\n"
        "      {{ .MODEL_SLUG }}\n    subdomain: '{{ .MODEL_SLUG }}'\n"
    )
    assert lines(lint(text), "unrendered") == [7]


def test_comments_in_a_manifest_are_those_of_its_lines():
    inner = late(after=" # hydra-lint: ignore=late-field").replace("\n", "\n    ")
    found = lint(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: hydra-runtime-template}\ndata:\n  config.yaml: |\n    "
        + inner
    )

    assert lines(found) == [10]


def test_comments_in_a_config_map_of_a_cluster():
    content = {"config.yaml": late(after=" # hydra-lint: ignore=late-field")}
    found = linting.lint([catalog.Document("templates", "ConfigMap a/b", content)])

    assert [(one.source, one.line) for one in found] == [("ConfigMap a/b[config.yaml]", 5)]


def remarks(text, **others):
    return [
        (one.severity, one.line, one.column, one.cause, one.remedy)
        for one in lint(text, **others)
        if one.code == "unused-ignore"
    ]


def test_a_comment_that_ignores_nothing_is_a_remark():
    assert remarks("templates: [] # hydra-lint: ignore=late-field") == [
        ("info", 1, 15, "the comment ignores late-field, but there is no such finding here", "remove it")
    ]


def test_an_unknown_code_is_a_remark_with_the_nearest():
    [(_, _, _, cause, remedy)] = remarks("templates: [] # hydra-lint: ignore=late-fields")

    assert cause == 'the comment ignores "late-fields", but there is no such code'
    assert remedy == 'did you mean "late-field"?'


@pytest.mark.parametrize("said", ["ignore", "ignore=", "disable=late-field", ""])
def test_a_comment_that_cannot_be_read_is_a_remark_with_the_form(said):
    [(_, _, _, cause, remedy)] = remarks(f"templates: [] # hydra-lint: {said}")

    assert cause == "the comment names no code that it ignores"
    assert remedy == "write # hydra-lint: ignore=CODE"


def test_an_error_cannot_be_ignored():
    text = "templates:\n- runtime: 1 # hydra-lint: ignore=wrong-type\n"

    assert [(one.severity, one.code) for one in lint(text)] == [("error", "wrong-type"), ("info", "unused-ignore")]
    assert remarks(text)[0][3] == "wrong-type is an error here, which cannot be ignored"


def test_beside_an_error_nothing_is_called_unused():
    assert remarks("templates:\n- runtime: 1\n- runtime: a # hydra-lint: ignore=late-field\n") == []


def test_what_only_a_comparison_finds_is_not_called_unused_without_one():
    text = "templates:\n- runtime: a # hydra-lint: ignore=no-agent-entry\n"

    assert remarks(text) == []
    assert remarks(text, agent="deployment_templates: [{match_runtimes: [a], container_template: {image: i}}]") != []
    assert lint(text, agent="deployment_templates: []") == ()


def test_documents_are_compared_only_if_they_are_used_together():
    documents = [
        catalog.Document("templates", "one/t.yaml", "templates: [{runtime: a}]"),
        catalog.Document("agent", "two/a.yaml", "deployment_templates: []"),
    ]

    assert [one.code for one in linting.lint(documents)] == ["no-agent-entry"]
    assert linting.lint(documents, lambda templates, agent: (templates, agent) != ("one/t.yaml", "two/a.yaml")) == ()


def test_the_example_of_the_docs_has_no_finding_left():
    page = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text(encoding="utf-8")
    [example] = re.findall(r"```yaml\n(# templates\.yaml\n[^`]*hydra-lint:[^`]*)```", page)

    assert [str(one) for one in lint(example)] == []
    without = lint(re.sub(r"# hydra-lint:.*", "# nothing", example))
    assert {one.code for one in without} == {"late-field", "spliced-argument"}
