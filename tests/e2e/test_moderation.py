"""Moderation and erasure through the deployed stack: boards, viewers, sockets and sign-ins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError
from websockets.exceptions import ConnectionClosed, InvalidStatus

from leaderboard.adapters.aws.connections_api import ConnectionsApi
from tests.e2e.service import (
    MODERATE,
    PASSWORD,
    WRITE,
    Json,
    Player,
    Service,
    assert_gateway_refuses,
    assert_problem,
    claims,
    is_moment,
)
from tests.e2e.tables import Tables
from tests.e2e.viewer import Screen, Viewer
from tests.e2e.waiting import await_value

pytestmark = pytest.mark.e2e

View = Callable[..., Viewer]
REASON = "Bots in the finals"


def standing_of(service: Service, user_id: str) -> Json:
    answer = service.call("GET", f"/users/{user_id}/standing", token=service.moderator)
    assert answer.status == 200, answer
    body: Json = answer.body
    return body


def remove(service: Service, board: str, user_id: str, query: str = "") -> None:
    answer = service.call(
        "DELETE", f"/boards/{board}/users/{user_id}{query}", token=service.moderator
    )
    assert (answer.status, answer.data) == (204, b"")


def delete(service: Service, player: Player) -> None:
    answer = service.call("DELETE", "/me", token=player.token)
    assert (answer.status, answer.data) == (204, b"")


def score_by_ticket(service: Service, player: Player) -> None:
    ticket = service.ticket(player, "global", "visit")["ticket"]

    def completed() -> bool:
        return service.complete(player, "global", ticket).status == 200

    await_value(completed, what="the ticket is good")


def socket_ticket(service: Service, player: Player) -> str:
    answer = service.call("POST", "/socket-tickets", token=player.token)
    assert answer.status == 201, answer
    return str(answer.body["ticket"])


def assert_closed(viewer: Viewer) -> None:
    """The server closes the connection."""

    def read_on() -> None:
        while True:
            viewer.receive()

    with pytest.raises(ConnectionClosed):
        read_on()


def assert_not_let_in(view: View, tables: Tables, player: Player, ticket: str) -> None:
    """A ticket of before opens nothing, and no row of the player is left."""
    with pytest.raises(InvalidStatus):
        view(f"?ticket={ticket}")
    rows = tables.items("connectionsTable")
    assert not [it for it in rows if it.get("userId") == player.user_id]
    assert not [it for it in rows if it["audience"] == f"user#{player.user_id}"]


@pytest.mark.parametrize("standing", ["hidden", "barred"])
def test_standing_takes_a_user_off_within_one_update_and_brings_back(
    service: Service, board: str, viewer: Viewer, standing: str
) -> None:
    for number, user in enumerate(["ann", "bob", "cy"]):
        service.write(board, f"{board}-{user}", score=10 - number)
    top = service.await_score(board, f"{board}-cy", 8)
    screen = Screen()
    viewer.follow(board, screen, lambda it: it.version == top["version"])
    before = screen.entries
    user = f"{board}-bob"
    service.set_standing(user, standing, reason=REASON)
    viewer.follow(board, screen, lambda it: user not in it.scores)
    assert screen.version == top["version"] + 1
    assert [it["rank"] for it in screen.entries] == [1, 2]
    service.set_standing(user, "visible", reason="A mistake")
    viewer.follow(board, screen, lambda it: user in it.scores)
    assert screen.version == top["version"] + 2
    # In its old place: the time is that of the score.
    assert screen.entries == before


def test_acts_are_recorded_with_who_when_and_why(service: Service, board: str) -> None:
    user = f"{board}-ann"
    service.write(board, user, score=1)
    assert standing_of(service, user) == {"userId": user, "standing": "visible", "acts": []}
    reason = '<script>alert(1)</script> "quoted" \'; DROP TABLE x; -- 🃏'
    service.set_standing(user, "hidden", reason=f"  {reason}  ")
    service.set_standing(user, "barred", reason="again")
    remove(service, board, user, "?reason=a+bot%2C%20too")
    found = standing_of(service, user)
    assert found["standing"] == "barred"
    assert all(is_moment(it.pop("at")) for it in found["acts"])
    by = claims(service.moderator)["client_id"]
    assert found["acts"] == [
        {
            "standing": "barred",
            "by": by,
            "reason": f"score on {board} (season all) removed: a bot, too",
        },
        {"standing": "barred", "by": by, "reason": "again"},
        {"standing": "hidden", "by": by, "reason": reason},
    ]


def test_request_sent_again_is_recorded_once(service: Service, board: str) -> None:
    user = f"{board}-ann"
    for _ in range(3):
        service.set_standing(user, "hidden", reason=REASON)
    assert len(standing_of(service, user)["acts"]) == 1


def test_hidden_player_goes_on_playing(service: Service, tables: Tables, board: str) -> None:
    player = service.sign_up()
    service.write(board, player.user_id, score=1)
    service.set_standing(player.user_id, "hidden")
    written = service.write(board, player.user_id, score=7)
    assert written["entry"]["userScore"] == 7
    score_by_ticket(service, player)
    own = service.call("GET", "/me/scores", token=player.token).body["scores"]
    assert {it["board"]: it["userScore"] for it in own} == {board: 7, "global": 1}
    other = f"{board}-bob"
    service.write(board, other, score=1)
    assert [it["userId"] for it in service.await_score(board, other, 1)["entries"]] == [other]
    service.set_standing(player.user_id, "visible")
    service.await_score(board, player.user_id, 7)
    (item,) = (it for it in tables.user(player.user_id) if it["boardSeason"] == "global#all")
    assert item["standing"] == "visible"


def test_barred_player_may_not_score_until_it_is_visible_again(
    service: Service, board: str
) -> None:
    player = service.sign_up()
    ticket = service.ticket(player, "global", "visit")["ticket"]
    service.set_standing(player.user_id, "barred", reason="before the first score")
    assert_problem(service.complete(player, "global", ticket), 403, "barred")
    refused = service.put(board, player.user_id, {"score": 1})
    assert_problem(refused, 403, "barred")
    refused = service.put(board, player.user_id, {"score": 1, "userName": "Another"})
    assert_problem(refused, 403, "barred")
    refused = service.call("POST", "/socket-tickets", token=player.token)
    assert_problem(refused, 403, "barred")
    assert service.call("GET", "/me/scores", token=player.token).body["scores"] == []
    service.set_standing(player.user_id, "visible")
    score_by_ticket(service, player)


def test_sockets_of_a_barred_player_are_closed_and_no_others(
    service: Service, viewers: View, tables: Tables
) -> None:
    player, other = service.sign_up(), service.sign_up()
    kept = [viewers(), viewers(f"?ticket={socket_ticket(service, other)}")]
    closed = [viewers(f"?ticket={socket_ticket(service, player)}") for _ in range(2)]
    late = socket_ticket(service, player)
    closed[0].subscribe("global")
    service.set_standing(player.user_id, "barred")
    for viewer in closed:
        assert_closed(viewer)
    for viewer in kept:
        viewer.ping()
    assert_not_let_in(viewers, tables, player, late)
    # Watching as anybody is open to everybody.
    viewers().ping()


def test_player_has_twenty_sockets_and_others_theirs(service: Service, viewers: View) -> None:
    player, other = service.sign_up(), service.sign_up()
    opened = [viewers(f"?ticket={socket_ticket(service, player)}") for _ in range(20)]
    one_more = socket_ticket(service, player)
    with pytest.raises(InvalidStatus):
        viewers(f"?ticket={one_more}")
    viewers(f"?ticket={socket_ticket(service, other)}").ping()
    opened.pop().connection.close()

    def enters() -> bool:
        try:
            viewers(f"?ticket={socket_ticket(service, player)}").ping()
        except InvalidStatus:
            return False
        return True

    await_value(enters, what="the place of a socket that was closed")
    for viewer in opened:
        viewer.ping()


def test_gateway_tells_which_connections_are_open(
    service: Service, tables: Tables, viewers: View, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By this the service finds out whose rows nobody is behind any more."""
    for name, key in {
        "AWS_ACCESS_KEY_ID": "accessKeyId",
        "AWS_SECRET_ACCESS_KEY": "secretAccessKey",
        "AWS_DEFAULT_REGION": "region",
    }.items():
        monkeypatch.setenv(name, service.addresses[key])
    sockets = ConnectionsApi(service.addresses["socket"].replace("ws://", "http://"))
    player = service.sign_up()
    viewer = viewers(f"?ticket={socket_ticket(service, player)}")
    viewer.ping()
    (connection,) = (
        name for audience, name in tables.connections() if audience == f"user#{player.user_id}"
    )
    assert sockets.is_open(connection)
    viewer.connection.close()
    await_value(lambda: not sockets.is_open(connection), what="the connection is gone")


def test_removed_score_is_gone_within_one_update_and_may_be_earned_anew(
    service: Service, tables: Tables, board: str, viewer: Viewer
) -> None:
    ann, bob = f"{board}-ann", f"{board}-bob"
    service.write(board, ann, score=5)
    service.write(board, bob, score=4)
    top = service.await_score(board, bob, 4)
    screen = Screen()
    viewer.follow(board, screen, lambda it: it.version == top["version"])
    remove(service, board, ann)
    viewer.follow(board, screen, lambda it: it.version > top["version"])
    assert (screen.version, screen.scores) == (top["version"] + 1, {bob: 4})
    again = service.call("DELETE", f"/boards/{board}/users/{ann}", token=service.moderator)
    assert_problem(again, 404, "user_not_ranked")
    assert len(standing_of(service, ann)["acts"]) == 1
    (stone,) = (it for it in tables.user(ann) if it["boardSeason"] == f"{board}#all")
    assert {"userScore", "userName", "boardOrder"} & set(stone) == set()
    assert stone["expiresAt"]
    assert service.write(board, ann, score=2)["entry"]["userScore"] == 2
    viewer.follow(board, screen, lambda it: it.scores == {ann: 2, bob: 4})


def test_ticket_of_before_the_removal_does_not_count_again(service: Service) -> None:
    player = service.sign_up()
    old = service.ticket(player, "global", "visit")["ticket"]
    taken = service.ticket(player, "global", "visit")["ticket"]
    await_value(lambda: service.complete(player, "global", taken).status == 200, what="good")
    remove(service, "global", player.user_id)
    assert_problem(service.complete(player, "global", old), 409, "ticket_superseded")
    again = service.complete(player, "global", taken)
    assert again.body["replayed"] is True
    assert service.call("GET", "/me/scores", token=player.token).body["scores"] == []


def test_only_the_season_that_is_named_loses_its_score(service: Service, board: str) -> None:
    user = f"{board}-ann"
    season = service.top("weekly")["season"]
    service.write("weekly", user, score=3)
    path = f"/boards/weekly/users/{user}?season=2020-W01"
    assert_problem(service.call("DELETE", path, token=service.moderator), 404, "user_not_ranked")
    service.await_score("weekly", user, 3)
    remove(service, "weekly", user, f"?season={season}")
    assert [it["reason"] for it in standing_of(service, user)["acts"]] == [
        f"score on weekly (season {season}) removed"
    ]


def test_player_who_deletes_itself_is_gone_everywhere(
    service: Service, tables: Tables, board: str, viewers: View
) -> None:
    player = service.sign_up()
    service.call("PUT", "/me", {"userName": "Unforgettable"}, token=player.token)
    other = f"{board}-b"
    score_by_ticket(service, player)
    for each in (board, other):
        service.write(each, player.user_id, score=7)
        service.await_score(each, player.user_id, 7)
    service.set_standing(player.user_id, "visible", reason="Unforgettable too")
    held, screen = viewers(f"?ticket={socket_ticket(service, player)}"), Screen()
    watcher = viewers()
    watcher.follow(board, screen, lambda it: it.version > 0)
    unused = service.ticket(player, "global", "visit")["ticket"]
    late = socket_ticket(service, player)

    delete(service, player)
    delete(service, player)

    watcher.follow(board, screen, lambda it: it.scores == {})
    assert_closed(held)
    assert_not_let_in(viewers, tables, player, late)
    items = tables.user(player.user_id)
    assert "Unforgettable" not in str(items)
    assert {"userScore", "userName"} & {name for it in items for name in it} == set()
    assert all(it["expiresAt"] for it in items)
    # The access token lives on for an hour, and is good for nothing.
    assert_problem(service.complete(player, "global", unused), 403, "barred")
    named = service.call("PUT", "/me", {"userName": "Back"}, token=player.token)
    assert_problem(named, 403, "barred")
    sockets = service.call("POST", "/socket-tickets", token=player.token)
    assert_problem(sockets, 403, "barred")
    for body in ({"score": 1}, {"score": 1, "userName": "Back"}):
        assert_problem(service.put(board, player.user_id, body), 403, "barred")
    own = service.call("GET", "/me/scores", token=player.token)
    assert own.body["scores"] == []
    assert "Unforgettable" not in own.data.decode()
    pool = {"UserPoolId": tables.addresses["userPoolId"], "Username": player.user_id}
    with pytest.raises(ClientError) as gone:
        tables.client("cognito-idp").admin_get_user(**pool)
    assert gone.value.response["Error"]["Code"] == "UserNotFoundException"
    refused = service.call(
        "PUT",
        f"/users/{player.user_id}/standing",
        {"standing": "visible", "reason": "Come back"},
        token=service.moderator,
    )
    assert_problem(refused, 410, "user_deleted")
    assert standing_of(service, player.user_id) == {
        "userId": player.user_id,
        "standing": "deleted",
        "acts": [],
    }


def test_moderator_erases_a_player_and_a_user_of_a_game_server(
    service: Service, tables: Tables, board: str, viewers: View
) -> None:
    player = service.sign_up()
    made = f"{board}:made.by-a_server"
    for user in (player.user_id, made):
        service.write(board, user, score=7, userName="Unforgettable")
        service.set_standing(user, "visible", reason="Unforgettable too")
    service.await_score(board, made, 7)
    held, screen = viewers(f"?ticket={socket_ticket(service, player)}"), Screen()
    watcher = viewers()
    watcher.follow(board, screen, lambda it: len(it.scores) == 2)
    for user in (player.user_id, made):
        answer = service.call("DELETE", f"/users/{user}", token=service.moderator)
        assert (answer.status, answer.data) == (204, b"")
    watcher.follow(board, screen, lambda it: it.scores == {})
    assert_closed(held)
    for user in (player.user_id, made):
        assert "Unforgettable" not in str(tables.user(user))
        assert standing_of(service, user)["standing"] == "deleted"
        assert_problem(service.put(board, user, {"score": 1}), 403, "barred")
    pool = {"UserPoolId": tables.addresses["userPoolId"], "Username": player.user_id}
    with pytest.raises(ClientError) as gone:
        tables.client("cognito-idp").admin_get_user(**pool)
    assert gone.value.response["Error"]["Code"] == "UserNotFoundException"


def test_deleted_player_cannot_sign_in(service: Service, tables: Tables) -> None:
    player = service.sign_up()
    pool = {"UserPoolId": tables.addresses["userPoolId"], "Username": player.user_id}
    found = tables.client("cognito-idp").admin_get_user(**pool)
    email = next(it["Value"] for it in found["UserAttributes"] if it["Name"] == "email")
    delete(service, player)
    with pytest.raises(ClientError):
        service.cognito.initiate_auth(
            ClientId=service.addresses["webClientId"],
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": email, "PASSWORD": PASSWORD},
        )


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"standing": "hidden"},
        {"reason": "x"},
        {"standing": "deleted", "reason": "x"},
        {"standing": "HIDDEN", "reason": "x"},
        {"standing": None, "reason": "x"},
        {"standing": ["hidden"], "reason": "x"},
        {"standing": "hidden", "reason": ""},
        {"standing": "hidden", "reason": "   "},
        {"standing": "hidden", "reason": "x" * 501},
        {"standing": "hidden", "reason": "a\nb"},
        {"standing": "hidden", "reason": "a\u0000b"},
        {"standing": "hidden", "reason": "\ud800"},
        {"standing": "hidden", "reason": 7},
        {"standing": "hidden", "reason": "x", "by": "somebody else"},
    ],
    ids=lambda body: ascii(body)[:50],
)
def test_nonsense_is_no_standing(service: Service, tables: Tables, body: Mapping[str, Any]) -> None:
    before = tables.user("nobody")
    answer = service.call("PUT", "/users/nobody/standing", body, token=service.moderator)
    assert_problem(answer, 422, "invalid")
    assert tables.user("nobody") == before


def test_what_is_no_user_no_board_and_no_season(service: Service) -> None:
    for method, path in (
        ("GET", "/users/a%20b/standing"),
        ("GET", f"/users/{'x' * 65}/standing"),
        ("DELETE", "/boards/global/users/a%23b"),
        ("DELETE", "/users/a%23b"),
        ("DELETE", "/users/ann?reason=x"),
        ("DELETE", "/boards/global/users/ann?season=2026-W01"),
        ("DELETE", "/boards/weekly/users/ann?season=2026-W99"),
        ("DELETE", "/boards/weekly/users/ann?season=2999-W01"),
        ("DELETE", "/boards/weekly/users/ann?season=2020-W01&season=2020-W02"),
    ):
        assert_problem(service.call(method, path, token=service.moderator), 422, "invalid")
    answer = service.call("DELETE", "/boards/nope/users/ann", token=service.moderator)
    assert_problem(answer, 404, "board_not_found")


ROUTES: list[tuple[str, str, object]] = [
    ("PUT", "/users/ann/standing", {"standing": "hidden", "reason": "x"}),
    ("GET", "/users/ann/standing", None),
    ("DELETE", "/boards/global/users/ann", None),
    ("DELETE", "/users/ann", None),
]


@pytest.mark.parametrize("route", ROUTES, ids=lambda it: f"{it[0]} {it[1]}")
def test_moderation_takes_the_scope_for_it(
    service: Service, tables: Tables, player: Player, route: tuple[str, str, object]
) -> None:
    with tables.unchanged():
        assert_gateway_refuses(service.call(*route), 401)
        assert_gateway_refuses(service.call(*route, token=player.token), 401)
        assert_gateway_refuses(service.call(*route, token=service.writer), 403)


def test_player_routes_take_no_moderator(service: Service) -> None:
    assert_gateway_refuses(service.call("DELETE", "/me", token=service.moderator), 401)
    assert_gateway_refuses(service.call("DELETE", "/me"), 401)


def test_client_of_one_capability_gets_no_token_for_the_other(service: Service) -> None:
    assert claims(service.writer)["scope"] == WRITE
    assert service.token_of("moderator", WRITE) is None
    # The game's own servers have both here; each token is for what was asked.
    token = service.token_of("machine", MODERATE)
    assert token is not None
    assert claims(token)["scope"] == MODERATE
    assert_gateway_refuses(
        service.call("PUT", "/boards/rating-1/users/ann/score", {}, token=token), 403
    )
