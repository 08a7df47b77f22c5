"""Undoing a rendering: exact, and robust to what others have changed in the meantime."""

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import json_values
from webhook import patch
from webhook.rendering import changes, fields

CASES = [
    pytest.param({}, {}, [], {}, id="nothing"),
    pytest.param({"a": {}}, {"a": {"": 1}}, ["/a/"], {}, id="an empty key"),
    pytest.param({}, {"a": 1}, ["/a"], {}, id="a field added"),
    pytest.param({"a": None}, {"a": 1}, [], {"/a": None}, id="null replaced"),
    pytest.param({"a": 1}, {}, [], {"/a": 1}, id="a field taken away"),
    pytest.param({"a/b": {"~": 1}}, {"a/b": {"~": 2}}, [], {"/a~1b/~0": 1}, id="keys escaped"),
    pytest.param(
        {},
        {"volumes": [{"name": "a"}]},
        ["/volumes/name=a"],
        {},
        id="a keyed list created for others to use too",
    ),
    pytest.param({"volumes": []}, {"volumes": [{"name": "a"}]}, ["/volumes/name=a"], {}, id="an empty list stays"),
    pytest.param(
        {"containers": [{"name": "a", "image": "auto"}]},
        {"containers": [{"name": "b"}, {"name": "a", "image": "x", "env": [{"name": "E"}]}]},
        ["/containers/name=a/env/name=E", "/containers/name=b"],
        {"/containers/name=a/image": "auto"},
        id="entries found by name",
    ),
    pytest.param(
        {"ports": [{"containerPort": 1}]},
        {"ports": [{"containerPort": 1}, {"containerPort": 1, "protocol": "UDP"}]},
        ["/ports/containerPort=1,protocol=UDP"],
        {},
        id="ports by number and protocol",
    ),
    pytest.param(
        {"env": [{"name": "A"}, {"name": "A"}]},
        {"env": [{"name": "A"}, {"name": "A"}, {"name": "B"}]},
        [],
        {"/env": [{"name": "A"}, {"name": "A"}]},
        id="a list with equal keys is kept whole",
    ),
    pytest.param({}, {"tolerations": [{}]}, ["/tolerations"], {}, id="a list without merge key is one value"),
]


@pytest.mark.parametrize(("before", "after", "added", "replaced"), CASES)
def test_changes_are_named_by_path_and_merge_key(before, after, added, replaced):
    found, current = changes.between(before, after)

    assert current == changes.current(after, found)
    assert list(found.added) == added
    assert found.replaced == replaced
    assert patch.same(changes.undo(after, found), before)


KEYED = st.lists(
    st.fixed_dictionaries({"name": st.sampled_from(["a", "b", "c"])}, optional={"x": json_values.values(3)}), max_size=3
)
MAPS = st.dictionaries(json_values.keys.filter(bool), json_values.values(6), max_size=4)
TEMPLATES = st.builds(
    lambda one, other: {**one, **other}, MAPS, st.fixed_dictionaries({}, optional={"env": KEYED, "metadata": MAPS})
)


@settings(max_examples=1000)
@given(TEMPLATES, TEMPLATES)
def test_undoing_the_changes_between_any_two_values_gives_the_first(before, after):
    untouched = copy.deepcopy(after)

    found, current = changes.between(before, after)

    assert patch.same(changes.undo(after, found), before)
    assert current == changes.current(after, found)
    assert patch.same(after, untouched)


def test_what_others_added_later_is_kept():
    before = {"containers": [{"name": "main"}]}
    after = {"containers": [{"name": "main", "env": [{"name": "OURS"}], "image": "x"}]}
    made, _ = changes.between(before, after)
    later = {
        "containers": [{"name": "injected"}, {"name": "main", "env": [{"name": "LWS"}, {"name": "OURS"}], "image": "x"}]
    }

    assert changes.undo(later, made) == {
        "containers": [{"name": "injected"}, {"name": "main", "env": [{"name": "LWS"}]}]
    }


def test_paths_that_no_longer_exist_are_skipped():
    made, _ = changes.between(
        {"containers": [{"name": "a", "image": "auto"}]},
        {"containers": [{"name": "a", "image": "x", "env": [{"name": "E"}]}], "b": 1},
    )

    assert changes.undo({"containers": "?"}, made) == {"containers": "?"}
    assert changes.undo({}, made) == {}


def test_undoing_changes_modifies_no_original_even_if_a_later_path_leads_into_it():
    forged = changes.Changes(replaced={"/x": {"y": 1}, "/x/y": 2})

    assert changes.undo({"x": 0}, forged) == {"x": {"y": 2}}
    assert forged.replaced == {"/x": {"y": 1}, "/x/y": 2}


def test_current_returns_the_values_at_the_changed_places():
    made, _ = changes.between({"a": 1}, {"a": 2, "b": {"c": 3}})

    assert changes.current({"a": 5}, made) == [("/a", 5), ("/b", changes.ABSENT)]


def test_a_list_is_searched_once_however_many_paths_a_record_names(monkeypatch):
    size = 300
    before = {"volumes": [{"name": f"own-{number}"} for number in range(size)]}
    after = {"volumes": [*before["volumes"], *({"name": f"new-{number}"} for number in range(size))]}
    made, _ = changes.between(before, after)
    looks = 0
    selector = fields.selector

    def counted(entry, keys):
        nonlocal looks
        looks += 1
        return selector(entry, keys)

    monkeypatch.setattr(fields, "selector", counted)

    assert changes.undo(after, made) == before
    assert looks == 2 * size
