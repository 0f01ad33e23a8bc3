"""Delivery through API Gateway: one signed POST per connection, because it has no broadcast.

One libcurl multi handle keeps many posts going in one thread, over connections that stay open from
one frame, and one invocation, to the next.
"""

from __future__ import annotations

import heapq
import math
import random
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from leaderboard.adapters.aws.clients import CA_FILE
from leaderboard.adapters.aws.handle_pool import SHORTEST_REST, HandlePool, digest
from leaderboard.frames.messages import Delivered, Frame

BURST_SECONDS = 0.5
"""How many seconds' worth of posts may start at once; the gateway allows as much of its rate."""


@dataclass
class Bucket:
    """How many posts may start: a rate, and a burst of half a second's worth after a rest.

    Times are those of one monotonic clock, rates are posts a second.
    """

    full_at: float = 0.0
    """When a whole burst may start again."""

    def open_at(self, rate: float) -> float:
        """When the next post may start."""
        return self.full_at - max(BURST_SECONDS - 1 / rate, 0.0)

    def count(self, now: float, rate: float) -> None:
        """Count a post that starts now."""
        self.full_at = max(self.full_at, now) + 1 / rate


CHANCE = random.SystemRandom()

HANDLES = 256
"""Posts at a time: what keeps one core busy when an answer takes 15 ms."""
FIRST_PAUSE, LONGEST_PAUSE = 0.02, 0.5
"""Seconds before a post is repeated: by chance up to the first, twice it, … up to the longest."""
CROWD, CROWD_PATIENCE = 10, 6.0
"""So many connections that all fail are not to blame: it is the gateway, and each of them is tried
for so many seconds. Given up, all of them would ask for the board again, of the same gateway."""
AT_ONCE = 32
"""Posts that are begun between two looks for answers: what answers fast keeps so few connections
busy, and in the processor's cache."""

LOOK_PAUSE = 0.005
"""Seconds between two looks while the rate holds posts back: a look costs by all handles. With one
after each post, 5,000 posts a second took 0.8 of a processor; so they take 0.4 (November 2026)."""


@dataclass(frozen=True)
class PostingDelivery:
    """Posts to the connections of one stage's WebSocket API; not for two threads at once."""

    endpoint: str
    region: str
    handles: int = HANDLES
    ca_file: Path = CA_FILE
    bucket: Bucket = field(default_factory=Bucket)

    def deliver(
        self,
        audiences: Sequence[tuple[Frame, Iterable[str]]],
        *,
        seconds: float,
        posts_per_second: float,
    ) -> list[Delivered]:
        self.pool.sign()
        loop = PostingLoop(
            pool=self.pool,
            bucket=self.bucket,
            rate=posts_per_second,
            deadline=time.monotonic() + seconds,
            frames=[frame for frame, _ in audiences],
            waiting=deque((number, iter(it)) for number, (_, it) in enumerate(audiences)),
        )
        try:
            loop.run()
        finally:
            loop.abandon()
        return loop.delivered

    @cached_property
    def pool(self) -> HandlePool:
        """The handles, made with the first frame."""
        return HandlePool(
            self.endpoint, handles=self.handles, region=self.region, ca_file=self.ca_file
        )

    def close(self) -> None:
        """Close the connections, if there are any."""
        if "pool" in vars(self):
            self.pool.close()
            del vars(self)["pool"]


@dataclass(slots=True)
class Post:
    """The frame of a number on its way to one connection."""

    number: int
    connection_id: str
    began: float
    pause: float = FIRST_PAUSE
    was_throttled: bool = False
    is_alone: bool = False
    """Others were answered between its first try and its last one: it is not the gateway."""


@dataclass
class PostingLoop:
    """The posts of some frames, until each connection has its frame or time is up.

    Each turn starts as many posts as the rate and the idle handles allow, then looks for answers,
    then waits for the sockets. Connections are read from their audiences one at a time, just before
    their post starts; the audiences take turns, so a small one does not wait for a large one. A
    post that may succeed later goes into `repeats` with a random pause that grows, and is given up
    once its frame's patience is over. If nearly everybody fails, the gateway is down, and each post
    is tried for longer: viewers who miss a frame ask for the whole board, of the same gateway.
    """

    pool: HandlePool
    bucket: Bucket
    rate: float
    deadline: float
    frames: Sequence[Frame]
    waiting: deque[tuple[int, Iterator[str]]]
    """The frames' numbers with those connections that no post was begun for."""
    going: dict[Any, Post] = field(default_factory=dict)
    """The posts on their way, by their handles."""
    repeats: list[tuple[float, int, Post]] = field(default_factory=list)
    """A heap of posts to be repeated: when, and a number that makes the order total."""
    repeated: int = 0
    begun: int = 0
    answered_at: float = -math.inf
    """When a post last arrived, or its connection was last said to be closed."""

    def __post_init__(self) -> None:
        self.digests = [digest(it.body) for it in self.frames]
        self.delivered = [Delivered() for _ in self.frames]

    def run(self) -> None:
        """Post until all is done or the deadline has come."""
        while (now := time.monotonic()) < self.deadline:
            next_at = self._start(now)
            if not self.going:
                if next_at == math.inf:
                    return
                time.sleep(max(SHORTEST_REST, min(next_at, self.deadline) - now))
                continue
            for handle, status in self.pool.answers():
                self._end(self.going.pop(handle), status)
            if self.going:
                can_start = next_at if self.pool.idle else math.inf
                seconds = min(can_start, self.deadline) - time.monotonic()
                if 0 < seconds < LOOK_PAUSE and self.pool.idle:
                    time.sleep(LOOK_PAUSE)
                else:
                    self.pool.wait(seconds)

    def abandon(self) -> None:
        """Give up what there was no time for."""
        for handle, post in self.going.items():
            self.pool.end(handle)
            self._give_up(post)
        self.going.clear()
        for _, _, post in self.repeats:
            self._give_up(post)
        for number, _ in self.waiting:
            self.delivered[number].is_cut = True

    def _start(self, now: float) -> float:
        """Start some of the posts that may start; when the next one may, as far as is known."""
        started = 0
        while started < AT_ONCE:
            work_at = now if self.waiting else self.repeats[0][0] if self.repeats else math.inf
            next_at = max(work_at, self.bucket.open_at(self.rate))
            if not self.pool.idle or next_at > now:
                return next_at
            post = self._next(now)
            if post is not None:
                post.is_alone = self.answered_at >= post.began
                self.bucket.count(now, self.rate)
                body, body_digest = self.frames[post.number].body, self.digests[post.number]
                self.going[self.pool.start(post.connection_id, body, body_digest)] = post
                started += 1
        return now

    def _next(self, now: float) -> Post | None:
        """The post that starts next: one to be repeated first, else the next audience's.

        None where that audience has no more connections.
        """
        if self.repeats and self.repeats[0][0] <= now:
            return heapq.heappop(self.repeats)[2]
        number, connections = self.waiting.popleft()
        connection_id = next(connections, None)
        if connection_id is None:
            return None
        self.waiting.append((number, connections))
        self.delivered[number].listed += 1
        self.begun += 1
        return Post(number, connection_id, now)

    def _end(self, post: Post, status: int) -> None:
        """Count how a post ended, or have it repeated."""
        delivered = self.delivered[post.number]
        if 200 <= status < 300:
            delivered.sent += 1
            self.answered_at = time.monotonic()
        elif status == 410:
            delivered.closed += 1
            delivered.gone.append(post.connection_id)
            self.answered_at = time.monotonic()
        elif status == 0 or status == 429 or status >= 500:
            post.was_throttled = status == 429
            self._repeat(post)
        else:
            delivered.failed += 1

    def _repeat(self, post: Post) -> None:
        """Repeat a post after a random pause that grows, unless its time is over by then."""
        at = time.monotonic() + CHANCE.uniform(0, post.pause)
        patience = self.frames[post.number].patience
        if self.begun >= CROWD and not post.is_alone:
            patience = max(patience, CROWD_PATIENCE)
        if at >= min(post.began + patience, self.deadline):
            self._give_up(post)
            return
        post.pause = min(2 * post.pause, LONGEST_PAUSE)
        self.repeated += 1
        heapq.heappush(self.repeats, (at, self.repeated, post))

    def _give_up(self, post: Post) -> None:
        """Its viewer sees by the next version that one is missing."""
        if post.was_throttled:
            self.delivered[post.number].throttled += 1
        else:
            self.delivered[post.number].failed += 1
