"""The order of variables, so that Kubernetes finds what `$(NAME)` refers to (contract section 7)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webhook.rendering import changes, env


def variables(text):
    """Return variables written as ``A=value B=value``."""
    pairs = (item.partition("=") for item in text.split())
    return [{"name": name, "value": value} for name, _, value in pairs]


def written(found):
    return " ".join(f"{item['name']}={item['value']}" for item in found)


ORDERS = [
    pytest.param("A=1 B=2", "X=3 Y=4", "X=3 Y=4 A=1 B=2", id="new ones come first, in their order"),
    pytest.param("A=$(X)", "X=3", "X=3 A=$(X)", id="so the workload can refer to them"),
    pytest.param(
        "A=1 B=2 C=3", "X=$(B)/$(A) Y=4", "Y=4 A=1 B=2 X=$(B)/$(A) C=3", id="directly after the last one referred to"
    ),
    pytest.param("A=1 B=2", "X=$(A) Y=$(A)", "A=1 X=$(A) Y=$(A) B=2", id="several after one keep their order"),
    pytest.param(
        "A=1 B=2 C=3",
        "X=$(B) Y=$(X) Z=5",
        "Z=5 A=1 B=2 X=$(B) Y=$(X) C=3",
        id="one that refers to a moved one comes after it",
    ),
    pytest.param(
        "A=1 B=2 C=3", "X=$(C) Y=$(X)$(A)", "A=1 B=2 C=3 X=$(C) Y=$(X)$(A)", id="after the last of own and moved ones"
    ),
    pytest.param("A=1", "Y=$(X) X=$(A)", "Y=$(X) A=1 X=$(A)", id="one that comes later is not what is referred to"),
    pytest.param("A=1 B=2 A=3", "X=$(A)", "A=1 B=2 A=3 X=$(A)", id="of several with one name, after the last"),
    pytest.param("A=1", "X=$$(A)", "X=$$(A) A=1", id="an escape refers to nothing"),
    pytest.param("A=1", "X=$$$(A)", "A=1 X=$$$(A)", id="an escape before a reference"),
    pytest.param("A=1", "X=$(A", "X=$(A A=1", id="not closed"),
    pytest.param("A=1", "X=$A${A}$()", "X=$A${A}$() A=1", id="what a shell would replace"),
    pytest.param("A=1", "X=$($(A)", "X=$($(A) A=1", id="a name ends at the first bracket, and begins at the first"),
    pytest.param("A=1", "X=$(X)", "X=$(X) A=1", id="one that refers to itself"),
    pytest.param("", "X=$(A)", "X=$(A)", id="one that refers to nothing"),
]


@pytest.mark.parametrize(("own", "new", "expected"), ORDERS)
def test_new_variables_come_where_references_are_found(own, new, expected):
    assert written(env.merged(variables(own), variables(new))) == expected


def test_a_value_that_is_not_a_string_refers_to_nothing():
    new = [{"name": "X", "valueFrom": {"fieldRef": {"fieldPath": "$(A)"}}}, {"name": "Y", "value": None}]

    assert env.merged([{"name": "A"}], new) == [*new, {"name": "A"}]


values = st.lists(st.sampled_from(["x", "$(A)", "$(B)", "$(X)", "$(Y)", "$$(A)", "$"]), max_size=3).map("".join)


def items(names):
    return st.lists(
        st.builds(lambda name, value: {"name": name, "value": value}, names, values),
        max_size=5,
        unique_by=lambda one: one["name"],
    )


@settings(max_examples=300)
@given(
    items(st.sampled_from("ABC")),
    items(st.sampled_from("XYZ")),
    st.lists(st.sampled_from("LMN"), unique=True),
    st.data(),
)
def test_the_order_is_found_and_undone_after_others_have_added_variables(own, new, foreign, data):
    merged = env.merged(own, new)
    made, _ = changes.between({"env": own}, {"env": merged})
    later = merged.copy()
    for name in foreign:
        later.insert(data.draw(st.integers(0, len(later))), {"name": name})

    assert [item for item in merged if item in own] == own
    assert sorted(map(str, merged)) == sorted(map(str, [*own, *new]))
    assert all(path.startswith("/env/name=") for path in made.added)
    assert not made.replaced
    assert changes.undo({"env": later}, made) == {"env": [item for item in later if item not in new]}


def test_a_value_full_of_openings_is_read_in_linear_time(monkeypatch):
    seen = []

    class Counted:
        def finditer(self, text):
            seen.append(len(text))
            return iter(())

    monkeypatch.setattr(env, "_REFERENCE", Counted())
    env.merged([{"name": "A"}], [{"name": "X", "value": "$(" * 1000}])

    assert seen == [0]
