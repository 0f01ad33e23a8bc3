"""Performs the steps of plans: one runner waits in its thread, the other in an event loop. They are
the same loop, and all that differs between the two clients."""

from __future__ import annotations

import asyncio
import inspect
import random
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from leaderboard_client.api import routes
from leaderboard_client.api.answers import BatchAnswer
from leaderboard_client.api.asking import ask
from leaderboard_client.api.exchange import Request
from leaderboard_client.api.setup import ONCE, Setup
from leaderboard_client.api.steps import Authorize, CallFunction, Exchange, Pause, Plan, Step
from leaderboard_client.api.transport import CONNECTIONS
from leaderboard_client.api.writes import ScoreWrite
from leaderboard_client.errors import LeaderboardError

T = TypeVar("T")


class Runner:
    """Runs plans in the caller's thread."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._lock = threading.Lock()

    def ask(self, request: Request[T]) -> T:
        """The service's answer."""
        return self.run(ask(request, self._setup.retrying))

    def ask_cognito(self, request: Request[T]) -> T:
        """Cognito's answer."""
        return self.run(self._setup.players.call(request))

    def write_batch(
        self, board: str, batch: Sequence[ScoreWrite]
    ) -> BatchAnswer | LeaderboardError:
        """What came of a batch. `Batching` decides when to send it again."""
        try:
            return self.run(ask(routes.write_scores(board, batch), ONCE))
        except LeaderboardError as error:
            return error

    def run(self, plan: Plan[T], *, alone: bool = False) -> T:
        """The plan's result. `alone`: no other plan that gets a token runs beside it."""
        if alone:
            with self._lock:
                return self.run(plan)
        given: Any = None
        try:
            while True:
                given = self._perform(plan.send(given))
        except StopIteration as ended:
            result: T = ended.value
            return result

    def close(self) -> None:
        """Closes the connections."""
        self._setup.transport.close()

    def _perform(self, step: Step) -> Any:
        match step:
            case Exchange(request):
                return self._setup.transport.send(request)
            case Authorize(rejected):
                return self.run(self._setup.source.token(rejected), alone=True)
            case Pause(least, most):
                return time.sleep(random.uniform(least, most))  # noqa: S311 - no secret
            case CallFunction(function):
                return function()


class AsyncRunner:
    """Runs plans in an event loop; requests are sent in threads."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._lock = asyncio.Lock()
        self._threads = ThreadPoolExecutor(CONNECTIONS, "leaderboard-client")

    async def ask(self, request: Request[T]) -> T:
        """The service's answer."""
        return await self.run(ask(request, self._setup.retrying))

    async def ask_cognito(self, request: Request[T]) -> T:
        """Cognito's answer."""
        return await self.run(self._setup.players.call(request))

    async def write_batch(
        self, board: str, batch: Sequence[ScoreWrite]
    ) -> BatchAnswer | LeaderboardError:
        """What came of a batch. `Batching` decides when to send it again."""
        try:
            return await self.run(ask(routes.write_scores(board, batch), ONCE))
        except LeaderboardError as error:
            return error

    async def run(self, plan: Plan[T], *, alone: bool = False) -> T:
        """The plan's result. `alone`: no other plan that gets a token runs beside it."""
        if alone:
            async with self._lock:
                return await self.run(plan)
        given: Any = None
        try:
            while True:
                given = await self._perform(plan.send(given))
        except StopIteration as ended:
            result: T = ended.value
            return result

    def close(self) -> None:
        """Closes the connections."""
        # A request that is under way ends by its timeout; nobody waits for it.
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._setup.transport.close()

    async def _perform(self, step: Step) -> Any:
        match step:
            case Exchange(request):
                return await asyncio.get_running_loop().run_in_executor(
                    self._threads, self._setup.transport.send, request
                )
            case Authorize(rejected):
                return await self.run(self._setup.source.token(rejected), alone=True)
            case Pause(least, most):
                return await asyncio.sleep(random.uniform(least, most))  # noqa: S311 - no secret
            case CallFunction(function):
                found = function()
                return await found if inspect.isawaitable(found) else found
