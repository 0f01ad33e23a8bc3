"""The Python subscriber against the deployed stack."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from leaderboard_client import Board, BoardNotFound, Leaderboard, Problem
from tests.e2e.service import Player, Service
from tests.e2e.waiting import SECONDS

pytestmark = pytest.mark.e2e


@asynccontextmanager
async def connected(
    service: Service, fetch_ticket: Callable[[], Awaitable[str | None]] | None = None
) -> AsyncIterator[Leaderboard]:
    addresses = service.addresses
    async with (
        asyncio.timeout(SECONDS * 2),
        Leaderboard(
            http=addresses["http"], socket=addresses["socket"], fetch_ticket=fetch_ticket
        ) as leaderboard,
    ):
        yield leaderboard


def test_every_board_shown_is_newer_and_the_last_is_the_top(service: Service, board: str) -> None:
    def write() -> int:
        for number in range(30):
            service.write(board, f"user-{number % 12}", score=number)
        last: int = service.await_score(board, "user-5", 29)["version"]
        return last

    async def follow() -> list[Board]:
        shown: list[Board] = []
        async with connected(service) as leaderboard:
            leaderboard.subscribe(board, lambda now, _: shown.append(now))
            await until(lambda: shown)
            last = await asyncio.to_thread(write)
            await until(lambda: shown[-1].version == last)
            status = leaderboard.status
            assert (status.state, status.stale_since) == ("live", None)
        return shown

    shown = asyncio.run(follow())
    versions = [it.version for it in shown]
    assert versions[0] == 0
    assert versions == sorted(set(versions))
    top = service.top(board)
    lines = [(it.rank, it.user_id, it.user_name, it.user_score) for it in shown[-1].entries]
    assert lines == [
        (it["rank"], it["userId"], it["userName"], it["userScore"]) for it in top["entries"]
    ]
    assert (shown[-1].epoch, shown[-1].total) == (top["epoch"], top["total"])


def test_board_comes_over_http_where_there_is_no_socket(service: Service, board: str) -> None:
    async def read() -> Board:
        async with Leaderboard(http=service.addresses["http"]) as leaderboard:
            shown, _ = await anext(leaderboard.follow(board))
            await until(lambda: leaderboard.status.state == "polling")
            return shown

    service.write(board, "ada", score=5)
    version = service.await_score(board, "ada", 5)["version"]
    shown = asyncio.run(read())
    assert (shown.version, shown.published_at) == (version, None)


def test_player_follows_with_a_ticket_of_its_own(service: Service, player: Player) -> None:
    tickets: list[str] = []
    problems: list[Problem] = []

    async def fetch_ticket() -> str:
        answer = await asyncio.to_thread(
            service.call, "POST", "/socket-tickets", token=player.token
        )
        tickets.append(answer.body["ticket"])
        return tickets[-1]

    async def follow() -> None:
        async with connected(service, fetch_ticket) as leaderboard:
            leaderboard.on("problem", problems.append)
            leaderboard.subscribe("global", lambda *_: None)
            await until(lambda: leaderboard.status.state == "live")

    asyncio.run(follow())
    assert len(tickets) == 1
    assert problems == []


def test_board_that_does_not_exist_is_told(service: Service) -> None:
    async def follow() -> None:
        async with connected(service) as leaderboard:
            await anext(leaderboard.follow("nowhere"))

    with pytest.raises(BoardNotFound, match="nowhere"):
        asyncio.run(follow())


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(SECONDS):
        while not condition():  # noqa: ASYNC110 - of other threads and processes
            await asyncio.sleep(0.02)
