"""Kubernetes quantities as exact numbers."""

from decimal import Decimal

import pytest

from webhook.rendering import quantities


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("8", "8"),
        (8, "8"),
        (1.5, "1.5"),
        ("0", "0"),
        ("500m", "0.5"),
        ("16Gi", str(16 * 2**30)),
        ("1.5Gi", str(3 * 2**29)),
        ("1e3", "1000"),
        ("1E3", "1000"),
        ("1E", str(10**18)),
        ("2k", "2000"),
        ("-1", "-1"),
        (".5", "0.5"),
        ("100n", "1e-7"),
    ],
)
def test_a_quantity_is_an_exact_number(text, number):
    assert quantities.parse(text) == Decimal(number)


@pytest.mark.parametrize("text", ["", "eight", "8 ", "1e", "8x", "1e999", "--1", ".", None, True, [], "9" * 1000, "٣"])
def test_an_invalid_quantity_gives_none(text):
    assert quantities.parse(text) is None
