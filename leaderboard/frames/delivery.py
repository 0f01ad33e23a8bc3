"""Delivery: a frame reaches its board's audience, by this function or by others beside it.

An audience is spread over shards. The function that made a frame posts it, up to one function's
reach. Past that each further shard is one call of another function, all of them at once. Each is
waited for: what is not waited for would have no order.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial

from leaderboard.errors import Unavailable
from leaderboard.frames.messages import Delivered, Frame
from leaderboard.frames.ports import Audience, Delivery, Fanout

SIDE_BY_SIDE = 64
"""Calls of other functions at once: more shards than an audience has."""
BROADCAST_SECONDS = 240.0
"""What posting may take at most, whatever the audience: the function's time less its other work."""
FORGET_AT_ONCE = 100
"""Connections that are forgotten between two looks at the clock."""

HandOver = Callable[[int, int], None]
"""Has another function post the frame of a number to one more shard."""


@dataclass(frozen=True)
class Sender:
    """Posts frames to the audiences of their boards."""

    audience: Audience
    delivery: Delivery
    fanout: Fanout | None = None
    reach: float = math.inf
    """How many connections one function posts to before others are asked."""
    large: dict[str, int] = field(default_factory=dict)
    """How many followed, at its last frame from here, each board that is past the reach."""

    def send(
        self,
        frames: Sequence[Frame],
        *,
        posts_per_second: float,
        seconds: float = BROADCAST_SECONDS,
        shards: Sequence[int] | None = None,
    ) -> list[Delivered]:
        """Post each frame to its audience, or to those shards of it, all side by side.

        Raises Unavailable if an audience cannot be listed; it may have been posted to in part.
        """
        shards = range(self.audience.shards) if shards is None else shards
        here = [() if self._is_too_large(it, shards) else tuple(shards) for it in frames]
        functions = len(shards) * here.count(()) + any(here)
        rate = posts_per_second / max(functions, 1)
        calls: list[tuple[int, int, Future[Delivered]]] = []
        threads = ThreadPoolExecutor(SIDE_BY_SIDE)  # starts none before another function is asked

        def hand_over(number: int, shard: int) -> None:
            assert self.fanout is not None
            call = threads.submit(
                self.fanout.post,
                frames[number],
                shards=(shard,),
                seconds=seconds,
                # Handed over in the middle, as one of so many: the rate was for this function.
                posts_per_second=rate / max(len(here[number]), 1),
            )
            calls.append((number, shard, call))

        try:
            for number, shards_here in enumerate(here):
                for shard in () if shards_here else shards:
                    hand_over(number, shard)
            results = self._post(frames, here, hand_over, seconds=seconds, posts_per_second=rate)
            for number, shard, call in calls:
                answer = self._answer(
                    frames[number], shard, call, seconds=seconds, posts_per_second=rate
                )
                results[number] = results[number].plus(answer)
        finally:
            threads.shutdown(cancel_futures=True)
        for frame, delivered in zip(frames, results, strict=True):
            self._remember(frame.board, delivered.viewers)
        return results

    def forget(self, board: str, gone: Sequence[str], *, seconds: float) -> int:
        """Forget who is gone, as many as there is time for; the next frame finds the others."""
        deadline = time.monotonic() + seconds
        for start in range(0, len(gone), FORGET_AT_ONCE):
            if start and time.monotonic() >= deadline:
                return start
            self.audience.leave(board, gone[start : start + FORGET_AT_ONCE])
        return len(gone)

    def _is_too_large(self, frame: Frame, shards: Sequence[int]) -> bool:
        """Whether the audience is known to be past the reach, and others can post to it."""
        return self.fanout is not None and len(shards) > 1 and frame.board in self.large

    def _remember(self, board: str, viewers: int) -> None:
        if viewers > self.reach:
            self.large[board] = viewers
        else:
            self.large.pop(board, None)

    def _post(
        self,
        frames: Sequence[Frame],
        here: Sequence[Sequence[int]],
        hand_over: HandOver,
        *,
        seconds: float,
        posts_per_second: float,
    ) -> list[Delivered]:
        """Post each frame to the shards that are this function's own."""
        parts = [
            (frame.board, shard) for frame, its in zip(frames, here, strict=True) for shard in its
        ]
        if not parts:
            return [Delivered() for _ in frames]
        listed = iter(self.audience.subscribers(parts))
        reach = math.inf if self.fanout is None else self.reach
        audiences = []
        for number, (frame, its) in enumerate(zip(frames, here, strict=True)):
            shards = [(shard, next(listed)) for shard in its]
            audiences.append((frame, _connections(shards, reach, partial(hand_over, number))))
        return self.delivery.deliver(audiences, seconds=seconds, posts_per_second=posts_per_second)

    def _answer(
        self,
        frame: Frame,
        shard: int,
        call: Future[Delivered],
        *,
        seconds: float,
        posts_per_second: float,
    ) -> Delivered:
        """What another function came to; where it failed, post from here after all."""
        try:
            return call.result()
        except Unavailable:
            alone = replace(self, fanout=None)
            (delivered,) = alone.send(
                [frame], shards=(shard,), seconds=seconds, posts_per_second=posts_per_second
            )
            return delivered


def _connections(
    shards: Iterable[tuple[int, Iterator[str]]], reach: float, hand_over: Callable[[int], None]
) -> Iterator[str]:
    """The connections of a frame's shards; past the reach the remaining shards are handed over."""
    count = 0
    for shard, connections in shards:
        if count > reach:
            hand_over(shard)
            continue
        for connection in connections:
            count += 1
            yield connection
