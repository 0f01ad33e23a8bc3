"""Shows a board in the terminal while it moves: a table that is redrawn, or a line for each change
where the output is no terminal. What is shown comes from the subscriber package."""

from __future__ import annotations

import asyncio
import os
import stat
import sys
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from leaderboard.boards import boards_file
from leaderboard.boards.rules import FormatKind
from leaderboard.errors import BoardNotFound
from leaderboard_client import Board, Changes, Leaderboard, Problem, Status
from local.service import ROOT

# How long an entry that moved stays lit, and over how long the pace is averaged.
LIT_SECONDS = 0.8
PACE_SECONDS = 10.0
REDRAWS_PER_SECOND = 10


class View:
    """A board as a table, with what has just moved lit."""

    def __init__(
        self, board: str, *, header: str = "", kind: FormatKind = FormatKind.NUMBER
    ) -> None:
        self._board = board
        self._kind = kind
        self._header = header
        self._top: Board | None = None
        self._status: Status | None = None
        self._lit: dict[str, float] = {}
        self._arrivals: deque[float] = deque()
        self._freshness: float | None = None

    def show(self, top: Board, changes: Changes) -> None:
        now = time.monotonic()
        for entry in (*changes.entered, *(it.entry for it in changes.scored)):
            self._lit[entry.user_id] = now
        self._top = top
        self._arrivals.append(now)
        self._freshness = age_ms(top)

    def tell(self, status: Status) -> None:
        self._status = status

    def __rich__(self) -> RenderableType:
        now = time.monotonic()
        while self._arrivals and now - self._arrivals[0] > PACE_SECONDS:
            self._arrivals.popleft()
        return Group(Text(self._header, style="dim"), self._table(now), Text(self._footer()))

    def _table(self, now: float) -> Table:
        table = Table(title=f"{self._board}", title_justify="left", min_width=48)
        table.add_column("", justify="right")
        table.add_column("player", ratio=1)
        table.add_column("score", justify="right")
        for entry in self._top.entries if self._top else ():
            lit = now - self._lit.get(entry.user_id, -LIT_SECONDS) < LIT_SECONDS
            table.add_row(
                str(entry.place),
                Text(entry.user_name),
                amount(entry.user_score, self._kind),
                style="bold green" if lit else "",
            )
        return table

    def _footer(self) -> str:
        state = self._status.state if self._status else "connecting"
        if not self._top:
            return f"{state}: waiting for the first snapshot"
        pace = len(self._arrivals) / PACE_SECONDS
        fresh = f" · {self._freshness:.0f} ms from score to here" if self._freshness else ""
        return (
            f"season {self._top.season} · version {self._top.version} · {self._top.total} players"
            f" · {pace:.1f} updates/s{fresh}{'' if state == 'live' else f' · {state}'}"
        )


def age_ms(top: Board) -> float | None:
    """How long ago the newest score of the last update was written."""
    if not top.scored_at:
        return None
    return (datetime.now(UTC) - datetime.fromisoformat(top.scored_at)).total_seconds() * 1000


def amount(score: int, kind: FormatKind) -> str:
    """A score as the page writes it: a duration is `0:08.250`, a lap of an hour `1:02:03.004`."""
    if kind is not FormatKind.DURATION:
        return f"{score:,}"
    seconds, milliseconds = divmod(abs(score), 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    head = f"{hours}:{minutes:02}" if hours else f"{minutes}"
    return f"{'−' if score < 0 else ''}{head}:{seconds:02}.{milliseconds:03}"


def kind_of(board: str) -> FormatKind:
    """How people read the scores of a board, by this folder's `boards.yml`."""
    try:
        return boards_file.load(ROOT / "boards.yml").find(board).format.kind
    except (BoardNotFound, boards_file.Mistake):  # the service or a deploy says so
        return FormatKind.NUMBER


def line(top: Board, kind: FormatKind = FormatKind.NUMBER) -> str:
    entries = "  ".join(
        f"{it.place}. {it.user_name} {amount(it.user_score, kind)}" for it in top.entries[:3]
    )
    return f"{top.board} {top.season} v{top.version} of {top.total}: {entries}"


@asynccontextmanager
async def following(
    url: str, board: str, *, tell: Callable[[Status], None] | None = None
) -> AsyncIterator[AsyncGenerator[tuple[Board, Changes], None]]:
    """The board at each of its changes; `tell` hears how the connection stands, or else standard
    error does."""
    async with Leaderboard(socket=url) as leaderboard:
        complaints = Complaints()
        leaderboard.on("status", tell or complaints.tell)
        leaderboard.on("problem", complaints.report)
        async with aclosing(leaderboard.follow(board)) as tops:
            yield tops


class Complaints:
    """Says each trouble once, on standard error, until the connection is live again."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def tell(self, status: Status) -> None:
        if status.state == "reconnecting":
            self._say("no connection; trying again")
        elif status.state == "live":
            self._said.clear()

    def report(self, problem: Problem) -> None:
        if problem.code != "board_not_found":  # which ends the following
            self._say(problem.message)

    def _say(self, sentence: str) -> None:
        if sentence not in self._said:
            self._said.add(sentence)
            print(sentence, file=sys.stderr, flush=True)


async def watch(url: str, board: str, *, header: str = "") -> None:
    """Shows the board until it is interrupted, or nobody reads what it prints."""
    console = Console()
    kind = kind_of(board)
    if not console.is_terminal:
        end_with_reader()
        if header:
            print(header, flush=True)
        async with following(url, board) as tops:
            async for top, _ in tops:
                print(line(top, kind), flush=True)
        return
    view = View(board, header=header, kind=kind)
    with Live(view, console=console, refresh_per_second=REDRAWS_PER_SECOND):
        async with following(url, board, tell=view.tell) as tops:
            async for top, changes in tops:
                view.show(top, changes)


def end_with_reader() -> None:
    """Ends this task when the other end of a pipe is closed, as by `head -1`: a quiet board would
    not print, and so not notice, for hours."""
    output = sys.stdout.fileno()
    task = asyncio.current_task()
    if task is not None and stat.S_ISFIFO(os.fstat(output).st_mode):
        loop = asyncio.get_running_loop()

        def end() -> None:
            loop.remove_reader(output)
            task.cancel()

        loop.add_reader(output, end)


def run(url: str, board: str, *, header: str = "") -> None:
    """Raises BrokenPipeError when nobody reads what it prints."""
    try:
        asyncio.run(watch(url, board, header=header))
    except asyncio.CancelledError as ended:
        raise BrokenPipeError from ended
