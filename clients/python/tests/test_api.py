"""Calls over real HTTP, by the sync and the async client: to a server whose answers a test decides.
What the service itself answers is in tests/e2e/test_python_api.py."""

from __future__ import annotations

import asyncio
import inspect
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from clients.python.tests.servers import SECONDS, Handler, api
from clients.python.tests.servers import Api as Server
from leaderboard_client import (
    AnswerUnusable,
    Api,
    AsyncApi,
    BoardNotFound,
    ClientCredentials,
    ConnectionFailed,
    Invalid,
    LeaderboardError,
    RateLimited,
    Retrying,
    SessionEnded,
    SignInFailed,
    Tokens,
    Unavailable,
    UserPool,
)

HASTY = Retrying(base=0.01, cap=0.02, patience=2.0)
PROFILE = {"userId": "ada", "userName": "Ada"}
Script = Callable[[Handler], None]
Do = Callable[[Any], Any]


class Asker:
    """Makes a client of one kind, and lets it do something."""

    def __init__(self, kind: type[Api] | type[AsyncApi]) -> None:
        self.kind = kind

    def do(self, server: Server, what: Do, **options: Any) -> Any:
        """What a call returns, or what an iterator gives."""
        options = {"retrying": HASTY, **options}
        if self.kind is Api:
            with Api(server.url, **options) as client:
                found = what(client)
                return list(found) if inspect.isgenerator(found) else found
        return asyncio.run(asyncio.wait_for(self._do_async(server, what, options), SECONDS))

    async def _do_async(self, server: Server, what: Do, options: dict[str, Any]) -> Any:
        async with AsyncApi(server.url, **options) as client:
            found = what(client)
            if isinstance(found, AsyncIterator):
                return [it async for it in found]
            return await found


@pytest.fixture(params=[Api, AsyncApi], ids=["sync", "async"])
def asker(request: pytest.FixtureRequest) -> Asker:
    return Asker(request.param)


@pytest.fixture
def server() -> Iterator[Server]:
    with api() as server:
        yield server


def in_turn(*answers: Script) -> Script:
    """Each request gets the next answer; the last one stays."""
    left = list(answers)

    def answer(handler: Handler) -> None:
        now = left.pop(0) if len(left) > 1 else left[0]
        now(handler)

    return answer


def replying(status: int, body: Any, **headers: str) -> Script:
    return lambda handler: handler.reply(status, body, **headers)


def hang_up(handler: Handler) -> None:
    handler.close_connection = True
    handler.connection.close()


def rename(client: Any) -> Any:
    return client.rename("Ada")


def ticket(client: Any) -> Any:
    return client.ticket("global", "visit")


def test_both_clients_have_the_same_calls() -> None:
    def calls(kind: type) -> dict[str, tuple[list[str], str | None]]:
        methods = inspect.getmembers(kind, inspect.isfunction)
        return {
            name: (list(inspect.signature(it).parameters), inspect.getdoc(it))
            for name, it in methods
            if not name.startswith("_")
        }

    assert calls(Api) == calls(AsyncApi)
    assert len(calls(Api)) > 20


def test_service_that_is_away_for_a_moment_is_asked_again_after_the_wait_it_named(
    asker: Asker, server: Server
) -> None:
    server.answer = in_turn(
        replying(503, {"code": "unavailable"}, Retry_After="0.3"), replying(200, PROFILE)
    )
    began = time.monotonic()
    assert asker.do(server, rename, token=lambda: "t").user_name == "Ada"
    assert time.monotonic() - began >= 0.3
    assert len(server.requests) == 2


def test_wait_beyond_patience_is_the_callers_to_decide(asker: Asker, server: Server) -> None:
    server.answer = replying(429, {"code": "rate_limited"}, Retry_After="3600")
    with pytest.raises(RateLimited) as raised:
        asker.do(server, ticket, token=lambda: "t")
    assert raised.value.retry_after == 3600
    assert len(server.requests) == 1


def test_trying_again_ends(asker: Asker, server: Server) -> None:
    server.answer = replying(503, {"code": "unavailable", "detail": "Later"})
    with pytest.raises(Unavailable, match="Later"):
        asker.do(server, lambda it: it.boards())
    assert len(server.requests) == HASTY.tries


def test_call_that_may_have_been_done_is_sent_again_only_if_it_counts_once(
    asker: Asker, server: Server
) -> None:
    server.answer = in_turn(hang_up, replying(200, PROFILE))
    asker.do(server, rename, token=lambda: "t")
    assert len(server.requests) == 2
    # A ticket may be the attempt: who asked twice would have lost one.
    server.answer = in_turn(hang_up, replying(201, {}))
    with pytest.raises(ConnectionFailed):
        asker.do(server, ticket, token=lambda: "t")
    assert len(server.requests) == 3


def test_server_that_is_not_there_is_tried_again_whatever_the_call(asker: Asker) -> None:
    with api() as gone:
        pass
    waits = Retrying(tries=3, base=0.2, cap=0.2)
    began = time.monotonic()
    with pytest.raises(ConnectionFailed, match="refused") as raised:
        asker.do(gone, ticket, token=lambda: "t", retrying=waits)
    assert time.monotonic() - began > 0.2
    assert raised.value.status is None


def test_request_that_is_not_answered_in_time_fails(asker: Asker, server: Server) -> None:
    over = threading.Event()

    def hang(_handler: Handler) -> None:
        over.wait(SECONDS)

    server.answer = hang
    with pytest.raises(ConnectionFailed, match="timed out"):
        asker.do(server, ticket, token=lambda: "t", timeout=0.2)
    over.set()


def test_error_says_all_that_the_service_said(asker: Asker, server: Server) -> None:
    problem = {
        "type": "urn:leaderboard:problem:invalid",
        "title": "The request does not validate",
        "detail": "Change the name.",
        "status": 422,
        "code": "invalid",
        "requestId": "r-1",
        "errors": [{"path": "body.userName", "message": "is empty"}],
    }
    server.answer = replying(422, problem)
    with pytest.raises(Invalid, match="Change the name") as raised:
        asker.do(server, rename, token=lambda: "t")
    error = raised.value
    assert (error.code, error.status, error.request_id) == ("invalid", 422, "r-1")
    assert [(it.path, it.message) for it in error.errors] == [("body.userName", "is empty")]
    assert isinstance(error, LeaderboardError)


def test_gateways_own_answer_and_a_foreign_page_are_errors_too(
    asker: Asker, server: Server
) -> None:
    server.answer = replying(403, {"message": "Forbidden"})
    with pytest.raises(LeaderboardError, match="Forbidden") as raised:
        asker.do(server, lambda it: it.boards())
    assert raised.value.code == "forbidden"
    for page in (b"<html>", b"[" * 100_000, b"{}", b'{"boards": [1]}'):
        server.answer = replying(200, page)
        with pytest.raises(AnswerUnusable, match="proxy"):
            asker.do(server, lambda it: it.boards())
    server.answer = replying(404, {"code": "board_not_found"})
    with pytest.raises(BoardNotFound):
        asker.do(server, lambda it: it.top("nowhere"))


def test_pages_follow_each_other_in_the_season_that_they_began_in(
    asker: Asker, server: Server
) -> None:
    def page(first: int, cursor: str | None) -> dict[str, Any]:
        entries = [
            {
                "rank": rank,
                "place": rank,
                "userId": f"user-{rank}",
                "userName": "x",
                "userScore": -rank,
                "scoreUpdatedAt": "2026-11-23T08:15:30.123Z",
            }
            for rank in (first, first + 1)
        ]
        place = {"board": "weekly", "season": "2026-W48", "total": 4}
        return {**place, "entries": entries, "nextCursor": cursor}

    server.answer = in_turn(replying(200, page(1, "c/1")), replying(200, page(3, None)))
    entries = asker.do(server, lambda it: it.entries("weekly", page_size=2))
    assert [it.rank for it in entries] == [1, 2, 3, 4]
    assert [path for path, _ in server.requests] == [
        "/boards/weekly/entries?limit=2",
        "/boards/weekly/entries?cursor=c%2F1&limit=2&season=2026-W48",
    ]


# Tokens


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
    with pytest.raises(SessionEnded, match="needs a token"):
        asker.do(server, rename)


class Cognito:
    """As Cognito answers a sign-in and its renewal."""

    def __init__(self, server: Server) -> None:
        server.answer = self.answer
        self.pool = UserPool(url=f"{server.url}/", client_id="web")
        self.renewals = 0
        self.refused = ""

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
            handler.reply(400, {"__type": self.refused, "message": "No."})
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
    cognito.refused = "UsernameExistsException"
    with pytest.raises(SignInFailed) as raised:
        asker.do(server, lambda it: it.sign_up("a@b.c", "x"), user_pool=cognito.pool)
    assert raised.value.code == "username_exists"


def test_secrets_are_not_printed(server: Server) -> None:
    credentials = TokenServer(server).credentials
    assert "hush" not in f"{credentials!r} {credentials}"
    assert "t1" not in repr(Tokens(refresh_token="t1", access_token="t1"))


def test_client_says_at_once_what_it_cannot_work_with(server: Server) -> None:
    for wrong in ("leaderboard.example.com", "wss://example.com", "http://"):
        with pytest.raises(ValueError, match="not an HTTP URL"):
            Api(wrong)
    pool = UserPool(url="https://cognito.example/", client_id="web")
    with pytest.raises(ValueError, match="one of"):
        Api(server.url, user_pool=pool, token=lambda: "t")
    with pytest.raises(ValueError, match="user_pool"):
        Api(server.url).sign_in("a@b.c", "x")
