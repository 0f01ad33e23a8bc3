"""The life of one connection: until when it must open, its pings, what was asked and answered on
it, and when to replace it. It says what to send and sends nothing itself.

A connection can die without a sign, so silence is answered with a ping, and without a pong the
connection is given up. Each board on it has an ask: a `subscribe` that is due, sent, settled, or
refused for good. An ask without an answer, or whose board is still behind, is due again after a
random wait that doubles. So gaps are repaired by asking again, without flooding the service."""

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


class BoardState(NamedTuple):
    """What a link has to know of a board."""

    behind: bool
    """Whether there is a newer board than the held one, or may be."""
    held: Board | None


@dataclass(slots=True)
class _Ask:
    """The subscription of one board on this connection."""

    at: float
    """When to send the `subscribe`, or, once it is sent, until when to wait for its answer."""
    state: Literal["due", "sent", "settled", "refused"] = "due"
    known: bool = False
    """Whether the service has answered it once."""
    asked_at: float = -math.inf
    attempt: int = 0


@dataclass(slots=True)
class _Ping:
    """A ping that is not answered yet, and the time by which its pong is wanted."""

    sent_at: float
    by: float


class Link:
    """One connection, from the try to open it to its end. All times are milliseconds."""

    def __init__(
        self, number: int, *, now: float, timing: Timing, random: Callable[[], float]
    ) -> None:
        self.number = number
        """Counts up."""
        self.opened_at = math.inf
        self.heard_at = -math.inf
        """When the last message came."""
        self.replace_at = math.inf
        """When another link is to take its place."""
        self.live = False
        """Whether every board has been answered on it once."""
        self._asks: dict[str, _Ask] = {}
        self._ping: _Ping | None = None
        # When the next ping goes out whatever is heard.
        self._ping_at = math.inf
        # How much silence makes it go out before.
        self._silence_limit = math.inf
        self._missed_pongs = 0
        self._timing = timing
        self._random = random
        self._open_by = now + timing.open_timeout
        self._slow_at = now + timing.poll_after

    @property
    def is_open(self) -> bool:
        """Whether its socket has opened."""
        return self.opened_at < math.inf

    def open(self, now: float) -> None:
        """Its socket has opened."""
        self.opened_at = self.heard_at = self._ping_at = now
        spread = self._random() * self._timing.lifetime_jitter
        self.replace_at = now + self._timing.lifetime + spread

    def follow(self, board: str, now: float) -> None:
        """Subscribes to a board with the next messages."""
        self._asks[board] = _Ask(at=now)

    def forget(self, board: str) -> None:
        """A board is no longer followed."""
        self._asks.pop(board, None)

    def answer(self, board: str) -> float:
        """The service answered a `subscribe`. Returns when that was sent; -infinity if none was
        waiting for an answer."""
        ask = self._asks.get(board)
        if ask is None:
            return -math.inf
        waiting = ask.state == "sent"
        ask.known = True
        if ask.state != "due":
            ask.state = "settled"
        return ask.asked_at if waiting else -math.inf

    def is_answered(self, board: str) -> bool:
        """Whether the service has answered for the board, and the answer is still in force."""
        ask = self._asks.get(board)
        return ask is not None and ask.known

    def is_settled(self, board: str) -> bool:
        """Whether nothing is to be asked about the board."""
        ask = self._asks.get(board)
        return ask is not None and ask.state == "settled"

    def refuse(self, board: str) -> None:
        """The service has no such board: it is not asked for again on this connection."""
        if ask := self._asks.get(board):
            ask.state = "refused"

    def ask_again(self, board: str | None, *, now: float, slower: int = 0) -> None:
        """Plans another `subscribe`: the last one did not work, or is no longer in force.

        `board`: None for every board that waits for an answer. `slower`: how many doublings of the
        wait to skip.
        """
        for name, ask in self._asks.items():
            other = ask.state != "sent" if board is None else name != board
            if ask.state == "refused" or other:
                continue
            ask.known = False
            ask.attempt += slower
            self._postpone(ask, now)

    def fitted(self, board: str) -> None:
        """An update could be applied: whatever was wrong is over, and so is the long wait."""
        if ask := self._asks.get(board):
            ask.attempt = 0

    def pong(self, now: float) -> float | None:
        """Takes a pong. Returns when the service read its clock, by this client's clock: half-way
        between ping and pong. None if no ping was waiting."""
        ping = self._ping
        if ping is None:
            return None
        self._ping = None
        self._missed_pongs = 0
        chance = self._random()
        self._ping_at = now + self._timing.ping_interval * (0.9 + 0.2 * chance)
        self._silence_limit = self._timing.ping_after * (0.9 + 0.1 * chance)
        return (ping.sent_at + now) / 2

    @property
    def _next_ping_at(self) -> float:
        return min(self._ping_at, self.heard_at + self._silence_limit)

    @property
    def doubt_at(self) -> float:
        """When it is slow to open, or silence after a ping makes the boards doubtful; infinity if
        something followed."""
        if not self.is_open:
            return self._slow_at
        if self._ping is None or self.heard_at > self._ping.sent_at:
            return math.inf
        return self._ping.sent_at + self._timing.doubt_after

    def expire(self, now: float) -> bool:
        """Holds the connection to its deadlines. Returns whether it has to be given up."""
        if not self.is_open:
            return now >= self._open_by
        if self._ping is None or now < self._ping.by:
            return False
        if self.heard_at <= self._ping.sent_at or self._missed_pongs > 0:
            return True
        # Frames still come in, so perhaps only the pong was lost: one more ping decides.
        self._missed_pongs += 1
        self._ping = None
        self._ping_at = now
        return False

    def messages(self, now: float, board_state: Callable[[str], BoardState]) -> list[Message]:
        """The messages to send now."""
        if not self.is_open:
            return []
        messages: list[Message] = []
        if self._ping is None and now >= self._next_ping_at:
            self._ping = _Ping(now, by=now + self._timing.pong_timeout)
            self._ping_at = self._silence_limit = math.inf
            messages.append({"action": "ping"})
        for board, ask in self._asks.items():
            behind, held = board_state(board)
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
        """When there is something to do next."""
        if not self.is_open:
            return self._open_by
        asks = [ask.at for ask in self._asks.values() if ask.state in ("due", "sent")]
        return min(self._ping.by if self._ping else self._next_ping_at, self.replace_at, *asks)

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
