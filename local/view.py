"""Shows a board in the terminal while it moves: a table that is redrawn, or a line for each change
where the output is no terminal."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from contextlib import aclosing
from datetime import UTC, datetime

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from local.subscriber import Top, follow

# How long an entry that moved stays lit, and over how long the pace is averaged.
LIT_SECONDS = 0.8
PACE_SECONDS = 10.0
REDRAWS_PER_SECOND = 10


class View:
    """A board as a table, with what has just moved lit."""

    def __init__(self, board: str, *, header: str = "") -> None:
        self._board = board
        self._header = header
        self._top: Top | None = None
        self._lit: dict[str, float] = {}
        self._arrivals: deque[float] = deque()
        self._freshness: float | None = None

    def show(self, top: Top) -> None:
        now = time.monotonic()
        before = {e["userId"]: e["userScore"] for e in self._top.entries} if self._top else {}
        for entry in top.entries:
            if self._top and before.get(entry["userId"]) != entry["userScore"]:
                self._lit[entry["userId"]] = now
        self._top = top
        self._arrivals.append(now)
        self._freshness = age_ms(top)

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
            lit = now - self._lit.get(entry["userId"], -LIT_SECONDS) < LIT_SECONDS
            table.add_row(
                str(entry["place"]),
                Text(entry["userName"]),
                f"{entry['userScore']:,}",
                style="bold green" if lit else "",
            )
        return table

    def _footer(self) -> str:
        if not self._top:
            return "waiting for the first snapshot"
        pace = len(self._arrivals) / PACE_SECONDS
        fresh = f" · {self._freshness:.0f} ms from score to here" if self._freshness else ""
        return (
            f"season {self._top.season} · version {self._top.version} · {self._top.total} players"
            f" · {pace:.1f} updates/s{fresh}"
        )


def age_ms(top: Top) -> float | None:
    """How long ago the newest score of the last update was written."""
    if not top.scored_at:
        return None
    return (datetime.now(UTC) - datetime.fromisoformat(top.scored_at)).total_seconds() * 1000


def line(top: Top) -> str:
    entries = "  ".join(f"{e['place']}. {e['userName']} {e['userScore']}" for e in top.entries[:3])
    return f"{top.board} {top.season} v{top.version} of {top.total}: {entries}"


async def watch(url: str, board: str, *, header: str = "") -> None:
    """Shows the board until it is interrupted."""
    console = Console()
    if not console.is_terminal:
        if header:
            print(header, flush=True)
        async with aclosing(follow(url, board)) as tops:
            async for top in tops:
                print(line(top), flush=True)
        return
    view = View(board, header=header)
    with Live(view, console=console, refresh_per_second=REDRAWS_PER_SECOND):
        async with aclosing(follow(url, board)) as tops:
            async for top in tops:
                view.show(top)


def run(url: str, board: str, *, header: str = "") -> None:
    asyncio.run(watch(url, board, header=header))
