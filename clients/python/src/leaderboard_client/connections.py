"""The connection in use, and the one that is to take its place.

A client has one connection for all boards. After a loss it waits a random time, whose limit doubles
with each failure, so that a crowd does not come back at once. Before the gateway's limit of two
hours a second connection, the spare, opens beside the first. It takes over when it has answered for
every board, so no board is ever without one. If the spare fails, the first goes on."""

from __future__ import annotations

import math
from collections.abc import Callable

from leaderboard_client.backoff import full_jitter
from leaderboard_client.effects import Connect, Disconnect, Effect, Send
from leaderboard_client.link import BoardState, Link
from leaderboard_client.timing import Timing


class Connections:
    """The links of one session: the current one, and a spare while it is being replaced."""

    def __init__(
        self,
        *,
        timing: Timing,
        random: Callable[[], float],
        emit: Callable[[Effect], None],
    ) -> None:
        self.current: Link | None = None
        self.failures = 0
        """Connections lost or failed in a row."""
        self.connect_at = math.inf
        """When to connect, if there is no current link."""
        self._spare: Link | None = None
        self._spare_failures = 0
        self._count = 0
        self._emit = emit
        self._timing = timing
        self._random = random

    @property
    def all(self) -> list[Link]:
        """The current link first."""
        return [link for link in (self.current, self._spare) if link is not None]

    def find(self, number: int) -> Link | None:
        """The link with this number; None if it is gone."""
        return next((link for link in self.all if link.number == number), None)

    @property
    def due(self) -> float:
        """When there is something to do next; infinity if nothing is."""
        dues = [link.due for link in self.all]
        return min(math.inf if self.current else self.connect_at, *dues, math.inf)

    def start(self, now: float) -> None:
        """Connects with the next `advance`."""
        self.failures = 0
        self.connect_at = now

    def stop(self) -> None:
        """Closes every link and opens none."""
        for link in self.all:
            self._emit(Disconnect(link.number))
        self.current = self._spare = None
        self.connect_at = math.inf

    def lose(self, link: Link, now: float) -> None:
        """Lets a link go whose socket is lost or given up, and plans the next try."""
        base, cap = self._timing.reconnect_base, self._timing.reconnect_cap
        self._emit(Disconnect(link.number))
        if link is self._spare:
            self._spare = None
            attempt = self._spare_failures
            wait = base + full_jitter(self._random, attempt=attempt, base=base, cap=cap)
            if self.current:
                self.current.replace_at = now + wait
            self._spare_failures += 1
            return
        # One that opened and ended at once does not end a row of failures.
        if link.live and now - link.opened_at >= self._timing.settled_after:
            self.failures = 0
        self.current = self._spare
        self._spare = None
        wait = full_jitter(self._random, attempt=self.failures, base=base, cap=cap)
        self.connect_at = now + wait
        self.failures += 1

    def distrust(self, link: Link, now: float) -> None:
        """Replaces the current link now: it cannot tell what is right. A new one can, since it has
        no past."""
        if link is self.current and self._spare is None:
            link.replace_at = now

    def advance(self, now: float, board_state: Callable[[str], BoardState]) -> None:
        """Does all that is due. `board_state`: what is known of a board, by its name."""
        for link in self.all:
            if link.expire(now):
                self.lose(link, now)
        if self.current is None and now >= self.connect_at:
            self.current = self._connect(now)
        for link in self.all:
            for message in link.messages(now, board_state):
                self._emit(Send(link.number, message))
        self._replace(now)

    def _replace(self, now: float) -> None:
        if self.current and self._spare is None and now >= self.current.replace_at:
            self.current.replace_at = math.inf
            self._spare = self._connect(now)
        if self.current and self._spare and self._spare.live:
            self._emit(Disconnect(self.current.number))
            self.current = self._spare
            self._spare = None
            self._spare_failures = 0

    def _connect(self, now: float) -> Link:
        self._count += 1
        self._emit(Connect(self._count))
        return Link(self._count, now=now, timing=self._timing, random=self._random)
