"""Seeds, and evidence that no page ever sends."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

SEEDS = st.binary(min_size=32, max_size=32)

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


def lines(list_name: str, *names: str) -> st.SearchStrategy[Any]:
    """Objects that nearly have the right form: garbage deep inside."""
    line = JSON | st.fixed_dictionaries(dict.fromkeys(names, JSON))
    return JSON | st.fixed_dictionaries({list_name: JSON | st.lists(line, max_size=60)})
