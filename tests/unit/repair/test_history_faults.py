"""What counts as a score that its history does not explain."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from leaderboard.history.lines import HistoryLine
from leaderboard.repair.history_comparison import (
    BATCH_MS,
    GAP,
    MISSING,
    MISSING_LAST,
    OTHER,
    STREAM_MS,
    faults_of,
)
from leaderboard.scoring.items import Cause, LastWrite

T0 = 1_795_421_730_123
HOUR = 3_600_000
DAY = 24 * HOUR
LATER = T0 + 2 * DAY


def history(*scores: int | None, days: int = 90, every_ms: int = 1000) -> list[HistoryLine]:
    """The lines of a score that took these values, newest first."""
    lines: list[HistoryLine] = []
    for number, score in enumerate(scores):
        before = lines[0] if lines else None
        write = LastWrite(
            version=100 + number,
            at_ms=T0 + number * every_ms,
            cause=Cause.ACTION,
            score_before=before.user_score if before else None,
            days=days,
            before_expires_s=before.write.expires_s if before else None,
        )
        lines.insert(0, HistoryLine("ada", "global#all", write, score))
    return lines


def found(last: HistoryLine, lines: list[HistoryLine], now: int = LATER) -> list[tuple[str, bool]]:
    return [(it.text, it.may_come) for it in faults_of(last, lines, now_ms=now)]


def test_whole_history_has_no_fault() -> None:
    lines = history(5, 8, None, 3)
    assert found(lines[0], lines) == []


def test_newer_lines_than_the_item_are_no_fault() -> None:
    lines = history(5, 8, 9)
    assert found(lines[1], lines) == []


def test_missing_newest_line_is_on_its_way_for_a_day() -> None:
    lines = history(5, 8, 9)
    written = lines[0].write.at_ms
    assert found(lines[0], lines[1:], written + STREAM_MS - 1) == [(MISSING_LAST, True)]
    assert found(lines[0], lines[1:], written + STREAM_MS) == [(MISSING_LAST, False)]
    assert found(lines[0], [], written + STREAM_MS) == [(MISSING_LAST, False)]


@pytest.mark.parametrize("gone", [1, 2])
def test_hole_is_a_fault_once_its_batch_must_be_done(gone: int) -> None:
    lines = history(5, 8, 9)
    left = [it for number, it in enumerate(lines) if number != gone]
    behind = lines[gone - 1].write.at_ms
    assert found(lines[0], left, behind + BATCH_MS - 1) == [(MISSING, True)]
    assert found(lines[0], left, behind + BATCH_MS) == [(MISSING, False)]


def test_line_that_does_not_begin_where_the_one_before_ends_is_a_fault() -> None:
    newest, middle, oldest = history(5, 8, 9)
    assert found(newest, [newest, replace(middle, user_score=7), oldest]) == [(GAP, False)]


def test_line_that_is_not_the_score_is_a_fault() -> None:
    lines = history(5, 8)
    assert found(replace(lines[0], user_score=9), lines) == [(OTHER, False)]


def test_expired_lines_are_not_missed() -> None:
    lines = history(5, 8, 9, days=1, every_ms=HOUR)
    for kept in range(4):
        now = lines[kept].write.expires_s * 1000 if kept < 3 else T0
        assert found(lines[0], lines[:kept], now) == []


def test_history_that_begins_anew_is_not_held_to_what_was_before() -> None:
    """The board had `historyDays: 0` meanwhile, or the score is of an older release."""
    before, after = history(5, 8), history(40, 41)
    moved = [replace(it, write=replace(it.write, version=it.write.version + 50)) for it in after]
    assert found(moved[0], [*moved, *before]) == []
    assert found(moved[0], moved) == []


@given(
    st.lists(st.none() | st.integers(-9, 9), min_size=1, max_size=12),
    st.integers(1, 3),
    st.integers(0, 5 * DAY),
)
def test_what_time_takes_away_is_never_a_fault(
    scores: list[int | None], days: int, passed: int
) -> None:
    lines = history(*scores, days=days, every_ms=7 * HOUR)
    now = lines[0].write.at_ms + passed
    kept = [it for it in lines if it.write.expires_s * 1000 > now]
    assert found(lines[0], kept, now) == []


@given(st.lists(st.integers(-9, 9), min_size=2, max_size=12), st.data())
def test_every_line_that_is_lost_is_found(scores: list[int], data: st.DataObject) -> None:
    lines = history(*scores)
    lost = data.draw(st.integers(0, len(lines) - 1))
    left = [it for number, it in enumerate(lines) if number != lost]
    assert len(found(lines[0], left)) == 1
