"""One connection's life: open by when, pings and their deadlines, what was asked and answered on
it, when to replace it. Says what to send; sends nothing."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from leaderboard_client.backoff import full_jitter
from leaderboard_client.board import Board
from leaderboard_client.timing import Timing

# Asking again after so long is no longer a repetition.
FORGET_ATTEMPTS_AFTER = 60_000

Message = dict[str, Any]


class Standing(NamedTuple):
    """A board as far as it is known: whether there may be a newer one, and what is held."""

    behind: bool
    held: Board | None


@dataclass(slots=True)
class _Ask:
    """A subscription on this connection. `known`: the service answered once. `at`: when to send, or
    when to stop waiting."""

    at: float
    state: Literal["due", "sent", "settled", "refused"] = "due"
    known: bool = False
    asked_at: float = -math.inf
    attempt: int = 0


@dataclass(slots=True)
class _Ping:
    sent_at: float
    by: float


class Link:
    def __init__(
        self, number: int, *, now: float, timing: Timing, random: Callable[[], float]
    ) -> None:
        self.number = number
        """Counts up."""
        self.opened_at = math.inf
        self.heard_at = -math.inf
        self.replace_at = math.inf
        self.live = False
        """Whether every board was answered on it once."""
        self._asks: dict[str, _Ask] = {}
        self._ping: _Ping | None = None
        # When the next ping goes out whatever is heard, and how much silence calls for it before.
        self._ping_at = math.inf
        self._patience = math.inf
        self._missed_pongs = 0
        self._timing = timing
        self._random = random
        self._open_by = now + timing.open_timeout

    @property
    def is_open(self) -> bool:
        return self.opened_at < math.inf

    def open(self, now: float) -> None:
        self.opened_at = self.heard_at = self._ping_at = now
        spread = self._random() * self._timing.lifetime_jitter
        self.replace_at = now + self._timing.lifetime + spread

    def follow(self, board: str, now: float) -> None:
        self._asks[board] = _Ask(at=now)

    def forget(self, board: str) -> None:
        self._asks.pop(board, None)

    def answer(self, board: str) -> float:
        """The service answered a `subscribe`. When that was sent; -infinity if none is waiting."""
        ask = self._asks.get(board)
        if ask is None:
            return -math.inf
        waiting = ask.state == "sent"
        ask.known = True
        if ask.state != "due":
            ask.state = "settled"
        return ask.asked_at if waiting else -math.inf

    def is_answered(self, board: str) -> bool:
        ask = self._asks.get(board)
        return ask is not None and ask.known

    def is_settled(self, board: str) -> bool:
        ask = self._asks.get(board)
        return ask is not None and ask.state == "settled"

    def refuse(self, board: str) -> None:
        """There is no such board, as far as this connection is concerned."""
        if ask := self._asks.get(board):
            ask.state = "refused"

    def ask_again(self, board: str | None, *, now: float, slower: int = 0) -> None:
        """The last `subscribe` did not work, or is not in force any more: every waiting one, if
        no board is named. `slower`: attempts to skip."""
        for name, ask in self._asks.items():
            unconcerned = ask.state != "sent" if board is None else name != board
            if ask.state == "refused" or unconcerned:
                continue
            ask.known = False
            ask.attempt += slower
            self._postpone(ask, now)

    def fitted(self, board: str) -> None:
        """An update fitted: whatever was wrong is over."""
        if ask := self._asks.get(board):
            ask.attempt = 0

    def pong(self, now: float) -> float | None:
        """When the service looked at its clock, as this client's clock has it; None if no ping is
        out."""
        ping = self._ping
        if ping is None:
            return None
        self._ping = None
        self._missed_pongs = 0
        lot = self._random()
        self._ping_at = now + self._timing.ping_interval * (0.9 + 0.2 * lot)
        self._patience = self._timing.ping_after * (0.9 + 0.1 * lot)
        return (ping.sent_at + now) / 2

    @property
    def _due_at(self) -> float:
        """When to ping next."""
        return min(self._ping_at, self.heard_at + self._patience)

    @property
    def doubt_at(self) -> float:
        """From when on a ping that nothing has followed makes the boards doubtful."""
        if self._ping is None or self.heard_at > self._ping.sent_at:
            return math.inf
        return self._ping.sent_at + self._timing.doubt_after

    def expire(self, now: float) -> bool:
        """Holds the connection to its deadlines; true if it has to be given up."""
        if not self.is_open:
            return now >= self._open_by
        if self._ping is None or now < self._ping.by:
            return False
        if self.heard_at <= self._ping.sent_at or self._missed_pongs > 0:
            return True
        self._missed_pongs += 1
        self._ping = None
        self._ping_at = now
        return False

    def messages(self, now: float, standing: Callable[[str], Standing]) -> list[Message]:
        """What is to be sent now."""
        if not self.is_open:
            return []
        messages: list[Message] = []
        if self._ping is None and now >= self._due_at:
            self._ping = _Ping(now, by=now + self._timing.pong_timeout)
            self._ping_at = self._patience = math.inf
            messages.append({"action": "ping"})
        for board, ask in self._asks.items():
            behind, held = standing(board)
            if ask.state == "sent" and now >= ask.at:
                self._postpone(ask, now)
            if ask.state == "settled" and behind:
                self._postpone(ask, now)
            if ask.state == "due" and ask.known and not behind:
                ask.state = "settled"
            if ask.state == "due" and now >= ask.at:
                ask.state, ask.at, ask.asked_at = "sent", now + self._timing.answer_timeout, now
                messages.append(_subscribe(board, held))
        asks = self._asks.values()
        self.live = self.live or all(ask.known or ask.state == "refused" for ask in asks)
        return messages

    @property
    def due(self) -> float:
        """The next time at which something may have to be done."""
        if not self.is_open:
            return self._open_by
        asks = [ask.at for ask in self._asks.values() if ask.state in ("due", "sent")]
        return min(self._ping.by if self._ping else self._due_at, self.replace_at, *asks)

    def _postpone(self, ask: _Ask, now: float) -> None:
        if now - ask.asked_at > FORGET_ATTEMPTS_AFTER:
            ask.attempt = 0
        base, cap = self._timing.ask_base, self._timing.ask_cap
        ask.state = "due"
        ask.at = now + full_jitter(self._random, attempt=ask.attempt, base=base, cap=cap)
        ask.attempt += 1


def _subscribe(board: str, held: Board | None) -> Message:
    message: Message = {"action": "subscribe", "board": board}
    if held is not None and held.epoch is not None:
        message["have"] = {"epoch": held.epoch, "version": held.version}
    return message
