"""Who may connect: browsers of allowed origins, others without one, with a ticket or without."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.e2e.service import Player, Service, is_moment, moment
from tests.e2e.signing import Signer, now_ms
from tests.e2e.tables import Tables
from tests.e2e.viewer import Viewer, viewing
from tests.e2e.waiting import AT_ONCE, await_value
from tests.stack import Running

pytestmark = pytest.mark.e2e

View = Callable[..., Viewer]


@pytest.fixture
def ticket(service: Service, player: Player) -> str:
    answer = service.call("POST", "/socket-tickets", token=player.token)
    assert answer.status == 201, answer
    return str(answer.body["ticket"])


def assert_refused(view: View, query: str = "", *, origin: str | None = None) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        view(query, origin=origin)
    assert refusal.value.response.status_code in (401, 403)


def connections_of(tables: Tables, user_id: str) -> set[str]:
    items = tables.items("connectionsTable")
    return {it["connectionId"] for it in items if it.get("userId") == user_id}


def test_viewer_without_origin_is_let_in(viewers: View) -> None:
    viewers().ping()


def test_allowed_origins_are_let_in(viewers: View, service: Service) -> None:
    for origin in (service.addresses["cognito"], "http://localhost:5173"):
        viewers(origin=origin).ping()


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "http://evil.example",
        "https://localhost:5173",
        "http://localhost:5174",
        "http://localhost",
        "http://localhost:5173/",
        "http://localhost:5173.evil.example",
        "http://evil.example/http://localhost:5173",
        "*",
        "file://",
    ],
)
def test_other_origins_are_refused(viewers: View, tables: Tables, origin: str) -> None:
    with tables.no_connection():
        assert_refused(viewers, origin=origin)


def test_ticket_is_good_for_a_minute(service: Service, player: Player) -> None:
    before = now_ms()
    answer = service.call("POST", "/socket-tickets", token=player.token).body
    assert is_moment(answer["expiresAt"])
    expires = moment(answer["expiresAt"]).timestamp() * 1000
    assert before + 60_000 - 1 <= expires <= now_ms() + 60_000


def test_ticket_opens_a_connection_of_its_player(
    viewers: View, tables: Tables, player: Player, ticket: str
) -> None:
    before = connections_of(tables, player.user_id)
    viewers(f"?ticket={ticket}").ping()
    assert len(connections_of(tables, player.user_id) - before) == 1


def test_ticket_opens_one_connection(viewers: View, tables: Tables, ticket: str) -> None:
    viewers(f"?ticket={ticket}").ping()
    with tables.no_connection():
        assert_refused(viewers, f"?ticket={ticket}")


def test_ticket_used_at_once_many_times_opens_one_connection(stack: Running, ticket: str) -> None:
    def enter(_: int) -> bool:
        try:
            with viewing(stack.addresses, f"?ticket={ticket}") as viewer:
                viewer.ping()
                return True
        except InvalidStatus:
            return False

    with ThreadPoolExecutor(AT_ONCE) as threads:
        assert sum(threads.map(enter, range(8))) == 1


def test_refused_origin_does_not_use_a_ticket_up(viewers: View, ticket: str) -> None:
    assert_refused(viewers, f"?ticket={ticket}", origin="http://evil.example")
    viewers(f"?ticket={ticket}").ping()


def test_expired_ticket_is_refused(viewers: View, tables: Tables, ticket: str) -> None:
    expired = Signer.of(tables).changed(ticket, expires=now_ms() - 1)
    with tables.no_connection():
        assert_refused(viewers, f"?ticket={expired}")


def test_what_is_no_socket_ticket_is_refused(
    viewers: View, service: Service, tables: Tables, player: Player, ticket: str
) -> None:
    action = service.ticket(player, "global", "visit")["ticket"]
    others = ("", "garbage", "a.b.c", ticket[:-1], f"{ticket}x", action, player.token, "%00", "é")
    with tables.no_connection():
        for other in (*others, Signer("x" * 64).changed(ticket)):
            assert_refused(viewers, f"?ticket={other}")
    viewers(f"?ticket={ticket}").ping()


def test_other_parameters_are_ignored(viewers: View) -> None:
    viewers("?token=x&userId=ada&board=global").ping()


def test_closed_connection_leaves_nothing(
    viewers: View, tables: Tables, player: Player, ticket: str
) -> None:
    before = connections_of(tables, player.user_id)
    viewer = viewers(f"?ticket={ticket}")
    (own,) = connections_of(tables, player.user_id) - before
    for board in ("global", "weekly", "rating-gone"):
        viewer.subscribe(board)

    def rows() -> list[str]:
        return [audience for audience, connection in tables.connections() if connection == own]

    assert len(rows()) == 5  # its own, its player's, and three subscriptions
    viewer.connection.close()
    await_value(lambda: not rows(), what="the rows of a closed connection are gone")


def test_connection_that_floods_is_told_and_then_closed_and_others_go_on(viewers: View) -> None:
    flooding, other = viewers(), viewers()
    replies: list[str] = []

    def read() -> None:
        replies.append(flooding.receive().get("code", "pong"))

    # Wherever a minute turns among them, one has more than twice what it may.
    for sent in range(600):
        flooding.send({"action": "ping"} if sent % 2 else "no message")
        if sent >= 100:  # never more than so many on the way
            read()
    with pytest.raises(ConnectionClosed):  # noqa: PT012
        # The emulator closes a connection only once nothing of it is left to answer.
        while True:
            read()
    assert set(replies) <= {"pong", "bad_request", "rate_limited"}
    assert len(replies) - replies.count("rate_limited") <= 2 * 120
    other.ping()
