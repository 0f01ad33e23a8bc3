"""Rebuilds of more than fits one invocation, one board or one life of the cache."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

import handlers.rebuild
import handlers.score_stream
from leaderboard import clock, wiring
from leaderboard.adapters.aws.clients import client
from leaderboard.adapters.dynamodb.score_scanner import ScoreScanner
from leaderboard.adapters.valkey.encoding import CacheKeys
from leaderboard.adapters.valkey.ranking import ValkeyRanking
from leaderboard.boards import order
from leaderboard.boards.seasons import key_of, season_at
from leaderboard.boards.snapshots import Score
from leaderboard.errors import Invalid, Unavailable
from leaderboard.ranking.recorder import Recorder
from leaderboard.ranking.score_state import ScoreState
from leaderboard.ranking.tops import COMPLETE, PARTIAL
from leaderboard.repair import rebuild_targets
from leaderboard.repair.rebuild_progress import RebuildProgress, RebuildRequest
from tests.integration import aws, aws_calls
from tests.integration.conftest import Dependencies
from tests.integration.events import Invocation, stream_record
from tests.integration.valkey import Valkey

Json = dict[str, Any]
NOW = clock.machine_ms()
BOARDS = """
boards:
  global: {operator: latest, topSize: 3}
  low: {operator: latest, order: asc, topSize: 3}
  weekly: {operator: latest, schedule: weekly, keepSeasons: 1}
  "arena-*": {operator: latest, topSize: 3}
"""


@pytest.fixture(autouse=True)
def switches(
    dependencies: Dependencies, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Dependencies:
    file = tmp_path / "boards.yml"
    file.write_text(BOARDS)
    monkeypatch.setenv("BOARDS_FILE", str(file))
    aws.forget()
    return dependencies


@pytest.fixture
def small_pages(
    switches: Dependencies,  # noqa: ARG001 - it has the clients in hand first
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The table answers three items at a time."""
    call = aws_calls.real()

    def make_api_call(service: Any, operation: str, parameters: Json) -> Any:
        if operation == "Scan" and parameters["TableName"] == aws.SCORES:
            parameters = {**parameters, "Limit": 3}
        return call(service, operation, parameters)

    aws_calls.take_over(monkeypatch, make_api_call)


@dataclass(frozen=True)
class Hurried(Invocation):
    """An invocation that has no time left."""

    def get_remaining_time_in_millis(self) -> int:
        return 0


@dataclass(frozen=True)
class Leisurely(Invocation):
    def get_remaining_time_in_millis(self) -> int:
        return 900_000


def put(user: str, score: int | None, key: str = "global#all", version: int = 1) -> Json:
    """An item that no stream has delivered."""
    image: Json = {
        "userId": {"S": user},
        "boardSeason": {"S": key},
        "version": {"N": str(version)},
    }
    if score is not None:
        order = "asc" if key.startswith("low") else "desc"
        at = NOW - 1_000_000 + score
        signed = score if order == "asc" else -score
        shard = sum(user.encode()) % wiring.configuration().write_shards
        image |= {
            "userName": {"S": user.upper()},
            "userScore": {"N": str(score)},
            "scoreUpdatedAt": {"S": clock.to_text(at)},
            "boardSeasonShard": {"S": f"{key}#{shard}"},
            "boardOrder": {"S": f"{order[0]}{signed + 2**53:017d}{at:013d}{user}"},
        }
    client("dynamodb").put_item(TableName=aws.SCORES, Item=image)
    return image


def deliver(*images: Json) -> None:
    records = [
        stream_record(number, {it: image[it] for it in ("userId", "boardSeason")}, image)
        for number, image in enumerate(images, start=1)
    ]
    answer = handlers.score_stream.handler({"Records": records}, Leisurely())  # type: ignore[arg-type]
    assert answer == {"batchItemFailures": []}


def run(event: Json, *, context: Invocation | None = None) -> Json:
    used: Any = context or Leisurely()
    return handlers.rebuild.handler(event, used)


def run_to_the_end(switches: Dependencies, event: Json) -> list[Json]:
    """Every invocation without time: each hands over to the next."""
    answers = []
    while True:
        switches.invoked.clear()
        answers.append(run(json.loads(json.dumps(event)), context=Hurried()))
        if answers[-1]["finished"]:
            assert switches.invoked == []
            return answers
        (event,) = switches.invoked
        assert len(answers) < 100


def ranked(board: str = "global", season: str = "all") -> list[str]:
    top = wiring.ranking_cache().read(wiring.board_season(board, season), size=5000)
    assert top is not None
    assert top.completeness == COMPLETE
    return [it.user_id for it in top.scores]


def completeness(board: str, season: str = "all") -> str | None:
    top = wiring.ranking_cache().read(wiring.board_season(board, season))
    return None if top is None else top.completeness


def recorded(board: str = "global", season: str = "all") -> list[str]:
    item = wiring.board_table().read(key_of(board, season))
    return [] if item is None else [it.user_id for it in item.snapshot.entries]


def numbers(board: str = "global", season: str = "all") -> tuple[int, int]:
    item = wiring.board_table().read(key_of(board, season))
    assert item is not None
    return item.snapshot.version, item.revision


def crowd(count: int, key: str = "global#all") -> list[str]:
    """So many users, the best first, whom no stream has delivered."""
    users = [f"u{number:04}" for number in range(count)]
    for number, user in enumerate(users):
        put(user, 5000 - number if not key.startswith("low") else number, key)
    return users


@pytest.mark.usefixtures("small_pages")
def test_rebuild_goes_on_from_invocation_to_invocation(switches: Dependencies) -> None:
    users = crowd(25)
    answers = run_to_the_end(switches, {"board": "global"})
    assert len(answers) > 3
    assert ranked() == users
    assert recorded() == users[:3]
    assert answers[-1]["items"] == answers[-1]["applied"] == 25
    assert answers[-1]["parts"] == len(answers)


@pytest.mark.usefixtures("small_pages")
def test_part_that_is_tried_again_goes_on_from_where_it_began(switches: Dependencies) -> None:
    """Lambda's retry of a part that died after it had filled, or even handed over."""
    users = crowd(20)
    event: Json = {"board": "global"}
    for _ in range(100):
        switches.invoked.clear()
        run(event, context=Hurried())
        switches.invoked.clear()
        if run(event, context=Hurried())["finished"]:
            break
        (event,) = switches.invoked
    assert ranked() == users
    assert recorded() == users[:3]


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("scope", [{"board": "global"}, {"all": True}])
def test_what_is_written_beside_a_rebuild_is_not_lost(switches: Dependencies, scope: Json) -> None:
    users = crowd(25)
    wiring.board_table().open("global#all")
    event: Json = scope
    chance = random.Random(5)
    late: list[Json] = []
    for number in range(100):
        switches.invoked.clear()
        if run(event, context=Hurried())["finished"]:
            break
        (event,) = switches.invoked
        user = chance.choice(users)
        moved = put(user, 9000 + number, version=2 + number)
        late.append(put(f"new-{number}", 8000 + number, version=NOW + number))
        if number % 2:
            late.append(moved)
        else:
            deliver(moved)
    deliver(*late)
    pages = client("dynamodb").get_paginator("scan").paginate(TableName=aws.SCORES)
    items = [item for page in pages for item in page["Items"]]
    expected = sorted(items, key=lambda it: -int(it["userScore"]["N"]))
    assert ranked() == [it["userId"]["S"] for it in expected]
    assert recorded() == ranked()[:3]


def killed(*_: Any, **__: Any) -> Any:
    raise Killed


class Killed(BaseException):
    pass


STEPS: list[tuple[type, str]] = [
    (Recorder, "begin_life"),
    (ScoreScanner, "read_page"),
    (ValkeyRanking, "fill"),
    (ValkeyRanking, "set_completeness"),
    (ValkeyRanking, "list"),
    (ValkeyRanking, "read"),
    (Recorder, "record"),
]


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize(("owner", "name"), STEPS, ids=lambda it: getattr(it, "__name__", it))
def test_rebuild_that_is_killed_is_done_by_its_retry(
    owner: type, name: str, before: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = crowd(6)
    deliver(put("first", 1))
    real = getattr(owner, name)

    def die(*arguments: Any, **named: Any) -> Any:
        if not before:
            real(*arguments, **named)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, die)
        with pytest.raises(Killed):
            run({"board": "global"})
    run({"board": "global"})
    assert ranked() == [*users, "first"]
    assert recorded() == users[:3]


# Many boards.


def test_all_fills_every_live_board_in_one_pass(
    switches: Dependencies, monkeypatch: pytest.MonkeyPatch
) -> None:
    season = wiring.catalog().find("weekly")
    now = season_at(season.schedule, clock.machine_ms()).season
    for key in ("global#all", "low#all", f"weekly#{now}", "arena-1#all", "weekly#2020-W01"):
        deliver(put("seen", 1, key))
        put("unseen", 7, key)
    put("ghost", 1, "gone#all")
    pages: list[str | None] = []
    read = ScoreScanner.read_page

    def counted(*arguments: Any, **named: Any) -> Any:
        pages.append(named["only"])
        return read(*arguments, **named)

    monkeypatch.setattr(ScoreScanner, "read_page", counted)
    answer = run({"all": True})
    assert answer["boards"] == 4
    assert pages == [None, None], "two segments, one page each"
    assert ranked("global") == ranked("arena-1") == ranked("weekly", now) == ["unseen", "seen"]
    assert ranked("low") == ["seen", "unseen"]
    assert completeness("weekly", "2020-W01") is None
    assert all("archived" in it for it in switches.invoked)  # and no other rebuild


def test_boards_that_were_never_recorded_are_found_by_the_scan() -> None:
    """A table that was restored into a new stage, or scores that the stream lost."""
    users = crowd(5, "arena-7#all")
    crowd(4, "global#all")
    answer = run({"all": True})
    assert answer["finished"]
    assert ranked("arena-7") == users
    assert recorded("arena-7") == users[:3]
    assert recorded("global") == users[:3]


@pytest.mark.usefixtures("small_pages")
def test_board_that_an_earlier_invocation_found_is_opened(switches: Dependencies) -> None:
    """Its only score is on a page that the last invocation of the scan does not read."""
    for number in range(12):
        put(f"u{number:02}", number, "arena-1#all")
    put("first", 7, "arena-2#all")
    answers = run_to_the_end(switches, {"all": True})
    assert len(answers) > 3
    assert len(ranked("arena-1")) == 12
    assert ranked("arena-2") == ["first"]


@pytest.mark.usefixtures("small_pages")
def test_more_boards_than_one_pass_takes(
    switches: Dependencies, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuild_targets, "BOARDS_AT_ONCE", 2)
    for number in range(5):
        deliver(put("seen", 1, f"arena-{number}#all"))
        put("unseen", 7, f"arena-{number}#all")
    put("unseen", 7, "arena-new#all")
    answers = run_to_the_end(switches, {"all": True})
    for number in range(5):
        assert ranked(f"arena-{number}") == ["unseen", "seen"]
    assert ranked("arena-new") == ["unseen"]
    assert answers[-1]["boards"] == 6


def test_audit_sends_nothing_where_nothing_differs() -> None:
    deliver(*(put(user, 9 - number) for number, user in enumerate("abcde")))
    version, revision = numbers()
    assert run({"all": True})["moved"] is False
    assert numbers() == (version, revision + 1)


def test_progress_of_a_rebuild_fits_an_event() -> None:
    """An asynchronous event has 256 KB at most."""
    lives = {f"{'b' * 40}{number:08}#2026-11-23": "f" * 16 for number in range(2000)}
    position = {"userId": {"S": "u" * 64}, "boardSeason": {"S": f"{'b' * 48}#2026-11-23"}}
    progress = replace(
        wiring.rebuild().begin(RebuildRequest()),
        lives=lives,
        unread={str(number): position for number in range(32)},
        lost=("global#all",),
    )
    text = json.dumps(progress.to_json())
    assert len(text) < 256_000
    assert RebuildProgress.from_json(json.loads(text)) == progress


# Cold caches.


def test_one_rebuild_fills_whatever_is_cold(switches: Dependencies, cache_server: Valkey) -> None:
    for key in ("global#all", "low#all", "arena-1#all"):
        deliver(put("a", 1, key), put("b", 2, key))
    cache_server.client.flushall()
    deliver(put("c", 3, "low#all", NOW))
    deliver(put("c", 3, "arena-1#all", NOW))
    (event,) = switches.invoked
    assert (event["board"], event["season"], event["cold"]) == ("low", "all", True)
    switches.invoked.clear()
    run(event)
    assert ranked("global") == ["b", "a"]
    assert ranked("low") == ["a", "b", "c"]
    assert recorded("arena-1") == ranked("arena-1") == ["c", "b", "a"]
    assert switches.invoked == []


def test_rebuild_of_the_cold_leaves_whole_rankings_alone() -> None:
    for key in ("global#all", "low#all"):
        deliver(put("a", 1, key))
    before = numbers("global")
    wiring.ranking_cache().drop("low#all")
    run({"board": "low", "season": "all", "cold": True, "run": "r"})
    assert completeness("low") == COMPLETE
    assert numbers("global") == before


@pytest.mark.usefixtures("small_pages")
def test_board_that_turns_cold_during_a_rebuild_is_filled_by_the_next_round(
    switches: Dependencies,
) -> None:
    for key in ("global#all", "low#all"):
        deliver(*(put(f"u{number}", number, key) for number in range(12)))
    wiring.ranking_cache().drop("low#all")
    deliver(put("new", 50, "low#all", NOW))
    (event,) = switches.invoked
    switches.invoked.clear()
    run(event, context=Hurried())
    (event,) = switches.invoked
    switches.invoked.clear()
    wiring.ranking_cache().drop("global#all")
    deliver(put("new", 50, "global#all", NOW))
    assert switches.invoked == [], "one is under way"
    run_to_the_end(switches, event)
    assert len(ranked("low")) == len(ranked("global")) == 13


def test_rebuild_that_died_loses_its_claim(
    switches: Dependencies, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(put("a", 1))
    deliver(put("a", 1, "low#all"))
    monkeypatch.setattr("leaderboard.adapters.valkey.rebuild_claim.REBUILD_SILENCE_SECONDS", -1)
    for board in ("global", "low"):
        wiring.ranking_cache().drop(key_of(board, "all"))
        deliver(put("b", 2, f"{board}#all", NOW))
    assert [it["board"] for it in switches.invoked] == ["global", "low"]


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("scope", [{"board": "global"}, {"all": True}])
def test_ranking_that_is_lost_while_it_is_filled_is_filled_again(
    switches: Dependencies, cache_server: Valkey, scope: Json
) -> None:
    users = crowd(15)
    deliver(put("last", 1))
    run(scope, context=Hurried())
    (event,) = switches.invoked
    cache_server.client.flushall()
    run_to_the_end(switches, event)
    assert ranked() == [*users, "last"]


def test_cache_that_is_lost_again_and_again_ends_a_rebuild(
    cache_server: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd(3)
    fill = ValkeyRanking.fill

    def lose(*arguments: Any, **named: Any) -> Any:
        cache_server.client.flushall()
        return fill(*arguments, **named)

    monkeypatch.setattr(ValkeyRanking, "fill", lose)
    with pytest.raises(Unavailable, match="3 times"):
        run({"board": "global"})


def test_table_that_is_busy_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    users = crowd(4)
    with failing(monkeypatch, ScoreScanner, "read_page", times=3):
        run({"board": "global"})
    assert ranked() == users


@contextmanager
def failing(
    monkeypatch: pytest.MonkeyPatch, owner: type, name: str, *, times: int
) -> Iterator[None]:
    real: Callable[..., Any] = getattr(owner, name)
    left = [times]

    def call(*arguments: Any, **named: Any) -> Any:
        if left[0]:
            left[0] -= 1
            raise Unavailable("Busy.")
        return real(*arguments, **named)

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, call)
        yield
    assert left == [0]


# What filling alone does not mend.


def known(user: str, score: int, version: int, board: str = "global") -> None:
    """Somebody in the ranking whom the table does not have so."""
    record = ScoreState(user, version, Score(user, user.upper(), score, NOW - 1_000_000 + score))
    board_season = wiring.board_season(board)
    top = wiring.recorder().apply(board_season, [record]).top
    wiring.recorder().record(board_season, top)


def test_stranger_whom_a_failover_revived_leaves_the_ranking() -> None:
    users = crowd(1200)
    run({"board": "global"})
    known("revived", 4500, 7)
    known("revived-too", 9000, 8)
    assert recorded()[0] == "revived-too"
    assert run({"all": True})["removed"] == 2
    assert ranked() == users
    assert recorded() == users[:3]


def test_older_state_that_a_failover_revived_is_mended(cache_server: Valkey) -> None:
    deliver(put("a", 10), put("b", 5))
    before = cache_server.snapshot()
    deliver(put("a", 1, version=2), put("b", None, version=2))
    cache_server.restore(before)
    assert ranked() == ["a", "b"]
    run({"all": True})
    assert ranked() == recorded() == ["a"]
    top = wiring.ranking_cache().read(wiring.board_season("global"), size=5)
    assert top is not None
    assert top.scores[0].user_score == 1


def test_first_score_of_this_moment_is_no_stranger() -> None:
    """It is in the ranking, and neither the index nor this reading of the table has it yet."""
    users = crowd(3)
    run({"board": "global"})
    known("new", 9000, clock.machine_ms())
    board_season, cache = wiring.board_season("global"), wiring.ranking_cache()
    top = cache.read(board_season)
    assert top is not None
    # The ranking keeps what is newer than any stranger may be.
    swept = wiring.sweep().run(board_season, life=top.life, resume_after=None, deadline=0)
    assert swept.corrected == 0
    assert ranked() == ["new", *users]


def test_member_that_nobody_has_is_swept_out(cache_server: Valkey) -> None:
    """Order and users out of step: what cannot be mended is filled anew."""
    users = crowd(4)
    run({"board": "global"})
    keys = CacheKeys.of("global#all")
    stray = order.member(NOW - 500_000, users[0])
    cache_server.client.zadd(keys.members, {stray: -9999})
    assert ranked()[0] == users[0]
    assert len(ranked()) == 5
    assert run({"all": True})["finished"]
    assert ranked() == users
    assert recorded() == users[:3]


def test_user_who_is_missing_in_the_order_is_put_back(cache_server: Valkey) -> None:
    users = crowd(4)
    run({"board": "global"})
    cache_server.client.zremrangebyrank(CacheKeys.of("global#all").members, 1, 1)
    assert len(ranked()) == 3
    run({"all": True})
    assert ranked() == users


def test_fresh_forgets_what_the_ranking_knew() -> None:
    """A restored table is behind the ranking: no version check may keep the newer state."""
    deliver(put("a", 10, version=5), put("b", 20, version=5), put("c", 30, version=5))
    put("a", 1, version=2)
    put("b", 2, version=2)
    client("dynamodb").delete_item(
        TableName=aws.SCORES, Key={"userId": {"S": "c"}, "boardSeason": {"S": "global#all"}}
    )
    run({"board": "global", "fresh": True})
    assert ranked() == recorded() == ["b", "a"]


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"board": 5},
        {"all": "yes"},
        {"all": True, "board": "global"},
        {"board": "global", "season": 5},
        {"board": "global", "fresh": "no"},
        {"progress": {"run": "r"}},
        {"progress": []},
        {"board": "global", "standing": {"run": "r"}},
        {"board": "global", "seasons": "all"},
        {"board": "global", "run": 5},
        {"board": "weekly", "season": "all"},
    ],
)
def test_nonsense_is_refused(event: Json) -> None:
    with pytest.raises(Invalid):
        run(event)


def test_partial_life_is_not_taken_for_whole_while_it_is_filled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Until it ends the top is the recorded one and ranks are null."""
    deliver(*(put(f"u{number}", number) for number in range(9)))
    wiring.ranking_cache().drop("global#all")
    settle = ValkeyRanking.set_completeness

    def look(*arguments: Any, **named: Any) -> bool:
        assert completeness("global") == PARTIAL
        assert (
            wiring.ranking_cache().list(wiring.board_season("global"), after=None, limit=5) is None
        )
        assert wiring.reads().top(wiring.board_season("global"), limit=None).body["entries"]
        return settle(*arguments, **named)

    monkeypatch.setattr(ValkeyRanking, "set_completeness", look)
    run({"board": "global"})
    assert completeness("global") == COMPLETE
