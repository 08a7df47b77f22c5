"""A bad entry affects only itself, and its last good version stays in use (contract section 10)."""

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook import catalog, linting

A1 = "- {runtime: a, runtimeZH: one}\n"
A2 = "- {runtime: a, runtimeZH: two}\n"
A_BAD = "- {runtime: a, runtimeZH: [bad]}\n"
B1 = "- {runtime: b}\n"
TEMPLATES = "templates:\n"


def document(text, kind="templates"):
    return catalog.Document(kind, f"{kind}.yaml", text)


def sequence(*versions, kind="templates"):
    snapshot = None
    for text in versions:
        snapshot = catalog.build([document(text, kind)], snapshot)
    return snapshot


def test_a_bad_entry_keeps_its_last_good_version_and_is_marked():
    snapshot = sequence(TEMPLATES + A1 + B1, TEMPLATES + B1 + A_BAD)
    [problem] = snapshot.problems
    assert snapshot.runtime_templates["a"].display_name == "one"
    assert snapshot.runtime_templates["a"].stale == problem
    assert snapshot.runtime_templates["b"].stale is None
    assert not snapshot.broken


def test_a_bad_entry_without_a_last_good_version_is_broken():
    snapshot = sequence(TEMPLATES + B1, TEMPLATES + B1 + A_BAD)
    assert set(snapshot.runtime_templates) == {"b"}
    assert snapshot.broken == {"a": snapshot.problems[0]}
    assert snapshot.knows("a")


def test_a_broken_entry_is_usable_again_after_a_fix():
    snapshot = sequence(TEMPLATES + A_BAD, TEMPLATES + A1)
    assert (set(snapshot.runtime_templates), dict(snapshot.broken), snapshot.problems) == ({"a"}, {}, ())


def test_a_stale_entry_outlives_several_bad_versions_until_a_fix():
    stale = sequence(TEMPLATES + A1, TEMPLATES + A_BAD, TEMPLATES + "- {runtime: a, renderAll: x}\n")
    assert stale.runtime_templates["a"].display_name == "one"
    assert "true or false" in stale.runtime_templates["a"].stale.cause
    fixed = catalog.build([document(TEMPLATES + A1)], stale)
    assert fixed.runtime_templates["a"].stale is None


def test_a_removed_entry_is_gone():
    assert set(sequence(TEMPLATES + A1 + B1, TEMPLATES + B1).runtime_templates) == {"b"}


def test_an_entry_that_loses_its_name_keeps_its_last_good_version():
    snapshot = sequence(TEMPLATES + B1 + A1, TEMPLATES + B1 + "- {runtimeZH: two}\n")
    assert snapshot.runtime_templates["a"].display_name == "one"
    assert snapshot.runtime_templates["a"].stale.code == "missing-key"


def test_an_entry_without_a_name_does_not_bring_back_one_that_has_moved():
    snapshot = sequence(TEMPLATES + A1, TEMPLATES + "- {runtimeZH: new}\n" + A2)
    assert snapshot.runtime_templates["a"].display_name == "two"
    assert snapshot.runtime_templates["a"].stale is None


@pytest.mark.parametrize("text", ["templates: [", "", "templates: 1", "templates:", "- a", b"\xff"])
def test_a_text_that_cannot_be_read_leaves_everything_in_use_and_marks_it_stale(text):
    snapshot = sequence(TEMPLATES + A1 + A_BAD.replace("a,", "c,"), text)
    assert snapshot.runtime_templates["a"].display_name == "one"
    assert snapshot.runtime_templates["a"].stale == snapshot.problems[0]
    assert set(snapshot.broken) == {"c"}
    assert snapshot.missing == ("the agent configuration (ConfigMap hydra-agent) has not been read yet",)


def test_a_deleted_configuration_is_reported_and_changes_nothing():
    before = sequence(TEMPLATES + A1)
    after = catalog.build([document(None)], before)
    [problem] = after.problems
    assert (problem.severity, problem.code, problem.source) == ("warning", "deleted", "templates.yaml")
    assert after.runtime_templates == before.runtime_templates
    assert after.missing == before.missing


def test_a_required_configuration_that_never_existed_is_missing():
    snapshot = catalog.build([document(None), document(None, "agent"), document(None, "gpu-configs")], None)
    assert [(problem.severity, problem.code) for problem in snapshot.problems] == [
        ("error", "absent"),
        ("error", "absent"),
        ("info", "absent"),
    ]
    assert [name.split(": ")[0] for name in snapshot.missing] == [
        "the runtime template configuration (ConfigMap hydra-runtime-template) cannot be used",
        "the agent configuration (ConfigMap hydra-agent) cannot be used",
    ]


def test_a_configuration_without_a_document_stays_as_it_was():
    agent = "cluster_name: c\ndeployment_templates: [{match_runtimes: [a], container_template: {image: i}, x: 1}]"
    first = catalog.build([document(TEMPLATES + A1), document(agent, "agent")], None)
    second = catalog.build([document(TEMPLATES + A2)], first)
    assert second.agent_entries == first.agent_entries
    assert second.cluster_name == "c"
    assert [problem.code for problem in second.problems] == ["unknown-key"]
    assert second.missing == ()


def test_an_unchanged_entry_is_not_compiled_again_but_knows_its_new_place():
    text = "- {runtime: r, podTemplate: {containerTemplate: {argsTemplate: ['{{ .TP_SIZE }}']}}}\n"
    first = sequence(TEMPLATES + text)
    second = catalog.build([catalog.Document("templates", "moved.yaml", TEMPLATES + B1 + text)], first)
    assert second.runtime_templates["r"].startups["lone"].args is first.runtime_templates["r"].startups["lone"].args
    assert (second.runtime_templates["r"].path, second.runtime_templates["r"].source) == ("templates[1]", "moved.yaml")


def entry(runtime, image, extra=""):
    return f"- {{match_runtimes: [{runtime}], container_template: {{image: {image}{extra}}}}}\n"


AGENT = "deployment_templates:\n"
BAD = ", args: [1]"


def images(snapshot):
    return [(one.runtimes, one.image, one.stale is not None, one.broken is not None) for one in snapshot.agent_entries]


def test_a_bad_agent_entry_keeps_the_last_good_version_of_what_it_matches():
    snapshot = sequence(AGENT + entry("a", "i1") + entry("b", "i2"), AGENT + entry("b", "x", BAD), kind="agent")
    assert images(snapshot) == [(("b",), "i2", True, False)]
    assert snapshot.agent_entries[0].path == "deployment_templates[0]"


def test_a_bad_agent_entry_that_matches_something_else_keeps_the_entry_that_was_in_its_place():
    snapshot = sequence(AGENT + entry("a", "i1"), AGENT + "- {match_runtimes: a}\n", kind="agent")
    assert images(snapshot) == [(("a",), "i1", True, False)]


def test_a_new_bad_agent_entry_is_broken_and_does_not_duplicate_the_one_that_it_pushed_down():
    snapshot = sequence(AGENT + entry("a", "i1"), AGENT + entry("new", "x", BAD) + entry("a", "y", BAD), kind="agent")
    assert images(snapshot) == [(("new",), "", False, True), (("a",), "i1", True, False)]


def test_a_broken_agent_entry_is_usable_again_after_a_fix():
    snapshot = sequence(AGENT + entry("a", "x", BAD), AGENT + entry("a", "i"), kind="agent")
    assert images(snapshot) == [(("a",), "i", False, False)]


def test_an_agent_text_that_cannot_be_read_leaves_every_entry_in_use():
    snapshot = sequence("cluster_name: c\n" + AGENT + entry("a", "i") + entry("b", "x", BAD), "{", kind="agent")
    assert images(snapshot) == [(("a",), "i", True, False), (("b",), "", False, True)]
    assert snapshot.cluster_name == "c"


def test_problems_come_in_the_order_of_kind_and_place():
    snapshot = catalog.build(
        [document(AGENT + "- 1\n- 2\n", "agent"), document("x: 1\n" + TEMPLATES + A_BAD + "y: 1\n")], None
    )
    assert [(problem.source, problem.line) for problem in snapshot.problems] == [
        ("templates.yaml", 1),
        ("templates.yaml", 3),
        ("templates.yaml", 4),
        ("agent.yaml", 2),
        ("agent.yaml", 3),
    ]


def test_building_changes_neither_the_previous_snapshot_nor_the_documents():
    before = sequence(TEMPLATES + A1 + B1)
    names = copy.copy(dict(before.runtime_templates))
    catalog.build([document(TEMPLATES + A_BAD)], before)
    assert dict(before.runtime_templates) == names
    assert before.runtime_templates["a"].stale is None


FRAGMENTS = st.sampled_from(
    (
        *("templates:\n", "deployment_templates:\n", "gpu_configs:\n", "- ", "runtime: a\n", "match_runtimes: [a]"),
        *("podTemplate:", "containerTemplate: ", "argsTemplate: ['{{ .X }}']", "volumes: [x]", "image: "),
        *("kind: ConfigMap\napiVersion: v1\ndata:\n", "config.yaml: |\n    "),
        *("  ", "{", "}", "[", "]", "\n", "\t", "1", "~", "&a ", "*a", "<<: ", "'"),
    )
)
KINDS = st.sampled_from(["templates", "agent", "gpu-configs"])


@given(kind=KINDS, text=st.text() | st.lists(FRAGMENTS, max_size=12).map("".join) | st.binary(max_size=20))
def test_any_text_gives_a_snapshot(kind, text):
    first = catalog.build([document(TEMPLATES + A1), document(AGENT + entry("a", "i"), "agent")], None)
    snapshot = catalog.build([catalog.Document(kind, "x", text)], first)
    assert snapshot.readings[kind].accepted or snapshot.problems
    assert snapshot.missing == ()
    linting.lint([catalog.Document(kind, "x", text)])


WHOLE = {
    "templates": [
        {
            "runtime": "r",
            "renderAll": True,
            "podTemplate": {
                "volumes": [{"name": "v", "emptyDir": {}}],
                "initContainers": [{"name": "i", "args": ["{{ .X }}"]}],
                "containerTemplate": {
                    "commandTemplate": ["a"],
                    "argsTemplate": ["{{ .MODEL_ID }}"],
                    "ports": [{"containerPort": 1}],
                    "env": [{"name": "E", "value": "v"}],
                },
            },
        }
    ],
    "deployment_templates": [
        {
            "match_runtimes": ["r"],
            "match_gpu_types": ["cpu"],
            "container_template": {"image": {"repository": "a", "tag": "b"}, "args": ["x"]},
        }
    ],
    "gpu_configs": [{"gpu_type": "g", "gpu_resource_template_config": {"gpu_per_node": {"key": "k"}}}],
}


def places(value):
    """All places in a JSON value, as lists of steps."""
    found = [[]]
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in steps:
        found += [[step, *rest] for rest in places(inner)]
    return found


def replaced(value, place, new):
    if not place:
        return new
    changed = copy.deepcopy(value)
    inner = changed
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = new
    return changed


ODD = st.sampled_from([None, True, 0, -1, 1.5, "", "{{", "x y", [], [None], [[]], {}, {"name": 1}, {"": {}}, ["a", 1]])


@given(kind=KINDS, place=st.sampled_from(places(WHOLE)), odd=ODD)
def test_any_mutated_configuration_gives_a_snapshot(kind, place, odd):
    text = json.dumps(replaced(WHOLE, place, odd))
    snapshot = catalog.build([document(text, kind)], None)
    reading = snapshot.readings[kind]
    assert reading.read or any(problem.severity == "error" for problem in reading.problems)
    linting.lint([document(text, kind)])
