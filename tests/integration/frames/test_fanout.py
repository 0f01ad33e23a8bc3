"""An audience that is too large for one function: each shard gets one of its own, waited for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

import handlers.board_stream
import handlers.fanout
from leaderboard import wiring
from leaderboard.errors import Unavailable
from tests.integration import aws
from tests.integration.conftest import Dependencies
from tests.integration.events import CONTEXT
from tests.integration.frames.test_board_stream import change, deliver, followers, image, subscribe
from tests.integration.sink import Sink, listening

Json = dict[str, Any]
SHARDS = 4
REACH = 10
FANOUT = aws.ENVIRONMENT["FANOUT_FUNCTION"]
SMALL = [f"few{number}=" for number in range(REACH)]
LARGE = [f"viewer{number}=" for number in range(6 * REACH)]


@pytest.fixture(autouse=True)
def sink(dependencies: Dependencies, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sink]:
    with listening() as server:
        for name, value in {
            "AWS_ENDPOINT_URL": server.endpoint,
            "FRAME_INTERVAL_MS": "1",
            "AUDIENCE_SHARDS": str(SHARDS),
            "VIEWERS_PER_FUNCTION": str(REACH),
        }.items():
            monkeypatch.setenv(name, value)
        # Each invocation is one of an environment of its own.
        aws.replace_part(monkeypatch, "sender", wiring.sender.__wrapped__)
        dependencies.functions[FANOUT] = handlers.fanout.handler
        yield server
        if wiring.broadcaster.cache_info().currsize:
            delivery: Any = wiring.broadcaster().sender.delivery
            delivery.close()


@pytest.fixture
def invoked(dependencies: Dependencies) -> list[Json]:
    """The events of the fanout function."""
    return dependencies.invoked


def versions(*numbers: int) -> Json:
    old, new = numbers
    return change(new, image(old, "abcdef"), image(new, "abcdeg"))


def received(sink: Sink) -> list[str]:
    return sorted(it.connection_id for it in sink.posts if it.status == 200)


def test_audience_within_reach_needs_nobody_else(sink: Sink, invoked: list[Json]) -> None:
    subscribe(*SMALL)
    assert deliver(versions(4, 5)) == []
    assert received(sink) == sorted(SMALL)
    assert invoked == []


def test_each_shard_of_a_large_audience_has_a_function_of_its_own(
    sink: Sink, invoked: list[Json]
) -> None:
    subscribe(*LARGE)
    assert deliver(versions(4, 5)) == []
    first = len(invoked)
    assert 0 < first < SHARDS  # it was not known yet how large the audience is
    assert received(sink) == sorted(LARGE)
    sink.posts.clear()
    assert deliver(versions(5, 6)) == []
    assert sorted(it["shards"][0] for it in invoked[first:]) == [*range(SHARDS)]
    assert received(sink) == sorted(LARGE)
    assert {it.body for it in sink.posts} == {invoked[-1]["frame"].encode()}
    assert {it.json["version"] for it in sink.posts} == {6}


def test_functions_share_the_budget_of_posts(
    sink: Sink, invoked: list[Json], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTS_PER_SECOND", "4000")
    subscribe(*LARGE)
    deliver(versions(4, 5))
    invoked.clear()
    deliver(versions(5, 6))
    assert [it["postsPerSecond"] for it in invoked] == [4000 / SHARDS] * SHARDS
    assert received(sink)[:1]


def test_large_and_small_audiences_of_a_batch_go_side_by_side(
    sink: Sink, invoked: list[Json]
) -> None:
    subscribe(*LARGE)
    subscribe(*SMALL, board="rating-1")
    deliver(versions(4, 5))
    sink.posts.clear()
    invoked.clear()
    there = image(2, "cd", board="rating-1#all")
    assert deliver(versions(5, 6), change(9, image(1, "ab", board="rating-1#all"), there)) == []
    assert received(sink) == sorted([*LARGE, *SMALL])
    assert {it["board"] for it in invoked} == {"global"}


def test_audience_that_shrank_is_posted_to_from_here_again(sink: Sink, invoked: list[Json]) -> None:
    subscribe(*LARGE)
    for name in LARGE[REACH:]:
        sink.always[name] = 410
    deliver(versions(4, 5))
    deliver(versions(5, 6))
    assert followers() == set(LARGE[:REACH])
    invoked.clear()
    deliver(versions(6, 7))
    assert invoked == []
    assert len(sink.frames(LARGE[0])) == 3


def test_who_is_gone_is_forgotten_by_the_functions(sink: Sink) -> None:
    subscribe(*LARGE)
    deliver(versions(4, 5))
    gone = LARGE[::3]
    for name in gone:
        sink.always[name] = 410
    sink.posts.clear()
    deliver(versions(5, 6))
    assert followers() == set(LARGE) - set(gone)
    assert received(sink) == sorted(set(LARGE) - set(gone))


def test_pace_counts_the_whole_audience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTS_PER_SECOND", "100")
    subscribe(*LARGE)
    deliver(versions(4, 5))
    began = time.monotonic()
    deliver(versions(5, 6))
    assert time.monotonic() - began >= 0.6
    (board,) = [it for it in wiring.reads().list()["boards"] if it["board"] == "global"]
    assert (board["viewers"], board["frameIntervalMs"]) == (60, 600)


@pytest.mark.parametrize("times", [1, SHARDS])
def test_part_whose_function_dies_is_posted_from_here(
    sink: Sink, dependencies: Dependencies, times: int
) -> None:
    subscribe(*LARGE)
    deliver(versions(4, 5))
    sink.posts.clear()
    left = [times]

    def dies(event: Json, context: Any) -> Json:
        if left[0]:
            left[0] -= 1
            raise MemoryError("killed")
        return handlers.fanout.handler(event, context)

    dependencies.functions[FANOUT] = dies
    assert deliver(versions(5, 6)) == []
    assert left == [0]
    assert received(sink) == sorted(LARGE)


def test_part_whose_function_dies_after_posting_is_posted_twice(
    sink: Sink, dependencies: Dependencies
) -> None:
    """Twice is right: a viewer ignores a version that it has."""
    subscribe(*LARGE)
    deliver(versions(4, 5))
    sink.posts.clear()

    def dies(event: Json, context: Any) -> Json:
        handlers.fanout.handler(event, context)
        raise MemoryError("killed")

    dependencies.functions[FANOUT] = dies
    assert deliver(versions(5, 6)) == []
    assert received(sink) == sorted(2 * LARGE)


def test_frame_goes_out_while_no_function_can_be_called(
    sink: Sink, dependencies: Dependencies
) -> None:
    subscribe(*LARGE)
    deliver(versions(4, 5))
    sink.posts.clear()
    dependencies.down.add("lambda")
    assert deliver(versions(5, 6)) == []
    assert received(sink) == sorted(LARGE)


def test_batch_is_delivered_again_while_the_table_is_down(
    sink: Sink, dependencies: Dependencies
) -> None:
    subscribe(*LARGE)
    deliver(versions(4, 5))
    sink.posts.clear()
    dependencies.down.add("dynamodb")
    record = versions(5, 6)
    assert deliver(record) == [record["dynamodb"]["SequenceNumber"]]
    dependencies.down.clear()
    assert deliver(record) == []
    assert received(sink) == sorted(LARGE)


def test_function_tells_what_its_part_came_to(sink: Sink) -> None:
    subscribe(*LARGE)
    sink.always |= {LARGE[0]: 410, LARGE[1]: 429, LARGE[2]: 403}
    event = {
        "board": "global",
        "shards": [*range(SHARDS)],
        "frame": "…",
        "patience": 0.1,
        "seconds": 10,
        "postsPerSecond": 1000,
    }
    assert handlers.fanout.handler(event, CONTEXT) == {
        "listed": len(LARGE),
        "sent": len(LARGE) - 3,
        "throttled": 1,
        "failed": 1,
        "closed": 1,
        "is_cut": False,
    }
    assert sink.bodies(LARGE[3]) == ["…".encode()]


def test_function_whose_shard_cannot_be_listed_fails(dependencies: Dependencies) -> None:
    dependencies.down.add("dynamodb")
    event = {
        "board": "global",
        "shards": [0],
        "frame": "",
        "patience": 1,
        "seconds": 1,
        "postsPerSecond": 1,
    }
    with pytest.raises(Unavailable):
        handlers.fanout.handler(event, CONTEXT)
