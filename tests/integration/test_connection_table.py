"""The table of connections: who follows what, listed by board and forgotten by connection."""

from __future__ import annotations

import time
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from leaderboard.adapters import connections as adapter
from leaderboard.adapters.aws import client
from leaderboard.adapters.connections import ConnectionTable
from leaderboard.errors import LeaderboardError
from leaderboard.subscriptions import MAX_BOARDS, ConnectionGone, TooManyBoards
from tests.integration import aws

pytestmark = pytest.mark.usefixtures("stage")


@pytest.fixture(params=[1, 3])
def table(request: pytest.FixtureRequest) -> ConnectionTable:
    return ConnectionTable(aws.CONNECTIONS, audience_shards=request.param)


def rows() -> list[tuple[str, str]]:
    found = client("dynamodb").scan(TableName=aws.CONNECTIONS)["Items"]
    return sorted((it["audience"]["S"], it["connectionId"]["S"]) for it in found)


def test_subscribers_are_those_who_follow_the_board(table: ConnectionTable) -> None:
    for connection in ("one=", "two=", "three=", "four="):
        table.open(connection, None)
    for connection in ("one=", "two=", "three="):
        table.subscribe(connection, "global")
    table.subscribe("three=", "weekly")
    table.unsubscribe("two=", "global")
    assert set(table.subscribers("global")) == {"one=", "three="}
    assert set(table.subscribers("weekly")) == {"three="}
    assert set(table.subscribers("rating-1")) == set()
    assert table.boards("three=") == ["global", "weekly"]
    assert table.boards("two=") == []


def test_subscription_twice_is_one(table: ConnectionTable) -> None:
    table.open("one=", "player")
    table.subscribe("one=", "global")
    table.subscribe("one=", "global")
    assert list(table.subscribers("global")) == ["one="]
    assert table.boards("one=") == ["global"]


def test_audience_is_spread_over_its_shards() -> None:
    table = ConnectionTable(aws.CONNECTIONS, audience_shards=3)
    names = [f"connection-{number}=" for number in range(30)]
    for name in names:
        table.open(name, None)
        table.subscribe(name, "global")
    assert sorted(table.subscribers("global")) == sorted(names)
    expected = {f"global#{zlib.crc32(name.encode()) % 3}" for name in names}
    assert {audience for audience, _ in rows() if audience.startswith("global#")} == expected
    assert len(expected) == 3


def test_closing_takes_every_row_away(table: ConnectionTable) -> None:
    table.open("one=", None)
    table.open("two=", None)
    for number in range(30):
        table.subscribe("one=", f"rating-{number}")
    table.subscribe("two=", "rating-1")
    table.close("one=")
    assert {connection for _, connection in rows()} == {"two="}
    assert list(table.subscribers("rating-1")) == ["two="]


def test_closing_what_is_not_open_does_nothing(table: ConnectionTable) -> None:
    table.close("one=")
    assert rows() == []


def test_who_is_gone_leaves_with_all_that_it_follows(table: ConnectionTable) -> None:
    for name in ("one=", "two=", "three="):
        table.open(name, None)
        table.subscribe(name, "global")
        table.subscribe(name, "weekly")
    table.leave("global", ["one=", "three="])
    assert {connection for _, connection in rows()} == {"two="}


def test_row_of_a_board_goes_though_the_connection_expired_before(table: ConnectionTable) -> None:
    table.open("one=", None)
    table.subscribe("one=", "global")
    client("dynamodb").delete_item(
        TableName=aws.CONNECTIONS,
        Key={"audience": {"S": "connection#one="}, "connectionId": {"S": "one="}},
    )
    table.leave("global", ["one="])
    assert rows() == []


def test_connection_that_is_not_known_follows_nothing(table: ConnectionTable) -> None:
    with pytest.raises(LeaderboardError):
        table.subscribe("one=", "global")
    with pytest.raises(ConnectionGone):
        table.boards("one=")
    table.unsubscribe("one=", "global")
    assert rows() == []


def test_connection_follows_so_many_boards_and_no_more(table: ConnectionTable) -> None:
    table.open("one=", None)
    for number in range(MAX_BOARDS):
        table.subscribe("one=", f"rating-{number}")
    with pytest.raises(TooManyBoards):
        table.subscribe("one=", "rating-more")
    table.subscribe("one=", "rating-0")
    assert len(table.boards("one=")) == MAX_BOARDS
    assert list(table.subscribers("rating-more")) == []
    table.unsubscribe("one=", "rating-0")
    table.subscribe("one=", "rating-more")


def test_expired_row_is_no_subscriber(
    table: ConnectionTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    table.open("one=", None)
    monkeypatch.setattr(adapter, "CONNECTION_SECONDS", -1)
    table.subscribe("one=", "global")
    assert list(table.subscribers("global")) == []


def test_rows_live_a_little_longer_than_a_connection(table: ConnectionTable) -> None:
    table.open("one=", None)
    table.subscribe("one=", "global")
    for item in client("dynamodb").scan(TableName=aws.CONNECTIONS)["Items"]:
        lives = int(item["expiresAt"]["N"]) - time.time()
        assert 2 * 3600 < lives < 2.5 * 3600


def test_socket_ticket_is_taken_once(table: ConnectionTable) -> None:
    soon = (int(time.time()) + 60) * 1000
    assert table.take_ticket("jti-1", soon)
    assert not table.take_ticket("jti-1", soon)
    assert table.take_ticket("jti-2", soon)


def test_one_of_many_takes_a_socket_ticket(table: ConnectionTable) -> None:
    soon = (int(time.time()) + 60) * 1000
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: table.take_ticket("jti", soon), range(30)))
    assert sum(taken) == 1
