"""The function behind the boards' stream: which frames it makes, whom they reach, how it paces."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

import handlers.board_stream
import handlers.subscriber
from leaderboard import wiring
from leaderboard.adapters.aws.clients import client
from leaderboard.adapters.dynamodb.audiences import AudienceTable
from leaderboard.errors import Unavailable
from tests.integration import aws
from tests.integration.conftest import Dependencies
from tests.integration.events import CONTEXT, frame, stream_record
from tests.integration.sink import Sink, listening

Json = dict[str, Any]


@pytest.fixture(autouse=True)
def sink(dependencies: Dependencies, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sink]:
    """@connections, on loopback; moto stays behind the clients that there are already."""
    assert dependencies.down == set()
    with listening() as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.endpoint)
        monkeypatch.setenv("FRAME_INTERVAL_MS", "1")
        yield server


def image(
    version: int,
    names: str,
    *,
    board: str = "global#all",
    revision: int | None = None,
    epoch: str = "e1",
    score: int = 100,
) -> Json:
    """A board's item; each letter of `names` is a user, the best first."""
    return {
        "boardSeason": {"S": board},
        "epoch": {"S": epoch},
        "version": {"N": str(version)},
        "revision": {"N": str(revision or version)},
        "total": {"N": str(len(names))},
        "life": {"S": "life"},
        "top": {
            "L": [
                {
                    "M": {
                        "userId": {"S": f"user-{name}"},
                        "userName": {"S": f"Näme {name} ☃"},
                        "userScore": {"N": str(score - rank)},
                        "scoreUpdatedAt": {"S": f"2026-11-23T08:00:00.{rank:03d}Z"},
                    }
                }
                for rank, name in enumerate(names)
            ]
        },
    }


def change(sequence: int, old: Json | None, new: Json | None, name: str = "") -> Json:
    found = new or old or {}
    return stream_record(sequence, {"boardSeason": found["boardSeason"]}, new, old, name=name)


def subscribe(*connections: str, board: str = "global") -> None:
    for connection in connections:
        handlers.subscriber.handler(frame(connection, None, "CONNECT"), CONTEXT)
        request = {"action": "subscribe", "board": board}
        reply = handlers.subscriber.handler(frame(connection, request), CONTEXT)
        assert json.loads(reply["body"])["type"] == "snapshot"


def deliver(*records: Json) -> list[str]:
    answer = handlers.board_stream.handler({"Records": list(records)}, CONTEXT)
    return [it["itemIdentifier"] for it in answer["batchItemFailures"]]


def followers() -> set[str]:
    rows = client("dynamodb").scan(TableName=aws.CONNECTIONS)["Items"]
    return {it["connectionId"]["S"] for it in rows if "#" in it["audience"]["S"]}


# Which frames.


def test_first_frame_of_a_board_is_a_snapshot(sink: Sink) -> None:
    subscribe("one=")
    assert deliver(change(1, None, image(1, "ab"))) == []
    (sent,) = sink.frames("one=")
    assert sent["type"] == "snapshot"
    assert (sent["board"], sent["season"], sent["epoch"]) == ("global", "all", "e1")
    assert (sent["version"], sent["total"], sent["endsAt"]) == (1, 2, None)
    assert [it["userId"] for it in sent["entries"]] == ["user-a", "user-b"]


def test_later_frame_names_what_changed(sink: Sink) -> None:
    subscribe("one=")
    assert deliver(change(1, image(4, "abcdef"), image(5, "abcdeg"))) == []
    (sent,) = sink.frames("one=")
    assert (sent["type"], sent["from"], sent["version"]) == ("update", 4, 5)
    assert [it["userId"] for it in sent["upsert"]] == ["user-g"]
    assert sent["remove"] == ["user-f"]
    assert sent["scoredAt"] == "2026-11-23T08:00:00.005Z"
    assert sent["publishedAt"] > "2026"


def test_several_changes_of_a_batch_become_one_frame(sink: Sink) -> None:
    subscribe("one=")
    steps = [image(7, "abcdef"), image(8, "abcdeg"), image(9, "abcdeh"), image(10, "abcdex")]
    records = [change(n, *pair) for n, pair in enumerate(pairwise(steps))]
    assert deliver(*records) == []
    (sent,) = sink.frames("one=")
    assert (sent["type"], sent["from"], sent["version"]) == ("update", 7, 10)
    assert [it["userId"] for it in sent["upsert"]] == ["user-x"]
    assert sent["remove"] == ["user-f"]


def test_change_that_was_taken_back_is_an_empty_update(sink: Sink) -> None:
    subscribe("one=")
    first, second, third = image(7, "abc"), image(8, "abd"), image(9, "abc")
    assert deliver(change(1, first, second), change(2, second, third)) == []
    (sent,) = sink.frames("one=")
    assert (sent["from"], sent["version"], sent["upsert"], sent["remove"]) == (7, 9, [], [])


def test_nothing_is_sent_when_only_the_revision_moved(sink: Sink) -> None:
    subscribe("one=")
    assert deliver(change(1, image(7, "abc"), image(7, "abc", revision=8))) == []
    assert sink.posts == []


def test_snapshot_goes_where_an_update_would_be_larger(sink: Sink) -> None:
    subscribe("one=")
    assert deliver(change(1, image(7, "abcdef"), image(8, "uvwxyz"))) == []
    (sent,) = sink.frames("one=")
    assert (sent["type"], sent["version"]) == ("snapshot", 8)


def test_snapshot_goes_where_the_counter_was_lost(sink: Sink) -> None:
    subscribe("one=")
    assert deliver(change(1, image(7, "abcdef"), image(1, "abcdeg", epoch="e2"))) == []
    (sent,) = sink.frames("one=")
    assert (sent["type"], sent["epoch"], sent["version"]) == ("snapshot", "e2", 1)


def test_item_that_was_deleted_is_followed_by_a_snapshot(sink: Sink) -> None:
    subscribe("one=")
    old, new = image(7, "abc"), image(1, "abd", epoch="e2")
    assert deliver(change(1, old, None, "REMOVE"), change(2, None, new)) == []
    assert [it["type"] for it in sink.frames("one=")] == ["snapshot"]


def test_boards_of_a_batch_reach_their_own_subscribers(sink: Sink) -> None:
    subscribe("one=")
    subscribe("two=", board="rating-1")
    subscribe("both=")
    subscribe("both=", board="rating-1")
    here, there = image(1, "ab"), image(1, "cd", board="rating-1#all")
    assert deliver(change(1, None, here), change(2, None, there)) == []
    assert [it["board"] for it in sink.frames("one=")] == ["global"]
    assert [it["board"] for it in sink.frames("two=")] == ["rating-1"]
    assert sorted(it["board"] for it in sink.frames("both=")) == ["global", "rating-1"]


def test_board_that_is_no_more_sends_nothing(sink: Sink) -> None:
    subscribe("one=")
    assert deliver(change(1, None, image(1, "ab", board="gone#all"))) == []
    assert sink.posts == []


def test_frames_are_utf8_without_escapes(sink: Sink) -> None:
    subscribe("one=")
    deliver(change(1, None, image(1, "ab")))
    (post,) = sink.posts
    assert "Näme a ☃".encode() in post.body
    assert b"\\u" not in post.body


def test_connection_ids_are_encoded_in_the_path(sink: Sink) -> None:
    subscribe("a+b/c=")
    deliver(change(1, None, image(1, "ab")))
    (post,) = sink.posts
    assert post.path.endswith("/@connections/a%2Bb%2Fc%3D")


def test_everybody_gets_the_same_bytes(sink: Sink) -> None:
    connections = [f"connection-{number}=" for number in range(40)]
    subscribe(*connections)
    deliver(change(1, image(4, "abcdef"), image(5, "abcdeg")))
    assert sorted(post.connection_id for post in sink.posts) == sorted(connections)
    assert len({post.body for post in sink.posts}) == 1


def test_poison_goes_to_the_failure_queue_and_its_neighbours_are_sent(sink: Sink) -> None:
    subscribe("one=")
    subscribe("two=", board="rating-1")
    poison = image(2, "ab")
    del poison["top"]
    broken = change(1, None, poison)
    assert deliver(broken, change(2, None, image(1, "cd", board="rating-1#all"))) == []
    assert sink.frames("one=") == []
    assert len(sink.frames("two=")) == 1
    url = aws.ENVIRONMENT["FAILURE_QUEUE_URL"]
    (message,) = client("sqs").receive_message(QueueUrl=url)["Messages"]
    assert json.loads(message["Body"])["record"] == broken


# Whom it does not reach.


def test_who_is_gone_is_forgotten_and_the_others_are_reached(sink: Sink) -> None:
    subscribe("one=", "gone=", "two=")
    subscribe("gone=", board="weekly")
    sink.always["gone="] = 410
    assert deliver(change(1, None, image(1, "ab"))) == []
    assert followers() == {"one=", "two="}
    assert len(sink.frames("one=")) == len(sink.frames("two=")) == 1
    deliver(change(2, image(1, "ab"), image(2, "ac")))
    assert [post.connection_id for post in sink.posts].count("gone=") == 1


@pytest.mark.parametrize("status", [429, 500, 503])
def test_post_that_may_succeed_later_is_repeated(sink: Sink, status: int) -> None:
    subscribe("one=", "busy=")
    sink.answers["busy="].extend([status, status])
    assert deliver(change(1, None, image(1, "ab"))) == []
    assert len(sink.frames("busy=")) == 1
    assert [post.status for post in sink.posts if post.connection_id == "busy="] == [
        status,
        status,
        200,
    ]


@pytest.mark.parametrize("status", [429, 503])
def test_post_that_never_succeeds_holds_up_nobody(sink: Sink, status: int) -> None:
    subscribe("one=", "stuck=", "two=")
    sink.always["stuck="] = status
    began = time.monotonic()
    assert deliver(change(1, None, image(1, "ab"))) == []
    assert time.monotonic() - began < 3
    assert followers() == {"one=", "stuck=", "two="}
    assert len(sink.frames("one=")) == len(sink.frames("two=")) == 1


@pytest.mark.parametrize("status", [400, 403])
def test_post_that_is_refused_for_good_is_not_repeated(sink: Sink, status: int) -> None:
    subscribe("one=")
    sink.always["one="] = status
    assert deliver(change(1, None, image(1, "ab"))) == []
    assert len(sink.posts) == 1


def test_posts_go_out_side_by_side_and_no_more_than_so_many(
    sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTS_AT_ONCE", "20")
    subscribe(*(f"connection-{number}=" for number in range(64)))
    sink.delay = 0.05
    deliver(change(1, None, image(1, "ab")))
    assert len(sink.posts) == 64
    assert 8 < sink.most_at_once <= 20


def test_subscription_that_expired_is_sent_nothing(sink: Sink) -> None:
    subscribe("one=", "two=")
    client("dynamodb").update_item(
        TableName=aws.CONNECTIONS,
        Key={"audience": {"S": "global#0"}, "connectionId": {"S": "two="}},
        UpdateExpression="SET expiresAt = :past",
        ExpressionAttributeValues={":past": {"N": "1"}},
    )
    deliver(change(1, None, image(1, "ab")))
    assert [post.connection_id for post in sink.posts] == ["one="]


# What is down.


def test_batch_is_delivered_again_from_its_first_record_while_the_table_is_down(
    sink: Sink, dependencies: Dependencies
) -> None:
    subscribe("one=")
    records = [change(5, image(1, "ab"), image(2, "ac")), change(6, image(2, "ac"), image(3, "ad"))]
    dependencies.down.add("dynamodb")
    assert deliver(*records) == [str(records[0]["dynamodb"]["SequenceNumber"])]
    dependencies.down.clear()
    assert deliver(*records) == []
    assert [it["version"] for it in sink.frames("one=")] == [3]


def test_frames_go_out_while_the_cache_is_down(sink: Sink, dependencies: Dependencies) -> None:
    subscribe("one=")
    dependencies.down.add("cache")
    assert deliver(change(1, None, image(1, "ab"))) == []
    assert len(sink.frames("one=")) == 1


def test_copy_for_readers_is_the_newest_recorded_top() -> None:
    old, new = image(7, "abc", revision=20), image(8, "abd", revision=21)
    deliver(change(1, old, new))
    deliver(change(0, image(6, "abe", revision=19), old))
    page = wiring.reads().top(wiring.board_season("global"), limit=None)
    assert page.body["version"] == 8
    assert [it["userId"] for it in page.body["entries"]] == ["user-a", "user-b", "user-d"]


# The pace.


def timed(monkeypatch: pytest.MonkeyPatch, *records: Json, **environment: str) -> float:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    aws.forget()
    began = time.monotonic()
    assert deliver(*records) == []
    return time.monotonic() - began


def test_invocation_lasts_the_interval_of_its_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    subscribe("one=")
    lasted = timed(monkeypatch, change(1, None, image(1, "ab")), FRAME_INTERVAL_MS="700")
    assert 0.7 <= lasted < 3


def test_nobody_waits_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    lasted = timed(monkeypatch, change(1, None, image(1, "ab")), FRAME_INTERVAL_MS="30000")
    assert lasted < 10


def test_nobody_waits_for_a_frame_that_was_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    subscribe("one=")
    unmoved = change(1, image(7, "abc"), image(7, "abc", revision=8))
    assert timed(monkeypatch, unmoved, FRAME_INTERVAL_MS="30000") < 10


def test_interval_widens_with_the_audience(monkeypatch: pytest.MonkeyPatch) -> None:
    subscribe(*(f"connection-{number}=" for number in range(8)))
    news = change(1, None, image(1, "ab"))
    assert timed(monkeypatch, news, FRAME_INTERVAL_MS="1", POSTS_PER_SECOND="10") >= 0.8


def test_pace_is_told_to_readers(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    subscribe("one=", "two=", "gone=")
    sink.always["gone="] = 410
    timed(monkeypatch, change(1, None, image(1, "ab")), FRAME_INTERVAL_MS="40")
    (board,) = [it for it in wiring.reads().list()["boards"] if it["board"] == "global"]
    assert (board["viewers"], board["frameIntervalMs"]) == (2, 40)


def pace_of(board: str) -> tuple[Any, Any]:
    (found,) = [it for it in wiring.reads().list()["boards"] if it["board"] == board]
    return found["viewers"], found["frameIntervalMs"]


def test_boards_of_other_invocations_share_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lanes run side by side; the budget is the stage's."""
    subscribe(*(f"viewer{number}=" for number in range(10)))
    subscribe(*(f"other{number}=" for number in range(10)), board="weekly")
    week = wiring.subscriptions().recorded("weekly").season.season
    paced = {"FRAME_INTERVAL_MS": "1", "POSTS_PER_SECOND": "40"}
    timed(monkeypatch, change(1, None, image(1, "ab")), **paced)
    assert pace_of("global") == (10, 250)
    timed(monkeypatch, change(2, None, image(1, "ab", board=f"weekly#{week}")), **paced)
    assert pace_of("weekly") == (10, 500)
    timed(monkeypatch, change(3, image(1, "ab"), image(2, "ba")), **paced)
    assert pace_of("global") == (10, 500)


def test_budget_is_kept_while_the_cache_is_down(
    monkeypatch: pytest.MonkeyPatch, dependencies: Dependencies
) -> None:
    subscribe(*(f"connection-{number}=" for number in range(8)))
    dependencies.down.add("cache")
    news = change(1, None, image(1, "ab"))
    assert timed(monkeypatch, news, FRAME_INTERVAL_MS="1", POSTS_PER_SECOND="10") >= 0.8


# Changes that waited long.


def late(record: Json, *, seconds: float) -> Json:
    record["dynamodb"]["ApproximateCreationDateTime"] = int(time.time() - seconds)
    return record


def keep_item(item: Json) -> None:
    client("dynamodb").put_item(TableName=aws.BOARDS, Item=item)


def test_change_that_waited_long_leads_to_the_newest_top(sink: Sink) -> None:
    subscribe("one=")
    keep_item(image(9, "abcdez"))
    assert deliver(late(change(1, image(4, "abcdef"), image(5, "abcdeg")), seconds=60)) == []
    (sent,) = sink.frames("one=")
    assert (sent["type"], sent["from"], sent["version"]) == ("update", 4, 9)
    assert [it["userId"] for it in sent["upsert"]] == ["user-z"]


def test_changes_that_were_told_already_are_passed_over(sink: Sink) -> None:
    subscribe("one=")
    keep_item(image(9, "abcdez"))
    deliver(late(change(1, image(4, "abcdef"), image(5, "abcdeg")), seconds=60))
    aws.forget()  # another environment
    behind = [
        late(change(number, image(number - 1, "abcdeg"), image(number, "abcdeg")), seconds=50)
        for number in range(6, 10)
    ]
    began = time.monotonic()
    assert deliver(*behind[:2]) == []
    assert time.monotonic() - began < 5
    fresh = change(10, image(9, "abcdez"), image(10, "abcdey"))
    fresh["dynamodb"]["ApproximateCreationDateTime"] = int(time.time())
    keep_item(image(10, "abcdey"))
    assert deliver(*behind[2:], fresh) == []
    assert [(it["from"], it["version"]) for it in sink.frames("one=")] == [(4, 9), (9, 10)]


def test_change_of_a_moment_ago_leads_where_it_says(sink: Sink) -> None:
    subscribe("one=")
    keep_item(image(9, "abcdez"))
    deliver(late(change(1, image(4, "abcdef"), image(5, "abcdeg")), seconds=0))
    assert [it["version"] for it in sink.frames("one=")] == [5]


def test_change_before_the_counter_was_lost_leads_where_it_says(sink: Sink) -> None:
    subscribe("one=")
    keep_item(image(2, "xyz", epoch="e2", revision=50))
    deliver(late(change(1, image(4, "abcdef"), image(5, "abcdeg")), seconds=60))
    assert [(it["epoch"], it["version"]) for it in sink.frames("one=")] == [("e1", 5)]


def test_board_without_scores_that_waited_long_leads_where_it_says(sink: Sink) -> None:
    subscribe("one=")
    opened = image(0, "", revision=1) | {"epoch": {"NULL": True}}
    keep_item(opened | {"revision": {"N": "2"}})
    assert deliver(late(change(1, None, opened), seconds=60)) == []
    keep_item(image(9, "abcdez"))
    deliver(late(change(2, image(4, "abcdef"), image(5, "abcdeg")), seconds=60))
    assert deliver(late(change(3, None, opened), seconds=60)) == []
    (queued,) = [client("sqs").receive_message(QueueUrl=aws.ENVIRONMENT["FAILURE_QUEUE_URL"])]
    assert queued.get("Messages", []) == []
    assert (4, 9) in [(it.get("from"), it["version"]) for it in sink.frames("one=")]


def test_late_change_goes_out_while_the_cache_is_down(
    sink: Sink, dependencies: Dependencies
) -> None:
    subscribe("one=")
    keep_item(image(9, "abcdez"))
    dependencies.down.add("cache")
    assert deliver(late(change(1, image(4, "abcdef"), image(5, "abcdeg")), seconds=60)) == []
    assert [it["version"] for it in sink.frames("one=")] == [9]


def test_late_change_that_was_not_sent_is_not_taken_for_told(
    sink: Sink, dependencies: Dependencies, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe("one=")
    keep_item(image(9, "abcdez"))
    record = late(change(1, image(4, "abcdef"), image(5, "abcdeg")), seconds=60)

    def no_list(*_arguments: Any) -> None:
        raise Unavailable("the table is down")

    with monkeypatch.context() as patch:
        patch.setattr(AudienceTable, "subscribers", no_list)
        assert deliver(record) != []
    assert dependencies.down == set()
    assert deliver(record) == []
    assert [(it["from"], it["version"]) for it in sink.frames("one=")] == [(4, 9)]
