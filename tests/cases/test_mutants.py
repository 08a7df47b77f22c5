"""Small changes of a configuration: which there are, and that a change is killed exactly if running all test files says so."""

import functools
import json

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import json_values
from tests.cases import runs
from tests.examples import tried
from webhook import cases, catalog, rendering
from webhook.cases import mutants
from webhook.cases.mutants import shown
from webhook.catalog.yaml.compose import parse

TEMPLATES = """\
templates:
  - runtime: r
    podTemplate:
      tolerations: [{key: gpu, operator: Exists}]
      containerTemplate:
        commandTemplate:
          - serve
          - |-
            {{- if gt .TP_SIZE 1 }} --tp={{ .TP_SIZE }}{{ end -}}
        argsTemplate: ["{{ if .IS_LEADER }}lead{{ else }}follow{{ end }}"]
        env:
          - {name: A, value: a}
  - runtime: other
    podTemplate: {containerTemplate: {argsTemplate: ["{{ range .CUSTOM_ARGS }}{{ . }}{{ end }}"]}}
"""
AGENT = """\
deployment_templates:
  - match_runtimes: [r]
    container_template: {image: i:1, args: [--one]}
  - match_runtimes: [other]
    container_template: {image: i:2, env: [{name: B, value: b}]}
"""
STRICT = (
    (runs.pod(), 'container: {command: [serve, ""], args: [follow], image: i:1}'),
    (runs.pod(annotations="hydra.io/tensor-parallel-size: '2'"), 'container: {command: [serve, " --tp=2"]}'),
    (runs.group(), "leader: {args: [lead]}\nworker: {args: [follow]}"),
)
LAX = ((runs.pod(), "rendered: {kind: Pod}"), (runs.pod("other"), "rendered: {kind: Pod}"))


@functools.cache
def suite(*bodies, templates=TEMPLATES, agent=AGENT, source="t/hydra-test.yaml"):
    return runs.runnable(runs.case_file(*bodies), source, templates=templates, agent=agent).suite()


JUDGED = {}


def judged(*suites):
    """Return the changes of what test files test with their verdicts, found out once for all tests."""
    key = tuple(map(id, suites))  # which are kept
    if key not in JUDGED:
        trial = mutants.Trial(suites)
        JUDGED[key] = tuple((mutant, trial.verdict(mutant)) for mutant in trial.mutants)
    return JUDGED[key]


def verdicts(*suites):
    return {(one.kind, one.line, one.where): verdict for one, verdict in judged(*suites)}


def test_cases_that_look_closely_kill_what_they_look_at():
    found = verdicts(suite(*STRICT))
    killed = {key for key, verdict in found.items() if verdict == "killed"}
    assert killed >= {
        ("negated-condition", 9, "r/commandTemplate[1]"),
        ("changed-literal", 9, "r/commandTemplate[1]"),
        ("negated-condition", 10, "r/argsTemplate[0]"),
        ("removed-item", 7, "r/containerTemplate.commandTemplate[0]"),
        ("swapped-agent-entries", 2, "deployment_templates[0] and deployment_templates[1]"),
    }
    assert found["removed-item", 12, "r/containerTemplate.env[0]"] == "survived"
    assert found["removed-item", 4, "r/tolerations[0]"] == "survived"


def test_cases_that_look_at_nothing_kill_nothing():
    found = verdicts(suite(*LAX))
    assert set(found.values()) == {"survived", "equivalent"}


def test_a_change_without_any_effect_is_equivalent():
    lines = TEMPLATES.replace('argsTemplate: ["{{ range', 'argsTemplate: ["  {{- range')
    equivalent = {key for key, verdict in verdicts(suite(*LAX, templates=lines)).items() if verdict == "equivalent"}
    assert equivalent == {
        ("dropped-trim", 9, "r/commandTemplate[1]"),  # there is nothing before it
        ("dropped-trim", 14, "other/argsTemplate[0]"),  # lines of args are trimmed anyway
        ("removed-item", 4, "deployment_templates[1].match_runtimes[0]"),  # the entry before has the other runtime
    }


def rerun(one, mutant):
    """Return whether all cases pass with the changed configuration as a new text, read from its beginning."""
    documents = [
        changed(document, mutant) if document.source == mutant.source else document for document in one.documents
    ]
    state = rendering.State(catalog.build(documents, None), one.settings)
    return all(cases.run(case, state, one.files).status == "passed" for case in one.cases)


def changed(document, mutant):
    """Return a document with a change, made in its text without the code that makes mutants."""
    content = yaml.safe_load(document.content)
    if document.config_kind == "templates":
        by_runtime = {entry["runtime"]: entry for entry in content["templates"]}
        edit(by_runtime[mutant.runtime]["podTemplate"], mutant)
    else:
        edit_agent(content["deployment_templates"], mutant)
    return catalog.Document(document.config_kind, document.source, yaml.safe_dump(content))


def edit(pod_template, mutant):
    path = mutant.where.split("/", 1)[1]
    if mutant.kind == "removed-item":
        at, key = walk(pod_template, path)
        del at[key]
        return
    at, key = walk(pod_template["containerTemplate"], path)
    lines = at[key].split("\n")
    index = lines.index(mutant.removed[0])
    lines[index : index + len(mutant.removed)] = mutant.added
    at[key] = "\n".join(lines)


def edit_agent(entries, mutant):
    if mutant.kind == "removed-item":
        at, key = walk({"deployment_templates": entries}, mutant.where)
        del at[key]
        return
    first, second = (int(part.split("[")[1].rstrip("]")) for part in mutant.where.split(" and "))
    for key in ("container_template", "pod_template"):
        one, other = entries[first].pop(key, None), entries[second].pop(key, None)
        entries[first] |= {key: other} if other is not None else {}
        entries[second] |= {key: one} if one is not None else {}


def walk(root, path):
    """Return the container of what is at a path like a.b[0].c, and its key."""
    keys = [int(part) if part.isdigit() else part for part in path.replace("[", ".").replace("]", "").split(".")]
    for key in keys[:-1]:
        root = root[key]
    return root, keys[-1]


@pytest.mark.parametrize("bodies", [STRICT, LAX], ids=["strict", "lax"])
def test_a_change_is_killed_exactly_if_a_full_run_with_the_changed_text_fails(bodies):
    one = suite(*bodies)
    found = judged(one)
    assert len(found) == 18
    for mutant, verdict in found:
        assert (verdict == "killed") == (not rerun(one, mutant)), mutant


def test_a_change_that_any_test_file_notices_is_killed():
    found = verdicts(suite(*LAX), suite(*STRICT, source="t/second.hydra-test.yaml"))
    assert found["negated-condition", 9, "r/commandTemplate[1]"] == "killed"


def test_the_report_has_the_survivors_with_place_and_difference():
    report = mutants.report(mutants.Tried(judged(suite(*STRICT)), untried=2))
    assert (
        "t/templates.yaml:12:13: no case notices a removed list item in r/containerTemplate.env[0]\n"
        "    - - {name: A, value: a}\n"
    ) in report
    assert report.endswith("\n2 more changes were not tried: the time was too short")


def test_changes_of_a_runtime_without_cases_are_not_listed_one_by_one():
    report = mutants.report(mutants.Tried(judged(suite(*STRICT))))
    assert "t/templates.yaml: no case is about runtime other, so nothing notices 2 changes of it\n" in report
    assert ", 2 untested, " in report


def test_the_score_leaves_out_what_no_test_can_notice():
    assert mutants.score(["killed", "killed", "survived", "equivalent", "unusable"]) == 66.6
    assert mutants.score(["killed", "untested"]) == 50.0
    assert mutants.score(["equivalent"]) == 100.0


# What a change looks like

LISTS = {
    "the first of several": ("args: [--a, '--b', --c]", 0, (("args: [--a, '--b', --c]",), ("args: ['--b', --c]",))),
    "one in the middle": ("args: [--a, '--b', --c]", 1, (("args: [--a, '--b', --c]",), ("args: [--a, --c]",))),
    "the last": ("  args: [--a, {b: [c]}]  # why", 1, (("args: [--a, {b: [c]}]  # why",), ("args: [--a]  # why",))),
    "the only one": ("args: [ --a , ]", 0, (("args: [ --a , ]",), ("args: [  ]",))),
    "one of several lines": ("args:\n  [--a,\n   --b]", 1, (("[--a,", " --b]"), ("[--a]",))),
    "of a list with an anchor": ("args: &x [--a, --b]", 0, (("args: &x [--a, --b]",), ("args: &x [--b]",))),
    "JSON": ('{"args": ["--a", "--b"]}', 1, (('{"args": ["--a", "--b"]}',), ('{"args": ["--a"]}',))),
    "a line of a block": ("args:\n  - --a\n  - --b", 1, (("- --b",), ())),
    "lines of a block": ("args:\n  - a: b\n    c: [d]\n  - e", 0, (("- a: b", "  c: [d]"), ())),
    "a text of several lines": ("args:\n  - |\n    a\n    b\n  - c", 0, (("- |", "  a", "  b"), ())),
    "an alias": ("x: &x --a\nargs: [--b, *x]", 1, (('- "--a"',), ())),
    "beside an alias": ("x: &x --a\nargs: [--b, *x]", 0, (("args: [--b, *x]",), ())),
    "many lines": (
        "args:\n  - |\n" + "".join(f"    {n}\n" for n in range(9)),
        0,
        (("- |", "  0", "  1", "  2", "  3", "… 5 more lines"), ()),
    ),
}


@pytest.mark.parametrize(("text", "index", "expected"), LISTS.values(), ids=LISTS)
def test_a_removed_item_is_shown_by_what_is_left_of_its_lines(text, index, expected):
    (root,) = parse(text)

    assert shown.removal(text.split("\n"), root.pairs["args"].node, index) == expected


@tried(30, 500)
def test_a_list_in_brackets_is_shown_without_the_item(examples):
    @settings(max_examples=examples)
    @given(st.lists(json_values.values(4), min_size=1, max_size=4), st.data(), st.sampled_from([10, 1000]))
    def hold(items, data, width):
        (written,) = catalog.load_all(json.dumps(items))  # in a file, 0.0 is 0
        index = data.draw(st.integers(0, len(items) - 1))
        text = yaml.safe_dump({"list": written}, default_flow_style=True, width=width)
        (root,) = parse(text)
        rows = text.split("\n")[: root.end_line]

        old, begin, end = shown._in_brackets(rows, root.pairs["list"].node, index)

        (left,) = catalog.load_all(old[:begin] + old[end:])
        assert left == {"list": written[:index] + written[index + 1 :]}

    hold()


def test_long_lines_are_cut_around_the_change_and_marked():
    old, new = shown.difference("a" * 300 + "b" + "c" * 300, "a" * 300 + "x" + "c" * 300)

    assert old == ("…" + "a" * 100 + "b" + "c" * 99 + "…",)
    assert new == ("…" + "a" * 100 + "x" + "c" * 99 + "…",)
    assert shown.difference("a" * 300 + "\nb", "c\nd") == (("a" * 200 + "…", "b"), ("c", "d"))


def test_a_change_of_a_very_long_text_is_shown_too():
    lines = [str(number) for number in range(5000)]

    assert shown.difference("\n".join(lines), "\n".join([*lines[:2500], "x", *lines[2501:]])) == (("2500",), ("x",))
    assert shown.difference("\n".join(lines), "\n".join(["x", *lines[1:-1], "y"]))[0][-1] == "… 4995 more lines"


def test_only_lines_that_differ_are_shown():
    assert shown.difference("a\nb\nc\nd", "x\nb\nc\ny") == (("a", "d"), ("x", "y"))
