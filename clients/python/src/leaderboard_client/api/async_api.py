"""The client for asyncio. Belongs to one event loop, as `Leaderboard` does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable
from types import TracebackType
from typing import Any, TypeVar

from leaderboard_client.api import cognito, routes
from leaderboard_client.api.answers import (
    BatchAnswer,
    BoardRules,
    HistoryLine,
    Outcome,
    OwnScores,
    Profile,
    QueriedEntries,
    Standing,
    Ticket,
    Top,
    UserEntry,
)
from leaderboard_client.api.asking import Retrying
from leaderboard_client.api.batching import Batching, Pace
from leaderboard_client.api.cognito import ClientCredentials, UserPool
from leaderboard_client.api.exchange import Request
from leaderboard_client.api.runners import AsyncRunner
from leaderboard_client.api.setup import Setup
from leaderboard_client.api.source import Source
from leaderboard_client.api.tokens import TokenFunction, Tokens
from leaderboard_client.api.writes import BatchReport, ScoreWrite, WriteResult
from leaderboard_client.errors import LeaderboardError
from leaderboard_client.frame import Entry

T = TypeVar("T")
Batch = tuple[ScoreWrite, ...]


class AsyncApi:
    """Everything that the service does over HTTP. Every call raises LeaderboardError."""

    def __init__(
        self,
        http: str,
        *,
        user_pool: UserPool | None = None,
        tokens: Tokens | None = None,
        credentials: ClientCredentials | None = None,
        token: TokenFunction | None = None,
        retrying: Retrying | None = None,
        timeout: float = 10.0,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        - `http`: the API's URL, anything before `/boards/…`
        - `user_pool`: for players who sign in here; `tokens`: a sign-in that was kept
        - `credentials`: for a game's server
        - `token`: a function of your own that gives the access token for each call; it may be async
        - `retrying`: how often a call is tried again; `timeout`: seconds for each request
        - `now`: a clock in seconds, for tests

        Raises ValueError for what is no URL, and for two ways to a token.
        """
        self._setup = Setup(
            http,
            user_pool=user_pool,
            tokens=tokens,
            credentials=credentials,
            token=token,
            retrying=retrying,
            timeout=timeout,
            now=now,
        )
        self._runner = AsyncRunner(self._setup)
        self._now = now

    # For anyone

    async def boards(self) -> tuple[BoardRules, ...]:
        """Every board with its rules and its current season."""
        return await self._runner.ask(routes.boards())

    async def top(self, board: str, *, limit: int | None = None, season: str | None = None) -> Top:
        """A board's first entries: as recorded, or with a larger `limit` (up to 100) as ranked."""
        return await self._runner.ask(routes.top(board, limit=limit, season=season))

    async def entries(
        self, board: str, *, season: str | None = None, page_size: int = 100
    ) -> AsyncIterator[Entry]:
        """The whole ranking, entry by entry. Who does not move meanwhile comes exactly once."""
        cursor: str | None = None
        while True:
            page = await self._runner.ask(
                routes.entries(board, cursor=cursor, limit=page_size, season=season)
            )
            for entry in page.entries:
                yield entry
            # A cursor belongs to its season, which may end meanwhile.
            cursor, season = page.next_cursor, page.season
            if cursor is None:
                return

    async def user(
        self, board: str, user_id: str, *, around: int | None = None, season: str | None = None
    ) -> UserEntry:
        """A user's entry, and up to `around` neighbours on each side. Raises UserNotRanked."""
        return await self._runner.ask(routes.user(board, user_id, around=around, season=season))

    async def history(
        self, board: str, user_id: str, *, season: str | None = None, page_size: int = 100
    ) -> AsyncIterator[HistoryLine]:
        """A user's history, line by line, newest first. Raises UserNotRanked."""
        cursor: str | None = None
        while True:
            page = await self._runner.ask(
                routes.history(board, user_id, cursor=cursor, limit=page_size, season=season)
            )
            for line in page.lines:
                yield line
            cursor, season = page.next_cursor, page.season
            if cursor is None:
                return

    async def query(
        self, board: str, user_ids: Iterable[str], *, season: str | None = None
    ) -> QueriedEntries:
        """Up to 100 users, ranked among themselves: friends, a team."""
        return await self._runner.ask(routes.query(board, user_ids, season=season))

    async def find_users(self, name: str, *, limit: int | None = None) -> tuple[Profile, ...]:
        """Visible users whose name begins so, 10 unless `limit` says otherwise (50 at most). Case
        and diacritics do not count; names that nobody chose are not found."""
        return await self._runner.ask(routes.find_users(name, limit=limit))

    # Players' accounts, with `user_pool`

    @property
    def tokens(self) -> Tokens | None:
        """The sign-in as it is now; keep it to stay signed in. None if nobody is signed in."""
        return self._setup.players.tokens

    async def sign_up(self, email: str, password: str) -> str:
        """Makes an account, and has a code mailed. Returns the user id. Raises SignInFailed."""
        return await self._runner.ask_cognito(
            cognito.sign_up(self._setup.user_pool, email, password)
        )

    async def confirm(self, email: str, code: str) -> None:
        """Confirms an account with the code of the mail. Raises SignInFailed."""
        await self._runner.ask_cognito(cognito.confirm(self._setup.user_pool, email, code))

    async def resend(self, email: str) -> None:
        """Has another code mailed. Raises SignInFailed."""
        await self._runner.ask_cognito(cognito.resend(self._setup.user_pool, email))

    async def sign_in(self, email: str, password: str) -> Tokens:
        """Signs a player in. Raises SignInFailed."""
        return await self._runner.run(self._setup.players.sign_in(email, password))

    async def refresh(self) -> None:
        """Renews the access token now; calls do so by themselves. Raises SessionEnded."""
        await self._runner.run(self._setup.players.renew(), alone=True)

    async def sign_out(self) -> None:
        """Forgets the player, and ends the sign-in at Cognito."""
        await self._runner.run(self._setup.players.sign_out())

    async def forgot_password(self, email: str) -> None:
        """Has a code for a new password mailed. Raises SignInFailed."""
        await self._runner.ask_cognito(cognito.forgot_password(self._setup.user_pool, email))

    async def reset_password(self, email: str, code: str, password: str) -> None:
        """Sets a new password with the code of that mail. Raises SignInFailed."""
        await self._runner.ask_cognito(
            cognito.reset_password(self._setup.user_pool, email, code, password)
        )

    # For players

    async def scores(self) -> OwnScores:
        """The player's own scores, in every season."""
        return await self._runner.ask(routes.scores())

    async def ticket(self, board: str, action: str) -> Ticket:
        """Begins an action."""
        return await self._runner.ask(routes.ticket(board, action))

    async def complete(self, board: str, ticket: Ticket | str, *, evidence: Any = None) -> Outcome:
        """Completes an action with its ticket, and with what the player did. It counts once,
        however often it is sent."""
        text = ticket if isinstance(ticket, str) else ticket.ticket
        return await self._runner.ask(routes.complete(board, text, evidence=evidence))

    async def rename(self, user_name: str) -> Profile:
        """Chooses the player's display name."""
        return await self._runner.ask(routes.rename(user_name))

    async def delete_account(self) -> None:
        """Deletes the player. It takes a sign-in within the last 10 minutes: code
        `sign_in_again` otherwise."""
        await self._runner.ask(routes.delete_account())
        self._setup.forget()

    async def socket_ticket(self) -> str:
        """A ticket for one authenticated socket, good for 60 seconds."""
        return await self._runner.ask(routes.socket_ticket())

    # For servers, with `credentials`

    async def write_score(self, board: str, write: ScoreWrite) -> Outcome:
        """One trusted write. It counts once, however often it is sent."""
        return await self._runner.ask(routes.write_score(board, write))

    async def write_scores(
        self,
        board: str,
        writes: Iterable[ScoreWrite] | AsyncIterable[ScoreWrite],
        *,
        pace: Pace | None = None,
        on_result: Callable[[WriteResult], None] | None = None,
    ) -> BatchReport:
        """Any number of trusted writes, as fast as the service takes them. One that is refused
        fails alone; it is in the report. `on_result` hears of each. Raises BatchInterrupted.

        Writes of one user are written in their order. The iterable is read as the writes go out.
        """
        pace = pace or Pace()
        batching = Batching(pace, self._now())
        source = Source(writes)
        flying: dict[asyncio.Task[BatchAnswer | LeaderboardError], Batch] = {}
        tell = on_result or (lambda _: None)
        try:
            while True:
                while batching.wants and source.has_more:
                    if too_large := batching.offer(source.take()):
                        tell(too_large)
                if source.ended:
                    batching.end()
                while batch := batching.next(self._now(), hurry=source.idle):
                    flying[asyncio.create_task(self._runner.write_batch(board, batch))] = batch
                if batching.done:
                    return batching.report
                seconds = batching.wait(self._now())
                done = await source.wait(flying, seconds, wanted=batching.wants)
                for answered in done & flying.keys():
                    outcome = answered.result()
                    for result in batching.take(flying.pop(answered), outcome, self._now()):
                        tell(result)
        finally:
            await source.close()
            for task in flying:
                task.cancel()

    async def standing(self, user_id: str) -> Standing:
        """A user's standing and the acts on it; for the scope of moderators."""
        return await self._runner.ask(routes.standing(user_id))

    async def set_standing(self, user_id: str, standing: str, *, reason: str) -> Standing:
        """Makes a user `visible`, `hidden` or `barred`; for the scope of moderators."""
        return await self._runner.ask(routes.set_standing(user_id, standing, reason=reason))

    async def remove_score(
        self, board: str, user_id: str, *, season: str | None = None, reason: str | None = None
    ) -> None:
        """Takes a user's score off a board; for the scope of moderators."""
        await self._runner.ask(routes.remove_score(board, user_id, season=season, reason=reason))

    async def erase_user(self, user_id: str) -> None:
        """Erases a user for good; for the scope of moderators."""
        await self._runner.ask(routes.erase_user(user_id))

    async def access_token(self) -> str:
        """The token that a call would be sent with now. Raises SessionEnded without one."""
        return await self._runner.run(self._setup.source.token(None), alone=True)

    async def ask(self, request: Request[T]) -> T:
        """A request of your own, for a route that your stage has beside these."""
        return await self._runner.ask(request)

    async def close(self) -> None:
        """Closes the connections."""
        self._runner.close()

    async def __aenter__(self) -> AsyncApi:
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        await self.close()
