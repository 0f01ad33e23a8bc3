"""The delta of two snapshots."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from leaderboard.boards.snapshots import DayStart, Entry, Score, Snapshot, ranked
from leaderboard.frames.messages import apply, diff
from tests.unit import strategies


def snapshot(version: int, *scores: Score) -> Snapshot:
    return Snapshot("global", "all", "k3v9", version, len(scores), ranked(scores))


ADA, BOB, CYD = Score("ada", "Ada", 30, 100), Score("bob", "Bob", 20, 50), Score("cyd", "C", 9, 70)


@given(strategies.snapshot_pairs())
def test_apply_of_the_diff_is_the_newer_snapshot(pair: tuple[Snapshot, Snapshot]) -> None:
    old, new = pair
    assert apply(old, diff(old, new)) == new


@given(strategies.snapshot_pairs())
def test_diff_is_the_smallest_that_does_it(pair: tuple[Snapshot, Snapshot]) -> None:
    old, new = pair
    update = diff(old, new)
    assert not set(update.upsert) & set(old.entries)
    assert {it.user_id for it in update.upsert}.isdisjoint(update.remove)
    kept = {it.user_id for it in new.entries}
    assert set(update.remove) == {it.user_id for it in old.entries} - kept
    assert len(update.upsert) <= len(new.entries)
    assert len(update.remove) <= len(old.entries)


@given(strategies.snapshot_pairs())
def test_diff_of_equal_tops_is_empty(pair: tuple[Snapshot, Snapshot]) -> None:
    old, _ = pair
    update = diff(old, replace(old, version=old.version + 2))
    assert (update.upsert, update.remove) == ((), ())
    assert (update.start, update.version) == (old.version, old.version + 2)


@given(strategies.snapshot_pairs(), strategies.snapshot_pairs())
def test_one_diff_over_two_changes_does_what_both_do(
    pair: tuple[Snapshot, Snapshot], other: tuple[Snapshot, Snapshot]
) -> None:
    first, second = pair
    third = replace(other[1], version=second.version + 1, day=first.day)
    both = apply(apply(first, diff(first, second)), diff(second, third))
    assert apply(first, diff(first, third)) == both


def test_one_who_overtakes_moves_those_between_as_well() -> None:
    old = snapshot(1, ADA, BOB, CYD)
    new = snapshot(2, replace(BOB, user_score=40, updated_ms=200), ADA, CYD)
    update = diff(old, new)
    assert [(it.user_id, it.rank) for it in update.upsert] == [("bob", 1), ("ada", 2)]
    assert update.remove == ()


def test_who_fell_out_is_removed() -> None:
    update = diff(snapshot(1, ADA, BOB), snapshot(2, ADA))
    assert (update.upsert, update.remove) == ((), ("bob",))


def test_new_name_alone_is_a_change() -> None:
    update = diff(snapshot(1, ADA, BOB), snapshot(2, replace(ADA, user_name="Countess"), BOB))
    assert [it.user_name for it in update.upsert] == ["Countess"]


def test_place_alone_is_a_change() -> None:
    tied = replace(CYD, user_score=BOB.user_score)
    update = diff(snapshot(1, ADA, BOB, CYD), snapshot(2, ADA, BOB, tied))
    assert [(it.user_id, it.rank, it.place) for it in update.upsert] == [("cyd", 3, 2)]


def test_scored_is_the_newest_score_that_is_in_the_update() -> None:
    new = snapshot(2, ADA, replace(BOB, updated_ms=60), CYD)
    assert diff(snapshot(1, ADA, BOB, CYD), new).scored_ms == 60


def test_total_and_version_come_from_the_newer_one() -> None:
    update = diff(snapshot(4, ADA), replace(snapshot(7, ADA), total=99))
    assert (update.start, update.version, update.total) == (4, 7, 99)
    assert apply(snapshot(4, ADA), update).total == 99


@pytest.mark.parametrize(
    "change",
    [
        {"board": "weekly"},
        {"season": "2026-11"},
        {"epoch": "other"},
        {"epoch": None},
        {"day": DayStart(86_400_000, {"ada": 1})},
    ],
)
def test_diff_refuses_what_no_update_can_cross(change: dict[str, Any]) -> None:
    new = replace(snapshot(2, ADA), **change)
    with pytest.raises(ValueError, match="one board, season, epoch and day"):
        diff(snapshot(1, ADA), new)


def test_diff_from_nothing_is_refused() -> None:
    nothing = Snapshot.empty("global#all")
    with pytest.raises(ValueError, match="one board, season, epoch and day"):
        diff(nothing, snapshot(1, ADA))


@pytest.mark.parametrize("held", [{"version": 3}, {"epoch": "other"}])
def test_apply_refuses_an_update_from_another_snapshot(held: dict[str, int | str]) -> None:
    update = diff(snapshot(1, ADA), snapshot(2, ADA, BOB))
    with pytest.raises(ValueError, match="another snapshot"):
        apply(replace(snapshot(1, ADA), **held), update)  # type: ignore[arg-type]


def test_apply_forgives_a_removal_of_somebody_who_is_not_there() -> None:
    update = replace(diff(snapshot(1, ADA), snapshot(2, ADA)), remove=("nobody",))
    assert apply(snapshot(1, ADA), update).entries == (Entry(1, 1, "ada", "Ada", 30, 100),)
