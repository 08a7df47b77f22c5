"""What the configuration says for a role: layers, removals, and what waits for a workload (contract sections 4 and 7)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook import catalog, errors, rendering
from webhook.rendering import layers

ROLES = ("lone", "leader", "worker")


def built(template, entry, *, render_all=False):
    runtime = {"runtime": "r", "renderAll": render_all, "podTemplate": template}
    documents = [
        catalog.Document("templates", "t.yaml", json.dumps({"templates": [runtime]})),
        catalog.Document("agent", "a.yaml", json.dumps({"deployment_templates": [entry]})),
    ]
    snapshot = catalog.build(documents, None)
    assert not [problem for problem in snapshot.problems if problem.severity == "error"], snapshot.problems
    return snapshot.agent_entries[0], snapshot.runtime_templates["r"]


def configured(template, entry, role, *, render_all=False, **data):
    merged = layers.merged(*built(template, entry, render_all=render_all), role)
    return merged.render(data, rendering.budget.new())


REMOVALS = [
    pytest.param({"tty": True, "worker": {"tty": None}}, {}, {}, id="the template's overlay removes from its common part"),
    pytest.param({"tty": True}, {"worker": {"tty": None}}, {}, id="the agent's overlay removes from the template"),
    pytest.param({"worker": {"tty": True}}, {"worker": {"tty": None}}, {}, id="and from the template's overlay"),
    pytest.param({"worker": {"tty": None}}, {"tty": True}, {"tty": True}, id="the template's overlay leaves the agent alone"),
    pytest.param({"tty": True, "leader": {"tty": None}}, {}, {"tty": True}, id="the overlay of the other role does nothing"),
    pytest.param({"tty": True, "worker": None}, {}, {"tty": True}, id="an empty overlay is an absent one"),
    pytest.param({"env": [{"name": "A", "value": None}]}, {}, {"env": [{"name": "A"}]}, id="null in an item of a list is an absent field"),
    pytest.param({"resources": {"limits": {"cpu": 1, "memory": 2}}, "worker": {"resources": {"limits": {"cpu": None}}}}, {}, {"resources": {"limits": {"memory": 2}}}, id="at any depth of maps"),
    pytest.param({"lifecycle": {"preStop": {"sleep": {"seconds": 5}}}, "worker": {"lifecycle": None}}, {"worker": {"lifecycle": {"preStop": None}}}, {}, id="two removals of one field"),
    pytest.param({"securityContext": {"runAsUser": 1}, "worker": {"securityContext": {"runAsUser": None, "runAsGroup": 2}}}, {}, {"securityContext": {"runAsGroup": 2}}, id="one key removed, another set"),
]  # fmt: skip


@pytest.mark.parametrize(("template", "entry", "expected"), REMOVALS)
def test_null_removes_a_field_from_every_part_below(template, entry, expected):
    assert configured({"containerTemplate": template}, {"container_template": entry}, "worker").container == expected


def test_a_part_below_one_that_removes_a_field_cannot_bring_it_back_with_a_template():
    template = {"containerTemplate": {"workingDir": "/{{ .A }}", "tty": True}}

    found = configured(
        template, {"container_template": {"worker": {"workingDir": None}}}, "worker", render_all=True, A="a"
    )

    assert found.container == {"tty": True}


def test_an_overlay_with_templates_wins_over_a_common_part_without():
    template = {
        "containerTemplate": {
            "env": [{"name": "A", "value": "common"}, {"name": "B", "value": "common"}],
            "worker": {"env": [{"name": "{{ .A }}", "value": "worker"}]},
        }
    }

    found = configured(template, {}, "worker", render_all=True, A="A")

    assert {one["name"]: one["value"] for one in found.container["env"]} == {"A": "worker", "B": "common"}


ARGS = [
    pytest.param({"args": ["a"], "worker": {"args": ["b"]}}, {"lone": ("a",), "leader": ("a",), "worker": ("a", "b")}, id="added"),
    pytest.param({"args": ["a"], "worker": {"args": None}}, {"lone": ("a",), "leader": ("a",), "worker": ()}, id="removed"),
    pytest.param({"leader": {"args": ["b"]}}, {"lone": (), "leader": ("b",), "worker": ()}, id="of an overlay alone"),
]  # fmt: skip


@pytest.mark.parametrize(("entry", "expected"), ARGS)
def test_args_of_an_overlay_are_added_to_the_common_ones(entry, expected):
    assert built({}, {"container_template": entry})[0].args == expected


def test_command_and_args_of_an_overlay_each_replace_their_counterpart():
    template = {
        "containerTemplate": {
            "commandTemplate": ["serve"],
            "argsTemplate": ["--a"],
            "leader": {"argsTemplate": ["{{ len .CUSTOM_ARGS }}"]},
            "worker": {"commandTemplate": ["join"], "argsTemplate": None},
        }
    }

    startups = built(template, {})[1].startups

    texts = {
        role: ([one.text for one in startup.command], [one.text for one in startup.args], startup.uses_custom_args)
        for role, startup in startups.items()
    }
    assert texts == {
        "lone": (["serve"], ["--a"], False),
        "leader": (["serve"], ["{{ len .CUSTOM_ARGS }}"], True),
        "worker": (["join"], [], False),
    }


PLAIN = [
    pytest.param({"command": ["join"]}, [], ["--a"], id="a command"),
    pytest.param({"args": ["--b"]}, ["serve"], [], id="args"),
    pytest.param({"command": ["join"], "args": ["--b"]}, [], [], id="both"),
    pytest.param({"command": None, "args": None}, ["serve"], ["--a"], id="nothing"),
    pytest.param({"command": ["join"], "commandTemplate": ["ray"]}, ["ray"], ["--a"], id="a template beside a command"),
]


@pytest.mark.parametrize(("overlay", "command", "args"), PLAIN)
def test_a_plain_command_of_an_overlay_replaces_the_common_template_as_well(overlay, command, args):
    common = {"commandTemplate": ["serve"], "argsTemplate": ["--a"]}
    startups = built({"containerTemplate": {**common, "worker": overlay}}, {})[1].startups

    assert [one.text for one in startups["worker"].command] == command
    assert [one.text for one in startups["worker"].args] == args
    assert [one.text for one in startups["leader"].command] == ["serve"]


@pytest.mark.parametrize("value", [{"a": 1}, {"a": "{{ .ROLE }}"}], ids=["early", "late"])
def test_unknown_fields_of_two_types_are_denied_with_their_path(value):
    with pytest.raises(
        errors.Denied, match=r"contradict each other: future: must be a map, not a number; give it one type"
    ):
        configured(
            {"containerTemplate": {"future": value}},
            {"container_template": {"future": 3}},
            "lone",
            render_all=True,
            ROLE="lone",
        )


@pytest.mark.parametrize("role", ROLES)
def test_the_layers_are_in_order_of_precedence(role):
    template = {"hostIPC": True, "leader": {"hostPID": True}}
    entry = {"pod_template": {"hostNetwork": True, "leader": {"hostUsers": False}}}

    found = [(layer.origin, layer.overlay) for layer in layers.merged(*built(template, entry), role).parts]

    leader = [("agent", True), ("agent", False), ("template", True), ("template", False)]
    assert found == (leader if role == "leader" else [("agent", False), ("template", False)])


FIELDS = st.dictionaries(
    st.sampled_from("abc"),
    st.none() | st.dictionaries(st.sampled_from("de"), st.none() | st.integers(0, 3), min_size=1, max_size=2),
    max_size=3,
)


@given(st.lists(FIELDS, min_size=1, max_size=4))
def test_each_field_is_that_of_the_first_layer_that_has_it_unless_one_above_removes_it(layers_of_fields):
    merged = layers._merged(layers_of_fields)

    assert (dict(merged.fields), merged.late) == (_first(layers_of_fields), ())


def _first(layers_of_fields):
    """Return the merged fields by looking at each leaf by itself."""
    found = {}
    for key in "abc":
        for inner in "de":
            for fields in layers_of_fields:
                if key not in fields:
                    continue
                if fields[key] is None or fields[key].get(inner, 0) is None:
                    break
                if inner in fields[key]:
                    found.setdefault(key, {})[inner] = fields[key][inner]
                    break
    return found
