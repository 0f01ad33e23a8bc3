"""What runs by the clock, called by hand on the deployed stack: seasons, verify, the audit."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
import redis

from tests.e2e.conftest import Settled
from tests.e2e.service import Json, Service
from tests.e2e.tables import Tables
from tests.e2e.viewer import Screen, Viewer
from tests.e2e.waiting import AT_ONCE, await_value
from tests.stack import Running

pytestmark = pytest.mark.e2e


def invoke(tables: Tables, function: str, event: Json) -> Any:
    answer = tables.client("lambda").invoke(
        FunctionName=f"leaderboard-local-{function}", Payload=json.dumps(event).encode()
    )
    body = json.load(answer["Payload"])
    assert "FunctionError" not in answer, body
    return body


@pytest.fixture
def crowded(service: Service, board: str, settled: Settled) -> str:
    def write(number: int) -> None:
        service.write(board, f"user-{number:02}", score=100 + number)

    with ThreadPoolExecutor(AT_ONCE) as threads:
        list(threads.map(write, range(14)))
    settled(board)
    return board


def test_season_opens_and_its_snapshot_goes_to_the_subscribers(
    service: Service, tables: Tables, viewer: Viewer
) -> None:
    year, week, _ = datetime.now(UTC).isocalendar()
    key = {"boardSeason": {"S": f"weekly#{year}-W{week:02}"}}
    boards = tables.client("dynamodb")
    name = tables.addresses["boardsTable"]
    held = viewer.subscribe("weekly")
    if held["version"] > 0:
        before = boards.get_item(TableName=name, Key=key)["Item"]
        assert invoke(tables, "seasons", {})["opened"] == []
        assert boards.get_item(TableName=name, Key=key)["Item"] == before
        return
    boards.delete_item(TableName=name, Key=key)  # the schedule may have come first
    invoke(tables, "seasons", {})
    frame = viewer.receive_until(
        lambda it: it["type"] == "snapshot" and it["board"] == "weekly", what="the new season"
    )
    assert (frame["epoch"], frame["version"], frame["entries"]) == (None, 0, [])
    assert frame["season"] == service.top("weekly")["season"]
    assert "degraded" not in service.top("weekly", "?limit=50")


def test_audit_fills_every_ranking_and_verify_finds_them_right(
    service: Service, tables: Tables, crowded: str, stack: Running
) -> None:
    host, _, port = stack.addresses["cache"].rpartition(":")
    before = service.top(crowded)
    with redis.Redis(host=host, port=int(port)) as cache:
        cache.flushall()
    done = invoke(tables, "rebuild", {"all": True})
    assert done["finished"]
    assert done["boards"] > 1
    compared = invoke(tables, "verify", {"board": crowded, "deep": True})
    assert (compared["differences"], compared["shown"], compared["ranked"]) == (0, [], 14)
    assert service.top(crowded) == {**before, "total": 14}

    def right() -> bool:
        run = invoke(tables, "verify", {})
        return crowded not in [*run["missed"], *run["wrong"], *run["cold"]] and run["checked"] > 0

    await_value(right, what="verify finds the board right")


def test_cold_rankings_are_filled_by_verify(
    service: Service, tables: Tables, crowded: str, stack: Running
) -> None:
    host, _, port = stack.addresses["cache"].rpartition(":")
    with redis.Redis(host=host, port=int(port)) as cache:
        cache.flushall()
    assert invoke(tables, "verify", {})["cold"]

    def whole() -> bool:
        top = service.top(crowded, "?limit=100")
        return "degraded" not in top and len(top["entries"]) == 14

    await_value(whole, what="the ranking is whole, without a score")


def test_numbers_of_players_agree_though_the_leaders_are_far_ahead(
    service: Service, tables: Tables, board: str, settled: Settled, viewer: Viewer
) -> None:
    """Ten lead, 91 follow: place 101 is of 101, over HTTP at once, in frames within a minute."""

    def write(users: range, points: int) -> None:
        body = {
            "submissions": [
                {"userId": f"user-{it:03}", "score": points - it, "submissionId": f"s-{it}"}
                for it in users
            ]
        }
        path = f"/boards/{board}/submissions"
        answer = service.call("POST", path, body, token=service.writer)
        assert {it["status"] for it in answer.body["results"]} == {200}

    write(range(10), 10_000)
    settled(board)
    screen = Screen()
    viewer.follow(board, screen, lambda it: len(it.entries) == 10)
    leaders, version = screen.entries, screen.version
    write(range(10, 101), 1000)

    def last() -> Json | None:
        answer = service.call("GET", f"/boards/{board}/users/user-100")
        return answer.body if answer.status == 200 and answer.body["total"] == 101 else None

    found = await_value(last, what="the last of 101")
    assert (found["entry"]["place"], found["total"]) == (101, 101)
    assert service.top(board)["total"] == 101
    invoke(tables, "verify", {"audit": False})  # or the schedule's own
    viewer.follow(board, screen, lambda it: it.total == 101)
    updates = [it for it in viewer.frames_of(board, "update") if it["version"] > version]
    assert updates
    assert all((it["upsert"], it["remove"]) == ([], []) for it in updates)
    assert screen.entries == leaders
