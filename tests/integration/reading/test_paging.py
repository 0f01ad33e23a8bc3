"""Paging through a board while scores move: who stays is shown once, whoever answers each page.

Each walk draws who moves between two pages, how far and how, and what becomes of the cache, so that
pages come from the ranking and from the index in turn. The same number walks the same way again.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

import pytest

import handlers.rebuild
import leaderboard.reading.reads
from leaderboard import wiring
from leaderboard.adapters.aws.clients import client
from leaderboard.adapters.dynamodb.score_items import score_state
from leaderboard.boards import order
from leaderboard.boards.rules import Board
from leaderboard.boards.seasons import BoardSeason
from leaderboard.boards.snapshots import Score, ranked
from leaderboard.reading.standby import Standby
from leaderboard.scoring.items import HIDDEN, VISIBLE, ScoreItem, Write
from tests.integration import aws
from tests.integration.conftest import Dependencies
from tests.integration.events import CONTEXT
from tests.integration.valkey import Valkey

FIRST = int(os.environ.get("FIRST_WALK", "0"))
WALKS = range(FIRST, FIRST + int(os.environ.get("WALKS", "6")))
T0 = 1_795_420_800_000
USERS = 30
COUNTED = 8
"""Of the 30, so that walks lead past what the index is counted for."""
MISHAPS = ("nothing", "nothing", "nothing", "down", "flush", "rebuild")


@dataclass
class Crowd:
    """Users with scores on one board, in the table, in the cache and in a plain list."""

    board: Board
    chance: random.Random
    items: dict[str, ScoreItem] = field(default_factory=dict)
    now: int = T0

    def write(self, user_id: str, score: int | None, *, standing: str = VISIBLE) -> None:
        """A score, or (None) only another standing."""
        self.now += self.chance.choice((0, 0, 1, 5))
        old = self.items.get(user_id)
        moved = score is not None and (old is None or old.user_score != score)
        new = ScoreItem(
            user_id=user_id,
            board=self.board.board,
            season="all",
            user_name=user_id.title(),
            profile_version=0,
            standing=standing,
            user_score=score if score is not None or old is None else old.user_score,
            updated_ms=self.now if moved or old is None else old.updated_ms,
            version=T0 if old is None else old.version + 1,
        )
        wiring.score_table().write(Write(self.board, new, old.version if old else 0))
        self.items[user_id] = new

    def deliver(self, user_ids: list[str]) -> None:
        """What the stream of the scores does, with the images of those users."""
        key = {"S": f"{self.board.board}#all"}
        keys = [{"userId": {"S": user_id}, "boardSeason": key} for user_id in user_ids]
        images = [
            client("dynamodb").get_item(TableName=aws.SCORES, Key=it, ConsistentRead=True)["Item"]
            for it in keys
        ]
        records = [score_state(image)[1] for image in images]
        recorder = wiring.recorder()
        board_season = BoardSeason.stored(self.board, "all")
        top = recorder.apply(board_season, records).top
        recorder.record(board_season, top, waited_ms=1000)

    def entries(self) -> list[tuple[int, int, str]]:
        """Rank, place and user of everybody on the board, best first."""
        shown = [
            Score(it.user_id, it.user_name, it.user_score, it.updated_ms)
            for it in self.items.values()
            if it.standing == VISIBLE and it.user_score is not None and it.updated_ms is not None
        ]
        shown.sort(
            key=lambda it: order.sort_key(
                self.board.order, it.user_score, it.updated_ms, it.user_id
            )
        )
        return [(it.rank or 0, it.place or 0, it.user_id) for it in ranked(shown)]


@dataclass
class Walk:
    """One reader, who pages through the board while others score."""

    crowd: Crowd
    switches: Dependencies
    server: Valkey
    limit: int
    movers: list[str]

    def pages(self) -> Iterator[list[str]]:
        cursor = None
        while True:
            board_season = wiring.board_season(self.crowd.board.board)
            page = wiring.reads().entries(board_season, cursor=cursor, limit=self.limit)
            found = [(it["rank"], it["place"], it["userId"]) for it in page["entries"]]
            degraded = "degraded" in page
            # Nothing moves during a request: a page is a stretch of the board as it is.
            expected = [
                (None, None, user_id) if degraded and rank > COUNTED else (rank, place, user_id)
                for rank, place, user_id in self.crowd.entries()
            ]
            at = expected.index(found[0]) if found else 0
            assert found == expected[at : at + len(found)]
            assert page["total"] >= len(found)
            assert degraded == (not self.is_whole())
            yield [it["userId"] for it in page["entries"]]
            cursor = page["nextCursor"]
            if cursor is None:
                assert not found or found[-1] == expected[-1]
                return
            self.meanwhile()

    def is_whole(self) -> bool:
        if "cache" in self.switches.down:
            return False
        listing = wiring.read_ranking().list(
            BoardSeason.stored(self.crowd.board, "all"), after=None, limit=1
        )
        return listing is not None

    def meanwhile(self) -> None:
        chance = self.crowd.chance
        self.switches.down.clear()
        moved = chance.sample(self.movers, chance.randrange(len(self.movers)))
        for user_id in moved:
            score = chance.choice((chance.randrange(9), chance.randrange(9), None))
            self.crowd.write(user_id, score, standing=chance.choice((VISIBLE, VISIBLE, HIDDEN)))
        mishap = chance.choice(MISHAPS)
        if mishap == "flush":
            self.server.client.flushall()
        if moved:
            self.crowd.deliver(moved)
        if mishap == "rebuild":
            handlers.rebuild.handler({"board": self.crowd.board.board}, CONTEXT)
        if mishap == "down":
            self.switches.down.add("cache")


@pytest.mark.parametrize("number", [*WALKS])
@pytest.mark.parametrize("name", ["rating-walk", "fastest-lap"])
def test_who_does_not_move_is_shown_once(
    dependencies: Dependencies,
    cache_server: Valkey,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    number: int,
) -> None:
    monkeypatch.setattr(leaderboard.reading.reads, "Standby", partial(Standby, counted=COUNTED))
    chance = random.Random(f"{name} {number}")
    crowd = Crowd(wiring.catalog().find(name), chance)
    names = [f"{chance.choice('aBz')}{n:02}" for n in range(USERS)]
    for user_id in names:
        crowd.write(user_id, chance.randrange(9))
    crowd.deliver(names)
    movers = chance.sample(names, chance.randrange(1, USERS // 2))
    still = [it for it in names if it not in movers]
    walk = Walk(crowd, dependencies, cache_server, chance.choice((1, 2, 3, 5, 8)), movers)
    shown = [user_id for page in walk.pages() for user_id in page]
    expected = [user_id for _, _, user_id in crowd.entries() if user_id in still]
    assert [it for it in shown if it in still] == expected
