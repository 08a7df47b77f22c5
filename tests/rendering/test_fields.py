"""Facts about fields: what tells the entries of a list apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import json_values
from webhook.rendering import fields

UNION = st.sampled_from(sorted(fields.UNIONS))


@given(json_values.values(4), UNION)
def test_an_entry_that_is_remembered_has_the_same_text_as_before(entry, field):
    first = fields.value(entry, field)

    assert fields.value(entry, field) == first
    fields._remembered_value.cache_clear()
    assert fields.value(entry, field) == first


@pytest.mark.parametrize("length", [10, 190, 210, 900, 1100, 100_000])
def test_an_entry_of_any_length_has_a_text_and_a_long_one_a_digest(length):
    text = fields.value({"configMapRef": {"name": "x" * length}}, "envFrom")

    assert text.startswith("sha256:") == (length > 180)
    assert len(text) <= 200
