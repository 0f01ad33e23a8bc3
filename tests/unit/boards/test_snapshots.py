"""Ranks and places."""

from __future__ import annotations

from hypothesis import given

from leaderboard.boards.rules import Order
from leaderboard.boards.snapshots import Score, ranked
from tests.unit import strategies


def places(*user_scores: int) -> list[int | None]:
    entries = ranked(Score(f"u{at}", "", it, at) for at, it in enumerate(user_scores))
    return [entry.place for entry in entries]


def test_ties_share_a_place_and_the_next_one_is_left_out() -> None:
    assert places(9, 7, 7, 5) == [1, 2, 2, 4]
    assert places(9, 9, 9, 5, 5, 1) == [1, 1, 1, 4, 4, 6]


def test_scores_without_ties_have_their_ranks_as_places() -> None:
    assert places(3, 2, 1, 0, -1) == [1, 2, 3, 4, 5]


def test_nobody_on_a_board_has_no_entries() -> None:
    assert ranked(()) == ()


@given(strategies.tops(Order.DESC))
def test_rank_is_the_position_and_place_counts_who_is_better(scores: tuple[Score, ...]) -> None:
    entries = ranked(scores)
    assert [entry.rank for entry in entries] == list(range(1, len(scores) + 1))
    for entry in entries:
        better = sum(it.user_score > entry.user_score for it in scores)
        assert entry.place == better + 1


@given(strategies.tops(Order.ASC))
def test_entries_keep_all_of_their_scores(scores: tuple[Score, ...]) -> None:
    kept = [Score(it.user_id, it.user_name, it.user_score, it.updated_ms) for it in ranked(scores)]
    assert tuple(kept) == scores
