"""Turns of seasons: boards open by themselves, and the rankings of those long past are dropped."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import handlers.board_stream
import handlers.seasons
import handlers.upkeep
from leaderboard import clock, wiring
from leaderboard.adapters.aws.clients import client
from leaderboard.adapters.dynamodb.board_items import board_item
from leaderboard.boards.seasons import BoardSeason, key_of
from leaderboard.boards.snapshots import Score
from leaderboard.errors import Unavailable
from leaderboard.frames.changes import Change
from leaderboard.ranking.score_state import ScoreState
from leaderboard.ranking.tops import COMPLETE, PARTIAL, CachedTop
from leaderboard.repair import season_rollover
from leaderboard.repair.season_rollover import RolloverResult
from leaderboard.repair.season_window import GRACE_MS
from leaderboard.scoring.items import VISIBLE, ScoreItem, Write
from tests.integration import aws
from tests.integration.capacity import metered
from tests.integration.conftest import Dependencies
from tests.integration.events import CONTEXT
from tests.integration.valkey import Valkey

Json = dict[str, Any]
MONDAY = clock.from_text("2026-11-23T00:00:00.000Z")
DAY = 86_400_000
WEEK = 7 * DAY

BOARDS = """
boards:
  global: {}
  weekly: {schedule: weekly, operator: latest, keepSeasons: 1}
  daily: {schedule: daily, operator: latest, keepSeasons: 0}
  "arena-*": {schedule: weekly, operator: latest, keepSeasons: 1}
  "rating-*": {operator: latest}
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


def turn(now_ms: int, *, seconds: float = 10) -> RolloverResult:
    return replace(wiring.season_rollover(), now_ms=lambda: now_ms).run(seconds=seconds)


def record(user: str, score: int, version: int = 1) -> ScoreState:
    return ScoreState(user, version, Score(user, user.upper(), score, MONDAY + score))


def of(board: str, season: str) -> BoardSeason:
    return BoardSeason.stored(wiring.catalog().find(board), season)


def play(board: str, season: str, *records: ScoreState) -> None:
    """What the score stream does with scores of a season."""
    recorder, board_season = wiring.recorder(), of(board, season)
    top = recorder.apply(board_season, records or [record("ann", 5)]).top
    recorder.record(board_season, top)


def ranking(board: str, season: str) -> CachedTop | None:
    return wiring.ranking_cache().read(of(board, season), size=100)


def item(board: str, season: str) -> tuple[str | None, int, int, list[str]]:
    found = wiring.board_table().read(key_of(board, season))
    assert found is not None
    users = [it.user_id for it in found.snapshot.entries]
    return found.snapshot.epoch, found.snapshot.version, found.revision, users


def test_every_scheduled_board_opens_once_with_its_season() -> None:
    assert set(turn(MONDAY).opened) == {"weekly#2026-W48", "daily#2026-11-23"}
    assert item("weekly", "2026-W48") == (None, 0, 0, [])
    assert turn(MONDAY + 60_000).opened == ()
    assert turn(MONDAY + DAY).opened == ("daily#2026-11-24",)
    assert set(turn(MONDAY + WEEK).opened) == {"weekly#2026-W49", "daily#2026-11-30"}


def test_function_opens_the_seasons_of_now() -> None:
    answer = handlers.seasons.handler({}, CONTEXT)
    assert len(answer["opened"]) == 2
    assert answer["finished"]
    assert handlers.seasons.handler({}, CONTEXT)["opened"] == []


def test_opening_becomes_a_snapshot_for_the_subscribers() -> None:
    turn(MONDAY)
    opened = wiring.board_table().read("weekly#2026-W48")
    assert opened is not None
    frame = wiring.broadcaster().frame(Change(None, opened))
    assert frame is not None
    shown = json.loads(frame.body)
    expected: Json = {
        "type": "snapshot",
        "season": "2026-W48",
        "epoch": None,
        "version": 0,
        "total": 0,
        "entries": [],
        "endsAt": "2026-11-30T00:00:00.000Z",
    }
    assert expected.items() <= shown.items()


def test_first_record_of_an_opened_board_is_a_snapshot_too() -> None:
    turn(MONDAY)
    opened = wiring.board_table().read("weekly#2026-W48")
    play("weekly", "2026-W48")
    first = wiring.board_table().read("weekly#2026-W48")
    assert first is not None
    frame = wiring.broadcaster().frame(Change(opened, first))
    assert frame is not None
    assert (frame.kind, frame.version) == ("snapshot", 1)


def test_reads_of_an_opened_board_are_those_of_one_without_scores() -> None:
    unopened = wiring.reads().top(wiring.board_season("weekly"), limit=None)
    unopened_live = wiring.reads().top(wiring.board_season("weekly"), limit=50)
    assert set(handlers.seasons.handler({}, CONTEXT)["opened"])
    opened = wiring.reads().top(wiring.board_season("weekly"), limit=None)
    assert (opened.body, opened.tag) == (unopened.body, unopened.tag)
    assert wiring.reads().top(wiring.board_season("weekly"), limit=50).body == unopened_live.body
    assert opened.body["version"] == 0
    assert opened.body["epoch"] is None
    followed = wiring.subscriptions().recorded("weekly")
    assert (followed.snapshot.epoch, followed.snapshot.version) == (None, 0)


def test_first_score_of_an_opened_season_is_version_1_of_a_complete_board() -> None:
    turn(MONDAY)
    play("weekly", "2026-W48", record("ann", 5))
    epoch, version, revision, users = item("weekly", "2026-W48")
    assert epoch is not None
    assert (version, revision, users) == (1, 1, ["ann"])
    top = ranking("weekly", "2026-W48")
    assert top is not None
    assert top.completeness == COMPLETE


def test_score_before_the_opening_stays() -> None:
    play("weekly", "2026-W48", record("ann", 5))
    before = item("weekly", "2026-W48")
    assert turn(MONDAY).opened == ("daily#2026-11-23",)
    assert not wiring.board_table().open("weekly#2026-W48")
    assert item("weekly", "2026-W48") == before


def test_score_that_races_the_opening_is_recorded_on_top_of_it() -> None:
    """The scorer found no item; before it records, the season is opened."""
    recorder = wiring.recorder()
    top = recorder.apply(of("weekly", "2026-W48"), [record("ann", 5)]).top
    turn(MONDAY)
    recorder.record(of("weekly", "2026-W48"), top)
    assert item("weekly", "2026-W48")[1:] == (1, 1, ["ann"])
    after = ranking("weekly", "2026-W48")
    assert after is not None
    assert after.completeness == COMPLETE


def test_cache_lost_before_the_first_score_of_an_opened_season_needs_no_rebuild(
    cache_server: Valkey,
) -> None:
    turn(MONDAY)
    cache_server.client.flushall()
    applied = wiring.recorder().apply(of("weekly", "2026-W48"), [record("ann", 5)])
    assert not applied.rebuild_due
    wiring.recorder().record(of("weekly", "2026-W48"), applied.top)
    assert item("weekly", "2026-W48")[1:] == (1, 1, ["ann"])


def test_second_life_of_an_opened_season_learns_what_the_first_recorded(
    cache_server: Valkey,
) -> None:
    """Both lives began from nothing; the later one to record lacks the scores of the other."""
    turn(MONDAY)
    recorder = wiring.recorder()
    play("weekly", "2026-W48", record("ann", 5))
    cache_server.client.flushall()
    cache = wiring.ranking_cache()
    # As if the item had been looked for before ann was recorded.
    second = cache.apply(of("weekly", "2026-W48"), [record("bob", 7)], start="new").top
    outcome = recorder.record(of("weekly", "2026-W48"), second)
    assert outcome.rebuild is not None
    assert item("weekly", "2026-W48")[3] == ["ann"]
    top = ranking("weekly", "2026-W48")
    assert top is not None
    assert top.completeness == PARTIAL


def test_boards_of_patterns_open_if_they_were_played_last_season(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    play("arena-1", "2026-W47")
    play("arena-2", "2026-W46")
    play("rating-1", "all")
    wiring.board_table().open("arena-3#2026-W47")
    listed: list[int] = []
    listing = type(wiring.board_table()).list_some

    def counted(table: Any, *rest: Any) -> Any:
        listed.append(1)
        return listing(table, *rest)

    monkeypatch.setattr(type(wiring.board_table()), "list_some", counted)
    opened = turn(MONDAY).opened
    assert set(opened) == {"weekly#2026-W48", "daily#2026-11-23", "arena-1#2026-W48"}
    assert turn(MONDAY + 60_000).opened == ()
    assert len(listed) == 1, "the table is gone through once a turn"
    # A week later nobody has scored on it: it rests.
    assert "arena-1#2026-W49" not in turn(MONDAY + WEEK).opened


def follow(board: str) -> None:
    wiring.connection_table().open(f"viewer-{board}=", None)
    wiring.connection_table().subscribe(f"viewer-{board}=", board)


def test_watched_boards_open_first_however_many_others_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(season_rollover, "PAGE", 3)
    for number in range(12):
        play(f"arena-{number}", "2026-W47")
    for board in ("arena-3", "arena-11", "rating-1", "arena-new", "weekly"):
        follow(board)
    runs = [turn(MONDAY)]
    first = {it for it in runs[0].opened if it.startswith("arena")}
    assert {"arena-3#2026-W48", "arena-11#2026-W48"} <= first
    assert len(first) <= 2 + 3
    assert not runs[0].finished
    while not runs[-1].finished:
        runs.append(turn(MONDAY + 60_000 * len(runs)))
        assert len(runs) < 9
    opened = [it for done in runs for it in done.opened if it.startswith("arena")]
    assert sorted(opened) == sorted(f"arena-{number}#2026-W48" for number in range(12))
    assert turn(MONDAY + 3_000_000) == RolloverResult((), 0, finished=True)


def test_minute_s_work_does_not_grow_with_boards_that_nobody_watches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(season_rollover, "PAGE", 3)
    spent = []
    for week, boards in enumerate((6, 30)):
        for number in range(boards):
            play(f"arena-{number}", f"2026-W{47 + week}")
        with metered() as used:
            assert not turn(MONDAY + WEEK * week).finished
        spent.append(len(used.calls))
        while not turn(MONDAY + WEEK * week + 60_000).finished:
            continue
    assert max(spent) <= min(spent) + 6, "of a page three are looked at, and opened"


def test_turn_that_comes_amid_a_pass_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(season_rollover, "PAGE", 3)
    for number in range(10):
        play(f"arena-{number}", "2026-W47")
    assert not turn(MONDAY - 60_000).finished, "the first run sees its turns"
    runs = [turn(MONDAY)]
    while not runs[-1].finished:
        runs.append(turn(MONDAY + 60_000 * len(runs)))
        assert len(runs) < 15
    opened = {it for done in runs for it in done.opened if it.startswith("arena")}
    assert opened == {f"arena-{number}#2026-W48" for number in range(10)}


def test_seasons_long_past_are_dropped_however_late_a_pass_comes() -> None:
    play("arena-1", "2026-W30")
    turn(MONDAY + GRACE_MS)
    assert ranking("arena-1", "2026-W30") is None


def test_boards_that_boards_yml_no_longer_has_stay_closed() -> None:
    table = wiring.board_table()
    table.open("gone#2026-W47")
    play("weekly", "2026-W47")
    assert "gone#2026-W48" not in turn(MONDAY).opened


def test_opening_of_many_boards_goes_on_where_time_ran_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(season_rollover, "OPENED_AT_ONCE", 2)
    for number in range(5):
        play(f"arena-{number}", "2026-W47")
    table = type(wiring.board_table())
    opening, clock = table.open, [1000.0]

    def slowly(it: Any, key: str) -> bool:
        clock[0] += 3
        return opening(it, key)

    runs: list[RolloverResult] = []
    with monkeypatch.context() as patch:
        patch.setattr(table, "open", slowly)
        patch.setattr("leaderboard.repair.season_rollover.time.monotonic", lambda: clock[0])
        while not runs or not runs[-1].finished:
            runs.append(turn(MONDAY, seconds=7))
            assert len(runs) < 9
    assert len(runs) > 1
    opened = [it for done in runs for it in done.opened if it.startswith("arena")]
    assert sorted(opened) == [f"arena-{number}#2026-W48" for number in range(5)]


def test_seasons_past_the_kept_ones_leave_the_cache_an_hour_later() -> None:
    for season in ("2026-W46", "2026-W47", "2026-W48"):
        play("weekly", season)
        play("arena-1", season)
    play("daily", "2026-11-22")
    turn(MONDAY)
    assert ranking("weekly", "2026-W46") is not None
    turn(MONDAY + GRACE_MS)
    for board in ("weekly", "arena-1"):
        assert ranking(board, "2026-W46") is None
        assert ranking(board, "2026-W47") is not None
        assert ranking(board, "2026-W48") is not None
    assert ranking("daily", "2026-11-22") is None
    assert item("weekly", "2026-W46")[3] == ["ann"], "the recorded top stays"


def put(board: str, season: str, user: str, score: int, name: str) -> None:
    """Write a score into the table, as of before."""
    it = ScoreItem(
        user_id=user,
        board=board,
        season=season,
        user_name=name,
        profile_version=1,
        standing=VISIBLE,
        user_score=score,
        updated_ms=MONDAY + score,
        version=2,
        completed={},
        recovered_us={},
    )
    wiring.score_table().write(Write(of(board, season).rules, it, read_version=0))


@pytest.fixture
def upkeep(switches: Dependencies, monkeypatch: pytest.MonkeyPatch) -> list[Json]:
    """The events of `upkeep`, which runs at once; Lambda would run it beside this."""
    events: list[Json] = []

    def run(event: Json, _context: object) -> Json:
        events.append(event)
        return handlers.upkeep.handler(event, CONTEXT)

    monkeypatch.setattr("leaderboard.repair.upkeep.INDEX_LAG_SECONDS", 0)
    switches.functions[aws.ENVIRONMENT["UPKEEP_FUNCTION"]] = run
    return events


@pytest.mark.parametrize("board", ["weekly", "arena-1"])
def test_what_a_failover_put_on_record_is_mended_as_the_season_leaves_the_cache(
    board: str, upkeep: list[Json], cache_server: Valkey
) -> None:
    """The failover comes too late for an audit: soon after it the season is no longer kept."""
    ended = of(board, "2026-W46")
    play(board, "2026-W46", record("ann", 5))
    lagging = cache_server.snapshot()
    put(board, "2026-W46", "ann", 5, "New name")
    put(board, "2026-W46", "bob", 7, "BOB")
    renamed = ScoreState("ann", 2, Score("ann", "New name", 5, MONDAY + 5))
    play(board, "2026-W46", renamed, record("bob", 7, version=2))
    cache_server.restore(lagging)
    play(board, "2026-W46", record("cy", 1))  # a late score, which the table has no more
    assert item(board, "2026-W46")[3] == ["ann", "cy"], "older than what was recorded"
    turn(MONDAY + GRACE_MS)
    recorded = wiring.board_table().read(ended.key)
    assert recorded is not None
    shown = [(it.user_id, it.user_name) for it in recorded.snapshot.entries]
    assert shown == [("bob", "BOB"), ("ann", "New name")]
    assert len(upkeep) == 1
    # From then on the table made it: no later turn makes it again.
    wiring.season_rollover().memory.keep_rollover("")
    turn(MONDAY + WEEK + GRACE_MS)
    assert [it for event in upkeep[1:] for it in event["archived"]] == []
    assert wiring.board_table().read(ended.key) == recorded


def test_season_that_upkeep_was_not_asked_for_is_asked_for_by_the_next_run(
    upkeep: list[Json], switches: Dependencies
) -> None:
    play("weekly", "2026-W46")
    play("arena-1", "2026-W46")
    switches.down.add("lambda")
    with pytest.raises(Unavailable):
        turn(MONDAY + GRACE_MS)
    assert upkeep == []
    switches.down.clear()
    assert turn(MONDAY + GRACE_MS + 60_000).finished
    asked = [it["board"] for event in upkeep for it in event["archived"]]
    assert sorted(asked) == ["arena-1", "weekly"]


def test_turns_that_were_missed_are_made_up() -> None:
    for season in ("2026-W44", "2026-W45", "2026-W46"):
        play("weekly", season)
    turn(MONDAY + GRACE_MS)
    assert [ranking("weekly", it) for it in ("2026-W44", "2026-W45", "2026-W46")] == [None] * 3


def test_lost_cache_costs_a_turn_once_more_and_no_board(cache_server: Valkey) -> None:
    play("arena-1", "2026-W47")
    turn(MONDAY)
    play("arena-1", "2026-W48")
    cache_server.client.flushall()
    again = turn(MONDAY + 60_000)
    assert (again.opened, again.finished) == ((), True)
    assert again.dropped > 0
    assert turn(MONDAY + 120_000).dropped == 0


def test_boards_open_while_the_cache_is_down(switches: Dependencies) -> None:
    play("arena-1", "2026-W47")
    switches.down.add("cache")
    done = turn(MONDAY)
    assert set(done.opened) == {"weekly#2026-W48", "daily#2026-11-23"}
    assert not done.finished
    switches.down.clear()
    assert turn(MONDAY + 60_000).opened == ("arena-1#2026-W48",)


def test_run_that_dies_at_any_call_is_made_up_by_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Killed between any two calls: whatever was done stays, whatever was not is done later."""
    play("arena-1", "2026-W47")
    play("weekly", "2026-W45")
    steps: list[tuple[Any, str]] = [
        (type(wiring.board_table()), "read"),
        (type(wiring.board_table()), "open"),
        (type(wiring.board_table()), "list_some"),
        (type(wiring.ranking_cache()), "drop"),
        (type(wiring.upkeep_function()), "ask"),
        (type(wiring.season_rollover().memory), "keep_rollover"),
    ]
    for owner, name in steps:
        for before in (True, False):
            with monkeypatch.context() as patch:
                wiring.season_rollover().memory.keep_rollover("")  # a turn that nobody has seen
                patch.setattr(owner, name, dying(getattr(owner, name), before=before))
                with pytest.raises(Killed):
                    turn(MONDAY + GRACE_MS)
    turn(MONDAY + GRACE_MS)
    for board in ("weekly", "arena-1"):
        assert item(board, "2026-W48") == (None, 0, 0, [])
    assert ranking("weekly", "2026-W45") is None


class Killed(BaseException):
    pass


def dying(call: Callable[..., Any], *, before: bool) -> Callable[..., Any]:
    def die(*arguments: Any, **named: Any) -> Any:
        if not before:
            call(*arguments, **named)
        raise Killed

    return die


def test_tables_that_are_down_are_an_error_of_the_run(switches: Dependencies) -> None:
    switches.down.add("dynamodb")
    with pytest.raises(Unavailable):
        turn(MONDAY)


def test_board_stream_takes_an_opening() -> None:
    turn(MONDAY)
    (raw,) = [it for it in board_items() if it["boardSeason"]["S"] == "weekly#2026-W48"]
    assert board_item(raw).revision == 0
    event = {
        "Records": [
            {
                "eventName": "INSERT",
                "dynamodb": {
                    "Keys": {"boardSeason": raw["boardSeason"]},
                    "NewImage": raw,
                    "SequenceNumber": "1",
                },
            }
        ]
    }
    assert handlers.board_stream.handler(event, CONTEXT) == {"batchItemFailures": []}


def board_items() -> list[Json]:
    items: list[Json] = client("dynamodb").scan(TableName=aws.BOARDS)["Items"]
    return items
