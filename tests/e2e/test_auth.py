"""Who may do what: the gateway's answers to missing, wrong and forged tokens."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import jwt
import pytest

from tests.e2e.service import (
    MODERATE,
    PASSWORD,
    Answer,
    Player,
    Service,
    assert_gateway_refuses,
    claims,
    part,
)
from tests.e2e.tables import Tables, Written
from tests.stack import Running

pytestmark = pytest.mark.e2e

PLAYER_ROUTES: dict[str, tuple[str, str, object]] = {
    "tickets": ("POST", "/boards/global/tickets", {"action": "visit"}),
    "scores": ("POST", "/boards/global/scores", {"ticket": "x"}),
    "own scores": ("GET", "/me/scores", None),
    "socket tickets": ("POST", "/socket-tickets", None),
    "own account": ("DELETE", "/me", None),
}
WRITE = {"score": 1, "submissionId": "auth"}
TRUSTED_ROUTES: dict[str, tuple[str, str, object]] = {
    "score": ("PUT", "/boards/rating-x/users/ada/score", WRITE),
    "submissions": (
        "POST",
        "/boards/rating-x/submissions",
        {"submissions": [{"userId": "ada", **WRITE}]},
    ),
}


@pytest.fixture(scope="module")
def before(tables: Tables) -> Written:
    return tables.written()


@pytest.fixture(autouse=True)
def nothing_written(tables: Tables, before: Written) -> Iterator[None]:
    """No test here writes anything."""
    yield
    assert tables.written() == before


def request(
    service: Service, route: tuple[str, str, object], *, token: str | None = None, **headers: str
) -> Answer:
    method, path, body = route
    return service.call(method, path, body, token=token, headers=headers)


def forged(token: str) -> dict[str, str]:
    """Tokens that Cognito did not sign, made from one that it did."""
    head, body, signature = token.split(".")
    other = "A" if signature[10] != "A" else "B"
    key_id = {"kid": part(token, 0)["kid"]}
    return {
        "empty": "",
        "garbage": "garbage",
        "three parts of garbage": "a.b.c",
        "no signature": f"{head}.{body}.",
        "cut signature": f"{head}.{body}.{signature[:-4]}",
        "changed signature": f"{head}.{body}.{signature[:10]}{other}{signature[11:]}",
        "alg none": jwt.encode(claims(token), "", algorithm="none", headers=key_id),
        "own key": jwt.encode(claims(token), "x" * 64, algorithm="HS256", headers=key_id),
        "no key id": jwt.encode(claims(token), "x" * 64, algorithm="HS256"),
    }


SAMPLE = jwt.encode({}, "x" * 64, algorithm="HS256", headers={"kid": "sample"})


@pytest.mark.parametrize("route", PLAYER_ROUTES)
def test_player_route_needs_a_token(service: Service, route: str) -> None:
    assert_gateway_refuses(request(service, PLAYER_ROUTES[route]), 401)


@pytest.mark.parametrize("route", PLAYER_ROUTES)
@pytest.mark.parametrize("name", forged(SAMPLE))
def test_player_route_refuses_forged_tokens(
    service: Service, player: Player, route: str, name: str
) -> None:
    token = forged(player.token)[name]
    assert_gateway_refuses(request(service, PLAYER_ROUTES[route], token=token), 401)


@pytest.mark.parametrize("route", PLAYER_ROUTES)
def test_id_token_lacks_the_players_scope(service: Service, player: Player, route: str) -> None:
    answer = request(service, PLAYER_ROUTES[route], token=player.id_token)
    assert_gateway_refuses(answer, 403)


@pytest.mark.parametrize("route", PLAYER_ROUTES)
def test_machine_token_is_no_players(service: Service, route: str) -> None:
    answer = request(service, PLAYER_ROUTES[route], token=service.writer)
    assert_gateway_refuses(answer, 401)


def test_expired_token_is_refused(service: Service, player: Player, stack: Running) -> None:
    # Signed by the pool's own key, so that the time alone is wrong.
    keys = Path(stack.addresses["log"]).parent / "state" / "cognito-pool-keys"
    key = (keys / f"{service.addresses['userPoolId']}-access.pem").read_text(encoding="ascii")
    key_id = {"kid": part(player.token, 0)["kid"]}

    def signed(expires: float) -> str:
        changed = {**claims(player.token), "exp": int(expires)}
        return jwt.encode(changed, key, algorithm="RS256", headers=key_id)

    route = PLAYER_ROUTES["own scores"]
    assert request(service, route, token=signed(time.time() + 60)).status == 200
    assert_gateway_refuses(request(service, route, token=signed(time.time() - 60)), 401)


@pytest.mark.parametrize("where", ["another pool", "another client of the pool"])
def test_token_of_somewhere_else_is_refused(service: Service, tables: Tables, where: str) -> None:
    cognito = tables.client("cognito-idp")
    pool = service.addresses["userPoolId"]
    if where == "another pool":
        pool = cognito.create_user_pool(PoolName="another")["UserPool"]["Id"]
    client_id = cognito.create_user_pool_client(
        UserPoolId=pool, ClientName="another", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
    )["UserPoolClient"]["ClientId"]
    name = f"{uuid.uuid4()}@example.com"
    cognito.admin_create_user(UserPoolId=pool, Username=name, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(
        UserPoolId=pool, Username=name, Password=PASSWORD, Permanent=True
    )
    token = cognito.initiate_auth(
        ClientId=client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD},
    )["AuthenticationResult"]["AccessToken"]
    assert claims(token)["client_id"] == client_id
    for route in PLAYER_ROUTES.values():
        assert_gateway_refuses(request(service, route, token=token), 401)


def test_other_scheme_is_no_token(service: Service, player: Player) -> None:
    for header in ("Basic YWRhOmFkYQ==", "Bearer", "Bearer  ", player.token[:20]):
        answer = request(service, PLAYER_ROUTES["own scores"], authorization=header)
        assert_gateway_refuses(answer, 401)


@pytest.mark.parametrize("route", TRUSTED_ROUTES)
def test_trusted_route_needs_a_token(service: Service, route: str) -> None:
    assert_gateway_refuses(request(service, TRUSTED_ROUTES[route]), 401)


@pytest.mark.parametrize("route", TRUSTED_ROUTES)
@pytest.mark.parametrize("name", forged(SAMPLE))
def test_trusted_route_refuses_forged_tokens(service: Service, route: str, name: str) -> None:
    answer = request(service, TRUSTED_ROUTES[route], token=forged(service.writer)[name])
    assert_gateway_refuses(answer, 401)


@pytest.mark.parametrize("route", TRUSTED_ROUTES)
def test_trusted_route_refuses_players(service: Service, player: Player, route: str) -> None:
    for token in (player.token, player.id_token):
        assert_gateway_refuses(request(service, TRUSTED_ROUTES[route], token=token), 401)


@pytest.mark.parametrize("route", TRUSTED_ROUTES)
def test_trusted_route_needs_the_scope_for_writing(service: Service, route: str) -> None:
    answer = request(service, TRUSTED_ROUTES[route], token=service.machine_token(MODERATE))
    assert_gateway_refuses(answer, 403)


def test_boards_are_for_anyone(service: Service) -> None:
    for path in ("/boards", "/boards/global/top"):
        assert service.call("GET", path).status == 200
        assert service.call("GET", path, token="garbage").status == 200


def test_refusal_by_the_gateway_comes_before_the_body_is_looked_at(service: Service) -> None:
    answer = service.call("POST", "/boards/nope/tickets", raw=b"{" * 5000)
    assert_gateway_refuses(answer, 401)
