"""Display names: picked by the player, shown on every board."""

from __future__ import annotations

import pytest

from leaderboard.boards.snapshots import default_name
from tests.e2e.service import Player, Service, assert_gateway_refuses, assert_problem
from tests.e2e.tables import Tables
from tests.e2e.viewer import Screen, Viewer

pytestmark = pytest.mark.e2e


def test_name_reaches_every_board_and_its_viewers(
    service: Service, board: str, viewer: Viewer
) -> None:
    player = service.sign_up()
    other = f"{board}-b"
    for each in (board, other):
        service.write(each, player.user_id, score=7)
        service.await_entry(each, player.user_id, userName=default_name(player.user_id))
    screen = Screen()
    viewer.follow(board, screen, lambda it: it.version == 1)
    answer = service.call("PUT", "/me", {"userName": "  Zoe\u0308 "}, token=player.token)
    assert answer.status == 200
    assert answer.body == {"userId": player.user_id, "userName": "Zoë"}
    for each in (board, other):
        top = service.await_entry(each, player.user_id, userName="Zoë", userScore=7)
        assert top["version"] == 2
    viewer.follow(board, screen, lambda it: it.version == 2)
    assert [it["userName"] for it in screen.entries] == ["Zoë"]
    assert service.call("GET", "/me/scores", token=player.token).body["userName"] == "Zoë"


def test_name_picked_before_the_first_score_is_shown_with_it(service: Service, board: str) -> None:
    player = service.sign_up()
    service.call("PUT", "/me", {"userName": "<b>Ada</b>"}, token=player.token)
    written = service.write(board, player.user_id, score=1)
    assert written["entry"]["userName"] == "<b>Ada</b>"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"userName": ""},
        {"userName": "   "},
        {"userName": "x" * 33},
        {"userName": "x" * 10_000},
        {"userName": "a\u0000b"},
        {"userName": "a\u202eb"},
        {"userName": "a\nb"},
        {"userName": "\ud800"},
        {"userName": 7},
        {"userName": "Ada", "userId": "somebody-else"},
    ],
    ids=lambda body: ascii(body)[:40],
)
def test_bad_name_changes_nothing(
    service: Service, tables: Tables, player: Player, body: dict[str, object]
) -> None:
    before = tables.user(player.user_id)
    assert_problem(service.call("PUT", "/me", body, token=player.token), 422, "invalid")
    assert tables.user(player.user_id) == before


def test_name_needs_a_player(service: Service) -> None:
    assert_gateway_refuses(service.call("PUT", "/me", {"userName": "Ada"}), 401)
    answer = service.call("PUT", "/me", {"userName": "Ada"}, token=service.writer)
    assert answer.status in {401, 403}
