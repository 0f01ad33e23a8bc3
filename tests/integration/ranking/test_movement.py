"""Movement: each record keeps the top of midnight, and its entries say how they stood in it."""

from __future__ import annotations

import json
from typing import Any

import pytest

import handlers.rebuild
import handlers.score_stream
from leaderboard import clock, wiring
from leaderboard.adapters.aws.clients import client
from leaderboard.adapters.dynamodb.boards import BoardTable
from leaderboard.adapters.valkey.encoding import CacheKeys
from leaderboard.boards.snapshots import since_json, top_json
from leaderboard.ranking.tops import BoardItem
from tests.integration import aws
from tests.integration.conftest import Dependencies
from tests.integration.events import CONTEXT, stream_record
from tests.integration.valkey import Valkey

Json = dict[str, Any]
MONDAY, TUESDAY = "2026-11-23T00:00:00.000Z", "2026-11-24T00:00:00.000Z"
HOUR_MS = 3_600_000


class Day:
    """The time of the machine's clock."""

    def __init__(self) -> None:
        self.now_ms = clock.from_text(MONDAY) + HOUR_MS

    def __call__(self) -> int:
        return self.now_ms

    def turns(self, days: int = 1) -> None:
        self.now_ms += days * clock.DAY_MS


@pytest.fixture(autouse=True)
def switches(dependencies: Dependencies) -> Dependencies:
    return dependencies


@pytest.fixture(autouse=True)
def day(monkeypatch: pytest.MonkeyPatch) -> Day:
    day = Day()
    monkeypatch.setattr(clock, "machine_ms", day)
    return day


def deliver(version: int, **scores: int | None) -> None:
    """A batch of the score stream: users and their scores; None for who was removed."""
    records = []
    for number, (user, score) in enumerate(scores.items()):
        image: Json = {
            "userId": {"S": user},
            "boardSeason": {"S": "global#all"},
            "version": {"N": str(version)},
        }
        if score is not None:
            image["userName"] = {"S": user}
            image["userScore"] = {"N": str(score)}
            image["scoreUpdatedAt"] = {"S": "2026-11-23T00:30:00.000Z"}
        client("dynamodb").put_item(TableName=aws.SCORES, Item=image)
        keys = {name: image[name] for name in ("userId", "boardSeason")}
        records.append(stream_record(number, keys, image))
    assert handlers.score_stream.handler({"Records": records}, CONTEXT) == {"batchItemFailures": []}


def shown() -> tuple[int, str | None, dict[str, int | None]]:
    """The recorded version, the midnight, and each user of the top with the rank then."""
    item = wiring.board_table().read("global#all")
    assert item is not None
    top = item.snapshot
    was = {it["userId"]: it["was"] for it in top_json(top.entries, top.day)}
    return top.version, since_json(top.day), was


def test_first_record_ever_was_preceded_by_an_empty_top() -> None:
    deliver(1, ada=30, bob=20)
    assert shown() == (1, MONDAY, {"ada": None, "bob": None})


def test_first_record_of_a_day_keeps_the_top_of_midnight(day: Day) -> None:
    deliver(1, ada=30, bob=20)
    deliver(2, bob=40)
    day.turns()
    deliver(3, cyd=50)
    assert shown() == (3, TUESDAY, {"cyd": None, "bob": 1, "ada": 2})
    deliver(4, ada=60)
    assert shown() == (4, TUESDAY, {"ada": 2, "cyd": None, "bob": 1})


def test_day_begins_with_the_first_record_after_days_without_one(day: Day) -> None:
    deliver(1, ada=30, bob=20)
    day.turns(3)
    deliver(2, bob=40)
    assert shown() == (2, "2026-11-26T00:00:00.000Z", {"bob": 2, "ada": 1})


def test_day_that_begins_moves_the_version_of_a_top_that_stays(day: Day) -> None:
    deliver(1, ada=30, bob=20)
    day.turns()
    deliver(2, bob=40)
    deliver(3, bob=20)
    version, since, was = shown()
    day.turns()
    change_nothing()
    assert shown() == (version + 1, "2026-11-25T00:00:00.000Z", {"ada": 1, "bob": 2})
    change_nothing()
    assert shown()[0] == version + 1
    assert (since, was) == (TUESDAY, {"ada": 1, "bob": 2})


def change_nothing() -> None:
    """The cache has a state that is not recorded, with the same top."""
    state = CacheKeys.of("global#all").state
    wiring.cache_connection().client.execute_command("HSET", state, "change", "another")
    recorder, board_season = wiring.recorder(), wiring.board_season("global")
    recorder.record(board_season, wiring.ranking_cache().read(board_season))


def test_who_comes_back_has_the_rank_of_midnight(day: Day) -> None:
    deliver(1, ada=30, bob=20)
    day.turns()
    deliver(2, ada=None)
    assert shown()[2] == {"bob": 2}
    deliver(3, ada=10)
    assert shown()[2] == {"bob": 2, "ada": 1}


def test_day_survives_the_loss_of_the_cache(day: Day, cache_server: Valkey) -> None:
    deliver(1, ada=30, bob=20)
    day.turns()
    deliver(2, bob=40)
    kept = shown()
    cache_server.client.flushall()
    assert handlers.rebuild.handler({"board": "global"}, CONTEXT)["finished"]
    assert shown() == kept
    deliver(3, cyd=99)
    assert shown()[1:] == (TUESDAY, {"cyd": None, "bob": 2, "ada": 1})


def test_clock_that_is_behind_midnight_leaves_the_new_day(day: Day) -> None:
    deliver(1, ada=30, bob=20)
    day.turns()
    deliver(2, bob=40)
    day.turns(-1)
    deliver(3, ada=50)
    assert shown() == (3, TUESDAY, {"ada": 1, "bob": 2})


def test_only_the_first_record_of_a_day_reads_the_item(
    day: Day, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, keys = BoardTable.read, list[str]()

    def counted(table: BoardTable, key: str) -> BoardItem | None:
        keys.append(key)
        return read(table, key)

    deliver(1, ada=30, bob=20)
    monkeypatch.setattr(BoardTable, "read", counted)
    deliver(2, bob=40)
    assert keys == []
    day.turns()
    deliver(3, ada=50)
    assert keys == ["global#all"]
    deliver(4, bob=60)
    assert keys == ["global#all"]


def test_first_record_after_an_earlier_release_begins_the_day() -> None:
    deliver(1, ada=30, bob=20)
    state = CacheKeys.of("global#all").state
    cache = wiring.cache_connection().client
    hint = json.loads(cache.execute_command("HGET", state, "hint"))
    hint[3] = hint[3].partition(" ")[0]
    cache.execute_command("HSET", state, "hint", json.dumps(hint))
    client("dynamodb").update_item(
        TableName=aws.BOARDS,
        Key={"boardSeason": {"S": "global#all"}},
        UpdateExpression="REMOVE since, was",
    )
    assert shown() == (1, None, {"ada": None, "bob": None})
    deliver(2, bob=40)
    assert shown() == (2, MONDAY, {"bob": 2, "ada": 1})


def test_earlier_release_can_read_the_hint() -> None:
    """While two releases run side by side each reads what the other has written."""
    deliver(1, ada=30)
    state = CacheKeys.of("global#all").state
    hint = json.loads(wiring.cache_connection().client.execute_command("HGET", state, "hint"))
    revision, version, _, digest, mixed = hint
    assert (revision, version, mixed) == (1, 1, False)
    assert isinstance(digest, str)
