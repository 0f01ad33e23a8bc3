"""The check itself: a board's path from a trusted write to a viewer, a player's path from the
sign-up to the own score, the edge, the alarms; then everything that was made is removed."""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from leaderboard_client import (
    MODERATE_SCOPE,
    WRITE_SCOPE,
    Api,
    Conflict,
    LeaderboardError,
    NotFound,
    Response,
    ScoreWrite,
    Ticket,
    Top,
)
from local.stack import StackFailed
from tools.smoke import calls
from tools.smoke.calls import asked
from tools.smoke.cognito import Pool, claims
from tools.smoke.steps import PathEnded, StepFailed, Steps, in_thread
from tools.smoke.watching import Viewer, viewing
from tools.stage import Stage, reason, unprotected

BOARD = "smoke-check"
ACTION = "visit"
SCORE = 1000
"""The most that the board takes: no player of it stands above."""
MISSING_BOARD = (
    f"boards.yml of this stage has no board {BOARD}: copy it from this repository's boards.yml, "
    "and deploy"
)
ANSWER_SECONDS = 45.0
"""For one request, cold start included; the gateway itself waits for 30."""
CLEAN_SECONDS = 90.0
PAGE = 100
AGAIN_SECONDS = 0.5
GONE_SECONDS = 20.0
USER = re.compile(r"smoke-[0-9a-f]{12}")
PROBLEM = "not removed: "


class Check:
    """One check of a stage. `name` is in everything that it makes."""

    def __init__(
        self, stage: Stage, steps: Steps, *, update_seconds: float, left_over: timedelta
    ) -> None:
        self._stage = stage
        self._steps = steps
        self._update_seconds = update_seconds
        # A check is over by then, so what is older was left by one that was killed.
        self._left_over = left_over
        self._anyone = calls.anyone(stage.http)
        self._pool = Pool(stage)
        self._user = f"smoke-{secrets.token_hex(6)}"
        self._email = f"{self._user}@example.com"
        # What there may be to remove; said before it is made.
        self._wrote = False
        self._signed_up = False
        self._player = calls.player(stage)
        # Whether the service knows the player.
        self._played = False
        self._moderator: Api | None = None

    async def run(self) -> None:
        try:
            if await self._path(self._answering):
                await self._path(self._updates)
                await self._path(self._playing)
            await self._path(self._protection)
            await self._path(self._alarms)
        finally:
            await self._path(self._clean)

    async def _path(self, path: Callable[[], Awaitable[None]]) -> bool:
        """Whether it went through to its end."""
        with suppress(PathEnded):
            await path()
            return True
        return False

    # Whether there is anything to talk to.

    async def _answering(self) -> None:
        if self._stage.edge:
            async with self._steps.step("edge", seconds=2 * ANSWER_SECONDS) as step:
                step.text = await self._edge(self._stage.edge)
        async with self._steps.step("GET /boards", seconds=ANSWER_SECONDS) as step:
            boards = await asked("GET /boards", self._anyone.boards, at=self._stage.http)
            step.text = f"{len(boards)} boards at {self._stage.http}"
        async with self._steps.step(f"GET /boards/{BOARD}/top", seconds=ANSWER_SECONDS) as step:
            if (await self._top()).degraded:
                step.note("degraded: the cache does not answer, or the ranking is being filled")

    async def _edge(self, url: str) -> str:
        edge = calls.anyone(url)
        page = await self._fetched(edge, "/", at=f"{url}/")
        if "text/html" not in page.headers.get("content-type", ""):
            raise StepFailed(f"the page at {url}/ is no page: deploy the edge again")
        addresses = (await self._fetched(edge, "/config.json", at=url)).json()
        if addresses["http"] != self._stage.http:
            raise StepFailed(
                f"the page's config.json names {addresses['http']}: deploy the edge again"
            )
        try:
            await in_thread(calls.anyone(self._stage.api).boards)
            answered = "200"
        except LeaderboardError as refused:
            if refused.code == "edge_required":
                return f"{url}, and no way beside it"
            answered = str(refused.status or refused)
        raise StepFailed(
            f"{self._stage.api} answers {answered} to anybody, beside the edge: deploy the stage "
            "with the param edge: cloudfront"
        )

    async def _fetched(self, edge: Api, path: str, *, at: str) -> Response:
        return await asked(f"GET {path}", lambda: edge.ask(calls.get(path)), at=at)

    async def _top(self) -> Top:
        """The board's top. Raises StepFailed."""
        try:
            return await asked(f"GET /boards/{BOARD}/top", lambda: self._anyone.top(BOARD))
        except StepFailed as failure:
            if isinstance(failure.__cause__, NotFound):
                raise StepFailed(MISSING_BOARD) from failure
            raise

    # From a trusted write to a viewer.

    async def _updates(self) -> None:
        async with viewing(self._stage.socket, BOARD) as viewer:
            async with self._steps.step("socket → snapshot", seconds=ANSWER_SECONDS) as step:
                step.otherwise = f"no snapshot at {self._stage.socket}; see the log of socket"
                board = (await viewer.await_board(lambda _: True)).board
                step.text = f"version {board.version}"
            async with self._steps.step("machine tokens", seconds=ANSWER_SECONDS) as step:
                machine = await self._trusted("machine", WRITE_SCOPE)
                # No score is written that could not be removed again.
                self._moderator = await self._trusted("moderator", MODERATE_SCOPE)
                step.text = f"{WRITE_SCOPE}, {MODERATE_SCOPE}"
            await self._write(viewer, machine)

    async def _trusted(self, name: str, scope: str) -> Api:
        """A client with a secret, and its token."""
        try:
            client = await in_thread(lambda: self._stage.secret_client(name))
        except StackFailed as failure:
            raise StepFailed(str(failure)) from failure
        api = calls.trusted(self._stage, client, scope)
        await asked(f"the token of {name}", api.access_token, at=self._stage.token_url)
        return api

    async def _write(self, viewer: Viewer, machine: Api) -> None:
        began = time.monotonic()
        async with self._steps.step("trusted write", seconds=ANSWER_SECONDS) as step:
            self._wrote = True
            write = ScoreWrite(
                user_id=self._user,
                score=SCORE,
                user_name="Smoke check",
                submission_id=self._user,
            )
            entry = (await asked("PUT score", lambda: machine.write_score(BOARD, write))).entry
            if entry is None:
                raise StepFailed("the write was taken, and there is no entry")
            step.text = f"score {entry.user_score}"
        name = "trusted write → update"
        async with self._steps.step(name, seconds=self._update_seconds + ANSWER_SECONDS) as step:
            try:
                async with asyncio.timeout(self._update_seconds):
                    seen = await viewer.await_board(
                        lambda board: any(it.user_id == self._user for it in board.entries)
                    )
            except TimeoutError:
                raise StepFailed(await self._why_no_update()) from None
            took = 1000 * (seen.at - began)
            step.text = f"seen {took:.0f} ms after the request, version {seen.board.version}"
            if seen.board.published_at is not None:
                sent = _at(seen.board.published_at) - _at(entry.score_updated_at)
                step.text += f"; sent {sent / timedelta(milliseconds=1):.0f} ms after the score"

    async def _why_no_update(self) -> str:
        """Which of the two streams stands: the top as recorded lies between them."""
        late = f"no update within {self._update_seconds:g} s"
        function = "score_stream"
        if recorded := await self._is_shown():
            function = "board_stream"
        where = "is in GET top, so it was recorded and not sent" if recorded else "is not recorded"
        return (
            f"{late}: the score {where}. Look at the log of {function}, and whether its event "
            f"source mapping is enabled: aws lambda list-event-source-mappings --region "
            f"{self._stage.region} --function-name {self._stage.stack}-{function}"
        )

    # A player's whole path.

    async def _playing(self) -> None:
        async with self._steps.step("player signs up and in", seconds=ANSWER_SECONDS) as step:
            self._signed_up = True
            password = await self._pool.create(self._email)
            await asked("sign-in", lambda: self._player.sign_in(self._email, password))
            token = await in_thread(self._player.access_token)
            signed_in_at = time.monotonic()
            step.text = f"user {claims(token)['sub']}"
        async with self._steps.step(
            f"ticket → action {ACTION}", seconds=2 * ANSWER_SECONDS
        ) as step:
            points = await self._act()
            step.text = f"{points} point" + "s" * (points != 1)
        async with self._steps.step("GET /me/scores", seconds=ANSWER_SECONDS) as step:
            answer = await asked("GET /me/scores", self._player.scores)
            own = {it.board: it.user_score for it in answer.scores}
            if own != {BOARD: points}:
                raise StepFailed(
                    f"the player's scores are {own} instead of {{{BOARD!r}: {points}}}"
                )
        async with self._steps.step("refresh → auth_time", seconds=ANSWER_SECONDS) as step:
            # Times of tokens are whole seconds.
            await asyncio.sleep(max(0.0, signed_in_at + 2 - time.monotonic()))
            await asked("refresh", self._player.refresh)
            refreshed = await in_thread(self._player.access_token)
            step.text = "stays that of the sign-in"
            if claims(refreshed)["auth_time"] != claims(token)["auth_time"]:
                step.note(
                    "renewed: who has a refresh token can delete its player without signing in"
                )

    async def _act(self) -> int:
        self._played = True
        ticket = await asked("POST ticket", lambda: self._player.ticket(BOARD, ACTION))
        score = await self._complete(ticket)
        if score != ticket.points:
            raise StepFailed(f"the action is worth {ticket.points}, and the score is {score}")
        return score

    async def _complete(self, ticket: Ticket) -> int:
        """The score, once the service says that the ticket's time has come: this machine's clock
        may be wrong."""
        while True:
            try:
                done = await asked("POST score", lambda: self._player.complete(BOARD, ticket))
            except StepFailed as failure:
                early = failure.__cause__
                if not isinstance(early, Conflict) or early.code != "ticket_too_early":
                    raise
                await asyncio.sleep(AGAIN_SECONDS)
                continue
            if done.entry is None:
                raise StepFailed("the action was taken, and there is no score")
            return done.entry.user_score

    # What guards and watches the stage.

    async def _protection(self) -> None:
        if names := unprotected(self._stage.outputs):
            async with self._steps.step("deletion protection", seconds=ANSWER_SECONDS) as step:
                step.note(
                    f"off for {', '.join(names)}. The next deploy turns it on: "
                    f"make deploy STAGE={self._stage.name}"
                )

    async def _alarms(self) -> None:
        async with self._steps.step("alarms", seconds=ANSWER_SECONDS) as step:
            try:
                alarms = await in_thread(self._read_alarms)
            except (BotoCoreError, ClientError) as error:
                rights = "cloudformation:ListStackResources and cloudwatch:DescribeAlarms"
                raise StepFailed(reason(error, right=rights)) from error
            on = [it for it in alarms if it["StateValue"] == "ALARM"]
            if not alarms:
                raise StepFailed("the stack has none, so nobody hears of failures: deploy it again")
            if on:
                listed = "; ".join(f"{it['AlarmName']} ({it['AlarmDescription']})" for it in on)
                raise StepFailed(
                    f"{len(on)} of {len(alarms)} are on: {listed}. See docs/operations.md"
                )
            silent = sum(it["StateValue"] == "INSUFFICIENT_DATA" for it in alarms)
            step.text = f"{len(alarms)}, none is on" + (
                f"; {silent} have no data yet" if silent else ""
            )

    def _read_alarms(self) -> list[Any]:
        resources = self._stage.client("cloudformation").get_paginator("list_stack_resources")
        names = [
            it["PhysicalResourceId"]
            for page in resources.paginate(StackName=self._stage.stack)
            for it in page["StackResourceSummaries"]
            if it["ResourceType"] == "AWS::CloudWatch::Alarm"
        ]
        watch = self._stage.client("cloudwatch")
        return [
            alarm
            for at in range(0, len(names), PAGE)
            for alarm in watch.describe_alarms(AlarmNames=names[at : at + PAGE])["MetricAlarms"]
        ]

    # What was made goes again.

    async def _clean(self) -> None:
        if not (self._wrote or self._signed_up):
            return
        async with self._steps.step("clean up", seconds=CLEAN_SECONDS) as step:
            step.otherwise = (
                "some of it may still be there; the next check removes it, once it is "
                f"{self._left_over // timedelta(minutes=1)} minutes old"
            )
            removals = [self._remove_player, self._remove_user, self._remove_left_over]
            outcomes = [await self._outcome(it) for it in removals]
            if problems := [it for it in outcomes if it.startswith(PROBLEM)]:
                raise StepFailed("; ".join(it.removeprefix(PROBLEM) for it in problems))
            step.text = ", ".join(it for it in outcomes if it)

    async def _outcome(self, removal: Callable[[], Awaitable[str]]) -> str:
        """What a removal did. One that fails keeps no other from being done."""
        try:
            return await removal()
        except StepFailed as failure:
            return f"{PROBLEM}{failure}"

    async def _remove_player(self) -> str:
        if not self._signed_up:
            return ""
        user_id = await self._pool.user_id(self._email)
        if user_id is None:
            return ""
        if not self._played:
            await self._pool.delete(self._email)
            return "player deleted"
        # If this fails the sign-in stays: by it the next check finds the player, and its score.
        await asked("DELETE /me", self._player.delete_account)
        return await self._await_gone()

    async def _await_gone(self) -> str:
        """The service removes a deleted player's sign-in a moment later."""
        deadline = time.monotonic() + GONE_SECONDS
        while await self._pool.user_id(self._email) is not None:
            if time.monotonic() > deadline:
                await self._pool.delete(self._email)
                raise StepFailed(
                    f"the player was deleted, and its sign-in was still there {GONE_SECONDS:g} s "
                    "later (removed now): look at the log of moderation"
                )
            await asyncio.sleep(AGAIN_SECONDS)
        return "player deleted"

    async def _remove_user(self) -> str:
        if not self._wrote:
            return ""
        await self._erase(self._user)
        deadline = time.monotonic() + self._update_seconds
        while await self._is_shown():
            if time.monotonic() > deadline:
                raise StepFailed(f"{self._user} is erased, and GET top still shows it")
            await asyncio.sleep(AGAIN_SECONDS)
        return "score and user erased"

    async def _is_shown(self) -> bool:
        return any(it.user_id == self._user for it in (await self._top()).entries)

    async def _remove_left_over(self) -> str:
        """What earlier checks left that were killed."""
        found = await self._pool.left_over(older=self._left_over)
        for email, user_id in found.items():
            await self._erase(user_id)
            await self._pool.delete(email)
        page = await asked(f"GET /boards/{BOARD}/top", lambda: self._anyone.top(BOARD, limit=PAGE))
        before = datetime.now(UTC) - self._left_over
        users = [
            it.user_id
            for it in page.entries
            if USER.fullmatch(it.user_id) and _at(it.score_updated_at) < before
        ]
        for user_id in users:
            await self._erase(user_id)
        count = len(found) + len(users)
        return f"{count} left by an earlier check" if count else ""

    async def _erase(self, user_id: str) -> None:
        """Erases any user, by the moderator's call."""
        moderator = self._moderator or await self._trusted("moderator", MODERATE_SCOPE)
        self._moderator = moderator
        await asked("DELETE user", lambda: moderator.erase_user(user_id))


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)
