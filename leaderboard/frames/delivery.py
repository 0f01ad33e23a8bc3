"""Delivery: a frame reaches a board's audience, by this function or by others beside it.

An audience is spread over shards. Up to one function's reach a frame is posted by whoever has it;
past that each further shard is one call of another function, all at once and waited for: what is
not waited for would have no order.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Protocol

from leaderboard.errors import Unavailable

SIDE_BY_SIDE = 64
"""Calls of other functions at once: more shards than an audience has."""
BROADCAST_SECONDS = 240.0
"""What posting may take at most, whatever the audience: the function's time less its other work."""
FORGET_AT_ONCE = 100
"""Connections that are forgotten between two looks at the clock."""


@dataclass(frozen=True, slots=True)
class Broadcast:
    """One frame for many connections, each of which is tried for `patience` seconds."""

    frame: bytes
    connections: Iterable[str]
    patience: float


@dataclass(frozen=True, slots=True)
class Report:
    """What one broadcast came to, in connections. `gone` names those that are closed.

    `is_cut`: time was up before all connections were even tried.
    """

    sent: int = 0
    throttled: int = 0
    failed: int = 0
    gone: tuple[str, ...] = ()
    is_cut: bool = False


class Delivery(Protocol):
    """How frames reach connections; the one place that knows the transport."""

    def deliver(
        self, broadcasts: Sequence[Broadcast], *, seconds: float, posts_per_second: float
    ) -> list[Report]:
        """Send each frame to its connections, the broadcasts side by side; one report each.

        Takes so many seconds at most, reads the connections only as fast as it sends, and asks for
        no more than so many posts a second. Raises nothing for a connection: who is not reached
        repairs itself by version. What reading the connections raises rises.
        """


class Audience(Protocol):
    """Who follows a board."""

    @property
    def shards(self) -> int:
        """Over how many shards each board's audience is spread."""

    def subscribers(self, parts: Sequence[tuple[str, int]]) -> list[Iterator[str]]:
        """The connections of boards' shards, read consistently and only as they are used.

        Raises Unavailable, then or later.
        """

    def leave(self, board: str, connection_ids: Sequence[str]) -> None:
        """Forget connections that are gone, with all that they follow."""


@dataclass(frozen=True, slots=True)
class Part:
    """A frame for some shards of its board's audience."""

    board: str
    shards: tuple[int, ...]
    frame: bytes
    patience: float


@dataclass(frozen=True, slots=True)
class Tally:
    """What a part came to, in connections; `gone` are those that are still to be forgotten."""

    listed: int = 0
    sent: int = 0
    throttled: int = 0
    failed: int = 0
    closed: int = 0
    is_cut: bool = False
    gone: tuple[str, ...] = ()

    @property
    def viewers(self) -> int:
        return self.listed - self.closed

    def plus(self, other: Tally) -> Tally:
        return Tally(
            self.listed + other.listed,
            self.sent + other.sent,
            self.throttled + other.throttled,
            self.failed + other.failed,
            self.closed + other.closed,
            self.is_cut or other.is_cut,
            self.gone + other.gone,
        )


class Helpers(Protocol):
    """Other functions that post."""

    def post(self, part: Part, *, seconds: float, posts_per_second: float) -> Tally:
        """Have a part posted, and wait for it; who is gone is forgotten by them.

        Raises Unavailable if it is not known to have been posted.
        """


@dataclass
class _Listing:
    """The connections of a part, counted; past the reach its remaining shards are handed over."""

    shards: Sequence[tuple[int, Iterator[str]]]
    reach: float
    hand_over: Callable[[int], None]
    count: int = 0

    def __iter__(self) -> Iterator[str]:
        for number, connections in self.shards:
            if self.count > self.reach:
                self.hand_over(number)
                continue
            for connection in connections:
                self.count += 1
                yield connection


@dataclass(frozen=True)
class Sender:
    """Posts frames to the audiences of their boards."""

    audience: Audience
    delivery: Delivery
    helpers: Helpers | None = None
    reach: float = math.inf
    """How many connections one function posts to before others are asked."""
    large: dict[str, int] = field(default_factory=dict)
    """How many followed, at its last frame from here, each board that is past the reach."""

    def send(
        self,
        parts: Sequence[Part],
        *,
        posts_per_second: float,
        seconds: float = BROADCAST_SECONDS,
    ) -> list[Tally]:
        """Post each part, all of them side by side.

        Raises Unavailable if an audience cannot be listed; it may have been posted to in part.
        """
        rate = posts_per_second / self._functions(parts)
        tallies = [Tally() for _ in parts]
        calls: list[tuple[int, Part, Future[Tally]]] = []
        with _Pool() as pool:

            def hand_over(number: int, shard: int) -> None:
                assert self.helpers is not None
                ask = self.helpers.post
                part = replace(parts[number], shards=(shard,))
                # Handed over in the middle, as one of so many: the rate was for this function.
                its_rate = rate / len(own[number]) if own[number] else rate
                call = pool.submit(lambda: ask(part, seconds=seconds, posts_per_second=its_rate))
                calls.append((number, part, call))

            own = [self._own(part) for part in parts]
            for number, part in enumerate(parts):
                for shard in part.shards[len(own[number]) :]:
                    hand_over(number, shard)
            for number, tally in enumerate(self._post(parts, own, hand_over, seconds, rate)):
                tallies[number] = tallies[number].plus(tally)
            for number, part, call in calls:
                tallies[number] = tallies[number].plus(self._answer(part, call, seconds, rate))
        for part, tally in zip(parts, tallies, strict=True):
            self._remember(part.board, tally.viewers)
        return tallies

    def forget(self, board: str, tally: Tally, *, seconds: float) -> int:
        """Forget who is gone, as many as there is time for; the next frame finds the others."""
        deadline = time.monotonic() + seconds
        for start in range(0, len(tally.gone), FORGET_AT_ONCE):
            if start and time.monotonic() >= deadline:
                return start
            self.audience.leave(board, tally.gone[start : start + FORGET_AT_ONCE])
        return len(tally.gone)

    def _remember(self, board: str, viewers: int) -> None:
        if viewers > self.reach:
            self.large[board] = viewers
        else:
            self.large.pop(board, None)

    def _own(self, part: Part) -> tuple[int, ...]:
        """The shards to post to from here: all, unless the audience is known to be too large."""
        if self.helpers is not None and len(part.shards) > 1 and part.board in self.large:
            return ()
        return part.shards

    def _functions(self, parts: Sequence[Part]) -> int:
        """How many functions post at once, as far as is known; the rate is theirs together."""
        handed = [len(part.shards) for part in parts if not self._own(part)]
        return sum(handed) + (len(handed) < len(parts))

    def _post(
        self,
        parts: Sequence[Part],
        own: Sequence[tuple[int, ...]],
        hand_over: Callable[[int, int], None],
        seconds: float,
        rate: float,
    ) -> list[Tally]:
        wanted = [
            (part.board, shard) for part, shards in zip(parts, own, strict=True) for shard in shards
        ]
        if not wanted:
            return [Tally() for _ in parts]
        listed = iter(self.audience.subscribers(wanted))
        listings = [
            _Listing(
                [(shard, next(listed)) for shard in shards],
                math.inf if self.helpers is None else self.reach,
                lambda shard, number=number: hand_over(number, shard),  # type: ignore[misc]
            )
            for number, shards in enumerate(own)
        ]
        reports = self.delivery.deliver(
            [
                Broadcast(part.frame, listing, part.patience)
                for part, listing in zip(parts, listings, strict=True)
            ],
            seconds=seconds,
            posts_per_second=rate,
        )
        return [
            Tally(
                listing.count,
                report.sent,
                report.throttled,
                report.failed,
                len(report.gone),
                report.is_cut,
                report.gone,
            )
            for listing, report in zip(listings, reports, strict=True)
        ]

    def _answer(self, part: Part, call: Future[Tally], seconds: float, rate: float) -> Tally:
        """What a helper came to; where none could be had, post from here after all."""
        try:
            return call.result()
        except Unavailable:
            alone = replace(self, helpers=None)
            (tally,) = alone.send([part], posts_per_second=rate, seconds=seconds)
            return tally


class _Pool:
    """Threads that wait for others' answers; none if nobody is asked."""

    def __init__(self) -> None:
        self._threads: ThreadPoolExecutor | None = None

    def __enter__(self) -> _Pool:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._threads is not None:
            self._threads.shutdown(cancel_futures=True)

    def submit(self, call: Callable[[], Tally]) -> Future[Tally]:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(SIDE_BY_SIDE)
        return self._threads.submit(call)
