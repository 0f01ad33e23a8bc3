"""A batch of the boards' stream alone: which change of each board it comes to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from leaderboard import wiring
from leaderboard.adapters.dynamodb.board_items import STAGE, board_image
from leaderboard.boards.seasons import split_key
from leaderboard.boards.snapshots import Score, Snapshot, ranked
from leaderboard.frames.changes import LATE_MS, BatchReader, BoardRecord
from leaderboard.ranking.tops import BoardItem

pytestmark = pytest.mark.usefixtures("stage")
NOW = 1_795_421_730_123
KEY = "global#all"


@pytest.fixture
def reader() -> BatchReader:
    return replace(wiring.batch_reader(), now_ms=lambda: NOW)


def item(version: int, key: str = KEY) -> BoardItem:
    board, season = split_key(key)
    top = ranked([Score("ada", "Ada", version, NOW)])
    snapshot = Snapshot(board, season, epoch="e", version=version, total=1, entries=top)
    return BoardItem(snapshot, revision=version, life="l")


def record(version: int, *, key: str = KEY, age_ms: int = 0, **other: Any) -> BoardRecord:
    """The write that led from the version before to this one."""
    images = {"old": board_image(item(version - 1, key)), "new": board_image(item(version, key))}
    return BoardRecord(key=key, made_ms=NOW - age_ms, source={}, **{**images, **other})


def told(reader: BatchReader, *records: BoardRecord) -> list[tuple[int | None, int]]:
    """From which version to which the changes of a batch lead."""
    changes = reader.read(records).changes
    return [
        (it.old.snapshot.version if it.old else None, it.new.snapshot.version) for it in changes
    ]


def test_records_of_a_board_become_one_change(reader: BatchReader) -> None:
    weekly = "weekly#2026-W48"
    batch = [record(2), record(7, key=weekly), record(3), record(4)]
    assert told(reader, *batch) == [(1, 4), (6, 7)]


def test_settings_of_the_stage_are_no_board(reader: BatchReader) -> None:
    note = {"boardSeason": {"S": STAGE}, "writeShards": {"N": "8"}}
    assert told(reader, record(1, key=STAGE, old=None, new=note)) == []


def test_item_that_was_deleted_begins_anew(reader: BatchReader) -> None:
    assert told(reader, record(2), record(3, new=None)) == []
    assert told(reader, record(2), record(3, new=None), record(1, old=None)) == [(None, 1)]


def test_new_image_that_is_broken_is_named_and_its_neighbours_are_read(reader: BatchReader) -> None:
    broken = record(9, key="weekly#2026-W48", new={"boardSeason": {"S": "weekly#2026-W48"}})
    batch = reader.read([broken, record(2)])
    assert [it.new.snapshot.key for it in batch.changes] == [KEY]
    assert batch.unreadable == ((broken, "KeyError: 'top'"),)


def test_old_image_that_is_broken_counts_as_none_and_is_reported(reader: BatchReader) -> None:
    assert told(reader, record(2, old={"boardSeason": {"S": KEY}})) == [(None, 2)]
    assert wiring.reports().drain()[1] == 1


def test_late_change_leads_to_the_recorded_top_and_what_lies_between_is_passed_over(
    reader: BatchReader,
) -> None:
    assert wiring.board_table().write(item(9), read_revision=0)
    (change,) = reader.read([record(2, age_ms=LATE_MS)]).changes
    assert (change.new, change.is_ahead) == (item(9), True)
    assert told(reader, record(3, age_ms=LATE_MS)) == [(2, 9)], "it is not known to be told"
    reader.remember([change])
    assert told(reader, record(3, age_ms=LATE_MS), record(9, age_ms=LATE_MS)) == []
    assert told(reader, record(9, age_ms=LATE_MS), record(10, age_ms=LATE_MS)) == [(9, 10)]


def test_another_environment_learns_from_the_cache_what_was_told(reader: BatchReader) -> None:
    assert wiring.board_table().write(item(9), read_revision=0)
    reader.remember(reader.read([record(2, age_ms=LATE_MS)]).changes)
    other = replace(reader, told={})
    assert told(other, record(3, age_ms=LATE_MS)) == []


def test_change_of_a_moment_ago_asks_nobody(reader: BatchReader) -> None:
    assert wiring.board_table().write(item(9), read_revision=0)
    assert told(reader, record(2, age_ms=LATE_MS - 1)) == [(1, 2)]
