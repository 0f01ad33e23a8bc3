"""The function behind the score table's stream: what it applies, refuses, skips and repeats."""

from __future__ import annotations

import json
from typing import Any

import pytest

import handlers.score_stream
import handlers.upkeep
from leaderboard import wiring
from leaderboard.adapters.aws.clients import client
from leaderboard.adapters.dynamodb.boards import BoardTable
from leaderboard.boards.seasons import key_of
from leaderboard.errors import Unavailable
from leaderboard.ranking.tops import COMPLETE, PARTIAL, CachedTop
from tests.integration import aws
from tests.integration.conftest import Dependencies
from tests.integration.events import CONTEXT, stream_record
from tests.integration.valkey import Valkey

Json = dict[str, Any]
T0 = 1_795_420_800_000


@pytest.fixture(autouse=True)
def switches(dependencies: Dependencies) -> Dependencies:
    return dependencies


def image(user: str, score: int | None = 10, board: str = "global#all", version: int = T0) -> Json:
    found: Json = {
        "userId": {"S": user},
        "boardSeason": {"S": board},
        "version": {"N": str(version)},
    }
    if score is not None:
        found |= {
            "userName": {"S": user.upper()},
            "userScore": {"N": str(score)},
            "scoreUpdatedAt": {"S": "2026-11-23T08:00:00.000Z"},
        }
    return found


def record(sequence: int, new: Json | None, name: str = "MODIFY") -> Json:
    found = new or image("ann")
    keys: Json = {it: found[it] for it in ("userId", "boardSeason") if it in found}
    return stream_record(sequence, keys, new, name=name)


def deliver(*records: Json) -> list[str]:
    """Hand a batch over; the numbers that it reports as failed."""
    answer = handlers.score_stream.handler({"Records": list(records)}, CONTEXT)
    return [it["itemIdentifier"] for it in answer["batchItemFailures"]]


def asked_for(switches: Dependencies) -> list[tuple[str, str]]:
    """What rebuilds were started for."""
    assert all(it["cold"] and it["run"] for it in switches.invoked)
    return [(it["board"], it["season"]) for it in switches.invoked]


def number(of: Json) -> str:
    return str(of["dynamodb"]["SequenceNumber"])


def ranking(board: str = "global") -> CachedTop | None:
    return wiring.ranking_cache().read(wiring.board_season(board), size=100)


def ranked(board: str = "global") -> list[str]:
    top = ranking(board)
    assert top is not None
    return [it.user_id for it in top.scores]


def recorded(board: str = "global") -> list[str]:
    item = wiring.board_table().read(key_of(board, "all"))
    return [] if item is None else [entry.user_id for entry in item.snapshot.entries]


def queued() -> list[Json]:
    url = aws.ENVIRONMENT["FAILURE_QUEUE_URL"]
    answer = client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    return [json.loads(it["Body"]) for it in answer.get("Messages", [])]


def stored(user: str, key: str = "global#all") -> Json:
    found = client("dynamodb").get_item(
        TableName=aws.SCORES, Key={"userId": {"S": user}, "boardSeason": {"S": key}}
    )
    item: Json = found["Item"]
    return item


def test_batch_of_many_boards_is_ranked_and_recorded() -> None:
    failed = deliver(
        record(1, image("ann", 10)),
        record(2, image("bob", 20)),
        record(3, image("ann", 9_000, "fastest-lap#all")),
        record(4, image("bob", 8_000, "fastest-lap#all")),
        record(5, image("ann", 30, version=T0 + 1)),
    )
    assert failed == []
    assert ranked() == recorded() == ["ann", "bob"]
    assert ranked("fastest-lap") == recorded("fastest-lap") == ["bob", "ann"]


def without(name: str) -> Json:
    found = image("poison")
    del found[name]
    return found


POISON: dict[str, Json | None] = {
    "no image": None,
    "no version": without("version"),
    "no user": without("userId"),
    "no board": without("boardSeason"),
    "no name": without("userName"),
    "no time": without("scoreUpdatedAt"),
    "version of another type": image("poison") | {"version": {"S": "1"}},
    "version that is no number": image("poison") | {"version": {"N": "one"}},
    "score that is no integer": image("poison") | {"userScore": {"N": "1.5"}},
    "score past what is exact": image("poison") | {"userScore": {"N": str(2**53)}},
    "time in another form": image("poison") | {"scoreUpdatedAt": {"S": "2026-11-23 08:00"}},
    "user id with a mark": image("po#ison"),
    "user id of a hundred": image("p" * 100),
    "board without a season": image("poison", board="global"),
    "board in capitals": image("poison", board="GLOBAL#all"),
    "name that is null": image("poison") | {"userName": {"NULL": True}},
    "key of another type": image("poison") | {"userId": "poison"},
    "version below nought": image("poison", version=-5),
    "version past what is exact": image("poison", version=2**53),
    "time before all times": image("poison")
    | {"scoreUpdatedAt": {"S": "1969-12-31T23:59:59.999Z"}},
    "time past the member's digits": image("poison")
    | {"scoreUpdatedAt": {"S": "9999-01-01T00:00:00.000Z"}},
}


@pytest.mark.parametrize("poison", POISON.values(), ids=POISON.keys())
def test_poison_goes_whole_to_the_failure_queue_and_its_neighbours_are_applied(
    poison: Json | None,
) -> None:
    broken = record(2, poison)
    assert deliver(record(1, image("ann", 10)), broken, record(3, image("bob", 20))) == []
    assert ranked() == recorded() == ["bob", "ann"]
    (message,) = queued()
    assert message["record"] == broken
    assert message["reason"]


def test_poison_is_delivered_again_while_the_queue_does_not_take_it(
    switches: Dependencies,
) -> None:
    switches.down.add("sqs")
    broken = record(2, POISON["no version"])
    assert deliver(record(1, image("ann")), broken, record(3, image("bob"))) == [number(broken)]
    assert ranked() == ["ann", "bob"]
    switches.down.clear()
    assert deliver(broken, record(3, image("bob"))) == []
    assert len(queued()) == 1


def test_expiry_is_ignored() -> None:
    deliver(record(1, image("ann")))
    assert deliver(record(2, None, name="REMOVE"), record(3, image("bob", 1))) == []
    assert ranked() == ["ann", "bob"]
    assert queued() == []


def test_tombstone_takes_the_user_off_the_board() -> None:
    deliver(record(1, image("ann")), record(2, image("bob", 1)))
    assert deliver(record(3, image("ann", None, version=T0 + 1))) == []
    assert ranked() == recorded() == ["bob"]


def test_player_who_only_tried_changes_no_board() -> None:
    """An attempt leaves an item without a score: its record shows nowhere."""
    wiring.scores().issue(user_id="ann", board="global", action="quiz")
    assert deliver(record(1, stored("ann"))) == []
    page = wiring.reads().top(wiring.board_season("global"), limit=None).body
    assert (page["epoch"], page["version"], page["total"], page["entries"]) == (None, 0, 0, [])
    deliver(record(2, image("bob")))
    before = wiring.board_table().read("global#all")
    wiring.scores().issue(user_id="cyd", board="global", action="quiz")
    assert deliver(record(3, stored("cyd"))) == []
    assert recorded() == ranked() == ["bob"]
    assert wiring.board_table().read("global#all") == before


@pytest.mark.parametrize("standing", ["hidden", "barred"])
def test_who_may_not_be_seen_is_off_the_board(standing: str) -> None:
    hidden = image("ann", version=T0 + 1) | {"standing": {"S": standing}}
    deliver(record(1, image("ann")), record(2, image("bob", 1)))
    assert deliver(record(3, hidden)) == []
    assert ranked() == recorded() == ["bob"]
    assert deliver(record(4, image("ann", version=T0 + 2))) == []
    assert recorded() == ["ann", "bob"]


def test_scores_of_unknown_boards_are_skipped() -> None:
    unknown = record(1, image("ann", board="gone#all"))
    assert deliver(unknown, record(2, image("ann"))) == []
    assert ranked() == ["ann"]
    assert queued() == []
    assert recorded("gone") == []


def test_batch_without_news_changes_nothing() -> None:
    deliver(record(1, image("ann", version=T0 + 1)))
    before = wiring.board_table().read("global#all")
    assert deliver(record(1, image("ann", version=T0 + 1)), record(2, image("ann", 99))) == []
    assert wiring.board_table().read("global#all") == before


# Profiles.


def write_profile(user: str, name: str, version: int, standing: str = "visible") -> Json:
    profile = {
        "userId": {"S": user},
        "boardSeason": {"S": "profile"},
        "userName": {"S": name},
        "standing": {"S": standing},
        "version": {"N": str(version)},
    }
    client("dynamodb").put_item(TableName=aws.SCORES, Item=profile)
    return profile


def score(user: str, board: str, amount: int) -> None:
    body: Json = {"delta": amount} if board == "global" else {"score": amount}
    wiring.submissions().submit(user_id=user, board=board, submission_id=board, **body)


@pytest.fixture
def upkeep(switches: Dependencies) -> Dependencies:
    """Upkeep that is over when whoever asked for it goes on."""
    switches.functions[aws.ENVIRONMENT["UPKEEP_FUNCTION"]] = handlers.upkeep.handler
    return switches


def test_profiles_are_handed_to_upkeep_in_one_call(switches: Dependencies) -> None:
    people = ["ann", "bob", "cy"]
    profiles = [write_profile(it, "Renamed", T0) for it in people]
    records = [record(at, it) for at, it in enumerate([*profiles, profiles[0]], 1)]
    assert deliver(*records) == []
    assert switches.invoked == [{"profiles": people, "archived": []}]


def test_copy_of_a_profile_that_was_interrupted_is_finished(upkeep: Dependencies) -> None:
    score("ann", "global", 10)
    score("ann", "rating-1", 10)
    profile = write_profile("ann", "Renamed", T0)
    assert deliver(record(1, profile)) == []
    assert len(upkeep.invoked) == 1
    for key in ("global#all", "rating-1#all"):
        assert stored("ann", key)["userName"] == {"S": "Renamed"}
    assert queued() == []


@pytest.mark.usefixtures("upkeep")
def test_newer_profile_wins_whatever_the_order_of_its_records() -> None:
    score("ann", "global", 10)
    older = write_profile("ann", "Older", T0)
    write_profile("ann", "Newer", T0 + 1)
    assert deliver(record(1, older)) == []
    version = stored("ann")["version"]
    assert stored("ann")["userName"] == {"S": "Newer"}
    assert deliver(record(1, older), record(2, older)) == []
    assert stored("ann")["userName"] == {"S": "Newer"}
    assert stored("ann")["version"] == version


@pytest.mark.usefixtures("upkeep")
def test_profile_that_cannot_be_understood_goes_to_the_failure_queue() -> None:
    score("ann", "global", 10)
    profile = write_profile("ann", "Renamed", T0)
    del profile["userName"]
    client("dynamodb").put_item(TableName=aws.SCORES, Item=profile)
    assert deliver(record(1, image("bob")), record(2, profile), record(3, image("cy"))) == []
    assert ranked() == ["bob", "cy"]
    (message,) = queued()
    assert message["item"] == profile


def test_profile_that_cannot_be_handed_over_is_delivered_again(upkeep: Dependencies) -> None:
    score("ann", "global", 10)
    profile = record(2, write_profile("ann", "Renamed", T0))
    upkeep.down.add("lambda")
    assert deliver(record(1, image("bob")), profile, record(3, image("cy"))) == [number(profile)]
    assert ranked() == ["bob", "cy"]
    upkeep.down.clear()
    assert deliver(profile) == []
    assert stored("ann")["userName"] == {"S": "Renamed"}


def test_upkeep_that_fails_is_tried_again_and_does_the_rest_at_once(switches: Dependencies) -> None:
    score("ann", "global", 10)
    write_profile("ann", "Renamed", T0)
    event = {"profiles": ["ann", "nobody"], "archived": []}
    switches.down.add("dynamodb")
    with pytest.raises(Unavailable):
        handlers.upkeep.handler(event, CONTEXT)
    switches.down.clear()
    done = {"copied": 1, "recorded": 0, "erased": 0, "failed": 0}
    assert handlers.upkeep.handler(event, CONTEXT) == done
    assert handlers.upkeep.handler(event, CONTEXT) == done | {"copied": 0}
    assert stored("ann")["userName"] == {"S": "Renamed"}


# What is down.


def test_batch_is_delivered_again_while_the_cache_is_down(switches: Dependencies) -> None:
    records = [record(7, image("ann")), record(8, image("bob", 20))]
    switches.down.add("cache")
    assert deliver(*records) == [number(records[0])]
    assert recorded() == []
    switches.down.clear()
    assert deliver(*records) == []
    assert ranked() == recorded() == ["bob", "ann"]


def test_scores_are_written_while_the_cache_is_down(switches: Dependencies) -> None:
    switches.down.add("cache")
    score("ann", "global", 10)
    assert stored("ann")["userScore"] == {"N": "10"}


def test_lowest_record_that_failed_is_named(switches: Dependencies) -> None:
    deliver(record(1, image("zoe", 1)))
    switches.down |= {"dynamodb", "sqs"}
    batch = [
        record(9, image("ann", board="gone#all")),
        record(10, image("ann", 5, version=T0 + 2)),
        record(11, image("ann", board="rating-1#all")),
        record(12, POISON["no version"]),
    ]
    # Both boards fail, as does the queue; what is skipped does not.
    assert deliver(*batch) == [number(batch[1])]


def test_failed_board_does_not_hold_up_the_others(switches: Dependencies) -> None:
    deliver(record(1, image("zoe", 1)))
    # A board that is cold needs its item; one that is warm and not changed does not.
    switches.down.add("dynamodb")
    below = [record(2 + n, image("zoe", 1, version=T0 + 1 + n)) for n in range(2)]
    cold = record(5, image("ann", board="rating-1#all"))
    assert deliver(*below, cold) == [number(cold)]


def test_top_that_could_not_be_recorded_is_recorded_by_a_batch_without_news(
    switches: Dependencies,
) -> None:
    deliver(record(1, image("ann")))
    news = record(2, image("bob", 99))
    switches.down.add("dynamodb")
    assert deliver(news) == [number(news)]
    assert ranked() == ["bob", "ann"]
    switches.down.clear()
    assert deliver(news) == []
    assert recorded() == ["bob", "ann"]


# A cold cache.


def test_cold_cache_keeps_the_recorded_top_and_starts_one_rebuild(
    switches: Dependencies, cache_server: Valkey
) -> None:
    deliver(record(1, image("ann")), record(2, image("bob", 20)))
    cache_server.client.flushall()
    assert deliver(record(3, image("cy", 99))) == []
    assert deliver(record(4, image("dee", 98))) == []
    assert recorded() == ["bob", "ann"]
    assert asked_for(switches) == [("global", "all")]
    top = ranking()
    assert top is not None
    assert top.completeness == PARTIAL


def test_rebuild_that_cannot_be_started_is_claimed_again(
    switches: Dependencies, cache_server: Valkey
) -> None:
    deliver(record(1, image("ann")))
    cache_server.client.flushall()
    switches.down.add("lambda")
    late = record(2, image("bob"))
    assert deliver(late) == [number(late)]
    switches.down.clear()
    assert deliver(late) == []
    assert asked_for(switches) == [("global", "all")]


def test_first_scores_begin_a_board_that_is_complete(switches: Dependencies) -> None:
    deliver(record(1, image("ann")))
    top = ranking()
    assert top is not None
    assert top.completeness == COMPLETE
    assert switches.invoked == []


def test_life_that_began_beside_an_item_is_filled_before_it_records(
    switches: Dependencies, cache_server: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first record of a board, while another function began the same board elsewhere."""
    deliver(record(1, image("ann")))
    cache_server.client.flushall()
    table = type(wiring.board_table())
    real = table.read
    calls: list[str] = []

    def read(it: Any, key: str) -> Any:
        calls.append(key)
        return None if len(calls) == 1 else real(it, key)

    monkeypatch.setattr(table, "read", read)
    assert deliver(record(2, image("bob", 20))) == []
    assert recorded() == ["ann"]
    assert asked_for(switches) == [("global", "all")]


def test_first_batch_whose_life_was_lost_beside_anothers_record_is_delivered_again(
    cache_server: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cache is lost before the board's first record, and a new life is recorded first."""
    real = BoardTable.write

    def write(*arguments: Any, **options: Any) -> bool:
        monkeypatch.setattr(BoardTable, "write", real)
        cache_server.client.flushall()
        assert deliver(record(2, image("bob", 20))) == []
        return real(*arguments, **options)

    monkeypatch.setattr(BoardTable, "write", write)
    news = record(1, image("ann", 10))
    assert deliver(news) == [number(news)]
    assert deliver(news) == []
    assert ranked() == recorded() == ["bob", "ann"]


# The interval.


def test_board_whose_table_was_put_back_is_filled_again(switches: Dependencies) -> None:
    """What the cache knows of the ranking is of another table then, and of other scores."""
    key = {"boardSeason": {"S": "global#all"}}
    deliver(record(1, image("ann", 10)))
    earlier = client("dynamodb").get_item(TableName=aws.BOARDS, Key=key)["Item"]
    deliver(record(2, image("bob", 20, version=T0 + 1)))
    client("dynamodb").put_item(TableName=aws.BOARDS, Item=earlier)
    assert deliver(record(3, image("cid", 30, version=T0 + 2))) == []
    assert asked_for(switches) == [("global", "all")]
    assert ranking() is None


def test_board_is_recorded_once_an_interval() -> None:
    recorder = wiring.recorder()
    slept: list[float] = []
    deliver(record(1, image("ann")))
    object.__setattr__(recorder, "interval_ms", 60_000)

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        object.__setattr__(recorder, "interval_ms", 0)

    object.__setattr__(recorder, "sleep", sleep)
    assert deliver(record(2, image("bob", 99))) == []
    assert recorded() == ["bob", "ann"]
    assert len(slept) == 1
    assert 30 < slept[0] <= 60


def test_what_others_recorded_in_the_interval_is_not_recorded_again() -> None:
    board_season = wiring.board_season("global")
    deliver(record(1, image("ann")))
    recorder = wiring.recorder()
    object.__setattr__(recorder, "interval_ms", 60_000)

    def others_record(_seconds: float) -> None:
        object.__setattr__(recorder, "interval_ms", 0)
        recorder.record(board_season, wiring.ranking_cache().read(board_season))

    object.__setattr__(recorder, "sleep", others_record)
    assert deliver(record(2, image("bob", 99))) == []
    item = wiring.board_table().read("global#all")
    assert item is not None
    assert (item.revision, item.snapshot.version) == (2, 2)


def test_batch_whose_ranking_is_lost_before_it_is_recorded_is_delivered_again(
    switches: Dependencies, cache_server: Valkey
) -> None:
    deliver(record(1, image("ann")))
    recorder = wiring.recorder()
    object.__setattr__(recorder, "interval_ms", 60_000)

    def lose(_seconds: float) -> None:
        cache_server.client.flushall()

    object.__setattr__(recorder, "sleep", lose)
    news = record(2, image("bob", 99))
    assert deliver(news) == [number(news)]
    assert recorded() == ["ann"]
    assert deliver(news) == []
    assert asked_for(switches) == [("global", "all")]
