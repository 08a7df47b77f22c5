"""The nearest name is found among many, and looking for it is bounded whatever the names are."""

import difflib

import pytest

from webhook import errors

MANY = [f"runtime-{number:05}" for number in range(10_000)]


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("vlm-cpu", ["sglang", "vllm-cpu", "mindie"]),
        ("vllm-cpuu", ["vllm-cpu", *MANY]),
        ("lvm-cpu", ["vllm-cpu", *MANY]),
        ("vlllm-cpux", ["vllm-cpu", *MANY]),
    ],
)
def test_the_nearest_name_is_found(name, known):
    assert errors.nearest(name, known) == "vllm-cpu"


@pytest.mark.parametrize("known", [[], ["sglang", "mindie"], MANY])
def test_no_name_is_near(known):
    assert errors.nearest("vllm-cpu", known) == ""


def test_a_name_as_long_as_a_label_value_is_the_longest_that_is_suggested():
    assert errors.nearest("x" * 62, ["x" * 63, "x" * 64]) == "x" * 63
    assert errors.nearest("x" * 63, ["x" * 64]) == ""
    assert errors.nearest("x" * 64, ["x" * 63]) == ""


@pytest.mark.parametrize("length", [1, 10, 63])
@pytest.mark.parametrize("pattern", ["{0}{1:05}", "{1:05}{0}"])
@pytest.mark.parametrize("count", [3, 100, 10_000])
def test_few_pairs_of_characters_are_compared(length, pattern, count, monkeypatch):
    compared = []

    def compare(word, possibilities, n, cutoff):
        compared.extend(len(word) * len(other) for other in possibilities)
        return []

    monkeypatch.setattr(difflib, "get_close_matches", compare)
    known = [pattern.format("c" * max(length - 5, 0), number) for number in range(count)]

    errors.nearest("c" * length, [*known, "c" * 500_000])

    assert 0 < sum(compared) <= 20_000


def test_no_names_longer_than_a_label_value_are_compared(monkeypatch):
    monkeypatch.setattr(difflib, "get_close_matches", None)

    assert errors.nearest("c" * 50_000, ["c" * 50_000] * 500) == ""
