"""How many examples of a law are tried: a few every day, more by `make test-all`."""

import pytest


def tried(few, many):
    """Return a decorator for a law with the argument ``examples``: ``few`` of them every day, ``many`` when thorough."""
    forms = [pytest.param(few, id="a few"), pytest.param(many, id="many", marks=pytest.mark.thorough)]
    return pytest.mark.parametrize("examples", forms)
