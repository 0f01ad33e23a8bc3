"""Listings: the ranking in the cache and the index in its place answer as a sorted list does."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from leaderboard import wiring
from leaderboard.adapters.aws.clients import client
from leaderboard.adapters.dynamodb import index
from leaderboard.boards import order
from leaderboard.boards.rules import MAX_SCORE, Board, Order
from leaderboard.boards.seasons import BoardSeason
from leaderboard.boards.snapshots import Entry, Score, ranked
from leaderboard.ranking.listings import Listing, Position
from leaderboard.ranking.ports import RankingReader
from leaderboard.ranking.score_state import ScoreState
from leaderboard.reading.standby import Standby
from leaderboard.scoring.items import ScoreItem, Write
from tests.integration import aws

pytestmark = pytest.mark.usefixtures("stage")

T0 = 1_795_420_800_000
HIGH = BoardSeason.stored(Board("global", "Global", order=Order.DESC), "all")
LOW = BoardSeason.stored(Board("fastest-lap", "Lap", order=Order.ASC), "all")
EXTREMES = (MAX_SCORE, -MAX_SCORE, MAX_SCORE - 1, 0)
COUNTED = 20
USERS = 35
"""More than the index is counted for."""


def crowd(board: BoardSeason, users: int, *, seed: int = 7) -> list[Score]:
    """So many scores in board order, ties of score and of time among them."""
    chance = random.Random(seed)
    scores = [
        Score(
            f"{chance.choice('aBz09')}{chance.choice('._:-')}{number}",
            f"Name | {number} ☃",
            chance.choice([*EXTREMES, *([chance.randint(-20, 20)] * 8)]),
            T0 + chance.randint(0, 2),
        )
        for number in range(users)
    ]
    return sorted(scores, key=lambda it: key(board, it))


def key(board: BoardSeason, at: Score | Position | Entry) -> tuple[int, int, str]:
    return order.sort_key(board.rules.order, at.user_score, at.updated_ms, at.user_id)


def position(at: Score | Entry) -> Position:
    return Position(at.user_score, at.updated_ms, at.user_id)


def item(board: BoardSeason, score: Score, **changes: Any) -> ScoreItem:
    plain = ScoreItem(
        user_id=score.user_id,
        board=board.board,
        season="all",
        user_name=score.user_name,
        profile_version=0,
        user_score=score.user_score,
        updated_ms=score.updated_ms,
        version=T0,
    )
    return replace(plain, **changes)


def store(board: BoardSeason, scores: list[Score]) -> None:
    """Into the table, with its index, and into the cache, recorded."""
    for it in scores:
        wiring.score_table().write(Write(board.rules, item(board, it), 0))
    rank(board, scores)


def rank(board: BoardSeason, scores: list[Score]) -> None:
    records = [ScoreState(it.user_id, T0, it) for it in scores]
    recorder = wiring.recorder()
    recorder.record(board, recorder.apply(board, records).top)


def ranking(_: int) -> RankingReader:
    return wiring.read_ranking()


def standby(total: int) -> RankingReader:
    return Standby(wiring.board_index(), total, COUNTED)


@pytest.fixture(params=[ranking, standby])
def rankings(request: pytest.FixtureRequest) -> Callable[[int], RankingReader]:
    made: Callable[[int], RankingReader] = request.param
    return made


def shown(
    listing: Listing | None, expected: list[Entry], *, total: int, counted: int = COUNTED
) -> None:
    """The same entries in the same order, ranked as far as whoever answers can count."""
    assert listing is not None
    assert [position(it) for it in listing.entries] == [position(it) for it in expected]
    assert [it.user_name for it in listing.entries] == [it.user_name for it in expected]
    for found, wanted in zip(listing.entries, expected, strict=True):
        if (found.rank, found.place) == (None, None):
            assert wanted.rank is not None
            assert wanted.rank > counted
        else:
            assert found == wanted
    assert listing.total == total


Made = Callable[[int], RankingReader]


@pytest.mark.parametrize("board", [HIGH, LOW])
def test_pages_are_the_parts_of_the_order(rankings: Made, board: BoardSeason) -> None:
    scores = crowd(board, USERS)
    store(board, scores)
    entries = [*ranked(scores)]
    answering = rankings(USERS)
    for limit in (1, 17, 21, 50):
        shown(answering.list(board, after=None, limit=limit), entries[:limit], total=USERS)
    for at in (0, 1, 12, 18, 19, 20, 21, 33, 34):
        listing = answering.list(board, after=position(entries[at]), limit=9)
        shown(listing, entries[at + 1 : at + 10], total=USERS)


@pytest.mark.parametrize("board", [HIGH, LOW])
def test_page_begins_behind_a_position_at_which_nobody_stands(
    rankings: Made, board: BoardSeason
) -> None:
    scores = crowd(board, 25)
    store(board, scores)
    entries = [*ranked(scores)]
    chance = random.Random(1)
    positions = [
        Position(chance.randint(-22, 22), T0 + chance.randint(-1, 3), chance.choice("0Bz~a"))
        for _ in range(20)
    ]
    positions += [Position(it, T0 + by, "m") for it in EXTREMES for by in (-1, 5)]
    for at in positions:
        behind = [it for it in entries if key(board, it) > key(board, at)]
        listing = rankings(25).list(board, after=at, limit=7)
        shown(listing, behind[:7], total=25)


@pytest.mark.parametrize("board", [HIGH, LOW])
def test_user_is_shown_between_neighbours(rankings: Made, board: BoardSeason) -> None:
    scores = crowd(board, USERS)
    store(board, scores)
    entries = [*ranked(scores)]
    for at in (0, 1, 4, 16, 19, 20, 21, 25, 33, 34):
        for reach in (0, 1, 5, 50):
            listing = rankings(USERS).around(board, entries[at].user_id, reach=reach)
            shown(listing, entries[max(0, at - reach) : at + reach + 1], total=USERS)


def test_user_without_a_score_has_no_neighbours(rankings: Made) -> None:
    store(HIGH, crowd(HIGH, 5))
    shown(rankings(5).around(HIGH, "nobody", reach=5), [], total=5)
    assert rankings(5).around(LOW, "nobody", reach=5) in (None, Listing((), 5))


@pytest.mark.parametrize("board", [HIGH, LOW])
def test_users_asked_for_are_found_in_the_order_of_the_board(
    rankings: Made, board: BoardSeason
) -> None:
    scores = crowd(board, USERS)
    store(board, scores)
    entries = [*ranked(scores)]
    chance = random.Random(3)
    for size in (1, 2, 15, 35):
        asked = chance.sample(entries, size)
        ids = [it.user_id for it in asked]
        expected = sorted(asked, key=lambda it: it.rank or 0)
        shown(rankings(USERS).find(board, ids), expected, total=USERS)
        shown(rankings(USERS).find(board, [*ids, "nobody"]), expected, total=USERS)
    shown(rankings(USERS).find(board, ["nobody", "no-one"]), [], total=USERS)


# What an index in place of the ranking has to mind.


def test_whoever_is_not_to_be_seen_is_in_no_listing() -> None:
    scores = crowd(HIGH, 9)
    store(HIGH, scores)
    hidden, removed, expired = scores[1], scores[3], scores[5]
    table = wiring.score_table()
    table.write(Write(HIGH.rules, item(HIGH, hidden, version=T0 + 1, standing="hidden"), T0))
    keys = ("userId", "boardSeason")
    for it in (removed, expired):
        stored = client("dynamodb").get_item(
            TableName=aws.SCORES,
            Key={"userId": {"S": it.user_id}, "boardSeason": {"S": "global#all"}},
        )["Item"]
        kept = stored if it is expired else {name: stored[name] for name in (*keys, "version")}
        kept = {name: kept[name] for name in kept if not name.startswith("boardO")}
        client("dynamodb").put_item(
            TableName=aws.SCORES, Item={**kept, "expiresAt": {"N": str(T0 // 1000 - 10**9)}}
        )
    entries = [*ranked(it for it in scores if it not in (hidden, removed, expired))]
    answering = standby(6)
    shown(answering.list(HIGH, after=None, limit=100), entries, total=6)
    for it in (hidden, removed, expired):
        shown(answering.around(HIGH, it.user_id, reach=2), [], total=6)
    asked = [it.user_id for it in scores]
    shown(answering.find(HIGH, asked), entries, total=6)


def test_total_is_never_less_than_what_is_shown() -> None:
    scores = crowd(HIGH, 12)
    store(HIGH, scores)
    entries = [*ranked(scores)]
    shown(standby(3).list(HIGH, after=None, limit=5), entries[:5], total=5)
    around = standby(3).around(HIGH, entries[10].user_id, reach=1)
    shown(around, entries[9:12], total=12)
    shown(standby(3).find(HIGH, [entries[8].user_id]), [entries[8]], total=9)
    shown(standby(50).list(HIGH, after=None, limit=5), entries[:5], total=50)


@pytest.mark.parametrize("users", [9, USERS])
def test_users_own_score_is_that_of_the_table_where_the_index_lags_behind(
    monkeypatch: pytest.MonkeyPatch, users: int
) -> None:
    scores = crowd(HIGH, users)
    store(HIGH, scores)
    real = index.BoardIndex.find

    for at, to in ((2, 5), (5, 2), (0, users - 1), (users - 1, 0), (users - 1, users // 2)):
        moved = replace(scores[at], user_score=scores[to].user_score, updated_ms=T0 + 3)
        now = sorted([*scores[:at], *scores[at + 1 :], moved], key=lambda it: key(HIGH, it))

        def ahead(self: Any, *asked: Any, moved: Score = moved) -> list[Score]:
            return [moved if it.user_id == moved.user_id else it for it in real(self, *asked)]

        monkeypatch.setattr(index.BoardIndex, "find", ahead)
        entries = [*ranked(now)]
        mine = next(n for n, it in enumerate(now) if it.user_id == moved.user_id)
        listing = standby(users).around(HIGH, moved.user_id, reach=3)
        shown(listing, entries[max(0, mine - 3) : mine + 4], total=users)
        asked = [it.user_id for it in scores[:: max(1, users // 20)]] + [moved.user_id]
        expected = [it for it in entries if it.user_id in asked]
        found = standby(users).find(HIGH, asked)
        # One of the counted is the user's, where it was before.
        shown(found, expected, total=users, counted=COUNTED - 1)


def test_pages_of_the_index_are_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page may end before its limit: at a megabyte, or where an item is none."""
    scores = crowd(HIGH, 60)
    store(HIGH, scores)
    entries = [*ranked(scores)]
    # A row that somebody made by hand, ahead of all in every shard.
    for number in range(40):
        client("dynamodb").put_item(
            TableName=aws.SCORES,
            Item={
                "userId": {"S": f"by-hand-{number}"},
                "boardSeason": {"S": "global#all"},
                "boardSeasonShard": {"S": f"global#all#{number % 4}"},
                "boardOrder": {"S": f"0{number}"},
            },
        )
    real = client("dynamodb").query
    asked = []

    def short(**request: Any) -> Any:
        asked.append(request)
        return real(**{**request, "Limit": min(3, request["Limit"])})

    monkeypatch.setattr(client("dynamodb"), "query", short)
    shown(standby(60).list(HIGH, after=None, limit=30), entries[:30], total=60)
    assert len(asked) > 4
    at = position(entries[30])
    assert wiring.board_index().after(HIGH, at, 20) == scores[31:51]
    assert wiring.board_index().before(HIGH, at, 20) == scores[10:30]


def test_users_that_one_answer_leaves_out_are_asked_for_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scores = crowd(HIGH, 10)
    store(HIGH, scores)
    real = client("dynamodb").batch_get_item

    def some(*, RequestItems: Any) -> Any:  # noqa: N803 - boto3's name
        wanted = RequestItems[aws.SCORES]
        first, later = wanted["Keys"][:4], wanted["Keys"][4:]
        answer = real(RequestItems={aws.SCORES: {**wanted, "Keys": first}})
        left = {aws.SCORES: {**wanted, "Keys": later}} if later else {}
        return {**answer, "UnprocessedKeys": left}

    monkeypatch.setattr(client("dynamodb"), "batch_get_item", some)
    found = wiring.board_index().find(HIGH, [it.user_id for it in scores])
    assert sorted(found, key=lambda it: key(HIGH, it)) == scores
