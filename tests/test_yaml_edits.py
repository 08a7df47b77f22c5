"""Edits of YAML text that change no more than they must."""

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import yaml_edits

EDITS = [
    pytest.param("a: 1 # one\nb: 2\n", {"a": 1, "b": 3}, "a: 1 # one\nb: 3\n", id="a value"),
    pytest.param("a: 1 # one\nb: 2\n", {"a": 2, "b": 2}, "a: 2 # one\nb: 2\n", id="a comment at its end stays"),
    pytest.param("# first\na: 1\n# second\nb: 2\n", {"b": 2, "a": "x"}, "# first\na: x\n# second\nb: 2\n", id="comments on lines of their own stay"),
    pytest.param("a: 1\nb: 2\n", {"b": 2}, "b: 2\n", id="the first entry goes"),
    pytest.param("a: 1\nb: 2\n", {"a": 1}, "a: 1\n", id="the last entry goes"),
    pytest.param("a: 1\n", {"a": 1, "b": {"c": {"d": [1]}}}, "a: 1\nb:\n  c:\n    d: [1]\n", id="a deep entry comes in block style"),
    pytest.param("a: 1\n", {"a": 1, "b": {"c": 1}}, "a: 1\nb: {c: 1}\n", id="a shallow entry comes on one line"),
    pytest.param("a:\n  b: 1\n  c: {d: 1}\ne: 1\n", {"a": {"b": 1, "c": {"d": 2}}, "e": 1}, "a:\n  b: 1\n  c: {d: 2}\ne: 1\n", id="a value in a block map"),
    pytest.param("a:\n  b: 1\ne: 1\n", {"a": {}, "e": 1}, "a: {}\ne: 1\n", id="a block map becomes empty"),
    pytest.param("a:\ne: 1\n", {"a": 2, "e": 1}, "a: 2\ne: 1\n", id="an absent value"),
    pytest.param("a: |\n  x\n  y\ne: 1\n", {"a": "z\n", "e": 1}, 'a: "z\\n"\ne: 1\n', id="a literal block"),
    pytest.param("- a: 1\n- b: 2\n", [{"a": 1}, {"b": 3}, {"c": 4}], "- a: 1\n- b: 3\n- {c: 4}\n", id="a list grows"),
    pytest.param("x:\n  - a: 1\n  - b: 2\n", {"x": [{"a": 1}]}, "x:\n  - a: 1\n", id="a list shrinks"),
    pytest.param("a: {b: 1, c: 2}\n", {"a": {"d": 3, "c": 2, "b": 0}}, "a: {b: 0, c: 2, d: 3}\n", id="a flow map keeps its order"),
    pytest.param("a: 1\n", {"a": True}, "a: true\n", id="1 is not true"),
    pytest.param("a: x\n", {"a": "true"}, "a: 'true'\n", id="a string that looks like something else is quoted"),
    pytest.param("a: [1]", {"a": [1, 2]}, "a: [1, 2]", id="no newline at the end"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value", "expected"), EDITS)
def test_only_what_differs_is_written_anew(text, value, expected):
    assert yaml_edits.replaced(text, value) == expected
    assert yaml_edits.replaced(expected, value) == expected


#: PyYAML writes an empty or a long key in a form of its own, which no case file has.
KEYS = st.text(st.characters(categories=["L", "N", "P", "Zs"]), min_size=1, max_size=8)
SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=6
)
MAPS = st.dictionaries(KEYS, VALUES, min_size=1, max_size=4)


@settings(max_examples=100)
@given(MAPS, MAPS, st.sampled_from([None, False, True]))
def test_any_map_becomes_any_other(one, other, style):
    text = yaml.safe_dump(one, default_flow_style=style)

    assert yaml_edits.same(yaml.safe_load(yaml_edits.replaced(text, other)), other)
