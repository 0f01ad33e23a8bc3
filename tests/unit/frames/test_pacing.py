"""How long boards rest between frames: their own interval, wider where the posts budget asks."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from leaderboard.frames.broadcast import (
    WIDEST_INTERVAL_MS,
    Demand,
    interval_ms,
    intervals_ms,
    shares,
)

demands = st.dictionaries(
    st.text("abcdefgh", min_size=1, max_size=3),
    st.builds(Demand, st.integers(0, 300_000), st.integers(0, 30_000)),
    min_size=1,
    max_size=12,
)


@pytest.mark.parametrize(
    ("viewers", "own_ms", "budget", "expected_ms"),
    [
        (0, 250, 5000, 0),
        (1, 250, 5000, 250),
        (1250, 250, 5000, 250),
        (1251, 250, 5000, 251),
        (10_000, 250, 5000, 2000),
        (100_000, 250, 5000, 20_000),
        (100, 20, 200, 500),
        (10, 10_000, 5000, 10_000),
        (8, 0, 10, 800),
        (3, 0, 5000, 1),
        (10_000_000, 250, 5000, WIDEST_INTERVAL_MS),
    ],
)
def test_board_alone_rests_its_viewers_over_the_budget(
    viewers: int, own_ms: int, budget: int, expected_ms: int
) -> None:
    demand = {"global": Demand(viewers, own_ms)}
    assert intervals_ms(demand, budget) == {"global": expected_ms}


def test_boards_that_are_alike_share_alike() -> None:
    alike = {name: Demand(5000, 250) for name in ("one", "two", "three", "four")}
    assert intervals_ms(alike, 5000) == dict.fromkeys(alike, 4000)


def test_board_with_few_viewers_keeps_its_pace_beside_a_large_one() -> None:
    both = {"few": Demand(100, 250), "many": Demand(92_000, 250)}
    assert intervals_ms(both, 5000) == {"few": 250, "many": 20_000}


@given(demands, st.integers(1, 20_000))
def test_boards_together_never_ask_for_more_than_the_budget(
    wanted: dict[str, Demand], budget: int
) -> None:
    resting = intervals_ms(wanted, budget)
    asked = sum(
        1000 * it.viewers / resting[board]
        for board, it in wanted.items()
        if resting[board] and resting[board] < WIDEST_INTERVAL_MS
    )
    assert asked <= budget * (1 + 1e-9) + 1e-6


@given(demands, st.integers(1, 20_000))
def test_no_board_sends_more_often_than_it_may(wanted: dict[str, Demand], budget: int) -> None:
    for board, resting in intervals_ms(wanted, budget).items():
        if wanted[board].viewers:
            assert resting >= min(wanted[board].frame_interval_ms, WIDEST_INTERVAL_MS)
        else:
            assert resting == 0


@given(demands, st.integers(1, 20_000))
def test_budget_is_used_where_it_is_asked_for(wanted: dict[str, Demand], budget: int) -> None:
    given_away = sum(shares(wanted, budget).values())
    asked = sum(it.posts_per_second for it in wanted.values())
    assert given_away == pytest.approx(min(asked, budget))


@given(demands, st.integers(1, 20_000))
def test_who_asks_for_less_never_gets_less_of_it(wanted: dict[str, Demand], budget: int) -> None:
    given_away = shares(wanted, budget)
    ordered = sorted(wanted, key=lambda board: wanted[board].posts_per_second)
    amounts = [given_away[board] for board in ordered]
    assert amounts == pytest.approx(sorted(amounts))


@given(st.builds(Demand, st.integers(1, 300_000), st.integers(1, 30_000)), st.floats(0.1, 1e6))
def test_more_of_the_budget_never_makes_it_slower(demand: Demand, share: float) -> None:
    assert interval_ms(demand, 2 * share) <= interval_ms(demand, share)
