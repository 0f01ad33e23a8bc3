"""Rebuilds: from the table to a full ranking, whatever happens on the way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from leaderboard import instants, wiring
from leaderboard.errors import Unavailable
from leaderboard.ranking import ScoreRecord
from leaderboard.rebuild import Rebuild
from leaderboard.snapshots import Score
from tests.integration.valkey import Valkey

pytestmark = pytest.mark.usefixtures("stage")


class Interrupted:
    """A scan that ends as soon as it has begun."""

    def scan(self, board: str, season: str) -> Iterator[list[ScoreRecord]]:
        raise Unavailable(f"{board}#{season} cannot be read")


def take(user_id: str, score: int) -> None:
    """What the score stream does with one record."""
    board, recorder = wiring.boards().find("global"), wiring.recorder()
    record = ScoreRecord(user_id, instants.now_ms(), Score(user_id, user_id, score, 1000 + score))
    recorder.record(board, "all", recorder.apply(board, "all", [record]).top)


def recorded() -> list[str]:
    item = wiring.board_table().read("global", "all")
    return [] if item is None else [entry.user_id for entry in item.snapshot.entries]


def test_scores_after_a_rebuild_that_died_on_an_empty_board_outlive_the_cache(
    cache_server: Valkey,
) -> None:
    audit = Rebuild(
        wiring.boards(),
        Interrupted(),
        wiring.ranking_cache(),
        wiring.recorder(),
        instants.now_ms,
    )
    with pytest.raises(Unavailable):
        audit.run("global", None)
    take("first", 30)
    cache_server.client.flushall()
    take("second", 20)
    assert recorded()[:1] == ["first"]
