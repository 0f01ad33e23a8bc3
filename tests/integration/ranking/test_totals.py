"""Totals: how many players a board has, in its records and so in the frames of its viewers."""

from __future__ import annotations

from typing import Any

import pytest

import handlers.score_stream
import handlers.verify
from leaderboard import wiring
from leaderboard.adapters.aws.clients import client
from leaderboard.adapters.valkey.encoding import CacheKeys
from leaderboard.adapters.valkey.ranking import ValkeyRanking
from leaderboard.boards.rules import Order
from leaderboard.boards.seasons import BoardSeason, key_of
from leaderboard.ranking.tops import TOTAL_MS, BoardItem
from tests.integration import aws
from tests.integration.conftest import Dependencies
from tests.integration.events import CONTEXT, stream_record
from tests.integration.valkey import Valkey

Json = dict[str, Any]
T0 = 1_795_420_800_000
SIZE = 10
"""The top size of the board, whose places are all taken by leaders far ahead."""
MINUTE = {"audit": False}
"""The event of the minute's function on a stage that audits nothing."""


@pytest.fixture(autouse=True)
def switches(dependencies: Dependencies) -> Dependencies:
    return dependencies


def deliver(*scores: tuple[str, int | None], version: int = T0, board: str = "global") -> None:
    """A batch of the score stream: users and their scores; None for who was removed."""
    records = []
    for number, (user, score) in enumerate(scores):
        image: Json = {
            "userId": {"S": user},
            "boardSeason": {"S": f"{board}#all"},
            "version": {"N": str(version)},
        }
        if score is not None:
            image["userName"] = {"S": user}
            image["userScore"] = {"N": str(score)}
            image["scoreUpdatedAt"] = {"S": "2026-11-23T08:00:00.000Z"}
        keys = {name: image[name] for name in ("userId", "boardSeason")}
        records.append(stream_record(number, keys, image))
    answer = handlers.score_stream.handler({"Records": records}, CONTEXT)
    assert answer == {"batchItemFailures": []}


def lead(board: str = "global") -> None:
    deliver(*((f"leader-{number}", 1000 + number) for number in range(SIZE)), board=board)


def item(board: str = "global") -> BoardItem:
    found = wiring.board_table().read(key_of(board, "all"))
    assert found is not None
    return found


def told(board: str = "global") -> tuple[int, int]:
    """The version that viewers have, and the total with it."""
    snapshot = item(board).snapshot
    return snapshot.version, snapshot.total


def age(ms: int, board: str = "global") -> None:
    """Let the last record be older by so much."""
    state = CacheKeys.of(key_of(board, "all")).state
    assert wiring.cache_connection().client.execute_command("HINCRBY", state, "recordedAt", -ms) > 0


def follow(board: str = "global", connection: str = "viewer=") -> None:
    wiring.connection_table().open(connection, None)
    wiring.connection_table().subscribe(connection, board)


def minute() -> list[str]:
    recorded: list[str] = handlers.verify.handler(MINUTE, CONTEXT)["totals"]
    return recorded


# Under traffic.


def test_total_is_recorded_ten_seconds_after_the_last_record() -> None:
    lead()
    deliver(("low-1", 1))
    age(TOTAL_MS - 1000)
    deliver(("low-2", 2))
    assert told() == (1, SIZE)
    age(1000)
    deliver(("low-3", 3))
    assert told() == (2, SIZE + 3)
    revision = item().revision
    deliver(("low-4", 4))
    assert (told(), item().revision) == ((2, SIZE + 3), revision)


def test_total_that_is_the_same_again_is_not_recorded() -> None:
    lead()
    deliver(("low-1", 1))
    deliver(("low-1", None), version=T0 + 1)
    age(TOTAL_MS)
    deliver(("leader-0", 1000))
    assert (told(), item().revision) == ((1, SIZE), 1)


def test_total_moves_with_a_top_that_moves() -> None:
    lead()
    deliver(("low-1", 1))
    deliver(("leader-9", 2000), version=T0 + 1)
    assert told() == (2, SIZE + 1)


def test_version_has_one_total() -> None:
    """A top that came back to what it was moves no version; its total waits until it is due."""
    lead()
    board_season = wiring.board_season("global")
    recorder = wiring.recorder()
    deliver(("low-1", 1))
    applied = recorder.cache.apply(board_season, [])
    wiring.cache_connection().client.execute_command(
        "HSET", CacheKeys.of("global#all").state, "change", "came back"
    )
    assert applied.top is not None
    recorder.record(board_season, wiring.ranking_cache().read(board_season))
    assert (told(), item().revision) == ((1, SIZE), 2)
    age(TOTAL_MS)
    deliver(("leader-0", 1000))
    assert told() == (2, SIZE + 1)


def test_total_is_known_again_where_a_release_before_kept_none() -> None:
    lead()
    wiring.cache_connection().client.execute_command(
        "HDEL", CacheKeys.of("global#all").state, "total"
    )
    age(TOTAL_MS)
    deliver(("low-1", 1))
    assert told() == (2, SIZE + 1)


# After the last score.


def test_minute_records_the_total_of_a_board_that_has_viewers() -> None:
    lead()
    follow()
    deliver(("low-1", 1), ("low-2", 2))
    age(TOTAL_MS)
    assert minute() == ["global#all"]
    assert told() == (2, SIZE + 2)
    assert minute() == []
    assert told() == (2, SIZE + 2)


def test_minute_waits_until_the_last_record_is_old_enough() -> None:
    lead()
    follow()
    deliver(("low-1", 1))
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        age(TOTAL_MS)

    object.__setattr__(wiring.recorder(), "sleep", sleep)
    assert minute() == ["global#all"]
    assert len(slept) == 1
    assert TOTAL_MS / 1000 - 5 < slept[0] <= TOTAL_MS / 1000
    assert told() == (2, SIZE + 1)


def test_board_without_viewers_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for board in ("global", "rating-1"):
        lead(board)
        deliver(("low-1", 1), board=board)
        age(TOTAL_MS, board)
    follow("rating-1")
    asked: list[str] = []
    read, apply = ValkeyRanking.read, ValkeyRanking.apply

    def reads(cache: ValkeyRanking, it: Any, *rest: Any, **options: Any) -> Any:
        asked.append(it.board)
        return read(cache, it, *rest, **options)

    def applies(cache: ValkeyRanking, it: Any, *rest: Any, **options: Any) -> Any:
        asked.append(it.board)
        return apply(cache, it, *rest, **options)

    monkeypatch.setattr(ValkeyRanking, "read", reads)
    monkeypatch.setattr(ValkeyRanking, "apply", applies)
    assert minute() == ["rating-1#all"]
    assert set(asked) == {"rating-1"}
    assert told() == (1, SIZE)


def test_board_whose_viewers_have_gone_is_left_alone() -> None:
    lead()
    follow()
    deliver(("low-1", 1))
    age(TOTAL_MS)
    wiring.connection_table().close("viewer=")
    assert minute() == []
    assert told() == (1, SIZE)


def test_cache_that_was_lost_leaves_the_followed_boards_known(cache_server: Valkey) -> None:
    """They are in the table: a board that is filled again catches up."""
    lead()
    follow()
    cache_server.client.flushall()
    assert minute() == []  # a rebuild records what is cold
    board_season = wiring.board_season("global")
    records = [("low-1", 1), *((f"leader-{number}", 1000 + number) for number in range(SIZE))]
    deliver(*records)
    top = wiring.ranking_cache().read(board_season)
    assert top is not None
    wiring.ranking_cache().set_completeness(board_season, top.life, "complete")
    deliver()
    deliver(("leader-0", 1000))
    assert told() == (1, SIZE)
    age(TOTAL_MS)
    assert minute() == ["global#all"]
    assert told() == (2, SIZE + 1)


def test_top_that_was_left_unrecorded_is_recorded_with_the_minute() -> None:
    lead()
    follow()
    board_season = wiring.board_season("global")
    wiring.cache_connection().client.execute_command(
        "HSET", CacheKeys.of("global#all").state, "change", "left"
    )
    age(TOTAL_MS)
    assert minute() == ["global#all"]
    top = wiring.ranking_cache().read(board_season)
    assert top is not None
    assert not top.is_unrecorded
    assert told() == (1, SIZE)


def test_board_that_fails_does_not_hold_up_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    for board in ("global", "rating-1"):
        lead(board)
        follow(board)
        deliver(("low-1", 1), board=board)
        age(TOTAL_MS, board)
    apply = ValkeyRanking.apply

    def lost(cache: ValkeyRanking, board_season: BoardSeason, *rest: Any, **options: Any) -> Any:
        applied = apply(cache, board_season, *rest, **options)
        if board_season.board == "global":
            cache.drop("global#all")
            assert applied.top is not None
            client("dynamodb").update_item(
                TableName=aws.BOARDS,
                Key={"boardSeason": {"S": "global#all"}},
                UpdateExpression="ADD revision :one",  # somebody else recorded meanwhile
                ExpressionAttributeValues={":one": {"N": "1"}},
            )
        return applied

    monkeypatch.setattr(ValkeyRanking, "apply", lost)
    answer = handlers.verify.handler(MINUTE, CONTEXT)
    assert (answer["totals"], answer["totalsFailed"]) == (["rating-1#all"], ["global#all"])


def test_board_whose_order_changed_meanwhile_is_filled_again(switches: Dependencies) -> None:
    lead()
    follow()
    deliver(("low-1", 1))
    age(TOTAL_MS)
    assert wiring.board_table().change_order(item(), Order.ASC)
    assert minute() == []
    (asked,) = switches.invoked
    assert (asked["board"], asked["season"]) == ("global", "all")


def test_board_whose_ranking_is_lost_meanwhile_is_filled_again(
    switches: Dependencies, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server may lose one key of a ranking and keep the others."""
    lead()
    follow()
    deliver(("low-1", 1))
    age(TOTAL_MS)
    apply = ValkeyRanking.apply

    def losing(cache: ValkeyRanking, board_season: BoardSeason, *rest: Any, **options: Any) -> Any:
        cache.connection.client.execute_command("DEL", CacheKeys.of("global#all").ranking[0])
        return apply(cache, board_season, *rest, **options)

    monkeypatch.setattr(ValkeyRanking, "apply", losing)
    assert minute() == []
    (asked,) = switches.invoked
    assert (asked["board"], asked["season"]) == ("global", "all")


def test_rebuild_that_cannot_be_started_is_told(switches: Dependencies) -> None:
    lead()
    follow()
    deliver(("low-1", 1))
    age(TOTAL_MS)
    assert wiring.board_table().change_order(item(), Order.ASC)
    switches.down.add("lambda")
    assert handlers.verify.handler(MINUTE, CONTEXT)["totalsFailed"] == ["global#all"]


def test_audit_runs_beside_it_unless_the_stage_says_no() -> None:
    lead()
    assert "checked" not in handlers.verify.handler(MINUTE, CONTEXT)
    assert handlers.verify.handler({"audit": True}, CONTEXT)["checked"] > 0
