"""The table of the worst hour in docs/cost.md: each row is what the request really consumed, times
the throttle that bounds it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

import handlers.boards
import handlers.scores
import handlers.subscriber
from leaderboard import clock, wiring
from leaderboard.frames.ports import MAX_BOARDS
from leaderboard.ranking.tops import COMPLETE
from leaderboard.settings import load
from tests.integration.capacity import metered
from tests.integration.events import CONTEXT, frame, request
from tests.integration.reading.test_read_units import (
    LONGEST_NAME,
    USERS,
    archived,  # noqa: F401
    last_cursor,
    user,
)
from tests.structure.template import service
from tools.cost import HOUR, Consumed, dollars_of

PAGE = Path(__file__).parents[3] / "docs" / "cost.md"
THROTTLE = int(service()["params"]["default"]["throttlingRate"])
"""Requests a second of one API, whoever sends them."""
SOCKETS = 1000
HUNDRED = {"userIds": [user(it) for it in range(100)]}


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table."""

    who: str
    what: str
    per_second: float
    consumed: Consumed
    dollars: float


def rows_of_the_page() -> list[Row]:
    text = PAGE.read_text(encoding="utf-8")
    table = text.partition("## The worst hour")[2].partition("\n## ")[0]
    rows = []
    for line in table.splitlines():
        cells = [it.strip() for it in line.strip("|").split("|")]
        if len(cells) == 7 and cells[6].startswith("$"):
            numbers = [float(it.lstrip("$").replace(",", "")) for it in cells[2:]]
            per_second, reads, writes, sent, dollars = numbers
            messages = 2 if cells[0] == "a thousand sockets" else 0
            consumed = Consumed(reads, writes, int(sent), messages)
            rows.append(Row(cells[0], cells[1], per_second, consumed, dollars))
    return rows


def http(route: str, *, query: str = "", body: Any = None, player: str | None = None) -> str:
    path = {"board": "global", "userId": user(100)}
    event = request(route, path=path, query=query, body=body, user=player)
    function = handlers.scores if player else handlers.boards
    answer = function.handler(event, CONTEXT)
    text: str = answer["body"]
    return text


def socket(action: str, board: str | None = None) -> str:
    sent = {"action": action} | ({"board": board} if board else {})
    text: str = handlers.subscriber.handler(frame("c-1=", sent), CONTEXT)["body"]
    return text


def recorded() -> None:
    """The ranking is in the cache, and the top as well."""
    board_season = wiring.board_season("global")
    recorder = wiring.recorder()
    users = [user(it) for it in range(USERS)]
    for start in range(0, USERS, 100):
        records = wiring.score_scanner().read_states("global#all", users[start : start + 100])
        top = recorder.apply(board_season, records).top
        recorder.record(board_season, top)
    assert top is not None
    wiring.ranking_cache().set_completeness(board_season, top.life, COMPLETE)
    http("GET /boards/{board}/top")


def issued() -> None:
    http("POST /boards/{board}/tickets", body={"action": "quiz"}, player="ann")


def limited() -> None:
    """A player who has used up the actions of a minute."""
    for _ in range(wiring.catalog().find("global").limits.actions_per_minute or 0):
        issued()


def named() -> None:
    """More than 50 users in each shard have the longest name."""
    for number in range(USERS):
        wiring.profiles().rename(user(number), LONGEST_NAME)
    search()  # an environment reads once how many shards the stage ever had


def search() -> str:
    return http("GET /users", query=f"name={quote(LONGEST_NAME[0])}&limit=50")


def scored_on_many() -> None:
    for number in range(50):
        wiring.submissions().submit(
            user_id="ann", board=f"rating-{number}", submission_id="s", score=number
        )


def following() -> None:
    handlers.subscriber.handler(frame("c-1=", None, "CONNECT"), CONTEXT)
    for number in range(MAX_BOARDS):
        socket("subscribe", f"rating-{number}")
    socket("ping")


PER_SOCKET = SOCKETS * load().messages_per_minute / 60
ATTEMPTS = 30 / 60
Asked = tuple[str, str, float, Callable[[], Any], Callable[[Any], str]]
ASKED: list[Asked] = [
    (
        "an anonymous address",
        "the top",
        THROTTLE,
        recorded,
        lambda _: http("GET /boards/{board}/top"),
    ),
    (
        "an anonymous address",
        "a page of 100",
        THROTTLE,
        recorded,
        lambda _: http("GET /boards/{board}/entries", query="limit=100"),
    ),
    (
        "an anonymous address",
        "a user with 50 on each side",
        THROTTLE,
        recorded,
        lambda _: http("GET /boards/{board}/users/{userId}", query="around=50"),
    ),
    (
        "an anonymous address",
        "the API's description",
        THROTTLE,
        list,
        lambda _: http("GET /openapi.json"),
    ),
    (
        "an anonymous address",
        "100 users of an archived season",
        THROTTLE,
        last_cursor,  # an environment reads once how many shards the stage ever had
        lambda _: http("POST /boards/{board}/entries/query", body=HUNDRED),
    ),
    (
        "an anonymous address",
        "a page of 100 of an archived season",
        THROTTLE,
        last_cursor,
        lambda cursor: http("GET /boards/{board}/entries", query=f"limit=100&cursor={cursor}"),
    ),
    (
        "an anonymous address",
        "50 users by the beginning of a name",
        THROTTLE,
        named,
        lambda _: search(),
    ),
    (
        "one player",
        "a ticket with a challenge",
        ATTEMPTS,
        issued,
        lambda _: http("POST /boards/{board}/tickets", body={"action": "quiz"}, player="ann"),
    ),
    (
        "one player",
        "a ticket past the limit (429)",
        THROTTLE,
        limited,
        lambda _: http("POST /boards/{board}/tickets", body={"action": "quiz"}, player="ann"),
    ),
    (
        "one player",
        "the own scores on 50 boards",
        THROTTLE,
        scored_on_many,
        lambda _: http("GET /me/scores", player="ann"),
    ),
    (
        "a thousand sockets",
        "a ping that follows 50 boards",
        PER_SOCKET,
        following,
        lambda _: socket("ping"),
    ),
    (
        "a thousand sockets",
        "to subscribe to one of 50 boards",
        PER_SOCKET,
        following,
        lambda _: socket("subscribe", "rating-7"),
    ),
    (
        "a thousand sockets",
        "what is not the protocol",
        PER_SOCKET,
        following,
        lambda _: socket("nonsense"),
    ),
]


def test_table_has_these_rows_and_no_others() -> None:
    shown = [(it.who, it.what, it.per_second) for it in rows_of_the_page()]
    assert shown == [(who, what, rate) for who, what, rate, _, _ in ASKED]


@pytest.mark.usefixtures("archived")
@pytest.mark.parametrize("asked", ASKED, ids=[it[1] for it in ASKED])
def test_row_is_what_the_request_consumes(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    who, what, rate, before, ask = asked
    now = clock.machine_ms() // 60_000 * 60_000 + 1000  # no minute turns between the messages
    monkeypatch.setattr(clock, "machine_ms", lambda: now)
    prepared = before()
    with metered() as spent:
        body = ask(prepared)
    messages = 2 if "sockets" in who else 0
    found = Consumed(spent.reads, spent.writes, len(body.encode()), messages)
    assert json.loads(body)
    (row,) = [it for it in rows_of_the_page() if it.what == what]
    assert (row.consumed.reads, row.consumed.writes) == (found.reads, found.writes)
    # Every change of the API's description moves its size a little.
    assert row.consumed.sent == pytest.approx(found.sent, rel=0.1)
    assert row.dollars == pytest.approx(rate * HOUR * dollars_of(row.consumed), abs=0.005)
