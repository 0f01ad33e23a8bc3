"""The connection in use, and the one that is to take its place: when to connect, after how long
again, when to change."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from leaderboard_client.backoff import full_jitter
from leaderboard_client.link import Link, Message, Standing
from leaderboard_client.timing import Timing


@dataclass(frozen=True, slots=True)
class Connect:
    link: int


@dataclass(frozen=True, slots=True)
class Disconnect:
    link: int


@dataclass(frozen=True, slots=True)
class Send:
    link: int
    message: Message


ConnectionEffect = Connect | Disconnect | Send


class Connections:
    def __init__(
        self,
        *,
        timing: Timing,
        random: Callable[[], float],
        emit: Callable[[ConnectionEffect], None],
    ) -> None:
        self.current: Link | None = None
        self.failures = 0
        """Connections lost or failed in a row."""
        self.connect_at = math.inf
        self._spare: Link | None = None
        self._spare_failures = 0
        self._count = 0
        self._emit = emit
        self._timing = timing
        self._random = random

    @property
    def all(self) -> list[Link]:
        return [link for link in (self.current, self._spare) if link is not None]

    @property
    def due(self) -> float:
        dues = [link.due for link in self.all]
        return min(math.inf if self.current else self.connect_at, *dues, math.inf)

    def start(self, now: float) -> None:
        self.failures = 0
        self.connect_at = now

    def stop(self) -> None:
        for link in self.all:
            self._emit(Disconnect(link.number))
        self.current = self._spare = None
        self.connect_at = math.inf

    def lose(self, link: Link, now: float) -> None:
        """A connection is gone, or given up."""
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
        if link.live and now - link.opened_at >= self._timing.settled_after:
            self.failures = 0
        self.current = self._spare
        self._spare = None
        wait = full_jitter(self._random, attempt=self.failures, base=base, cap=cap)
        self.connect_at = now + wait
        self.failures += 1

    def distrust(self, link: Link, now: float) -> None:
        """The connection cannot tell what is right; a new one, which has no past, can."""
        if link is self.current and self._spare is None:
            link.replace_at = now

    def advance(self, now: float, standing: Callable[[str], Standing]) -> None:
        """Does all that is due."""
        for link in self.all:
            if link.expire(now):
                self.lose(link, now)
        if self.current is None and now >= self.connect_at:
            self.current = self._connect(now)
        for link in self.all:
            for message in link.messages(now, standing):
                self._emit(Send(link.number, message))
        self._replace(now)

    def _replace(self, now: float) -> None:
        """A connection that is to end soon goes on until the next one has been answered for every
        board."""
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
