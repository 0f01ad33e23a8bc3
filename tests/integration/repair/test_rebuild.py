"""Rebuilds: from the table to a full ranking, whatever happens on the way."""

from __future__ import annotations

from typing import Any

import pytest

import handlers.rebuild
from leaderboard import clock, wiring
from leaderboard.adapters.aws.clients import client
from leaderboard.adapters.dynamodb.score_scanner import ScoreScanner
from leaderboard.adapters.valkey.ranking import ValkeyRanking
from leaderboard.boards.snapshots import Score
from leaderboard.errors import BoardNotFound, Invalid, Unavailable
from leaderboard.ranking.recorder import Recorder
from leaderboard.ranking.score_state import ScoreState
from leaderboard.ranking.tops import COMPLETE
from tests.integration import aws
from tests.integration.events import CONTEXT
from tests.integration.valkey import Valkey

pytestmark = pytest.mark.usefixtures("stage")


def take(user_id: str, score: int) -> None:
    """What the score stream does with one record."""
    board_season, recorder = wiring.board_season("global"), wiring.recorder()
    record = ScoreState(user_id, clock.machine_ms(), Score(user_id, user_id, score, 1000 + score))
    recorder.record(board_season, recorder.apply(board_season, [record]).top)


def recorded() -> list[str]:
    item = wiring.board_table().read("global#all")
    return [] if item is None else [entry.user_id for entry in item.snapshot.entries]


def unreadable(*_: Any, **__: Any) -> Any:
    raise Unavailable("The table cannot be read.")


def test_scores_after_a_rebuild_that_died_on_an_empty_board_outlive_the_cache(
    cache_server: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(ScoreScanner, "read_page", unreadable)
        patch.setattr("leaderboard.repair.patience.PATIENCE_SECONDS", 0)
        with pytest.raises(Unavailable):
            rebuilt()
    take("first", 30)
    cache_server.client.flushall()
    take("second", 20)
    assert recorded()[:1] == ["first"]


def score(user: str, amount: int, board: str = "global") -> None:
    """A score in the table that no stream has delivered."""
    wiring.submissions().submit(user_id=user, board=board, submission_id="s", delta=amount)


def rebuilt(**event: Any) -> dict[str, Any]:
    answer: dict[str, Any] = handlers.rebuild.handler(event or {"board": "global"}, CONTEXT)
    return answer


def ranked() -> list[str]:
    top = wiring.ranking_cache().read(wiring.board_season("global"), size=100)
    assert top is not None
    assert top.completeness == COMPLETE
    assert not top.is_unrecorded
    return [it.user_id for it in top.scores]


def put_raw(user: str, **attributes: Any) -> None:
    image = {"userId": {"S": user}, "boardSeason": {"S": "global#all"}, **attributes}
    client("dynamodb").put_item(TableName=aws.SCORES, Item=image)


def test_table_becomes_a_ranking_and_its_top_is_recorded() -> None:
    for number in range(15):
        score(f"user-{number:02d}", 100 - number)
    answer = rebuilt()
    assert (answer["items"], answer["applied"], answer["moved"]) == (15, 15, True)
    assert ranked() == [f"user-{number:02d}" for number in range(15)]
    assert recorded() == [f"user-{number:02d}" for number in range(10)]


def test_ranking_that_equals_the_table_keeps_its_version() -> None:
    score("ann", 10)
    rebuilt()
    before = wiring.board_table().read("global#all")
    answer = rebuilt(board="global", season="all")
    after = wiring.board_table().read("global#all")
    assert before is not None
    assert after is not None
    assert (answer["applied"], answer["moved"]) == (0, False)
    assert after.snapshot == before.snapshot


def test_empty_board_stays_without_a_record() -> None:
    assert rebuilt()["items"] == 0
    assert wiring.board_table().read("global#all") is None
    take("first", 30)
    assert ranked() == recorded() == ["first"]


def test_audit_mends_what_a_failover_lost(cache_server: Valkey) -> None:
    take("first", 30)
    before = cache_server.snapshot()
    score("first", 30)
    score("second", 20)
    rebuilt()
    assert recorded() == ["first", "second"]
    cache_server.restore(before)
    rebuilt()
    assert ranked() == recorded() == ["first", "second"]


def test_removed_and_hidden_users_are_on_no_rebuilt_board(cache_server: Valkey) -> None:
    for user, amount in (("ann", 30), ("bob", 20), ("cy", 10)):
        score(user, amount)
    rebuilt()
    later = {"version": {"N": str(clock.machine_ms() + 10)}}
    put_raw("ann", **later, expiresAt={"N": "1"})
    put_raw("bob", **later, userScore={"N": "20"}, standing={"S": "hidden"})
    cache_server.client.flushall()
    rebuilt()
    assert ranked() == recorded() == ["cy"]


def test_item_that_cannot_be_understood_does_not_stop_a_rebuild() -> None:
    score("ann", 30)
    put_raw("poison", version={"S": "one"}, userScore={"N": "9"})
    score("bob", 20)
    rebuilt()
    assert ranked() == recorded() == ["ann", "bob"]


def test_boards_and_seasons_that_are_none_are_refused() -> None:
    with pytest.raises(BoardNotFound):
        rebuilt(board="gone")
    with pytest.raises(Invalid):
        rebuilt(board="global", season="2026-W48")
    with pytest.raises(Invalid):
        rebuilt(season="all")


def test_ranking_that_is_lost_as_its_rebuild_ends_is_filled_again(
    cache_server: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    score("ann", 30)
    score("bob", 20)
    settle = ValkeyRanking.set_completeness
    lost: list[str] = []

    def settle_and_lose(cache: ValkeyRanking, *arguments: Any, **named: Any) -> bool:
        done = settle(cache, *arguments, **named)
        if not lost:
            lost.append("once")
            cache_server.client.flushall()
        return done

    monkeypatch.setattr(ValkeyRanking, "set_completeness", settle_and_lose)
    rebuilt()
    assert ranked() == recorded() == ["ann", "bob"]


def test_top_of_a_rebuild_that_died_before_it_was_recorded_is_recorded_by_the_next(
    cache_server: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rebuild of whatever is cold finds it complete; no score may come for a long time."""
    take("ann", 30)
    cache_server.client.flushall()
    score("bob", 40)
    with monkeypatch.context() as patch:
        patch.setattr(Recorder, "record", unreadable)
        patch.setattr("leaderboard.repair.patience.PATIENCE_SECONDS", 0)
        with pytest.raises(Unavailable):
            rebuilt(board="global", cold=True)
    assert recorded() == ["ann"]
    assert rebuilt(board="global", cold=True)["moved"]
    assert ranked() == recorded() == ["bob"]
