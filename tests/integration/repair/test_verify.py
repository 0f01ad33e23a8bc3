"""Verification: tops that differ from the table are found and rebuilt, not those on their way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import handlers.rebuild
import handlers.verify
from leaderboard import clock, wiring
from leaderboard.adapters.aws.clients import client
from leaderboard.adapters.dynamodb.index import BoardIndex
from leaderboard.adapters.valkey.encoding import CacheKeys
from leaderboard.boards.seasons import BoardSeason
from leaderboard.errors import BoardNotFound, CacheUnavailable, Invalid, Unavailable
from leaderboard.ranking.score_state import ScoreState
from leaderboard.ranking.tops import COMPLETE, PARTIAL
from leaderboard.repair.verification import REBUILD_AGAIN_MS, VerificationResult
from tests.integration import aws
from tests.integration.capacity import metered
from tests.integration.conftest import Dependencies
from tests.integration.events import CONTEXT
from tests.integration.repair.test_rebuild_at_size import BOARDS, deliver, known, put, ranked
from tests.integration.valkey import Valkey

Json = dict[str, Any]
NOW = clock.machine_ms()


@pytest.fixture(autouse=True)
def switches(
    dependencies: Dependencies, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Dependencies:
    file = tmp_path / "boards.yml"
    file.write_text(BOARDS)
    monkeypatch.setenv("BOARDS_FILE", str(file))
    monkeypatch.setattr("leaderboard.repair.verification.LAG_SECONDS", 0)
    monkeypatch.setattr("leaderboard.repair.comparison.LAG_SECONDS", 0)
    aws.forget()
    return dependencies


def verify(*, after_ms: int = 0) -> VerificationResult:
    service = replace(wiring.verification(), now_ms=lambda: NOW + after_ms)
    return service.run(seconds=30)


def deep(**event: Any) -> Json:
    return handlers.verify.handler({"board": "global", "deep": True, **event}, CONTEXT)


def lose(user: str, score: int) -> None:
    """In the table and its index, and never delivered."""
    put(user, score, version=3)


def test_right_boards_are_right() -> None:
    for key in ("global#all", "low#all", "arena-1#all"):
        deliver(*(put(user, 9 - number, key) for number, user in enumerate("abcde")))
    done = verify()
    assert done.checked == 5, "three boards, and the two kept seasons of the weekly one"
    assert (done.missed, done.wrong, done.cold, done.finished) == ((), (), (), True)


def test_lost_score_is_missed_once_then_rebuilt(switches: Dependencies) -> None:
    deliver(put("a", 5))
    lose("b", 9)
    assert verify().missed == ("global#all",)
    assert switches.invoked == []
    done = verify(after_ms=60_000)
    assert (done.missed, done.wrong, done.rebuilds) == ((), ("global#all",), 1)
    (event,) = switches.invoked
    handlers.rebuild.handler(event, CONTEXT)
    assert ranked() == ["b", "a"]
    assert verify(after_ms=120_000).wrong == ()


@pytest.mark.parametrize(
    "keys",
    [
        {"boardSeasonShard": None, "boardOrder": None},
        {"boardOrder": {"S": f"d{2**53:017d}{NOW:013d}a"}},
    ],
    ids=["none", "the wrong ones"],
)
def test_item_that_an_import_wrote_without_its_index_keys_is_no_miss(
    keys: Json, switches: Dependencies
) -> None:
    """The board has what the table has: no rebuild would change that, each minute anew."""
    image = put("a", 9) | keys
    image = {name: value for name, value in image.items() if value is not None}
    client("dynamodb").put_item(TableName=aws.SCORES, Item=image)
    deliver(image, *(put(user, 8 - number) for number, user in enumerate("bcde")))
    for run in range(3):
        done = verify(after_ms=run * 60_000)
        assert (done.missed, done.wrong) == ((), ())
    assert switches.invoked == []
    assert handlers.rebuild.handler({"all": True}, CONTEXT)["finished"]  # the audit
    assert ranked() == ["a", "b", "c", "d", "e"]
    lose("f", 99)
    assert verify(after_ms=180_000).missed == ("global#all",)
    assert verify(after_ms=240_000).wrong == ("global#all",)


def test_function_runs_by_the_schedules_event(switches: Dependencies) -> None:
    deliver(put("a", 5))
    lose("b", 9)
    event = {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}
    assert handlers.verify.handler(event, CONTEXT)["missed"] == ["global#all"]
    assert handlers.verify.handler(event, CONTEXT)["wrong"] == ["global#all"]
    assert switches.invoked == [{"board": "global", "season": "all"}]


def test_score_that_is_on_its_way_is_no_miss(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy a board: somebody else is on the way each time."""
    deliver(put("a", 5))
    best = BoardIndex.best
    pending: list[Json] = [put("b", 9, version=2)]
    number = [0]

    def moving(*arguments: Any) -> Any:
        answer = best(*arguments)
        if arguments[1].board == "global":
            number[0] += 1
            arrived, pending[:] = [*pending], [put(f"n{number[0]}", 50 + number[0])]
            deliver(*arrived)
        return answer

    monkeypatch.setattr(BoardIndex, "best", moving)
    for run in range(4):
        done = verify(after_ms=run * 60_000)
        assert (done.missed, done.wrong) == ((), ())
    assert number[0] == 8


def test_miss_that_mends_itself_is_forgotten(switches: Dependencies) -> None:
    deliver(put("a", 5))
    image = put("b", 9, version=3)
    assert verify().missed == ("global#all",)
    deliver(image)
    assert verify(after_ms=60_000).missed == ()
    lose("c", 20)
    assert verify(after_ms=120_000).missed == ("global#all",), "the first one again"
    assert switches.invoked == []


def test_board_that_was_rebuilt_is_left_alone_for_a_while(switches: Dependencies) -> None:
    """A stream that lags by minutes is no reason to read the table each minute."""
    deliver(put("a", 5))
    lose("b", 9)
    started = [verify(after_ms=minute * 60_000).rebuilds for minute in range(10)]
    assert started == [0, 1, 0, 0, 0, 0, 0, 0, 0, 0]
    assert verify(after_ms=REBUILD_AGAIN_MS + 120_000).rebuilds == 1
    assert len(switches.invoked) == 2


@pytest.mark.parametrize("mistake", ["score", "name", "gone", "empty"])
def test_every_kind_of_wrong_top_is_a_miss(mistake: str) -> None:
    deliver(put("a", 5), put("b", 4))
    if mistake == "score":
        lose("a", 7)
    elif mistake == "name":
        image = put("a", 5, version=2) | {"userName": {"S": "renamed"}}
        client("dynamodb").put_item(TableName=aws.SCORES, Item=image)
    elif mistake == "gone":
        put("a", None, version=9)
    else:
        lose("x", 1)
        put("x", 1, "low#all")
    expected = ("global#all", "low#all") if mistake == "empty" else ("global#all",)
    assert verify().missed == expected


def test_cold_boards_are_filled_by_one_rebuild(
    switches: Dependencies, cache_server: Valkey
) -> None:
    for key in ("global#all", "low#all", "arena-1#all"):
        deliver(put("a", 5, key))
    cache_server.client.flushall()
    done = verify()
    assert set(done.cold) == {"global#all", "low#all", "arena-1#all"}
    (event,) = switches.invoked
    switches.invoked.clear()
    assert verify().rebuilds == 0, "one is under way"
    handlers.rebuild.handler(event, CONTEXT)
    for board in ("global", "low", "arena-1"):
        assert ranked(board) == ["a"]
    assert verify().cold == ()
    assert switches.invoked == []


def test_partial_life_whose_rebuild_never_began_is_filled(switches: Dependencies) -> None:
    """A function that was killed between claiming a rebuild and starting it."""
    deliver(put("a", 5))
    wiring.ranking_cache().drop("global#all")
    record = ScoreState("b", 1, None)
    applied = wiring.ranking_cache().apply(wiring.board_season("global"), [record], start=PARTIAL)
    assert applied.rebuild_due
    assert verify().cold == ("global#all",)
    (event,) = switches.invoked
    handlers.rebuild.handler(event, CONTEXT)
    top = wiring.ranking_cache().read(wiring.board_season("global"))
    assert top is not None
    assert top.completeness == COMPLETE


def test_rebuild_that_cannot_be_started_is_asked_for_again(switches: Dependencies) -> None:
    deliver(put("a", 5))
    lose("b", 9)
    verify()
    switches.down.add("lambda")
    with pytest.raises(Unavailable):
        verify(after_ms=60_000)
    switches.down.clear()
    assert verify(after_ms=120_000).rebuilds == 1


def test_nothing_is_judged_while_the_cache_is_down(switches: Dependencies) -> None:
    deliver(put("a", 5))
    lose("b", 9)
    switches.down.add("cache")
    with pytest.raises(CacheUnavailable):
        verify()


def crowded(boards: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many boards of a pattern, three of which a run may look at."""
    monkeypatch.setattr("leaderboard.repair.verification.PAGE", 3)
    for number in range(boards):
        deliver(put("a", 5, f"arena-{number}#all"))


OWN = 4
"""What boards.yml names: three boards, and the two kept seasons of the weekly one."""


def test_minute_s_work_does_not_grow_with_boards_that_nobody_watches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    verify()  # an environment reads once how many shards the stage ever had
    spent: list[tuple[int, float]] = []
    for boards in (5, 20):
        crowded(boards, monkeypatch)
        with metered() as used:
            assert verify().checked == OWN + 3
        spent.append((len(used.calls), used.reads))
    assert spent[0] == spent[1]


def test_every_board_of_a_pattern_gets_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    crowded(10, monkeypatch)
    looked: list[str] = []
    best = BoardIndex.best

    def counted(index: BoardIndex, board_season: BoardSeason, limit: int) -> Any:
        looked.append(board_season.board)
        return best(index, board_season, limit)

    monkeypatch.setattr(BoardIndex, "best", counted)
    for minute in range(4):
        verify(after_ms=minute * 60_000)
    assert {it for it in looked if it.startswith("arena-")} == {f"arena-{it}" for it in range(10)}
    looked.clear()
    for minute in range(4, 8):  # and from the beginning
        verify(after_ms=minute * 60_000)
    assert {it for it in looked if it.startswith("arena-")} == {f"arena-{it}" for it in range(10)}


def test_board_that_was_missed_is_looked_at_in_the_next_minute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    crowded(10, monkeypatch)
    lose_key("arena-7#all")
    found = [verify(after_ms=minute * 60_000) for minute in range(5)]
    (minute,) = [it for it, done in enumerate(found) if done.missed == ("arena-7#all",)]
    assert found[minute + 1].wrong == ("arena-7#all",)


def test_board_that_somebody_watches_is_looked_at_each_minute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    crowded(10, monkeypatch)
    table = wiring.connection_table()
    table.open("c-1=", None)
    table.subscribe("c-1=", "arena-4")
    table.subscribe("c-1=", "arena-9")
    for board in ("arena-4", "arena-9"):
        lose_key(f"{board}#all")
    assert sorted(verify().missed) == ["arena-4#all", "arena-9#all"]


def lose_key(key: str) -> None:
    put("lost", 99, key, version=3)


def test_run_that_has_no_time_left_says_so() -> None:
    deliver(put("a", 5))
    done = wiring.verification().run(seconds=-1)
    assert (done.checked, done.finished) == (0, False)


# The whole ranking.


def test_deep_comparison_of_a_right_ranking_finds_nothing() -> None:
    deliver(*(put(f"u{number}", number) for number in range(250)))
    deliver(put("u3", None, version=2), put("removed", None, version=2))
    answer = deep()
    assert answer["differences"] == 0
    assert answer["shown"] == []
    assert answer["strayMembers"] == 0
    assert (answer["items"], answer["ranked"], answer["finished"]) == (251, 249, True)


def test_deep_comparison_names_every_difference() -> None:
    deliver(*(put(f"u{number}", number) for number in range(150)))
    lose("lost", 77)
    put("u7", None, version=9)
    lose("u8", 1000)
    known("stranger", 5, 4)
    answer = deep()
    assert answer["differences"] == 4
    shown = {it["userId"]: it for it in answer["shown"]}
    assert set(shown) == {"lost", "stranger", "u7", "u8"}
    assert shown["lost"]["ranking"] is None
    assert shown["lost"]["table"]["userScore"] == 77
    assert shown["stranger"]["table"] is None
    assert shown["u7"]["table"] is None
    assert (shown["u8"]["table"]["userScore"], shown["u8"]["ranking"]["userScore"]) == (1000, 8)
    handlers.rebuild.handler({"board": "global", "fresh": True}, CONTEXT)
    assert deep()["differences"] == 0


def test_deep_comparison_counts_all_and_shows_some() -> None:
    deliver(put("a", 5))
    for number in range(130):
        lose(f"lost-{number}", number)
    answer = deep()
    assert answer["differences"] == 130
    assert len(answer["shown"]) == 100


def test_deep_comparison_finds_members_that_nobody_has(cache_server: Valkey) -> None:
    deliver(put("a", 5), put("b", 4))
    keys = CacheKeys.of("global#all")
    cache_server.client.zadd(keys.members, {b"\x00\x00\x00\x00\x00\x01stray": 1})
    assert deep()["strayMembers"] == 1


def test_deep_comparison_finds_who_is_missing_in_the_order(cache_server: Valkey) -> None:
    deliver(put("a", 5), put("b", 4))
    cache_server.client.zremrangebyrank(CacheKeys.of("global#all").members, 0, 0)
    answer = deep()
    assert [it["userId"] for it in answer["shown"]] == ["a"]


def test_deep_comparison_looks_twice_at_what_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    deliver(put("a", 5))
    image = put("a", 9, version=2)

    def sleep(_: float) -> None:
        deliver(image)

    monkeypatch.setattr("leaderboard.repair.comparison.time.sleep", once(sleep))
    assert deep()["differences"] == 0


def once(call: Callable[[float], None]) -> Callable[[float], None]:
    calls: list[float] = []

    def run(seconds: float) -> None:
        calls.append(seconds)
        if len(calls) == 1:
            call(seconds)

    return run


def test_cold_ranking_cannot_be_compared() -> None:
    deliver(put("a", 5))
    wiring.ranking_cache().drop("global#all")
    with pytest.raises(Unavailable):
        deep()


@pytest.mark.parametrize(
    "event",
    [
        {"board": "global"},
        {"deep": True},
        {"board": 5, "deep": True},
        {"board": "global", "deep": "yes"},
        {"board": "global", "deep": True, "season": 5},
        {"board": "global", "deep": True, "season": "2026-W01"},
    ],
)
def test_nonsense_is_refused(event: Json) -> None:
    with pytest.raises(Invalid):
        handlers.verify.handler(event, CONTEXT)


def test_unknown_board_is_refused() -> None:
    with pytest.raises(BoardNotFound):
        handlers.verify.handler({"board": "gone", "deep": True}, CONTEXT)
