"""The table of connections: who follows what, listed by board and forgotten by connection."""

from __future__ import annotations

import time
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from leaderboard.adapters.aws.clients import client
from leaderboard.adapters.dynamodb import audiences, connections as adapter
from leaderboard.adapters.dynamodb.audiences import PAGE, AudienceTable
from leaderboard.adapters.dynamodb.batches import MAX_READS
from leaderboard.adapters.dynamodb.connections import (
    CONNECTION_SECONDS,
    FOLLOWED_AGAIN_SECONDS,
    ConnectionTable,
)
from leaderboard.errors import LeaderboardError
from leaderboard.frames.ports import MAX_BOARDS, ConnectionGone, TooManyBoards
from tests.integration import aws

pytestmark = pytest.mark.usefixtures("stage")


@pytest.fixture(params=[1, 3])
def table(request: pytest.FixtureRequest) -> ConnectionTable:
    return ConnectionTable(aws.CONNECTIONS, audience_shards=request.param)


def audience(table: ConnectionTable) -> AudienceTable:
    return AudienceTable(table.connections_table, table.audience_shards)


def subscribers(table: ConnectionTable, board: str) -> list[str]:
    listed = audience(table)
    lists = listed.subscribers([(board, shard) for shard in range(listed.shards)])
    return [connection for part in lists for connection in part]


def rows() -> list[tuple[str, str]]:
    """Those of connections; the list of followed boards has none."""
    found = client("dynamodb").scan(TableName=aws.CONNECTIONS)["Items"]
    every = sorted((it["audience"]["S"], it["connectionId"]["S"]) for it in found)
    return [it for it in every if not it[0].startswith("followed:")]


def test_boards_are_listed_as_followed_while_a_connection_may_follow_them(
    table: ConnectionTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert table.followed() == []
    table.open("one=", None)
    table.open("two=", None)
    table.subscribe("one=", "global")
    table.subscribe("one=", "weekly")
    begun = time.time()
    monkeypatch.setattr(
        "leaderboard.adapters.dynamodb.connections.time.time",
        lambda: begun + FOLLOWED_AGAIN_SECONDS - 1,
    )
    table.subscribe("two=", "global")  # this environment has listed it
    assert sorted(table.followed()) == ["global", "weekly"]
    # The connection that subscribed last is closed by the gateway, two hours after it opened.
    late = begun + FOLLOWED_AGAIN_SECONDS + CONNECTION_SECONDS - 60
    monkeypatch.setattr("leaderboard.adapters.dynamodb.connections.time.time", lambda: late)
    assert sorted(table.followed()) == ["global", "weekly"]
    monkeypatch.setattr("leaderboard.adapters.dynamodb.connections.time.time", lambda: late + 120)
    assert table.followed() == []
    table.open("three=", None)
    table.subscribe("three=", "weekly")
    assert table.followed() == ["weekly"]


def test_board_has_viewers_until_the_last_one_goes(table: ConnectionTable) -> None:
    assert not table.has_viewers("global")
    for connection in ("one=", "two="):
        table.open(connection, None)
        table.subscribe(connection, "global")
    table.close("one=")
    assert table.has_viewers("global")
    assert not table.has_viewers("weekly")
    table.unsubscribe("two=", "global")
    assert not table.has_viewers("global")


def test_subscribers_are_those_who_follow_the_board(table: ConnectionTable) -> None:
    for connection in ("one=", "two=", "three=", "four="):
        table.open(connection, None)
    for connection in ("one=", "two=", "three="):
        table.subscribe(connection, "global")
    table.subscribe("three=", "weekly")
    table.unsubscribe("two=", "global")
    assert set(subscribers(table, "global")) == {"one=", "three="}
    assert set(subscribers(table, "weekly")) == {"three="}
    assert set(subscribers(table, "rating-1")) == set()
    assert table.boards("three=") == ["global", "weekly"]
    assert table.boards("two=") == []


def test_subscription_twice_is_one(table: ConnectionTable) -> None:
    table.open("one=", "player")
    table.subscribe("one=", "global")
    table.subscribe("one=", "global")
    assert list(subscribers(table, "global")) == ["one="]
    assert table.boards("one=") == ["global"]


def test_audience_is_spread_over_its_shards() -> None:
    table = ConnectionTable(aws.CONNECTIONS, audience_shards=3)
    names = [f"connection-{number}=" for number in range(30)]
    for name in names:
        table.open(name, None)
        table.subscribe(name, "global")
    assert sorted(subscribers(table, "global")) == sorted(names)
    expected = {f"global#{zlib.crc32(name.encode()) % 3}" for name in names}
    assert {audience for audience, _ in rows() if audience.startswith("global#")} == expected
    assert len(expected) == 3


def test_audience_of_many_pages_is_listed_whole_and_each_once(
    table: ConnectionTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audiences, "PAGE", 7)
    names = [f"connection-{number}=" for number in range(50)]
    for name in names:
        table.open(name, None)
        table.subscribe(name, "global")
    assert sorted(subscribers(table, "global")) == sorted(names)


def test_audience_is_read_as_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """No more than the page in use and the one after it."""
    table = ConnectionTable(aws.CONNECTIONS)
    monkeypatch.setattr(audiences, "PAGE", 5)
    for number in range(40):
        table.open(f"connection-{number}=", None)
        table.subscribe(f"connection-{number}=", "global")
    queries = []
    listed = audience(table)
    client("dynamodb").meta.events.register(
        "before-call.dynamodb.Query", lambda **_: queries.append(1), unique_id="counted"
    )
    (connections,) = listed.subscribers([("global", 0)])
    assert queries == []
    for used, _ in enumerate(connections):
        assert len(queries) <= used // 5 + 2
    assert len(queries) >= 40 / 5
    client("dynamodb").meta.events.unregister("before-call.dynamodb.Query", unique_id="counted")


def test_more_who_are_gone_than_one_request_names_leave_together(table: ConnectionTable) -> None:
    names = [f"connection-{number}=" for number in range(MAX_READS + 20)]
    for name in names:
        table.open(name, None)
        table.subscribe(name, "global")
    audience(table).leave("global", [*names[5:], *names[5:10]])
    assert {connection for _, connection in rows()} == set(names[:5])


def test_page_is_small_enough_for_one_answer_and_large_enough_for_few() -> None:
    """A row is under 200 bytes, and an answer of the table has a megabyte at most."""
    assert 1000 <= PAGE <= 5000


def test_closing_takes_every_row_away(table: ConnectionTable) -> None:
    table.open("one=", None)
    table.open("two=", None)
    for number in range(30):
        table.subscribe("one=", f"rating-{number}")
    table.subscribe("two=", "rating-1")
    table.close("one=")
    assert {connection for _, connection in rows()} == {"two="}
    assert list(subscribers(table, "rating-1")) == ["two="]


def test_closing_what_is_not_open_does_nothing(table: ConnectionTable) -> None:
    table.close("one=")
    assert rows() == []


def test_who_is_gone_leaves_with_all_that_it_follows(table: ConnectionTable) -> None:
    for name in ("one=", "two=", "three="):
        table.open(name, None)
        table.subscribe(name, "global")
        table.subscribe(name, "weekly")
    audience(table).leave("global", ["one=", "three="])
    assert {connection for _, connection in rows()} == {"two="}


def test_row_of_a_board_goes_though_the_connection_expired_before(table: ConnectionTable) -> None:
    table.open("one=", None)
    table.subscribe("one=", "global")
    client("dynamodb").delete_item(
        TableName=aws.CONNECTIONS,
        Key={"audience": {"S": "connection#one="}, "connectionId": {"S": "one="}},
    )
    audience(table).leave("global", ["one="])
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
    assert list(subscribers(table, "rating-more")) == []
    table.unsubscribe("one=", "rating-0")
    table.subscribe("one=", "rating-more")


def test_expired_row_is_no_subscriber(
    table: ConnectionTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    table.open("one=", None)
    monkeypatch.setattr(adapter, "CONNECTION_SECONDS", -1)
    table.subscribe("one=", "global")
    assert list(subscribers(table, "global")) == []


def test_rows_live_a_little_longer_than_a_connection(table: ConnectionTable) -> None:
    table.open("one=", None)
    table.subscribe("one=", "global")
    for item in client("dynamodb").scan(TableName=aws.CONNECTIONS)["Items"]:
        lives = int(item["expiresAt"]["N"]) - time.time()
        assert 2 * 3600 < lives < 2.5 * 3600


def test_socket_ticket_is_taken_once(table: ConnectionTable) -> None:
    soon = (int(time.time()) + 60) * 1000
    assert table.use_ticket("jti-1", soon)
    assert not table.use_ticket("jti-1", soon)
    assert table.use_ticket("jti-2", soon)


def test_one_of_many_takes_a_socket_ticket(table: ConnectionTable) -> None:
    soon = (int(time.time()) + 60) * 1000
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: table.use_ticket("jti", soon), range(30)))
    assert sum(taken) == 1


def test_messages_are_counted_by_the_minute(table: ConnectionTable) -> None:
    table.open("one=", None)
    table.open("two=", None)
    assert [table.count_message("one=", 7) for _ in range(3)] == [1, 2, 3]
    assert table.count_message("two=", 7) == 1
    assert [table.count_message("one=", 8) for _ in range(2)] == [1, 2]


def test_counting_a_message_keeps_what_is_followed(table: ConnectionTable) -> None:
    table.open("one=", None)
    table.subscribe("one=", "global")
    table.count_message("one=", 7)
    assert table.boards("one=") == ["global"]


def test_message_of_a_connection_that_is_gone_is_counted_nowhere(table: ConnectionTable) -> None:
    table.open("one=", None)
    table.close("one=")
    with pytest.raises(ConnectionGone):
        table.count_message("one=", 7)
    assert rows() == []


def test_messages_sent_at_once_are_all_counted(table: ConnectionTable) -> None:
    table.open("one=", None)
    table.count_message("one=", 7)
    with ThreadPoolExecutor(8) as threads:
        counted = list(threads.map(lambda _: table.count_message("one=", 7), range(40)))
    assert sorted(counted) == list(range(2, 42))
