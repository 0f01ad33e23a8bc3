"""Delivery through API Gateway: one signed POST per connection, because it has no broadcast.

One libcurl multi handle keeps many posts going in one thread, over connections that stay open from
one frame, and one invocation, to the next. What it waits for is watched by epoll: a look for
answers costs by those that came, not by all that may.
"""

from __future__ import annotations

import heapq
import math
import random
import re
import select
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pycurl

from leaderboard.adapters.aws.clients import CA_FILE, credentials
from leaderboard.adapters.aws.signing import Signer, digest
from leaderboard.frames.delivery import Broadcast, Report

CHANCE = random.SystemRandom()

CONNECTIONS = "/@connections/"
HANDLES = 256
"""Posts at a time: what keeps one core busy when an answer takes 15 ms."""
CONNECT_MS, POST_MS = 1000, 2000
"""How long a connection may take to open, and a post until it is answered."""
BURST_SECONDS = 0.5
"""How many seconds' worth of posts may go out at once; the gateway allows as much of its rate."""
FIRST_PAUSE, LONGEST_PAUSE = 0.02, 0.5
"""Seconds before a post is repeated: by chance up to the first, twice it, … up to the longest."""
CROWD, CROWD_PATIENCE = 10, 6.0
"""So many connections that all fail are not to blame: it is the gateway, and each of them is tried
for so many seconds. Given up, all of them would ask for the board anew, of the same gateway."""
AT_ONCE = 32
"""Posts that are begun between two looks for answers: what answers fast keeps so few connections
busy, and in the processor's cache."""
HAS_EPOLL = hasattr(select, "epoll")
"""Linux has it; elsewhere (on macOS, say) poll does the same, and looks at each socket for it."""
SHORTEST_REST = 0.001
"""Less is not worth a look at the clock."""


@dataclass(slots=True)
class Course:
    """How the posts of one broadcast stand."""

    broadcast: Broadcast
    waiting: Iterator[str]
    digest: bytes
    sent: int = 0
    throttled: int = 0
    failed: int = 0
    gone: list[str] = field(default_factory=list)
    is_cut: bool = False

    def report(self) -> Report:
        return Report(self.sent, self.throttled, self.failed, tuple(self.gone), self.is_cut)


@dataclass(slots=True)
class Post:
    """A frame on its way to one connection."""

    course: Course
    connection_id: str
    began: float
    pause: float = FIRST_PAUSE
    was_throttled: bool = False
    is_alone: bool = False
    """Others were taken between its first try and its last one: it is not the gateway."""

    def lose(self) -> None:
        """Its viewer sees by the next version that one is missing."""
        if self.was_throttled:
            self.course.throttled += 1
        else:
            self.course.failed += 1


@dataclass
class Bucket:
    """How many posts may start: a rate, and a burst of half a second's worth after a rest."""

    full_at: float = 0.0

    def open_at(self, rate: float) -> float:
        """When the next post may start."""
        return self.full_at - max(BURST_SECONDS - 1 / rate, 0.0)

    def take(self, now: float, rate: float) -> None:
        self.full_at = max(self.full_at, now) + 1 / rate


@dataclass(frozen=True)
class PostingDelivery:
    """Posts to the connections of one stage's WebSocket API; not for two threads at once."""

    endpoint: str
    region: str
    handles: int = HANDLES
    ca_file: Path = CA_FILE
    bucket: Bucket = field(default_factory=Bucket)

    def deliver(
        self, broadcasts: Sequence[Broadcast], *, seconds: float, posts_per_second: float
    ) -> list[Report]:
        courses = [Course(it, iter(it.connections), digest(it.frame)) for it in broadcasts]
        self.lines.sign(self.region)
        posting = Posting(
            lines=self.lines,
            bucket=self.bucket,
            rate=posts_per_second,
            deadline=time.monotonic() + seconds,
            turns=deque(courses),
        )
        try:
            posting.run()
        finally:
            posting.abandon()
        return [course.report() for course in courses]

    @cached_property
    def lines(self) -> HandlePool:
        return HandlePool(self.endpoint, self.handles, self.ca_file)

    def close(self) -> None:
        """Close the connections, if there are any."""
        if "lines" in vars(self):
            self.lines.close()
            del vars(self)["lines"]


class HandlePool:
    """libcurl's handles: so many posts at a time, over connections that are kept."""

    def __init__(self, endpoint: str, handles: int, ca_file: Path) -> None:
        self.url = f"{endpoint}{CONNECTIONS}".encode()
        self.signer: Signer | None = None
        self.multi = pycurl.CurlMulti()
        self.multi.setopt(pycurl.M_MAXCONNECTS, handles)
        self.multi.setopt(pycurl.M_SOCKETFUNCTION, self._want)
        self.sockets: Any = select.epoll() if HAS_EPOLL else select.poll()
        self.second = 1 if HAS_EPOLL else 1000
        """In what those count: epoll in seconds, poll in milliseconds."""
        self.wanted: dict[int, int] = {}
        """What libcurl waits for, by socket."""
        self.unwatched: set[int] = set()
        """Sockets of which that has changed since the last wait."""
        self.watched: dict[int, int] = {}
        """What the system was asked to look for, by socket."""
        self.all = [_handle(ca_file) for _ in range(handles)]
        for handle in self.all:
            handle.setopt(pycurl.SOCKOPTFUNCTION, self._open)
        self.idle = list(self.all)
        self.going: dict[Any, Post] = {}
        self.loaded: dict[Any, bytes] = {}
        """The frame that each handle has a copy of."""

    def sign(self, region: str) -> None:
        """Sign with the credentials of now: those of a role are replaced every few hours."""
        key = credentials()
        if self.signer is None or self.signer.key != key:
            self.signer = Signer(self.url.decode(), region, key)

    def start(self, post: Post) -> None:
        assert self.signer
        handle = self.idle.pop()
        name = _quoted(post.connection_id)
        handle.setopt(pycurl.URL, self.url + name)
        headers = self.signer.headers(name, post.course.digest)
        headers.append(NO_TYPE)
        handle.setopt(pycurl.HTTPHEADER, headers)
        frame = post.course.broadcast.frame
        if self.loaded.get(handle) is not frame:
            handle.setopt(pycurl.POSTFIELDS, frame)
            self.loaded[handle] = frame
        self.going[handle] = post
        self.multi.add_handle(handle)

    def answers(self) -> Iterator[tuple[Post, int]]:
        """The posts that are over, each with its status; 0 if there was no answer."""
        self.multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)  # what was begun, and what is overdue
        more = 1
        while more:
            more, answered, broken = self.multi.info_read()
            for handle in answered:
                yield self._end(handle), handle.getinfo(pycurl.RESPONSE_CODE)
            for handle, _number, _reason in broken:
                yield self._end(handle), 0

    def wait(self, seconds: float) -> None:
        """Read and write what can be, at the latest in a while or when libcurl's clocks say so."""
        due = self.multi.timeout()
        if due >= 0:
            seconds = min(seconds, due / 1000)
        self._watch()
        for socket, ready in self.sockets.poll(max(seconds, 0.0) * self.second):
            if socket not in self.wanted:  # the server closed it while nothing went over it
                self.watched.pop(socket, None)
                with suppress(OSError, KeyError):
                    self.sockets.unregister(socket)
                continue
            can_read = pycurl.CSELECT_IN if ready & ~select.POLLOUT else 0
            can_write = pycurl.CSELECT_OUT if ready & select.POLLOUT else 0
            self.multi.socket_action(socket, can_read | can_write)

    def abandon(self) -> Iterator[Post]:
        for handle in list(self.going):
            yield self._end(handle)

    def close(self) -> None:
        for handle in list(self.going):
            self._end(handle)
        for handle in self.all:
            handle.close()
        self.multi.close()
        if HAS_EPOLL:
            self.sockets.close()

    def _want(self, what: int, socket: int, _multi: Any, _data: Any) -> None:
        """libcurl says what it waits for on a socket; mostly that comes before there is a wait."""
        if what == pycurl.POLL_REMOVE:
            self.wanted.pop(socket, None)
        else:
            self.wanted[socket] = EVENTS[what]
            self.unwatched.add(socket)

    def _open(self, socket: int, _purpose: int) -> int:
        """A socket is new: what the system was asked for went with an older one of its number."""
        self.watched.pop(socket, None)
        return pycurl.SOCKOPT_OK

    def _watch(self) -> None:
        """Ask the system to look for what is waited for.

        A socket whose post is over stays, since mostly another goes over it soon. epoll forgets
        those that are closed by itself, poll names them once more.
        """
        for socket in self.unwatched:
            events = self.wanted.get(socket)
            if events is None or events == self.watched.get(socket):
                continue
            try:
                self.sockets.modify(socket, events)
            except FileNotFoundError:
                self.sockets.register(socket, events)
            self.watched[socket] = events
        self.unwatched.clear()

    def _end(self, handle: Any) -> Post:
        self.multi.remove_handle(handle)
        self.idle.append(handle)
        return self.going.pop(handle)


EVENTS = {  # epoll's have the same numbers
    pycurl.POLL_IN: select.POLLIN,
    pycurl.POLL_OUT: select.POLLOUT,
    pycurl.POLL_INOUT: select.POLLIN | select.POLLOUT,
}

NO_TYPE = b"Content-Type:"
"""API Gateway takes no notice of it, and the SDK sends none; libcurl would call it a form."""

PLAIN = re.compile("[A-Za-z0-9_-]+=*")
"""Connection ids as API Gateway makes them."""


def _quoted(connection_id: str) -> bytes:
    """An id as part of a path; a plain one by a shorter way."""
    if PLAIN.fullmatch(connection_id):
        return connection_id.encode().replace(b"=", b"%3D")
    return quote(connection_id, safe="").encode()


def _handle(ca_file: Path) -> Any:
    handle = pycurl.Curl()
    handle.setopt(pycurl.POST, 1)
    handle.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
    handle.setopt(pycurl.CAINFO, str(ca_file))
    handle.setopt(pycurl.CONNECTTIMEOUT_MS, CONNECT_MS)
    handle.setopt(pycurl.TIMEOUT_MS, POST_MS)
    handle.setopt(pycurl.BUFFERSIZE, 4096)
    handle.setopt(pycurl.UPLOAD_BUFFERSIZE, 16384)
    handle.setopt(pycurl.NOSIGNAL, 1)
    handle.setopt(pycurl.TCP_KEEPALIVE, 1)
    handle.setopt(pycurl.WRITEFUNCTION, len)  # a refusal's text: the status says it
    return handle


@dataclass
class Posting:
    """The posts of some broadcasts, until each connection has its frame or time is up."""

    lines: HandlePool
    bucket: Bucket
    rate: float
    deadline: float
    turns: deque[Course]
    repeats: list[tuple[float, int, Post]] = field(default_factory=list)
    repeated: int = 0
    begun: int = 0
    taken_at: float = -math.inf
    """When a post was last taken, or its connection last known to be closed."""

    def run(self) -> None:
        while (now := time.monotonic()) < self.deadline:
            next_at = self._start(now)
            if not self.lines.going:
                if next_at == math.inf:
                    return
                time.sleep(max(SHORTEST_REST, min(next_at, self.deadline) - now))
                continue
            for post, status in self.lines.answers():
                self._settle(post, status)
            if self.lines.going:
                can_start = next_at if self.lines.idle else math.inf
                self.lines.wait(min(can_start, self.deadline) - time.monotonic())

    def abandon(self) -> None:
        """What time does not suffice for."""
        for post in self.lines.abandon():
            post.lose()
        for _, _, post in self.repeats:
            post.lose()
        for course in self.turns:
            course.is_cut = True

    def _start(self, now: float) -> float:
        """Start some of the posts that may go; when the next one may, as far as is known."""
        started = 0
        while started < AT_ONCE:
            work_at = now if self.turns else self.repeats[0][0] if self.repeats else math.inf
            next_at = max(work_at, self.bucket.open_at(self.rate))
            if not self.lines.idle or next_at > now:
                return next_at
            post = self._next(now)
            if post is not None:
                post.is_alone = self.taken_at >= post.began
                self.bucket.take(now, self.rate)
                self.lines.start(post)
                started += 1
        return now

    def _next(self, now: float) -> Post | None:
        """What is to be repeated goes first; the broadcasts take turns."""
        if self.repeats and self.repeats[0][0] <= now:
            return heapq.heappop(self.repeats)[2]
        course = self.turns.popleft()
        connection_id = next(course.waiting, None)
        if connection_id is None:
            return None
        self.turns.append(course)
        self.begun += 1
        return Post(course, connection_id, now)

    def _settle(self, post: Post, status: int) -> None:
        """Note how a post ended, or that it is to be repeated after a growing random pause."""
        course = post.course
        if 200 <= status < 300:
            course.sent += 1
            self.taken_at = time.monotonic()
        elif status == 410:
            course.gone.append(post.connection_id)
            self.taken_at = time.monotonic()
        elif status == 0 or status == 429 or status >= 500:
            post.was_throttled = status == 429
            at = time.monotonic() + CHANCE.uniform(0, post.pause)
            if at >= self._give_up_at(post):
                post.lose()
            else:
                post.pause = min(2 * post.pause, LONGEST_PAUSE)
                self.repeated += 1
                heapq.heappush(self.repeats, (at, self.repeated, post))
        else:
            course.failed += 1

    def _give_up_at(self, post: Post) -> float:
        patience = post.course.broadcast.patience
        if self.begun >= CROWD and not post.is_alone:
            patience = max(patience, CROWD_PATIENCE)
        return min(post.began + patience, self.deadline)
