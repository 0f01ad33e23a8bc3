"""Rules that change under a board that has scores: its order, the size of its top, write shards.

Two releases have a `boards.yml` each. What counts is what the data says, whichever release asks.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import handlers.board_stream
import handlers.rebuild
import handlers.score_stream
import handlers.seasons
import handlers.upkeep
import handlers.verify
from leaderboard import clock, wiring
from leaderboard.adapters.aws.clients import client
from leaderboard.adapters.dynamodb.boards import BoardTable
from leaderboard.adapters.dynamodb.stage_memory import StageMemory
from leaderboard.adapters.valkey.encoding import CacheKeys, stored
from leaderboard.adapters.valkey.ranking import ValkeyRanking
from leaderboard.boards import order
from leaderboard.boards.rules import Board, Order
from leaderboard.boards.seasons import BoardSeason, key_of, season_at
from leaderboard.boards.snapshots import Score
from leaderboard.errors import Unavailable
from leaderboard.ranking.listings import Position
from leaderboard.ranking.score_state import ScoreState
from leaderboard.ranking.tops import COMPLETE
from leaderboard.repair.rule_changes import PATIENCE_MS, RuleChangesResult
from tests.integration import aws
from tests.integration.conftest import Dependencies
from tests.integration.events import CONTEXT, stream_record
from tests.integration.valkey import Valkey

Json = dict[str, Any]

RULES = (
    "boards: {{times: {{order: {order}, operator: latest, topSize: {size}, schedule: {schedule}}}}}"
)
NOW = clock.machine_ms()
DAY_MS = 86_400_000


@pytest.fixture(autouse=True)
def switches(
    dependencies: Dependencies, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Dependencies:
    monkeypatch.setattr("leaderboard.repair.verification.LAG_SECONDS", 0)
    monkeypatch.setenv("RECORD_INTERVAL_MS", "0")
    monkeypatch.setenv("BOARDS_FILE", str(tmp_path / "boards.yml"))
    release()
    return dependencies


def release(
    order: str = "desc", *, size: int = 3, schedule: str = "never", shards: int = 8
) -> None:
    """The environments of a release, as they begin."""
    text = RULES.format(order=order, size=size, schedule=schedule)
    Path(os.environ["BOARDS_FILE"]).write_text(text)
    os.environ["WRITE_SHARDS"] = str(shards)
    aws.forget()


@pytest.fixture(autouse=True)
def _shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WRITE_SHARDS", "8")


def times() -> Board:
    return wiring.catalog().find("times")


def season() -> str:
    return season_at(times().schedule, NOW).season


def score(user: str, amount: int) -> None:
    number = score.__dict__.setdefault("number", 0) + 1
    score.__dict__["number"] = number
    wiring.submissions().submit(
        user_id=user, board="times", submission_id=f"s-{number}", score=amount
    )


def image(user: str) -> Json:
    key = {"userId": {"S": user}, "boardSeason": {"S": f"times#{season()}"}}
    found: Json = client("dynamodb").get_item(TableName=aws.SCORES, Key=key)["Item"]
    return found


def deliver(*users: str) -> None:
    handle(image(it) for it in users)


def handle(images: Iterable[Json]) -> None:
    assert not failed(images)


def failed(images: Iterable[Json]) -> bool:
    """Whether some of a batch is to be delivered again."""
    records = [
        stream_record(number, {"userId": it["userId"], "boardSeason": it["boardSeason"]}, it)
        for number, it in enumerate(images)
    ]
    answer = handlers.score_stream.handler({"Records": records}, CONTEXT)
    return bool(answer["batchItemFailures"])


def play(**scores: int) -> None:
    for user, amount in scores.items():
        score(user, amount)
    deliver(*scores)


def play_on(old: str, user: str, amount: int) -> None:
    """Yesterday, where that is the season `old`."""
    wiring.submissions().submit(
        user_id=user,
        board="times",
        submission_id=f"old-{user}",
        score=amount,
        accepted_ms=NOW - DAY_MS,
    )
    key = {"userId": {"S": user}, "boardSeason": {"S": f"times#{old}"}}
    handle([client("dynamodb").get_item(TableName=aws.SCORES, Key=key)["Item"]])


def minute(*, later_ms: int = 0, deployed: bool = False) -> RuleChangesResult:
    changes = replace(wiring.rule_changes(), now_ms=lambda: NOW + later_ms)
    return changes.run(seconds=30, deployed=deployed)


def rebuild(switches: Dependencies) -> None:
    """What Lambda does with what was asked of it: rebuilds, and upkeep's tasks."""
    while switches.invoked:
        event = switches.invoked.pop(0)
        function = handlers.rebuild if "board" in event else handlers.upkeep
        function.handler(event, CONTEXT)


def shown() -> list[int]:
    body = wiring.reads().entries(wiring.board_season("times"), cursor=None, limit=100)
    return [it["userScore"] for it in body["entries"]]


def top() -> list[int]:
    """Past the copy, which the stream of the table of boards would have replaced."""
    cache = wiring.ranking_cache()
    cache.connection.client.execute_command("DEL", CacheKeys.of(key_of("times", season())).kept_top)
    body = wiring.reads().top(wiring.board_season("times"), limit=None).body
    return [it["userScore"] for it in body["entries"]]


def recorded() -> Any:
    item = wiring.board_table().read(key_of("times", season()))
    assert item is not None
    return item


def verified() -> list[tuple[str, ...]]:
    found = []
    for run in range(3):
        now = NOW + run * 60_000
        done = replace(wiring.verification(), now_ms=partial(int, now)).run(seconds=30)
        found += [done.missed, done.wrong, done.cold]
    return [it for it in found if it]


def test_order_changes_as_a_deploy_ends(switches: Dependencies) -> None:
    play(a=61000, b=59000, c=75500)
    before = recorded()
    release("asc")
    assert shown() == top() == [75500, 61000, 59000], "not before the deploy has ended"
    assert minute(deployed=True) == RuleChangesResult(("times#all",), (), finished=True)
    assert top() == [75500, 61000, 59000], "viewers keep what was recorded last"
    assert wiring.reads().entries(wiring.board_season("times"), cursor=None, limit=9)["degraded"]
    assert shown() == [59000, 61000, 75500]
    rebuild(switches)
    assert shown() == [59000, 61000, 75500]
    after = recorded()
    assert [it.user_score for it in after.snapshot.entries] == [59000, 61000, 75500]
    assert after.snapshot.epoch == before.snapshot.epoch
    assert after.snapshot.version == before.snapshot.version + 1
    assert verified() == []
    play(d=60000)
    assert shown() == [59000, 60000, 61000, 75500]
    assert verified() == []


def test_order_that_differs_counts_after_five_minutes_without_a_deploys_word(
    switches: Dependencies,
) -> None:
    play(a=1, b=2)
    minute()
    release("asc")
    for later in (60_000, 180_000, 300_000, PATIENCE_MS + 59_000):
        assert minute(later_ms=later).reordered == ()
        assert shown() == [2, 1]
    assert minute(later_ms=PATIENCE_MS + 60_000).reordered == ("times#all",)
    rebuild(switches)
    assert shown() == [1, 2]


def test_five_minutes_begin_anew_when_no_run_looked_for_a_while() -> None:
    """The deploy may have gone back meanwhile, and come again."""
    play(a=1, b=2)
    release("asc")
    minute()
    for number in range(10, 15):
        assert minute(later_ms=60_000 * number).reordered == ()
    assert minute(later_ms=60_000 * 15).reordered == ("times#all",)


def test_failover_that_revives_an_earlier_deploy_does_not_switch_too_soon(
    cache_server: Valkey,
) -> None:
    play(a=1, b=2)
    release("asc")
    minute()
    replica = cache_server.snapshot()
    release("desc")
    for number in range(1, 10):
        minute(later_ms=60_000 * number)
    release("asc")
    cache_server.restore(replica)
    for number in range(10, 15):
        assert minute(later_ms=60_000 * number).reordered == ()
    assert minute(later_ms=60_000 * 15).reordered == ("times#all",)


@pytest.mark.parametrize("deployed", [True, False])
def test_failover_that_revives_finished_work_does_not_keep_a_deploy_from_its_own(
    deployed: bool, switches: Dependencies, cache_server: Valkey
) -> None:
    play(a=1, b=2)
    for number in range(6):
        minute(later_ms=60_000 * number)
    replica = cache_server.snapshot()
    release("asc")
    assert minute(later_ms=60_000 * 6, deployed=True).reordered == ("times#all",)
    rebuild(switches)
    release("desc")
    cache_server.restore(replica)
    runs = [7] if deployed else range(9, 15)
    done = [minute(later_ms=60_000 * number, deployed=deployed) for number in runs]
    assert done[-1].reordered == ("times#all",)
    rebuild(switches)
    assert shown() == top() == [2, 1]


def test_deploy_that_rolls_back_changes_nothing(switches: Dependencies) -> None:
    play(a=1, b=2)
    release("asc")
    minute(later_ms=0)
    play(c=3)
    minute(later_ms=60_000)
    release("desc")
    for later in range(2, 14):
        assert minute(later_ms=60_000 * later).reordered == ()
    assert shown() == top() == [3, 2, 1]
    assert switches.invoked == []
    assert verified() == []


def test_two_releases_side_by_side_agree() -> None:
    play(a=10, b=20)
    for number in range(6):
        release(("asc", "desc")[number % 2])
        play(**{f"u{number}": 5 * number})
        expected = sorted([10, 20, *(5 * it for it in range(number + 1))], reverse=True)
        assert shown() == expected
        assert top() == expected[:3]
    # Those of the new release wrote keys of the order that counts.
    wiring.ranking_cache().drop("times#all")
    assert shown() == expected


def test_first_scores_of_a_board_by_two_releases_are_all_in_the_index(
    switches: Dependencies,
) -> None:
    """Nothing says yet which order counts: each release makes its key by its own."""
    release("asc")
    score("a", 1)
    release("desc")
    score("b", 2)
    deliver("b")
    release("asc")
    deliver("a")
    deliver("a", "b")  # delivered again, as any record may be
    wiring.ranking_cache().drop("times#all")
    assert shown() == [2, 1]
    play(c=3)
    rebuild(switches)
    assert (shown(), top()) == ([3, 2, 1], [3, 2, 1])
    assert verified() == []


@pytest.mark.parametrize("is_lost", [True, False])
def test_first_record_that_loses_to_one_of_another_order_leaves_nobody_out(
    is_lost: bool,
    switches: Dependencies,
    cache_server: Valkey,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The other release's record is of a life before or after the one of this record."""
    score("b", 2)
    release("asc")
    score("a", 1)
    write = BoardTable.write

    def beside(table: BoardTable, *rest: Any, **options: Any) -> bool:
        monkeypatch.setattr(BoardTable, "write", write)
        life = cache_server.snapshot()
        cache_server.client.flushall()
        release("desc")
        deliver("b")
        if not is_lost:
            cache_server.restore(life)
        return write(table, *rest, **options)

    monkeypatch.setattr(BoardTable, "write", beside)
    if is_lost:
        assert failed([image("a")])
    deliver("a")
    rebuild(switches)
    assert shown() == top() == [2, 1]
    assert verified() == []
    cache_server.client.flushall()
    assert shown() == [2, 1]


@pytest.mark.parametrize("at", ["drop", "ask"])
def test_switch_that_dies_half_way_is_finished_by_the_next_run(
    at: str, switches: Dependencies, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(a=1, b=2, c=3)
    release("asc")
    target: Any = ValkeyRanking if at == "drop" else type(wiring.rebuild_starter())
    with monkeypatch.context() as patch, dying(patch, target, at):
        minute(deployed=True)
    assert recorded().order is Order.ASC
    assert sorted(shown()) == [1, 2, 3]
    assert minute(later_ms=60_000).finished
    rebuild(switches)
    assert shown() == top() == [1, 2, 3]
    assert verified() == []


def test_switch_that_died_half_way_is_finished_though_boards_yml_went_back(
    switches: Dependencies, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(a=1, b=2, c=3)
    release("asc")
    with monkeypatch.context() as patch, dying(patch, ValkeyRanking, "drop"):
        minute(deployed=True)
    release("desc")
    for number in range(5):  # the order that went back has to wait for five minutes
        assert not minute(later_ms=60_000 * number).finished
    rebuild(switches)
    assert shown() == top() == [1, 2, 3]
    assert minute(later_ms=301_000).finished
    rebuild(switches)
    assert shown() == top() == [3, 2, 1]
    assert verified() == []


class Died(BaseException):
    pass


@contextmanager
def dying(patch: pytest.MonkeyPatch, target: Any, name: str) -> Iterator[None]:
    def die(*_: Any, **__: Any) -> Any:
        raise Died

    patch.setattr(target, name, die)
    with pytest.raises(Died):
        yield


def test_record_that_races_with_the_switch_is_in_the_new_order(switches: Dependencies) -> None:
    """Its life is of the order before: it ends, and the rebuild that is asked for takes all in."""
    play(a=1, b=2)
    item = recorded()
    assert wiring.board_table().change_order(item, Order.ASC)
    assert not wiring.board_table().change_order(item, Order.ASC), "it has moved"
    play(c=3)
    assert [it.user_score for it in recorded().snapshot.entries] == [2, 1]
    assert len(switches.invoked) == 1
    rebuild(switches)
    assert shown() == top() == [1, 2, 3]


def test_rebuild_that_meets_a_life_of_the_order_before_fills_another(
    switches: Dependencies,
) -> None:
    """The life is whole and has a top to record, as one has whose rebuild died before that."""
    play(a=1, b=2)
    assert wiring.board_table().change_order(recorded(), Order.ASC)
    board_season = wiring.board_season("times")
    top = wiring.ranking_cache().read(board_season)
    assert top is not None
    assert wiring.ranking_cache().set_completeness(board_season, top.life, COMPLETE)
    assert wiring.rebuild_starter().ask(board_season)
    rebuild(switches)
    body = wiring.reads().entries(wiring.board_season("times"), cursor=None, limit=9)
    assert "degraded" not in body
    assert [it["userScore"] for it in body["entries"]] == [1, 2]


def test_flush_before_and_after_the_switch(switches: Dependencies, cache_server: Valkey) -> None:
    play(a=1, b=2, c=3)
    release("asc")
    cache_server.client.flushall()
    assert shown() == [3, 2, 1]
    minute(deployed=True)
    cache_server.client.flushall()
    assert shown() == [1, 2, 3]
    play(d=4)
    rebuild(switches)
    assert shown() == [1, 2, 3, 4]
    assert top() == [1, 2, 3]


def test_board_put_back_shows_nobody_who_was_hidden_meanwhile(switches: Dependencies) -> None:
    play(a=1, b=2, c=3, d=4)
    Path(os.environ["BOARDS_FILE"]).write_text("boards: {other: {order: desc, operator: latest}}")
    aws.forget()
    wiring.moderation().set_standing("a", "hidden", reason="cheats", by="tests")
    assert wiring.profiles().copy("a") == 1, "as upkeep does"
    key = {"userId": {"S": "a"}, "boardSeason": {"S": "times#all"}}
    handle([client("dynamodb").get_item(TableName=aws.SCORES, Key=key)["Item"]])
    release()
    assert shown() == [4, 3, 2]
    minute(deployed=True)
    rebuild(switches)
    assert shown() == [4, 3, 2]
    assert verified() == []


def test_cache_of_a_release_that_knew_no_orders_is_left_alone(cache_server: Valkey) -> None:
    """Its states name no order, and their hints are shorter: the ranking is filled again."""
    tag = "lb4:{times#all}"
    state = {"life": "l", "complete": "1", "change": "c", "recorded": "c", "held": "2"}
    hint = {"hint": '[1, 1, "k3v9", "digest"]', "total": "1", "recordedAt": "1795420800000"}
    cache_server.client.hset(f"{tag}:state", mapping=state | hint)
    record = ScoreState("z", 1, Score("z", "Zoe", 9, 1_795_420_800_000))
    cache_server.client.hset(f"{tag}:users", *stored(record))
    cache_server.client.zadd(f"{tag}:order", {order.member(1_795_420_800_000, "z", "Zoe"): -9})
    play(a=1, b=2)
    assert shown() == top() == [2, 1]


def test_key_is_never_made_by_a_guessed_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a season that ended, no read would ever find it."""
    play(a=1, b=2)
    release("asc")

    def unavailable(*_: Any) -> Any:
        raise Unavailable("It does not answer.")

    with monkeypatch.context() as patch:
        patch.setattr(StageMemory, "read_order", unavailable)
        with pytest.raises(Unavailable):
            score("a", 3)
    score("a", 3)
    assert image("a")["boardOrder"]["S"].startswith(order.MARKS[Order.DESC])
    with monkeypatch.context() as patch:
        patch.setattr(StageMemory, "read_order", unavailable)
        score("a", 4)  # it is known by now


def test_season_that_ended_keeps_its_order(switches: Dependencies) -> None:
    release("desc", schedule="daily")
    old = clock.to_text(NOW - DAY_MS)[:10]
    for user, amount in {"a": 1, "b": 2}.items():
        play_on(old, user, amount)
    play(c=1, d=2)
    release("asc", schedule="daily")
    done = minute(deployed=True)
    assert [it.partition("#")[0] for it in done.reordered] == ["times"]
    assert f"times#{old}" not in done.reordered
    rebuild(switches)
    assert shown() == [1, 2]
    body = wiring.reads().entries(wiring.board_season("times", old), cursor=None, limit=9)
    assert [it["userScore"] for it in body["entries"]] == [2, 1]
    wiring.ranking_cache().drop(key_of("times", old))
    body = wiring.reads().entries(wiring.board_season("times", old), cursor=None, limit=9)
    assert [it["userScore"] for it in body["entries"]] == [2, 1]


@pytest.mark.parametrize(("size", "expected"), [(5, [6, 5, 4, 3, 2]), (2, [6, 5])])
def test_size_of_the_top_shows_with_the_next_minute(
    size: int, expected: list[int], switches: Dependencies
) -> None:
    play(a=1, b=2, c=3, d=4, e=5, f=6)
    before = recorded().snapshot
    release(size=size)
    done = minute()
    assert done == RuleChangesResult((), ("times#all",), finished=True)
    assert top() == expected
    assert recorded().snapshot.version == before.version + 1
    assert minute(later_ms=60_000) == RuleChangesResult()
    assert verified() == []
    assert switches.invoked == []


def test_order_that_changes_while_a_top_gets_its_size_is_filled(
    switches: Dependencies, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(a=1, b=2, c=3, d=4)
    release(size=2)
    settle = ValkeyRanking.set_completeness

    def beside(cache: ValkeyRanking, *rest: Any, **options: Any) -> bool:
        assert wiring.board_table().change_order(recorded(), Order.ASC)
        return settle(cache, *rest, **options)

    monkeypatch.setattr(ValkeyRanking, "set_completeness", beside)
    minute()
    assert [it["board"] for it in switches.invoked] == ["times"]


@pytest.mark.parametrize("size", [2, 5])
def test_size_of_the_top_shows_on_seasons_that_ended_too(size: int, switches: Dependencies) -> None:
    """Those that the cache keeps: else the audit finds each of them wrong, and raises its alarm."""
    release(schedule="daily")
    old = clock.to_text(NOW - DAY_MS)[:10]
    for number in range(6):
        play_on(old, f"u{number}", number)
    play(a=1)
    release("asc", size=size, schedule="daily")
    minute(deployed=True)
    rebuild(switches)
    assert verified() == []
    item = wiring.board_table().read(key_of("times", old))
    assert item is not None
    expected = [5, 4, 3, 2, 1, 0][:size]
    assert [it.user_score for it in item.snapshot.entries] == expected, "in the order it ended with"


def test_shards_are_remembered_though_the_first_try_failed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    play(a=1)
    with monkeypatch.context() as patch, dying(patch, StageMemory, "remember_shards"):
        minute()
    minute(later_ms=60_000)
    assert wiring.stage_memory().read_shards() == 8


def test_reads_ask_as_many_shards_as_the_stage_ever_had(switches: Dependencies) -> None:
    users = {f"u{number}": number for number in range(40)}
    play(**users)
    minute()
    release(shards=4)
    wiring.ranking_cache().drop("times#all")
    assert shown() == sorted(users.values(), reverse=True)
    minute()
    release(shards=2)
    assert shown() == sorted(users.values(), reverse=True)
    rebuild(switches)
    assert verified() == []


def test_shards_are_remembered_before_the_first_write_to_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A deploy that rolls back at once may have written there, before the minute's function ran."""
    release(shards=2)
    for number in range(10):
        score(f"u{number}", number)
    assert wiring.stage_memory().read_shards() == 2
    release(shards=8)
    with monkeypatch.context() as patch, dying(patch, StageMemory, "remember_shards"):
        score("v0", 10)
    assert "Item" not in client("dynamodb").get_item(
        TableName=aws.SCORES, Key={"userId": {"S": "v0"}, "boardSeason": {"S": "times#all"}}
    )
    for number in range(10):
        score(f"v{number}", 10 + number)
    release(shards=2)
    deliver(*(f"{letter}{number}" for letter in "uv" for number in range(10)))
    wiring.ranking_cache().drop("times#all")
    assert shown() == [*range(19, -1, -1)]


def test_environment_looks_once_whether_its_shards_are_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    score("a", 1)
    release()
    asked: list[str] = []
    for name in ("read_shards", "remember_shards"):
        real = getattr(StageMemory, name)

        def counted(*rest: Any, real: Any = real, name: str = name) -> Any:
            asked.append(name)
            return real(*rest)

        monkeypatch.setattr(StageMemory, name, counted)
    for number in range(5):
        score(f"u{number}", number)
    assert asked == ["read_shards"], "they were remembered by the first environment"
    release(shards=16)
    for number in range(5):
        score(f"u{number}", 5 + number)
    assert asked[1:] == ["read_shards", "remember_shards"]


def test_note_of_the_stage_is_no_board() -> None:
    minute()
    (found,) = client("dynamodb").scan(TableName=aws.BOARDS)["Items"]
    assert found == {"boardSeason": {"S": "#stage"}, "writeShards": {"N": "8"}}
    assert [*wiring.board_table().list_all()] == [[]]
    record = {
        "eventName": "INSERT",
        "dynamodb": {
            "Keys": {"boardSeason": found["boardSeason"]},
            "NewImage": found,
            "SequenceNumber": "1",
            "ApproximateCreationDateTime": NOW / 1000,
        },
    }
    answer = handlers.board_stream.handler({"Records": [record]}, CONTEXT)
    assert answer == {"batchItemFailures": []}
    assert "Messages" not in client("sqs").receive_message(
        QueueUrl=aws.ENVIRONMENT["FAILURE_QUEUE_URL"]
    )


@pytest.mark.parametrize("now", [Order.ASC, Order.DESC])
def test_index_of_two_orders_reads_as_one(now: Order) -> None:
    """Keys of both orders, many ties, a few shards: every stretch is that of a sorted list."""
    chance = random.Random(str(now))
    scores = []
    for number in range(120):
        it = Score(
            f"u{number:03d}", "x", chance.randrange(12), 1_795_000_000_000 + chance.randrange(3)
        )
        scores.append(it)
        made = chance.choice([Order.ASC, Order.DESC])
        at = (it.user_score, it.updated_ms, it.user_id)
        client("dynamodb").put_item(
            TableName=aws.SCORES,
            Item={
                "userId": {"S": it.user_id},
                "boardSeason": {"S": "times#all"},
                "version": {"N": "1"},
                "userName": {"S": it.user_name},
                "userScore": {"N": str(it.user_score)},
                "scoreUpdatedAt": {"S": clock.to_text(it.updated_ms)},
                "boardSeasonShard": {"S": f"times#all#{number % 3}"},
                "boardOrder": {"S": order.index_key(made, *at)},
            },
        )
    board_season = BoardSeason.stored(replace(times(), order=now, mixed=True), "all")
    scores.sort(key=lambda it: order.sort_key(now, it.user_score, it.updated_ms, it.user_id))
    index = wiring.board_index()
    for limit in (1, 7, 50, 200):
        assert index.best(board_season, limit) == scores[:limit]
        for at_ in range(0, 120, 17):
            it = scores[at_]
            position = Position(it.user_score, it.updated_ms, it.user_id)
            assert index.after(board_season, position, limit) == scores[at_ + 1 :][:limit]
            assert index.before(board_season, position, limit) == scores[:at_][-limit:]


@pytest.mark.parametrize("seed", range(12))
def test_any_history_of_changes_ends_in_the_sorted_list(
    seed: int, switches: Dependencies, cache_server: Valkey
) -> None:
    chance = random.Random(seed)
    scores: dict[str, int] = {}
    asked, later = "desc", 0
    pending: list[str] = []

    def write() -> None:
        user = f"u{chance.randrange(8)}"
        scores[user] = chance.randrange(-50, 50)
        score(user, scores[user])
        pending.append(user)

    def arrive() -> None:
        deliver(*dict.fromkeys(pending))
        pending.clear()

    def other_release() -> None:
        nonlocal asked
        asked = chance.choice(["asc", "desc"])
        release(asked, size=chance.randrange(1, 6), shards=chance.choice([2, 8]))

    def pass_by() -> None:
        nonlocal later
        later += chance.choice([60_000, PATIENCE_MS])
        minute(later_ms=later, deployed=chance.random() < 0.2)

    def work() -> None:
        rebuild(switches)

    steps = [
        write,
        write,
        write,
        arrive,
        other_release,
        pass_by,
        work,
        cache_server.client.flushall,
    ]
    for _ in range(40):
        chance.choice(steps)()
        got = shown()
        assert got in (sorted(got), sorted(got, reverse=True)), "in one order, whichever counts"
        assert set(got) <= set(range(-50, 50))
    release(asked, size=4)
    for _ in range(3):
        if pending:
            arrive()
        later += PATIENCE_MS
        minute(later_ms=later, deployed=True)
        rebuild(switches)
    expected = sorted(scores.values(), reverse=asked == "desc")
    assert shown() == expected
    assert top() == expected[:4]
    assert recorded().order == asked
    assert verified() == []


def test_function_brings_changes_in(switches: Dependencies) -> None:
    play(a=1, b=2)
    release("asc", size=9)
    assert handlers.seasons.handler({}, CONTEXT)["reordered"] == []
    assert handlers.seasons.handler({"deployed": True}, CONTEXT)["reordered"] == ["times#all"]
    rebuild(switches)
    assert shown() == [1, 2]


def test_schedule_that_would_hide_scores_is_named() -> None:
    play(a=1)
    wiring.board_table().open("times-of-day#2026-11-23")  # opened, and nobody has scored
    named = {"times": "weekly", "times-*": "never"}
    answer = handlers.verify.handler({"schedules": named}, CONTEXT)
    (line,) = answer["stranded"]
    assert line.startswith(
        "times: its schedule is weekly now, and it has scores in the season 'all'"
    )
    for fine in ({"times": "never"}, {"other": "weekly"}):
        assert handlers.verify.handler({"schedules": fine}, CONTEXT) == {"stranded": []}


def test_rules_that_another_release_remembered_count_as_not_seen() -> None:
    wiring.run_memory().keep_rules('{"rules": "in another form", "seen": 1}')
    minute()
    assert "since" in (wiring.run_memory().read_rules() or "")
