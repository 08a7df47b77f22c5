"""Long names and sentences in messages: both ends stay, and sentences are cut at words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.errors import shortened


@pytest.mark.parametrize(
    ("text", "limit", "short"),
    [
        ("fits-exactly", 12, "fits-exactly"),
        ("fits-exactly", 11, "fits...ctly"),
        ("fits-exactly", 10, "fits...tly"),
        ("registry.example/team/engine:1.2", 20, "registry....gine:1.2"),
        ("t.yaml:3:7: the block of if is not closed; write end", 40, "t.yaml:3:7: the...closed; write end"),
        ("one word", 7, "on...rd"),
        ("one two three four", 14, "one...four"),
        ("one two three four", 15, "one...four"),
        ("one two three four", 16, "one two...four"),
        ("", 5, ""),
        ("abcdef", 5, "a...f"),
    ],
)
def test_a_long_text_keeps_both_ends(text, limit, short):
    assert shortened(text, limit) == short


@given(st.text(st.sampled_from("ab 型\u0301"), max_size=80), st.integers(5, 90))
def test_any_text_fits_and_begins_and_ends_as_before(text, limit):
    short = shortened(text, limit)
    start, dots, end = short.partition("...")

    assert len(short) <= limit
    assert (short == text) if len(text) <= limit else dots
    assert text.startswith(start)
    assert text.endswith(end)
