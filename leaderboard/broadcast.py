"""Broadcast: changes of a board's item become one frame, posted to every subscriber."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from leaderboard import delta, messages
from leaderboard.catalog import MAX_FRAME_INTERVAL, Catalog
from leaderboard.errors import BoardNotFound
from leaderboard.ranking import BoardItem
from leaderboard.rules import Board
from leaderboard.seasons import parse_season
from leaderboard.snapshots import Snapshot


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

    def subscribers(self, board: str) -> Iterator[str]:
        """The connections that follow a board, read consistently."""

    def leave(self, board: str, connection_ids: Iterable[str]) -> None:
        """Forget connections that are gone, with all that they follow."""


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to a board's item: its first old image, if it had one, and its last new one."""

    old: BoardItem | None
    new: BoardItem


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of a board: what it is, and how fresh."""

    board: str
    kind: str
    body: bytes
    version: int
    scored_ms: int | None


@dataclass(frozen=True, slots=True)
class Sent:
    """A frame that went out, to how many, and the interval that is to pass before the next."""

    frame: Frame
    report: Report
    viewers: int
    interval_ms: int
    finished_ms: int


@dataclass(frozen=True)
class Broadcaster:
    catalog: Catalog
    audience: Audience
    delivery: Delivery
    posts_per_second: int
    now_ms: Callable[[], int]

    def send(self, changes: Iterable[Change]) -> list[Sent]:
        """Send each changed board's frame to its subscribers, the boards side by side.

        Raises Unavailable if a board's subscribers cannot be listed.
        """
        frames = [frame for change in changes if (frame := self.frame(change))]
        if not frames:
            return []
        audiences = [_Counted(self.audience.subscribers(frame.board)) for frame in frames]
        reports = self.delivery.deliver(
            [
                Broadcast(frame.body, audience, self._patience(frame))
                for frame, audience in zip(frames, audiences, strict=True)
            ],
            seconds=BROADCAST_SECONDS,
            posts_per_second=self.posts_per_second,
        )
        finished = self.now_ms()
        sent = []
        for frame, audience, report in zip(frames, audiences, reports, strict=True):
            if report.gone:
                self.audience.leave(frame.board, report.gone)
            sent.append(
                Sent(
                    frame=frame,
                    report=report,
                    viewers=audience.count - len(report.gone),
                    interval_ms=self._interval_ms(self.catalog.find(frame.board), audience.count),
                    finished_ms=finished,
                )
            )
        return sent

    def frame(self, change: Change) -> Frame | None:
        """The one frame for a board's changes; None if the version did not move.

        A board's first frame is a snapshot, and so is one after the counter was lost, and one
        that would be larger as an update.
        """
        new = change.new.snapshot
        try:
            ends_ms = parse_season(self.catalog.find(new.board).schedule, new.season).ends_ms
        except (BoardNotFound, ValueError):  # boards.yml no longer has it: nobody can follow it
            return None
        now = self.now_ms()
        snapshot = messages.encode(
            messages.snapshot_json(new, ends_ms=ends_ms, published_ms=now)
        ).encode()
        old = change.old.snapshot if change.old else None
        if old is None or old.epoch != new.epoch:
            return Frame(new.board, "snapshot", snapshot, new.version, _newest(new))
        if old.version == new.version:
            return None
        update = delta.diff(old, new)
        body = messages.encode(messages.update_json(update, published_ms=now)).encode()
        if len(body) > len(snapshot):
            return Frame(new.board, "snapshot", snapshot, new.version, update.scored_ms)
        return Frame(new.board, "update", body, new.version, update.scored_ms)

    def _patience(self, frame: Frame) -> float:
        interval = self.catalog.find(frame.board).frame_interval_ms / 1000
        return max(interval, SHORTEST_PATIENCE)

    def _interval_ms(self, board: Board, viewers: int) -> int:
        """No waiting for nobody; else the board's interval, wider where the posts budget asks."""
        if viewers == 0:
            return 0
        wanted = max(board.frame_interval_ms, -(-1000 * viewers // self.posts_per_second))
        return min(wanted, MAX_FRAME_INTERVAL)


SHORTEST_PATIENCE = 1.0
"""A connection is tried for this long, however short the board's interval."""
BROADCAST_SECONDS = 40.0
"""What sending may take at most, whatever the audience: the function's time less its other work."""


class _Counted:
    def __init__(self, connections: Iterator[str]) -> None:
        self.connections = connections
        self.count = 0

    def __iter__(self) -> Iterator[str]:
        for connection in self.connections:
            self.count += 1
            yield connection


def _newest(snapshot: Snapshot) -> int | None:
    return max((entry.updated_ms for entry in snapshot.entries), default=None)


def freshness_ms(sent: Sent) -> int | None:
    """From the newest score in a frame to the end of its posting."""
    scored = sent.frame.scored_ms
    return None if scored is None else max(0, sent.finished_ms - scored)
