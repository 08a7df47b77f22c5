"""The difference of two JSON values: correct according to an independent implementation, and minimal."""

import copy

import jsonpatch
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import json_values
from webhook import patch

CASES = [
    pytest.param({"a": 1}, {"a": 1}, [], id="the same value needs nothing"),
    pytest.param({"a": 1}, {"a": 2}, [("replace", "/a", 2)], id="a scalar is replaced"),
    pytest.param({"a": 1}, {"a": True}, [("replace", "/a", True)], id="true is not 1"),
    pytest.param({"a": 1}, {"a": 1.0}, [("replace", "/a", 1.0)], id="1.0 would be stored as other bytes than 1"),
    pytest.param({}, {"a": {"b": {"c": 1}}}, [("add", "/a", {"b": {"c": 1}})], id="missing parents come along"),
    pytest.param({"a": {}}, {"a": {"b": 1}}, [("add", "/a/b", 1)], id="an empty map is added to"),
    pytest.param({"a": {"x": 1, "y": 2}}, {"a": {"z": 3}}, [("replace", "/a", {"z": 3})], id="a map of which nothing stays is replaced"),
    pytest.param({"a": None}, {}, [("remove", "/a", None)], id="null is removed like any value"),
    pytest.param({"a/b~c": 1}, {"a/b~c": 2}, [("replace", "/a~1b~0c", 2)], id="keys are escaped"),
    pytest.param({"a": [1, 2]}, {"a": [1, 2, 3]}, [("add", "/a/2", 3)], id="an entry is appended"),
    pytest.param({"a": [1, 2]}, {"a": [0, 1, 2]}, [("add", "/a/0", 0)], id="an entry is put in front"),
    pytest.param({"a": [1, 2, 3]}, {"a": [1, 3]}, [("remove", "/a/1", None)], id="an entry is taken out of the middle"),
    pytest.param({"a": ["x"]}, {"a": ["y", "z"]}, [("replace", "/a", ["y", "z"])], id="a list of which nothing stays is replaced"),
    pytest.param(
        {"c": [{"name": "side"}, {"name": "main", "image": "auto"}]},
        {"c": [{"name": "side"}, {"name": "main", "image": "x", "command": ["y"]}, {"name": "new"}]},
        [("replace", "/c/1/image", "x"), ("add", "/c/1/command", ["y"]), ("add", "/c/2", {"name": "new"})],
        id="an entry is changed in place and another appended",
    ),
    pytest.param([1, 2, 3, 4, 5], [2, 3, 9, 5, 6], [("remove", "/0", None), ("replace", "/2", 9), ("add", "/4", 6)], id="runs that stay anchor the rest"),
    pytest.param([None], [None, None], [("add", "/1", None)], id="null entries count"),
    pytest.param(1, "a", [("replace", "", "a")], id="the root is replaced"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "expected"), CASES)
def test_a_change_becomes_the_fewest_operations(before, after, expected):
    found = [(op["op"], op["path"], op.get("value")) for op in patch.diff(before, after)]

    assert found == expected


@settings(max_examples=400)
@given(json_values.values(), json_values.values())
def test_applying_the_difference_gives_the_other_value(before, after):
    operations = patch.diff(before, after)

    assert patch.same(jsonpatch.apply_patch(copy.deepcopy(before), operations), after)


@given(st.lists(json_values.values(4), max_size=6), st.data())
def test_a_list_that_keeps_an_entry_is_never_rewritten(entries, data):
    before = ["kept", *entries]
    after = data.draw(st.permutations(before))
    after = [*after, "new"]

    operations = patch.diff(before, after)

    assert all(op["path"] != "" for op in operations)
    assert patch.same(jsonpatch.apply_patch(copy.deepcopy(before), operations), after)


@given(json_values.values(), json_values.values())
def test_neither_side_is_modified(before, after):
    copies = copy.deepcopy((before, after))

    patch.diff(before, after)

    assert patch.same(list(copies), [before, after])


@given(json_values.values())
def test_a_value_does_not_differ_from_its_copy(value):
    assert patch.diff(value, copy.deepcopy(value)) == []


def test_long_lists_are_compared_in_bounded_work():
    before = [{"name": f"a{i}"} for i in range(2000)]
    after = [{"name": f"b{i}"} for i in range(2000)]

    assert len(patch.diff(before, after)) == 2000


def test_equal_values_are_not_walked_and_those_with_keys_in_another_order_are(monkeypatch):
    walked = []
    walk = patch._same_types
    monkeypatch.setattr(patch, "_same_types", lambda one, other: walked.append(one) or walk(one, other))
    value = {"items": [{"name": f"n{at}", "value": {}} for at in range(100)], "huge": 2**70}

    assert patch.same(value, copy.deepcopy(value))
    assert walked == []
    assert patch.same(value, dict(reversed(copy.deepcopy(value).items())))
    assert walked != []
