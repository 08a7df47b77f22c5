"""Digests depend on values alone, and canonical JSON takes time in proportion, whatever the keys are."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import json_values
from webhook import digests

#: More keys than msgspec sorts.
MANY = {
    "name": "first",
    **{f"k{number:05}": ["é\x1f\x7f/", 1, 0.5, None, True, {}] for number in range(1000)},
    "args": 1,
}


def reversed_maps(value):
    """Return the value with the keys of all maps in the opposite order."""
    if isinstance(value, dict):
        return {key: reversed_maps(inner) for key, inner in reversed(value.items())}
    return [reversed_maps(inner) for inner in value] if isinstance(value, list) else value


@given(json_values.values(30), st.booleans())
def test_the_order_of_keys_does_not_matter(value, many):
    value = [value, MANY if many else None]

    assert digests.canonical(value) == digests.canonical(reversed_maps(value))
    assert digests.of(value) == digests.of(reversed_maps(value))
    assert json.loads(digests.canonical(value)) == value


def test_many_keys_are_written_like_few():
    assert digests.canonical(MANY) == msgspec.json.encode(MANY, order="sorted")


@pytest.mark.parametrize(("keys", "wide"), [(500, False), (501, True), (0xFFFF, True), (0x10000, True)])
def test_a_map_of_many_keys_is_found_wherever_it_is(keys, wide):
    assert digests._may_be_wide(["text", {"inner": dict.fromkeys(map(str, range(keys)))}]) is wide


def test_structs_and_tuples_beside_many_keys_are_maps_and_lists():
    class Point(msgspec.Struct, omit_defaults=True, rename={"y": "height"}):
        y: int
        x: int = 0

    assert json.loads(digests.canonical((Point(1), MANY))) == [{"height": 1}, MANY]


@pytest.mark.parametrize("text", ["v", 'v":', '":' * 10])
def test_few_keys_are_sorted_in_quadratic_time(text, monkeypatch):
    encode, sorted_keys = msgspec.json.encode, []

    def watched(value, *, order=None):
        if order is not None:
            sorted_keys.append(len(value))
        return encode(value, order=order)

    monkeypatch.setattr(msgspec.json, "encode", watched)
    for count in range(1, 2000, 33):
        digests.of({f'k":{number:05}': text for number in range(count)})

    assert sorted_keys
    assert max(sorted_keys) <= 500


def test_long_texts_are_escaped_once(monkeypatch):
    encode, encoded = msgspec.json.encode, []
    monkeypatch.setattr(
        msgspec.json, "encode", lambda value, **options: encoded.append(value) or encode(value, **options)
    )

    digests.of({"args": ["line\n" * 1000], "2": 1, "1": 2**64})

    assert len(encoded) == 1


def test_integers_of_any_size_are_written():
    assert digests.canonical({"b": 1, "a": 2**70}) == b'{"a":1180591620717411303424,"b":1}'


@pytest.mark.parametrize("value", ["\ud800", float("1e16")])
def test_values_at_the_edge(value):
    if isinstance(value, str):
        with pytest.raises(UnicodeEncodeError):
            digests.of([value, MANY])
    else:
        assert json.loads(digests.canonical([value, MANY]))[0] == value
