"""The table of boards: what is recorded comes back, and only from the revision that was read."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from leaderboard import wiring
from leaderboard.boards.rules import MAX_SCORE, Order
from leaderboard.boards.snapshots import DayStart, Score, Snapshot, ranked
from leaderboard.ranking.tops import BoardItem

pytestmark = pytest.mark.usefixtures("stage")

SCORES = (
    Score("a", "Ann | ☃", MAX_SCORE, 1_795_420_800_001),
    Score("b", "Bob", 7, 1_795_420_800_002),
    Score("c", "", 7, 1_795_420_800_003),
    Score("d", "Dee", -MAX_SCORE, 1_795_420_800_004),
)


def item(revision: int = 1, version: int = 1, epoch: str = "e1") -> BoardItem:
    snapshot = Snapshot("global", "all", epoch, version, 1204, ranked(SCORES))
    return BoardItem(snapshot, revision=revision, life="life")


def test_board_that_was_never_recorded_is_none() -> None:
    assert wiring.board_table().read("global#all") is None


def test_item_comes_back_as_it_was_written() -> None:
    table = wiring.board_table()
    assert table.write(item(), read_revision=0)
    assert table.read("global#all") == item()
    assert table.read("global#2026") is None


def test_empty_top_comes_back() -> None:
    table = wiring.board_table()
    empty = replace(item(), snapshot=replace(item().snapshot, entries=(), total=0))
    assert table.write(empty, read_revision=0)
    assert table.read("global#all") == empty


def test_first_record_is_written_once() -> None:
    table = wiring.board_table()
    assert table.write(item(), read_revision=0)
    assert not table.write(item(epoch="e2"), read_revision=0)
    assert table.read("global#all") == item()


@pytest.mark.parametrize("read_revision", [1, 3])
def test_record_from_another_revision_is_refused(read_revision: int) -> None:
    table = wiring.board_table()
    assert table.write(item(), read_revision=0)
    assert table.write(item(2, 2), read_revision=1)
    assert not table.write(item(9, 9), read_revision=read_revision)
    assert table.read("global#all") == item(2, 2)


def test_record_keeps_the_day_that_is_stored() -> None:
    table = wiring.board_table()
    day = DayStart(1_795_392_000_000, {"b": 1, "d": 7})
    assert table.write(with_day(item(), day), read_revision=0)
    assert table.write(item(2, 2), read_revision=1, keep_day=True)
    assert table.read("global#all") == with_day(item(2, 2), day)
    unknown = DayStart(1_795_478_400_000, {})
    assert table.write(with_day(item(3, 3), unknown), read_revision=2, keep_day=True)
    assert table.read("global#all") == with_day(item(3, 3), day)


def test_record_without_a_day_forgets_the_one_that_is_stored() -> None:
    table = wiring.board_table()
    assert table.write(with_day(item(), DayStart(0, {"a": 1})), read_revision=0)
    assert table.write(item(2, 2), read_revision=1)
    assert table.read("global#all") == item(2, 2)


def test_record_leaves_nothing_of_what_the_item_has_no_more() -> None:
    table = wiring.board_table()
    assert table.write(replace(item(), order=Order.ASC, mixed=True), read_revision=0)
    assert table.write(item(2, 2), read_revision=1)
    assert table.read("global#all") == item(2, 2)


def with_day(of: BoardItem, day: DayStart) -> BoardItem:
    return replace(of, snapshot=replace(of.snapshot, day=day))


def test_record_of_another_epoch_is_refused() -> None:
    table = wiring.board_table()
    assert table.write(item(), read_revision=0)
    assert not table.write(item(2, 2, epoch="e2"), read_revision=1)


def test_record_after_an_item_that_is_gone_is_refused() -> None:
    assert not wiring.board_table().write(item(2, 2), read_revision=1)


def test_one_of_many_concurrent_records_is_accepted() -> None:
    table = wiring.board_table()
    assert table.write(item(), read_revision=0)
    with ThreadPoolExecutor(8) as pool:
        versions = range(2, 22)
        accepted = list(pool.map(lambda it: table.write(item(2, it), read_revision=1), versions))
    assert sum(accepted) == 1
    stored = table.read("global#all")
    assert stored is not None
    assert stored.snapshot.version == versions[accepted.index(True)]
