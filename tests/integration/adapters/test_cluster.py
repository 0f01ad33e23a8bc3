"""The way to the node that holds a key: straight there, until that node does not answer for it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from leaderboard.adapters.valkey.connection import ValkeyConnection
from leaderboard.adapters.valkey.encoding import CacheKeys
from leaderboard.adapters.valkey.ranking import ValkeyRanking
from leaderboard.adapters.valkey.run_memory import ValkeyRunMemory
from leaderboard.adapters.valkey.viewer_cache import ViewerCache
from leaderboard.boards.rules import Board
from leaderboard.boards.seasons import BoardSeason
from leaderboard.boards.snapshots import Score
from leaderboard.errors import CacheUnavailable
from leaderboard.ranking.score_state import ScoreState
from leaderboard.ranking.tops import COMPLETE
from tests.integration.aws import close
from tests.integration.valkey import Valkey

BOARD = BoardSeason.stored(Board("high", "High"), "all")
RECORD = ScoreState("a", 1, Score("a", "Ann", 5, 1_795_420_800_000))


@pytest.fixture
def cache(cache_server: Valkey) -> Iterator[ValkeyRanking]:
    used = ValkeyRanking(ValkeyConnection(cache_server.endpoint, seconds=0.3))
    used.apply(BOARD, [RECORD], start=COMPLETE)
    yield used
    close(used.connection)


@pytest.fixture
def other_server(cache_server: Valkey, tmp_path: Path) -> Iterator[Valkey]:
    """A second node of the cluster, without slots."""
    server = Valkey(tmp_path, slots=False)
    host, _, port = server.endpoint.partition(":")
    bus = server.client.config_get("cluster-port")["cluster-port"]
    cache_server.client.execute_command("CLUSTER MEET", host, port, bus)
    await_nodes(cache_server, 2)
    await_nodes(server, 2)
    yield server
    for one, another in ((cache_server, server), (server, cache_server)):
        one.client.execute_command("CLUSTER FORGET", identity(another))
    server.stop()


def await_nodes(server: Valkey, count: int) -> None:
    deadline = time.monotonic() + 20
    while True:
        info = server.client.execute_command("CLUSTER INFO")
        if info["cluster_known_nodes"] == str(count) and info["cluster_state"] == "ok":
            return
        assert time.monotonic() < deadline, info
        time.sleep(0.02)


def identity(server: Valkey) -> str:
    return str(server.client.execute_command("CLUSTER MYID"))


def is_ranked(cache: ValkeyRanking) -> bool:
    listing = cache.list(BOARD, after=None, limit=1)
    return listing is not None and [it.user_id for it in listing.entries] == ["a"]


def redirections(server: Valkey) -> int:
    errors = server.client.info("errorstats").get("errorstat_MOVED", {"count": 0})
    return int(errors["count"])


def move(slot: int, keys: tuple[str, ...], source: Valkey, target: Valkey) -> None:
    """Give a slot to another node with all that it holds."""
    host, _, port = target.endpoint.partition(":")
    target.client.execute_command("CLUSTER SETSLOT", slot, "IMPORTING", identity(source))
    source.client.execute_command("CLUSTER SETSLOT", slot, "MIGRATING", identity(target))
    source.client.execute_command("MIGRATE", host, port, "", 0, 5000, "KEYS", *keys)
    for server in (target, source):
        server.client.execute_command("CLUSTER SETSLOT", slot, "NODE", identity(target))


def test_slot_that_moved_is_followed_and_then_asked_straight(
    cache: ValkeyRanking, cache_server: Valkey, other_server: Valkey
) -> None:
    assert is_ranked(cache)
    keys = CacheKeys.of(BOARD.key).ranking
    slot = cache_server.client.execute_command("CLUSTER KEYSLOT", keys[0])
    before = redirections(cache_server)
    move(slot, keys, cache_server, other_server)
    try:
        assert [is_ranked(cache) for _ in range(5)] == [True] * 5
        # The short way once, the library's once, which learns of it.
        assert redirections(cache_server) - before <= 2
    finally:
        move(slot, keys, other_server, cache_server)
    assert is_ranked(cache)


def test_connection_that_the_server_closed_is_made_anew(
    cache: ValkeyRanking, cache_server: Valkey
) -> None:
    assert is_ranked(cache)
    for _ in range(3):
        cache_server.client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        assert is_ranked(cache)


def test_node_that_does_not_answer_fails_in_time_and_is_used_again_when_it_does(
    cache: ValkeyRanking, cache_server: Valkey
) -> None:
    cache_server.client.execute_command("CLIENT", "PAUSE", 1000, "ALL")
    started = time.monotonic()
    with pytest.raises(CacheUnavailable):
        is_ranked(cache)
    assert time.monotonic() - started < 0.9, "it waited more than once"
    cache.connection.outage.pause.end()
    cache_server.client.ping()  # answered once the pause is over
    assert is_ranked(cache)
    assert is_ranked(cache)


def test_node_that_is_gone_fails_as_unavailable(tmp_path: Path) -> None:
    server = Valkey(tmp_path)
    cache = ValkeyRanking(ValkeyConnection(server.endpoint, seconds=0.3))
    cache.apply(BOARD, [RECORD], start=COMPLETE)
    server.stop()
    for _ in range(2):
        cache.connection.outage.pause.end()
        with pytest.raises(CacheUnavailable):
            is_ranked(cache)
    close(cache.connection)


def calls(server: Valkey) -> dict[str, int]:
    """How often each command was called, and how many connections were made, so far."""
    stats = server.client.info("commandstats")
    counted = {name.removeprefix("cmdstat_"): int(it["calls"]) for name, it in stats.items()}
    del counted["info"]  # these questions
    return counted | {"connections": int(server.client.info("stats")["total_connections_received"])}


def test_first_answer_takes_one_connection_and_no_other_round_trip(cache_server: Valkey) -> None:
    cache = ValkeyRanking(ValkeyConnection(cache_server.endpoint))
    before = calls(cache_server)
    ViewerCache(cache.connection).read_paces([BOARD.board])
    ViewerCache(cache.connection).read_told(BOARD.key)
    ValkeyRunMemory(cache.connection).keep_miss("high#all", "seen")
    assert ValkeyRunMemory(cache.connection).read_misses() == {"high#all": "seen"}
    after = calls(cache_server)
    close(cache.connection)
    once = {"connections": 1, "hmget": 1, "get": 1, "hset": 1, "hgetall": 1}
    assert {it: n - before.get(it, 0) for it, n in after.items() if n != before.get(it, 0)} == once


def test_connections_that_the_server_closed_ask_nobody_for_its_nodes(
    cache: ValkeyRanking, cache_server: Valkey
) -> None:
    assert is_ranked(cache)
    before = calls(cache_server)
    cache_server.client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    assert is_ranked(cache)
    after = calls(cache_server)
    assert after["connections"] - before["connections"] == 1
    assert "cluster|slots" not in after.keys() - before.keys()
