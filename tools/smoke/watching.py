"""A viewer of the smoke board, over the socket alone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from leaderboard_client import Board, Leaderboard, Problem
from tools.smoke.steps import StepFailed


@dataclass(frozen=True, slots=True)
class Seen:
    """A board, and when it came, on this machine's steady clock."""

    board: Board
    at: float


class Viewer:
    def __init__(self) -> None:
        self._seen: list[Seen] = []
        self._problem: Problem | None = None
        self._news = asyncio.Event()

    async def await_board(self, wanted: Callable[[Board], bool]) -> Seen:
        """The first board that is so. Raises StepFailed if the service refuses the viewer."""
        while True:
            for seen in self._seen:
                if wanted(seen.board):
                    return seen
            if self._problem is not None:
                raise StepFailed(f"{self._problem.code}: {self._problem.message}")
            self._news.clear()
            await self._news.wait()

    def show(self, board: Board) -> None:
        self._seen.append(Seen(board, time.monotonic()))
        self._news.set()

    def refuse(self, problem: Problem) -> None:
        self._problem = problem
        self._news.set()


@asynccontextmanager
async def viewing(socket: str, board: str) -> AsyncIterator[Viewer]:
    viewer = Viewer()
    # Without HTTP: what is seen came over the socket.
    async with Leaderboard(socket=socket) as leaderboard:
        leaderboard.on("problem", viewer.refuse)
        leaderboard.subscribe(board, lambda now, _changes: viewer.show(now))
        yield viewer
