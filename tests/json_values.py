"""Hypothesis strategies for JSON values, small alphabets so that keys and entries collide."""

from hypothesis import strategies as st

scalars = st.none() | st.booleans() | st.integers(-3, 3) | st.floats(allow_nan=False, allow_infinity=False, width=16)
scalars |= st.sampled_from(["", "a", "b", "auto", "~", "/", "~1", "é"])
keys = st.sampled_from(["a", "b", "c", "name", "a/b", "~0", "", "0"])


def values(max_leaves: int = 12) -> st.SearchStrategy[object]:
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=5) | st.dictionaries(keys, inner, max_size=5),
        max_leaves=max_leaves,
    )
