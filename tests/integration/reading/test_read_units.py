"""What reads of a season that the cache no longer keeps consume: a stranger decides how many."""

from __future__ import annotations

import uuid
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from leaderboard import wiring
from leaderboard.boards.rules import Board
from leaderboard.ranking.listings import Position
from leaderboard.scoring.items import ScoreItem, Write
from tests.integration import aws
from tests.integration.capacity import metered

pytestmark = pytest.mark.usefixtures("stage")

T0 = 1_795_420_800_000
USERS = 220
"""More than the 100 that ranks are counted for, and one of the largest pages behind them."""
LONGEST_NAME = "☃" * 32


def user(number: int) -> str:
    return str(uuid.UUID(int=number * 7919 << 64))


@pytest.fixture
def archived(stage: None) -> Board:  # noqa: ARG001 - the tables are those of a stage
    """A board with a recorded top, on the table and in the index, and not in the cache."""
    board = wiring.catalog().find("global")
    for number in range(USERS):
        at = T0 + number
        item = ScoreItem(user(number), "global", "all", LONGEST_NAME, 0, "visible", number, at, T0)
        wiring.score_table().write(Write(board, item, 0))
    records = wiring.score_scanner().read_states("global#all", [user(it) for it in range(50)])
    recorder = wiring.recorder()
    board_season = wiring.board_season("global")
    recorder.record(board_season, recorder.apply(board_season, records).top)
    wiring.ranking_cache().drop("global#all")
    return board


def last_cursor() -> str | None:
    """Behind all whose ranks are counted."""
    page = wiring.reads().entries(wiring.board_season("global"), cursor=None, limit=100)
    cursor: str | None = page["nextCursor"]
    return cursor


def query(_: str | None) -> Any:
    return wiring.reads().query(wiring.board_season("global"), [user(it) for it in range(100)])


def query_strangers(_: str | None) -> Any:
    return wiring.reads().query(
        wiring.board_season("global"), [f"nobody-{it}" for it in range(100)]
    )


def query_one(_: str | None) -> Any:
    return wiring.reads().query(wiring.board_season("global"), [user(0)])


def first_page(_: str | None) -> Any:
    return wiring.reads().entries(wiring.board_season("global"), cursor=None, limit=100)


def later_page(cursor: str | None) -> Any:
    return wiring.reads().entries(wiring.board_season("global"), cursor=cursor, limit=100)


def first_user(_: str | None) -> Any:
    return wiring.reads().user(wiring.board_season("global"), user(USERS - 1), around=50)


def last_user(_: str | None) -> Any:
    return wiring.reads().user(wiring.board_season("global"), user(20), around=50)


def long_top(_: str | None) -> Any:
    return wiring.reads().top(wiring.board_season("global"), limit=100).body


UNITS = {
    query: 58,
    query_strangers: 52,
    query_one: 9,
    first_page: 8,
    later_page: 14,
    first_user: 9,
    last_user: 15,
    long_top: 8,
}
"""The most that each may consume: the item of the board, the users, and shares of four shards."""


@pytest.mark.usefixtures("archived")
def test_reads_of_a_season_that_is_not_kept_are_bounded() -> None:
    cursor = last_cursor()
    used: dict[Callable[..., Any], float] = {}
    for read in UNITS:
        with metered() as spent:
            assert read(cursor)["degraded"] is True
        used[read] = spent.reads
    assert {read.__name__: it for read, it in used.items() if it > UNITS[read]} == {}


@pytest.mark.parametrize("shards", [1, 2, 7])
def test_shard_that_holds_more_than_its_share_is_asked_again(
    shards: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WRITE_SHARDS", str(shards))
    aws.forget()
    board = wiring.catalog().find("global")
    # Of the first and the last nearly all stand in one shard.
    crowded = [it for it in range(900) if zlib.crc32(user(it).encode()) % shards == 0][:60]
    mixed = range(1000, 1060)
    order = [*crowded[:30], *mixed, *crowded[30:]]
    for place, number in enumerate(order):
        at = T0 + place
        item = ScoreItem(user(number), "global", "all", "N", 0, "visible", -place, at, T0)
        wiring.score_table().write(Write(board, item, 0))
    index, board_season = wiring.board_index(), wiring.board_season("global")
    everybody = [user(it) for it in order]
    for limit in (1, 29, 40, 119, 120, 121):
        found = index.best(board_season, limit)
        assert [it.user_id for it in found] == everybody[:limit]
    for place in (0, 29, 30, 89, 90, 119):
        position = Position(-place, T0 + place, everybody[place])
        for limit in (1, 25, 60):
            behind = [it.user_id for it in index.after(board_season, position, limit)]
            assert behind == everybody[place + 1 :][:limit]
            before = [it.user_id for it in index.before(board_season, position, limit)]
            assert before == everybody[:place][-limit:]
