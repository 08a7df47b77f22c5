"""Undoing a rendering: exact, and robust to what others have changed in the meantime."""

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import json_values
from webhook import patch
from webhook.rendering import changes, fields

GPU = {"key": "gpu", "operator": "Exists"}
SOURCE = {"configMapRef": {"name": "a/b", "optional": False}}
LONG = {"configMapRef": {"name": "n" * 250}}

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
    pytest.param(
        {"searches": ["a"]}, {"searches": ["a", "b"]}, [], {"/searches": ["a"]}, id="an atomic list is one value"
    ),
    pytest.param(
        {"tolerations": [GPU, GPU]},
        {"tolerations": [GPU, {"key": "x"}, GPU]},
        ['/tolerations/{"key":"x"}'],
        {},
        id="an item of a union by its value, among equal ones of the workload",
    ),
    pytest.param(
        {},
        {"envFrom": [SOURCE]},
        ['/envFrom/{"configMapRef":{"name":"a~1b"}}'],
        {},
        id="a union created for others to use too",
    ),
    pytest.param(
        {}, {"tolerations": [GPU, GPU]}, ["/tolerations"], {}, id="equal items of a union cannot be told apart"
    ),
    pytest.param(
        {"tolerations": [GPU, {"key": "x"}]},
        {"tolerations": [{"key": "x"}, GPU]},
        [],
        {"/tolerations": [GPU, {"key": "x"}]},
        id="a union in another order is kept whole",
    ),
    pytest.param(
        {"tolerations": [GPU]},
        {"tolerations": [GPU, {**GPU, "value": ""}]},
        [],
        {"/tolerations": [GPU]},
        id="items that differ only in what is filled in cannot be told apart",
    ),
    pytest.param(
        {},
        {"securityContext": {"capabilities": {"add": ["X"]}, "privileged": True}},
        ['/securityContext/capabilities/add/"X"', "/securityContext/privileged"],
        {},
        id="capabilities one by one, even if the whole security context is new",
    ),
    pytest.param({}, {"envFrom": [LONG]}, ["/envFrom/sha256:62181270c5d86b28"], {}, id="a long value by its digest"),
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
UNION = st.lists(
    st.sampled_from(
        [
            GPU,
            {**GPU, "value": ""},
            {**GPU, "effect": "NoSchedule"},
            {**GPU, "tolerationSeconds": 0},
            "A",
            "B",
            {},
            None,
        ]
    )
    | json_values.values(3),
    max_size=4,
)
MAPS = st.dictionaries(json_values.keys.filter(bool), json_values.values(6), max_size=4)
TEMPLATES = st.builds(
    lambda one, other: {**one, **other},
    MAPS,
    st.fixed_dictionaries(
        {},
        optional={
            "env": KEYED,
            "metadata": MAPS,
            "tolerations": UNION,
            "securityContext": st.fixed_dictionaries({}, optional={"add": UNION}) | MAPS,
        },
    ),
)


@settings(max_examples=400)
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


#: Items of unions as they are added, and as API servers may return them.
ITEMS = [
    (GPU, {**GPU, "effect": "", "value": ""}),
    ({"key": "gpu", "tolerationSeconds": 0}, {"key": "gpu", "tolerationSeconds": 0}),
    ({"key": "long" * 60}, {"operator": "", "key": "long" * 60}),
    (SOURCE, {"configMapRef": {"name": "a/b"}}),
    ({"secretRef": {"name": "s"}}, {"secretRef": {"name": "s", "optional": False}, "prefix": ""}),
    ("IPC_LOCK", "IPC_LOCK"),
]


@settings(max_examples=300)
@given(st.data())
def test_of_a_union_just_what_was_added_is_removed_whatever_others_do_with_the_rest(data):
    field = data.draw(st.sampled_from(sorted(fields.UNIONS)))
    ours = data.draw(st.lists(st.sampled_from(ITEMS), max_size=4, unique_by=ITEMS.index))
    taken = [item for item, _ in ours]
    others = st.sampled_from([item for item, _ in ITEMS if item not in taken] + [{"key": "theirs"}, "THEIRS"])
    own = data.draw(st.none() | st.lists(others, max_size=4))
    before = {} if own is None else {field: own}
    merged = data.draw(st.permutations([*((item, item) for item in own or ()), *ours]).filter(in_order(own or ())))
    after = {field: [item for item, _ in merged]} if ours or own is not None else {}
    made, _ = changes.between(before, after)

    later = [(returned, item in taken) for item, returned in merged]
    for _ in range(data.draw(st.integers(0, 3))):  # others add items, and take away some that are not ours
        later.insert(data.draw(st.integers(0, len(later))), (data.draw(others), False))
    gone = data.draw(st.none() | st.integers(0, len(later)))
    later = [pair for at, pair in enumerate(later) if at != gone or pair[1]]
    left = [item for item, ours in later if not ours]
    restored = changes.undo({field: [item for item, _ in later]} if later else {}, made)

    assert patch.same(restored, {field: left} if left or (own is not None and later) else {})


def in_order(own):
    """Return whether a merged list has the own items in their order."""
    return lambda merged: [item for item, _ in merged if item in own] == list(own)


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
    searched = []
    identities = fields.identities

    def noted(entries, field):
        searched.append(len(entries))
        return identities(entries, field)

    monkeypatch.setattr(fields, "identities", noted)

    assert changes.undo(after, made) == before
    assert searched == [2 * size]
