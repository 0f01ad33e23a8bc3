"""The checks of this repository's boards."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks import pace


@pytest.mark.parametrize(
    ("value", "elapsed_ms", "passes"),
    [(0, 0, True), (1, 0, False), (2, 1, True), (3, 1, False), (10_000, 5_000, True)],
)
def test_sprint_has_its_time(value: int, elapsed_ms: int, passes: bool) -> None:
    assert pace.sprint(action="sprint-done", value=value, elapsed_ms=elapsed_ms) is passes


@given(st.integers(0, 100_000), st.integers(0, 3_600_000))
def test_more_points_need_no_less_time(value: int, elapsed_ms: int) -> None:
    if pace.sprint(action="sprint-done", value=value + 1, elapsed_ms=elapsed_ms):
        assert pace.sprint(action="sprint-done", value=value, elapsed_ms=elapsed_ms)
        assert pace.sprint(action="sprint-done", value=value + 1, elapsed_ms=elapsed_ms + 1)
