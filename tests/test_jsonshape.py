"""Guards over untrusted JSON: shapes, depth, and the whole path in every message."""

import pytest

from webhook import errors, jsonshape
from webhook.jsonshape import ListOf, MapOf

SHAPE = MapOf(
    {
        "name": str,
        "args": ListOf(str),
        "ports": ListOf(MapOf({"name": str})),
        "resources": MapOf({"limits": MapOf()}),
    }
)


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        {"name": None, "args": None, "ports": None, "resources": None},
        {"name": "", "args": [], "ports": [{}], "resources": {"limits": {"cpu": [1]}, "x": 1}, "unknown": {"name": 5}},
    ],
)
def test_what_has_its_shape_passes_and_unknown_fields_hold_anything(value):
    jsonshape.check(value, SHAPE, "spec")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("x", "spec: must be a map, not a string"),
        ({"name": 5}, "spec.name: must be a string, not 5"),
        ({"args": "x"}, "spec.args: must be a list of strings, not a string"),
        ({"args": ["x", 1]}, "spec.args[1]: must be a string, not a number; put it in quotes"),
        ({"args": [None]}, "spec.args[0]: must be a string, not null"),
        ({"args": [["x"]]}, "spec.args[0]: must be a string, not a list"),
        ({"ports": {}}, "spec.ports: must be a list, not a map"),
        ({"ports": [{}, None]}, "spec.ports[1]: must be a map, not null"),
        ({"ports": [{}, {"name": True}]}, "spec.ports[1].name: must be a string, not true"),
        ({"resources": {"limits": False}}, "spec.resources.limits: must be a map, not a boolean"),
    ],
)
def test_the_first_fault_is_named_with_its_whole_path(value, message):
    with pytest.raises(errors.Malformed) as caught:
        jsonshape.check(value, SHAPE, "spec")
    assert caught.value.message == message


def test_a_fault_below_the_root_has_a_path_without_a_dot_in_front():
    with pytest.raises(errors.Malformed, match=r"^name: must be"):
        jsonshape.check({"name": 1}, SHAPE, "")


def nested(levels, *, in_lists=False):
    value = 1
    for _ in range(levels):
        value = [value] if in_lists else {"a": value}
    return value


@pytest.mark.parametrize("in_lists", [False, True])
def test_a_hundred_levels_pass_and_no_more(in_lists):
    jsonshape.check_depth(nested(100, in_lists=in_lists), "")
    jsonshape.check_depth(5, "")

    for levels in (101, 200, 490, 100_000):
        with pytest.raises(errors.Malformed, match="nested too deeply"):
            jsonshape.check_depth(nested(levels, in_lists=in_lists), "")


def test_the_way_to_what_is_too_deep_begins_the_message():
    value = {"spec": {"x": [1, {"y": nested(120)}], "z": nested(50)}}

    with pytest.raises(errors.Malformed, match=r"^spec\.x\[1\]\.y\.a: is nested too deeply"):
        jsonshape.check_depth(value, "")
