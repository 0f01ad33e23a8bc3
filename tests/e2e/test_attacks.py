"""What somebody tries who wants points, other people's scores, or a look inside."""

from __future__ import annotations

import json
import re
import uuid
from urllib.parse import quote

import pytest

from leaderboard.edge import HEADER
from tests.e2e.conftest import Settled
from tests.e2e.service import Player, Service, assert_problem
from tests.e2e.tables import Tables
from tests.e2e.viewer import Viewer
from tests.e2e.waiting import await_value
from tests.stack import Running

pytestmark = pytest.mark.e2e

SPOOFED = {
    "x-forwarded-for": "127.0.0.1",
    "x-forwarded-user": "admin",
    "x-user-id": "somebody-else",
    "x-amzn-oidc-identity": "somebody-else",
    "x-amz-cognito-identity": "somebody-else",
    HEADER: "guess",
    "x-http-method-override": "DELETE",
    "x-original-url": "/me",
    "forwarded": "for=127.0.0.1;by=admin",
}

PAYLOADS = [
    '"]) redis.call("FLUSHALL") --',
    "%s%n${7*7}{{7*7}}#{7*7}",
    "'; DROP TABLE user-score;--",
    '{"$gt":""}',
    "1|-99999|0000000000000x|y",
    "${jndi:ldap://x.example/a}",
    "$(reboot)`reboot`",
    "=HYPERLINK(1)",
    "userScore = :max",
    "a" * 32,
]


@pytest.mark.parametrize("header", SPOOFED)
def test_header_changes_nobodys_identity_and_no_route(
    service: Service, player: Player, header: str
) -> None:
    spoofed = {header: SPOOFED[header]}
    answer = service.call("GET", "/me/scores", token=player.token, headers=spoofed)
    assert answer.status == 200
    assert answer.body["userId"] == player.user_id
    # Without a token they open nothing.
    assert service.call("GET", "/me/scores", headers=spoofed).status == 401


def test_waiting_is_the_players_and_not_an_addresses(service: Service, player: Player) -> None:
    ticket = service.ticket(player, "weekly", "sprint")["ticket"]
    for number in range(3):
        answer = service.call(
            "POST",
            "/boards/weekly/scores",
            {"ticket": ticket, "evidence": {"answers": []}},
            token=player.token,
            headers={"x-forwarded-for": f"192.0.2.{number}"},
        )
        assert_problem(answer, 409, "ticket_too_early")


@pytest.mark.parametrize("text", PAYLOADS)
def test_name_is_data_in_every_store(
    service: Service, board: str, settled: Settled, text: str
) -> None:
    service.write(board, "bystander", score=10)
    service.await_score(board, "bystander", 10)
    service.write(board, "named", score=5, userName=text)
    top = service.await_entry(board, "named", userName=text)
    assert [it["userId"] for it in top["entries"]] == ["bystander", "named"]
    settled(board)
    found = service.read(f"/boards/{board}/users/named")
    assert found["entry"]["userName"] == text


@pytest.mark.parametrize("text", PAYLOADS[:-1])
def test_id_that_is_no_id_reaches_no_store(service: Service, tables: Tables, text: str) -> None:
    known = {it["userId"] for it in tables.items("scoresTable")}
    asked = quote(text, safe="")
    refused = 404 if "/" in text else 422  # a slash leads to no route
    assert service.put("rating-1", asked, {"score": 1}).status == refused
    assert service.call("GET", f"/boards/rating-1/users/{asked}").status == refused
    assert service.call("GET", f"/boards/{asked}/top").status == 404
    answer = service.call("POST", "/boards/rating-1/entries/query", {"userIds": [text]})
    assert answer.status == 422
    assert {it["userId"] for it in tables.items("scoresTable")} == known


def test_hidden_player_cannot_be_told_from_one_who_never_played(
    service: Service, board: str
) -> None:
    hidden, unknown = f"hidden-{uuid.uuid4()}", f"unknown-{uuid.uuid4()}"
    service.write(board, hidden, score=10)
    service.await_score(board, hidden, 10)
    service.set_standing(hidden, "hidden")

    def problem(user_id: str) -> str | None:
        answer = service.call("GET", f"/boards/{board}/users/{user_id}")
        if answer.status == 200:
            return None
        body = assert_problem(answer, 404, "user_not_ranked")
        return json.dumps({**body, "requestId": ""}).replace(user_id, "USER")

    seen = await_value(lambda: problem(hidden), what="the hidden player is off the board")
    assert seen == problem(unknown)
    found = service.call("POST", f"/boards/{board}/entries/query", {"userIds": [hidden, unknown]})
    assert found.body["unranked"] == [hidden, unknown]


def test_no_log_line_can_be_forged_and_none_holds_a_token(
    service: Service, player: Player, stack: Running, viewer: Viewer
) -> None:
    forged = 'x\n{"level":"INFO","message":"request","status":200,"forged":true}'
    ticket = service.ticket(player, "global", "visit")["ticket"]
    service.complete(player, "global", ticket)
    service.complete(player, "global", forged)
    socket_ticket = service.call("POST", "/socket-tickets", token=player.token).body["ticket"]
    service.put("rating-1", "ann", {"score": 1, "userName": forged})
    service.call("GET", "/boards/rating-1%0A%7B%22forged%22/top")
    service.call("GET", "/boards", headers={"user-agent": forged.replace("\n", " ")})
    viewer.ask(forged)
    viewer.ask({"action": "subscribe", "board": forged})
    log = await_value(lambda: stack.log or None, what="something is logged")
    for line in log.splitlines():
        parsed = json.loads(line)
        assert "forged" not in parsed, line
    for secret in (ticket, socket_ticket, player.token, player.id_token, service.writer):
        assert secret not in log
    assert not re.search(r"eyJ[\w-]{10,}\.", log), "something that looks like a token"
