"""A crowd on the local stack: real sockets, too small a budget of posts, and a minute of scores.

What is measured is the pace that results, and how fresh what everybody sees is.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from rich.table import Table
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from bench import figures
from bench.path import BOARD, TOP, TrustedServer, top_of_table
from leaderboard_client.backoff import full_jitter
from leaderboard_client.following import Following
from leaderboard_client.frame import Refusal, Snapshot, Update, parse_frame
from local.players import server_api
from local.stack import running

VIEWERS = 100
POSTS_PER_SECOND = 200
SCORES_PER_SECOND = 10
SETTLE_SECONDS = 30.0
# A machine that is busy may need several tries to seat a viewer.
SEAT_SECONDS = 120.0
INTERVAL = VIEWERS / POSTS_PER_SECOND


@dataclass
class Seat:
    """One viewer: what it holds, and when each frame came, by the clock on the wall.

    It reads the frames themselves, by the package's own rules, to count those that were missed.
    """

    following: Following = field(default_factory=Following)
    came: list[float] = field(default_factory=list)
    ages: list[tuple[float, float]] = field(default_factory=list)
    repairs: int = 0
    losses: int = 0

    def shown(self) -> list[tuple[str, int, str]]:
        held = self.following.held
        entries = held.entries if held else ()
        return [(it.user_id, it.user_score, it.score_updated_at) for it in entries]

    async def follow(self, url: str, ready: Callable[[], None]) -> None:
        """Follows for good. A machine that is busy opens late or not at all, so a lost socket is
        opened again after the random wait of the clients."""
        while True:
            try:
                async with connect(url) as socket:
                    await self._read(socket, ready)
            except (OSError, WebSocketException):
                pass  # counted below, as one that the service closed
            seconds = full_jitter(random.random, attempt=self.losses, base=1, cap=30)
            self.losses += 1
            await asyncio.sleep(seconds)

    async def _read(self, socket: ClientConnection, ready: Callable[[], None]) -> None:
        subscribe = json.dumps({"action": "subscribe", "board": BOARD})
        await socket.send(subscribe)
        async for text in socket:
            if self.take(text):
                self.repairs += 1
                await asyncio.sleep(0.5 * random.random())
                await socket.send(subscribe)
            elif len(self.came) == 1:
                ready()

    def take(self, text: str | bytes) -> bool:
        """Whether a frame is missing before this one."""
        now = time.time()
        frame = parse_frame(text)
        match frame:
            case Snapshot():
                self.following.snapshot(frame, now=now, read_after=float("-inf"))
                newest = [it.score_updated_at for it in frame.entries]
            case Update():
                held = self.following.held
                if held is None or frame.start != held.version:
                    return held is None or frame.version > held.version
                self.following.update(frame, now)
                newest = [frame.scored_at] if frame.scored_at and frame.upsert else []
            case Refusal():
                return True
            case _:
                raise ValueError(f"the service sent {text!r}")
        self.came.append(now)
        if newest:
            self.ages.append((now, now - datetime.fromisoformat(max(newest)).timestamp()))
        return False


def run(*, small: bool, report: Callable[[str], None]) -> list[Table]:
    seconds = 15 if small else 60
    os.environ["POSTS_PER_SECOND"] = str(POSTS_PER_SECOND)
    try:
        with running(report=report) as stack:
            server = TrustedServer(server_api(stack.addresses))
            users = [f"user-{number}" for number in range(TOP)]
            for user_id in users:
                server.put(user_id, 1000)
            report(f"{VIEWERS} viewers subscribe")
            seats = [Seat() for _ in range(VIEWERS)]
            crowd = Crowd(seats, stack.addresses.socket)
            crowd.gather()
            began = time.time()
            report(f"{SCORES_PER_SECOND} scores a second for {seconds} s")
            write(server, users, seconds)
            table = top_of_table(stack.addresses)
            ended = crowd.settle(table)
            crowd.leave()
    finally:
        del os.environ["POSTS_PER_SECOND"]
    return [crowd_table(seats, began, ended, seconds)]


@dataclass
class Crowd:
    """All seats in one thread."""

    seats: list[Seat]
    url: str
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    seated: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def gather(self) -> None:
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.tasks = []
        for number, seat in enumerate(self.seats, start=1):
            # One by one: the emulator starts a process for each at once.
            coming = seat.follow(self.url, self.seated.release)
            task = asyncio.run_coroutine_threadsafe(coming, self.loop)
            self.tasks.append(task)
            if not self.seated.acquire(timeout=SEAT_SECONDS):
                if task.done():
                    task.result()  # raises what ended it
                raise TimeoutError(
                    f"Viewer {number} of {len(self.seats)} has no board after {SEAT_SECONDS:g} s "
                    f"and {seat.losses} lost sockets. The machine is too busy: run it again alone."
                )

    def settle(self, table: list[tuple[str, int, str]]) -> int:
        """How many show the table's top in the end."""
        until = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < until:
            if all(seat.shown() == table for seat in self.seats):
                break
            time.sleep(0.1)
        return sum(seat.shown() == table for seat in self.seats)

    def leave(self) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self.loop).result(SETTLE_SECONDS)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    async def _close(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


def write(server: TrustedServer, users: list[str], seconds: int) -> None:
    began = time.monotonic()
    with ThreadPoolExecutor(4) as threads:
        for number in range(seconds * SCORES_PER_SECOND):
            time.sleep(max(0.0, began + number / SCORES_PER_SECOND - time.monotonic()))
            threads.submit(server.put, random.choice(users), random.randint(1, 500))


def crowd_table(seats: list[Seat], began: float, ended: int, seconds: int) -> Table:
    apart = [
        later - earlier
        for seat in seats
        for earlier, later in pairwise(it for it in seat.came if it >= began)
    ]
    ages = [age for seat in seats for at, age in seat.ages if at >= began]
    mean = sum(apart) / len(apart)
    made = figures.table(
        f"Crowd: {VIEWERS} viewers, {POSTS_PER_SECOND} posts a second, "
        f"{SCORES_PER_SECOND} scores a second for {seconds} s",
        "",
        "",
        caption=[
            figures.judged(
                f"Expected: {INTERVAL:g} s or more from frame to frame, everybody at the top",
                met=mean >= INTERVAL and ended == len(seats),
            )
        ],
    )
    made.add_row("frames a viewer", f"{figures.median([len(it.came) for it in seats]):.0f}")
    made.add_row("seconds between frames: median", f"{figures.median(apart):.2f}")
    made.add_row("… mean", f"{mean:.2f}")
    made.add_row("freshness, ms: median", f"{figures.median(ages) * 1000:.0f}")
    made.add_row("… p99", f"{figures.quantile(ages, 0.99) * 1000:.0f}")
    made.add_row("frames missed and mended", str(sum(it.repairs for it in seats)))
    made.add_row("sockets lost and opened again", str(sum(it.losses for it in seats)))
    made.add_row("viewers at the table's top in the end", f"{ended} of {len(seats)}")
    return made
