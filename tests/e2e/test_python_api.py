"""The Python package's clients for everything over HTTP, against the deployed stack."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from leaderboard_client import (
    MODERATE_SCOPE,
    Api,
    AsyncApi,
    BoardNotFound,
    ClientCredentials,
    Conflict,
    Entry,
    Forbidden,
    Invalid,
    Leaderboard,
    NotFound,
    Outcome,
    ScoreWrite,
    SessionEnded,
    SignInFailed,
    Ticket,
    UserNotRanked,
    UserPool,
)
from tests.e2e.service import Service
from tests.e2e.waiting import SECONDS, await_value

pytestmark = pytest.mark.e2e
PASSWORD = "Correct-Horse-9"


def pool_of(service: Service) -> UserPool:
    addresses = service.addresses
    return UserPool(url=addresses["cognito"], client_id=addresses["webClientId"])


def credentials(service: Service, client: str = "machine", **scope: str) -> ClientCredentials:
    addresses = service.addresses
    return ClientCredentials(
        token_url=f"{addresses['cognito']}/oauth2/token",
        client_id=addresses[f"{client}ClientId"],
        client_secret=addresses[f"{client}ClientSecret"],
        **scope,
    )


@pytest.fixture
def player(service: Service) -> Iterator[Api]:
    """A new player who is signed in."""
    email = f"{uuid.uuid4()}@example.com"
    with Api(service.addresses["http"], user_pool=pool_of(service)) as client:
        client.sign_up(email, PASSWORD)
        client.confirm(email, "000000")
        client.sign_in(email, PASSWORD)
        yield client


@pytest.fixture
def server(service: Service) -> Iterator[Api]:
    with Api(service.addresses["http"], credentials=credentials(service)) as client:
        yield client


def wait_until(moment: str) -> None:
    """Until a ticket's time has come."""
    time.sleep(
        max(0.0, (datetime.fromisoformat(moment) - datetime.now(UTC)).total_seconds()) + 0.05
    )


def complete(player: Api, ticket: Ticket) -> Outcome:
    wait_until(ticket.not_before)
    return player.complete("global", ticket)


def test_player_from_the_sign_up_to_the_deletion(service: Service) -> None:
    email = f"{uuid.uuid4()}@example.com"
    with Api(service.addresses["http"], user_pool=pool_of(service)) as player:
        user_id = player.sign_up(email, PASSWORD)
        with pytest.raises(SignInFailed) as refused:
            player.sign_up(email, PASSWORD)
        assert refused.value.code == "username_exists"
        player.resend(email)
        player.confirm(email, "000000")
        with pytest.raises(SignInFailed) as refused:
            player.sign_in(email, "Wrong-Horse-9")
        assert refused.value.code == "not_authorized"
        with pytest.raises(SessionEnded):
            player.scores()
        player.sign_in(email, PASSWORD)
        assert player.scores().user_id == user_id
        assert player.rename("Grace").user_name == "Grace"
        with pytest.raises(Invalid) as invalid:
            player.rename("")
        assert invalid.value.errors[0].path.startswith("body.userName")
        assert invalid.value.request_id

        ticket = player.ticket("global", "visit")
        with pytest.raises(Conflict) as early:
            player.complete("global", ticket)
        assert early.value.code == "ticket_too_early"
        first = complete(player, ticket)
        assert first.entry is not None
        assert (first.entry.user_id, first.changed, first.replayed) == (user_id, True, False)
        # As a client does whose answer was lost.
        again = player.complete("global", ticket)
        assert (again.entry, again.replayed) == (first.entry, True)
        assert [(it.board, it.user_score) for it in player.scores().scores] == [
            ("global", first.entry.user_score)
        ]
        with pytest.raises(NotFound) as unknown:
            player.ticket("global", "juggle")
        assert unknown.value.code == "action_not_found"

        player.refresh()
        player.forgot_password(email)
        player.reset_password(email, "000000", "Another-Horse-9")
        player.sign_in(email, "Another-Horse-9")
        player.delete_account()
        with pytest.raises(SessionEnded):
            player.ticket("global", "visit")
        player.sign_out()
        assert player.tokens is None


def test_reads_say_what_the_board_holds(service: Service, server: Api, board: str) -> None:
    for number in range(12):
        write = ScoreWrite(user_id=f"user-{number:02}", score=number, user_name=f"User {number}")
        server.write_score(board, write)
    service.await_score(board, "user-11", 11)
    with Api(service.addresses["http"]) as reader:
        await_value(lambda: reader.top(board).total == 12, what="the whole ranking")
        entries = list(reader.entries(board, page_size=5))
        assert [it.user_id for it in entries] == [f"user-{11 - number:02}" for number in range(12)]
        assert [it.rank for it in entries] == list(range(1, 13))
        top = reader.top(board)
        assert top.entries == tuple(entries[:10])
        assert (top.board, top.season, top.degraded) == (board, "all", False)
        assert top.version is not None
        near = reader.user(board, "user-05", around=1)
        assert [it.user_id for it in near.around] == ["user-06", "user-05", "user-04"]
        assert (near.entry.rank, near.total) == (7, 12)
        asked = reader.query(board, ["user-01", "nobody", "user-09"])
        assert [it.user_id for it in asked.entries] == ["user-09", "user-01"]
        assert asked.unranked == ("nobody",)
        await_value(lambda: len(reader.find_users("ÜSER")) == 10, what="the index of names")
        named = reader.find_users("USER 1", limit=50)
        assert {("user-10", "User 10"), ("user-11", "User 11")} <= {
            (it.user_id, it.user_name) for it in named
        }
        rules = {it.board: it for it in reader.boards()}
        assert rules["global"].actions["visit"].min_seconds > 0
        server.write_score(board, ScoreWrite(user_id="user-05", score=50))
        await_value(
            lambda: (
                [(it.user_score, it.delta) for it in reader.history(board, "user-05")]
                == [(50, 45), (5, 5)]
            ),
            what="the lines of a history",
        )
        with pytest.raises(BoardNotFound):
            reader.top("nowhere")
        with pytest.raises(UserNotRanked):
            reader.user(board, "nobody")


def test_batch_of_a_server_is_written_once_and_a_bad_write_fails_alone(
    service: Service, server: Api, board: str
) -> None:
    writes = [
        ScoreWrite(user_id=f"user-{number % 60}", score=number, submission_id=f"s-{number}")
        for number in range(240)
    ]
    bad = ScoreWrite(user_id="user-1", delta=1)
    report = server.write_scores(board, [*writes, bad])
    assert (report.written, report.replayed) == (240, 0)
    assert [(it.write, it.code) for it in report.refused] == [(bad, "invalid")]
    # A `latest` board keeps the last write of each user, so their order was kept.
    own = {it.user_id: it.user_score for it in await_entries(service, board, 60)}
    assert own == {f"user-{number}": 180 + number for number in range(60)}
    again = server.write_scores(board, iter(writes))
    assert (again.written, again.replayed, again.changed) == (240, 240, 240)


def await_entries(service: Service, board: str, count: int) -> list[Entry]:
    with Api(service.addresses["http"]) as reader:

        def whole() -> list[Entry] | None:
            service.await_score(board, f"user-{count - 1}", 4 * count - 1)
            found: list[Entry] = list(reader.entries(board))
            return found if len(found) == count else None

        return await_value(whole, what=f"{count} entries of {board}")


def test_moderator_hides_and_shows_and_erases(service: Service, server: Api, board: str) -> None:
    server.write_score(board, ScoreWrite(user_id=board, score=7))
    moderator = credentials(service, "moderator", scope=MODERATE_SCOPE)
    with Api(service.addresses["http"], credentials=moderator) as client:
        assert client.set_standing(board, "hidden", reason="a test").standing == "hidden"
        standing = client.standing(board)
        assert [(it.standing, it.reason) for it in standing.acts] == [("hidden", "a test")]
        client.set_standing(board, "visible", reason="over")
        client.remove_score(board, board, reason="a test")
        with pytest.raises(UserNotRanked):
            client.remove_score(board, board)
        client.erase_user(board)
        with pytest.raises(Forbidden) as barred:
            server.write_score(board, ScoreWrite(user_id=board, score=7))
        assert barred.value.code == "barred"
    with pytest.raises(Forbidden):
        server.standing(board)


def test_async_client_plays_while_its_player_follows(service: Service) -> None:
    async def run() -> None:
        addresses = service.addresses
        email = f"{uuid.uuid4()}@example.com"
        async with AsyncApi(addresses["http"], user_pool=pool_of(service)) as player:
            user_id = await player.sign_up(email, PASSWORD)
            await player.confirm(email, "000000")
            await player.sign_in(email, PASSWORD)
            async with Leaderboard(
                socket=addresses["socket"], fetch_ticket=player.socket_ticket
            ) as leaderboard:
                ticket = await player.ticket("global", "visit")
                await asyncio.to_thread(wait_until, ticket.not_before)
                outcome = await player.complete("global", ticket)
                assert outcome.entry is not None
                async for board, _ in leaderboard.follow("global"):
                    if board.total >= 1 and leaderboard.status.state == "live":
                        break
                assert leaderboard.status.problems == ()
            near = await asyncio.to_thread(await_user, service, user_id)
            assert near == outcome.entry.user_score
            async with AsyncApi(addresses["http"], credentials=credentials(service)) as server:
                report = await server.write_scores(
                    f"rating-{uuid.uuid4().hex[:8]}",
                    [ScoreWrite(user_id=f"u-{number}", score=number) for number in range(130)],
                )
                assert report.written == 130

    asyncio.run(asyncio.wait_for(run(), 3 * SECONDS))


def await_user(service: Service, user_id: str) -> int:
    with Api(service.addresses["http"]) as reader:

        def found() -> int | None:
            try:
                return reader.user("global", user_id).entry.user_score
            except UserNotRanked:
                return None

        return await_value(found, what=f"{user_id} on global")
