"""Which token a call is sent with, and how often one is asked for."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from clients.python.tests.callers import (
    PROFILE,
    Asker,
    rename,
    replying,
)
from clients.python.tests.servers import Api as Server, Handler
from leaderboard_client import (
    Api,
    AsyncApi,
    ClientCredentials,
    LeaderboardError,
    SessionEnded,
    SignInFailed,
    Tokens,
    UserPool,
)


class TokenServer:
    """Gives out numbered tokens, and takes the newest one alone."""

    def __init__(self, server: Server, *, seconds: int = 3600) -> None:
        self.given = 0
        self.seconds = seconds
        self.valid: set[str] = set()
        self.wait = 0.0
        server.answer = self.answer
        self.credentials = ClientCredentials(
            token_url=f"{server.url}/oauth2/token", client_id="machine", client_secret="hush"
        )

    def answer(self, handler: Handler) -> None:
        if handler.path == "/oauth2/token":
            assert handler.headers["Authorization"] == "Basic bWFjaGluZTpodXNo"
            assert handler.body == "grant_type=client_credentials&scope=leaderboard%2Fscores.write"
            time.sleep(self.wait)
            self.given += 1
            self.valid = {f"Bearer token-{self.given}"}
            body = {"access_token": f"token-{self.given}", "expires_in": self.seconds}
            handler.reply(200, body)
        elif handler.headers["Authorization"] in self.valid:
            handler.reply(200, {"userId": "ada", "standing": "visible"})
        else:
            handler.reply(401, {"message": "Unauthorized"})


def test_many_callers_share_one_token_of_a_server(server: Server) -> None:
    tokens = TokenServer(server)
    tokens.wait = 0.05
    with Api(server.url, credentials=tokens.credentials) as client, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: client.standing("ada"), range(24)))
    assert tokens.given == 1

    async def many() -> None:
        async with AsyncApi(server.url, credentials=tokens.credentials) as client:
            await asyncio.gather(*(client.standing("ada") for _ in range(24)))

    asyncio.run(many())
    assert tokens.given == 2


def test_token_is_renewed_before_it_expires(server: Server) -> None:
    tokens = TokenServer(server, seconds=3600)
    clock = [1000.0]
    with Api(server.url, credentials=tokens.credentials, now=lambda: clock[0]) as client:
        for seconds, given in ((0, 1), (3530, 1), (20, 2), (3530, 2)):
            clock[0] += seconds
            client.standing("ada")
            assert tokens.given == given


def test_token_that_was_revoked_is_replaced_once(asker: Asker, server: Server) -> None:
    tokens = TokenServer(server)

    def twice(client: Any) -> Any:
        if asker.kind is Api:
            client.standing("ada")
            tokens.valid = set()
            return client.standing("ada")

        async def calls() -> Any:
            await client.standing("ada")
            tokens.valid = set()
            return await client.standing("ada")

        return calls()

    asker.do(server, twice, credentials=tokens.credentials)
    assert tokens.given == 2


def test_token_that_stays_refused_is_an_error(asker: Asker, server: Server) -> None:
    server.answer = replying(401, {"message": "Unauthorized"})
    with pytest.raises(SessionEnded, match="has just refused"):
        asker.do(server, rename, token=lambda: "old")
    fresh = iter("abcdef")
    with pytest.raises(LeaderboardError) as raised:
        asker.do(server, rename, token=lambda: next(fresh))
    assert raised.value.code == "unauthorized"
    assert next(fresh) == "c"


def test_own_token_function_may_be_async_and_its_error_is_its_own(server: Server) -> None:
    async def token() -> str:
        await asyncio.sleep(0)
        return "mine"

    async def broken() -> str:
        raise KeyError("vault")

    def answer(handler: Handler) -> None:
        seen.append(handler.headers["Authorization"])
        handler.reply(200, PROFILE)

    seen: list[str | None] = []
    server.answer = answer
    asker = Asker(AsyncApi)
    asker.do(server, rename, token=token)
    assert seen == ["Bearer mine"]
    with pytest.raises(KeyError):
        asker.do(server, rename, token=broken)
    with pytest.raises(SessionEnded, match="gave no token"):
        asker.do(server, rename, token=lambda: None)
    with pytest.raises(SessionEnded, match="needs a token") as raised:
        asker.do(server, rename)
    assert raised.value.code == "sign_in_required"


class Cognito:
    """As Cognito answers a sign-in and its renewal."""

    def __init__(self, server: Server) -> None:
        server.answer = self.answer
        self.pool = UserPool(url=f"{server.url}/", client_id="web")
        self.renewals = 0
        self.refused = ""
        self.said = "No."

    def answer(self, handler: Handler) -> None:
        if handler.command != "POST":
            is_new = handler.headers["Authorization"] == f"Bearer access-{self.renewals}"
            handler.reply(
                200 if is_new else 401, PROFILE if is_new else {"message": "Unauthorized"}
            )
            return
        operation = handler.headers["x-amz-target"].rpartition(".")[2]
        assert handler.body["ClientId"] == "web"
        if self.refused:
            handler.reply(400, {"__type": self.refused, "message": self.said})
            return
        result: dict[str, Any] = {"AccessToken": f"access-{self.renewals}", "ExpiresIn": 3600}
        if handler.body.get("AuthFlow") == "REFRESH_TOKEN_AUTH":
            assert handler.body["AuthParameters"] == {"REFRESH_TOKEN": "refresh"}
            self.renewals += 1
            result["AccessToken"] = f"access-{self.renewals}"
        else:
            result["RefreshToken"] = "refresh"
        assert operation == "InitiateAuth"
        handler.reply(200, {"AuthenticationResult": result})


def test_player_stays_signed_in_by_the_tokens_that_were_kept(server: Server) -> None:
    cognito = Cognito(server)
    with Api(server.url, user_pool=cognito.pool) as client:
        tokens = client.sign_in("ada@example.com", "secret")
        client.rename("Ada")
    assert tokens == Tokens(refresh_token="refresh", access_token="access-0")
    with Api(server.url, user_pool=cognito.pool, tokens=tokens) as client:
        client.rename("Ada")
        assert cognito.renewals == 0
        client.refresh()
        client.rename("Ada")
        assert client.tokens == Tokens(refresh_token="refresh", access_token="access-1")
    # The one that was kept is refused by now, and the client finds out.
    with Api(server.url, user_pool=cognito.pool, tokens=tokens) as client:
        client.rename("Ada")
        assert cognito.renewals == 2


def test_sign_in_that_has_ended_is_said_so(asker: Asker, server: Server) -> None:
    cognito = Cognito(server)
    cognito.refused = "com.amazon#NotAuthorizedException"
    old = Tokens(refresh_token="refresh", access_token="old")
    with pytest.raises(SessionEnded):
        asker.do(server, rename, user_pool=cognito.pool, tokens=old)
    with pytest.raises(SignInFailed, match="No") as raised:
        asker.do(server, lambda it: it.sign_in("a@b.c", "x"), user_pool=cognito.pool)
    assert raised.value.code == "not_authorized"
    cognito.refused, cognito.said = "NotAuthorizedException", "Password attempts exceeded"
    with pytest.raises(SignInFailed) as raised:
        asker.do(server, lambda it: it.sign_in("a@b.c", "x"), user_pool=cognito.pool)
    assert raised.value.code == "too_many_failed_attempts"
    assert raised.value.is_temporary
    cognito.refused = "UsernameExistsException"
    with pytest.raises(SignInFailed) as raised:
        asker.do(server, lambda it: it.sign_up("a@b.c", "x"), user_pool=cognito.pool)
    assert raised.value.code == "username_exists"


def test_secrets_are_not_printed(server: Server) -> None:
    credentials = TokenServer(server).credentials
    assert "hush" not in f"{credentials!r} {credentials}"
    assert "t1" not in repr(Tokens(refresh_token="t1", access_token="t1"))
