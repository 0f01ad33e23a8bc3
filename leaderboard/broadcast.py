"""Broadcast: changes of a board's item become one frame, posted to every subscriber."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from leaderboard import delta, messages
from leaderboard.catalog import MAX_FRAME_INTERVAL, Catalog
from leaderboard.errors import BoardNotFound
from leaderboard.ranking import BoardItem
from leaderboard.rules import Board
from leaderboard.seasons import parse_season
from leaderboard.snapshots import Snapshot

SIDE_BY_SIDE = 8
"""Boards of one batch that are posted at the same time."""


@dataclass(frozen=True, slots=True)
class Report:
    """What posting one frame came to, in connections. `gone` names those that are closed."""

    sent: int = 0
    throttled: int = 0
    failed: int = 0
    gone: tuple[str, ...] = ()


class Delivery(Protocol):
    """How a frame reaches connections; the one place that knows the transport."""

    def broadcast(self, frame: bytes, connections: Iterable[str], *, seconds: float) -> Report:
        """Post one frame to each connection, concurrently, within so many seconds.

        Raises nothing for a connection: who is not reached repairs itself by version.
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
        with ThreadPoolExecutor(min(SIDE_BY_SIDE, len(frames))) as pool:
            return list(pool.map(self._post, frames))

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

    def _post(self, frame: Frame) -> Sent:
        board = self.catalog.find(frame.board)
        counted = _Counted(self.audience.subscribers(frame.board))
        seconds = max(board.frame_interval_ms / 1000, SHORTEST_SECONDS)
        report = self.delivery.broadcast(frame.body, counted, seconds=seconds)
        if report.gone:
            self.audience.leave(frame.board, report.gone)
        return Sent(
            frame=frame,
            report=report,
            viewers=counted.count - len(report.gone),
            interval_ms=self._interval_ms(board, counted.count),
            finished_ms=self.now_ms(),
        )

    def _interval_ms(self, board: Board, viewers: int) -> int:
        """No waiting for nobody; else the board's interval, wider where the posts budget asks."""
        if viewers == 0:
            return 0
        wanted = max(board.frame_interval_ms, -(-1000 * viewers // self.posts_per_second))
        return min(wanted, MAX_FRAME_INTERVAL)


SHORTEST_SECONDS = 1.0
"""A frame gets this long to reach everybody, however short its interval."""


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
