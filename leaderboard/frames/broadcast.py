"""Broadcast: changes of a board's item become one frame, posted to every subscriber."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from leaderboard.boards.board_season import BoardSeason
from leaderboard.boards.catalog import Catalog
from leaderboard.boards.entries import encode
from leaderboard.boards.snapshots import Snapshot
from leaderboard.errors import BoardNotFound, CacheUnavailable
from leaderboard.frames import delta, messages
from leaderboard.frames.delivery import Part, Sender, Tally
from leaderboard.frames.pacing import Demand, intervals_ms
from leaderboard.ranking.board_item import BoardItem


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
    """A frame that went out: to how many, and how soon after its newest score the last of them."""

    frame: Frame
    tally: Tally
    finished_ms: int

    @property
    def freshness_ms(self) -> int | None:
        scored = self.frame.scored_ms
        return None if scored is None else max(0, self.finished_ms - scored)


class Paces(Protocol):
    """What the boards' last frames said of their pace. Raises CacheUnavailable."""

    def keep_paces(self, paces: Mapping[str, tuple[str, int]]) -> None:
        """Keep a body for each board, which counts as active for so many ms."""

    def active_paces(self) -> dict[str, str]:
        """The bodies of the boards that are active at the moment."""


@dataclass(frozen=True)
class Broadcaster:
    catalog: Catalog
    sender: Sender
    paces: Paces
    posts_per_second: int
    now_ms: Callable[[], int]

    def send(self, changes: Iterable[Change]) -> list[Sent]:
        """Send each changed board's frame to its viewers, the boards side by side.

        Raises Unavailable if a board's viewers cannot be listed.
        """
        frames = [frame for change in changes if (frame := self.frame(change))]
        if not frames:
            return []
        shards = tuple(range(self.sender.audience.shards))
        parts = [Part(frame.board, shards, frame.body, self._patience(frame)) for frame in frames]
        tallies = self.sender.send(parts, posts_per_second=self.posts_per_second)
        finished = self.now_ms()
        return [Sent(frame, tally, finished) for frame, tally in zip(frames, tallies, strict=True)]

    def rest(self, sent: Iterable[Sent]) -> dict[str, int]:
        """How long each of these boards rests now, in ms; and readers are told its pace.

        The stage's budget is shared with the boards that other invocations send at the moment.
        """
        own: dict[str, Demand] = {}
        for it in sent:
            board = self.catalog.find(it.frame.board)
            # A season that turns gives one board two frames in a batch.
            others = own[board.board].viewers if board.board in own else 0
            own[board.board] = Demand(others + it.tally.viewers, board.frame_interval_ms)
        if not own:
            return {}
        try:
            active = self.paces.active_paces()
        except CacheUnavailable:
            active = {}
        beside = {board: demand for board, body in active.items() if (demand := _demand(body))}
        resting = intervals_ms({**beside, **own}, self.posts_per_second)
        intervals = {board: resting[board] for board in own}
        with contextlib.suppress(CacheUnavailable):
            self.paces.keep_paces(
                {
                    board: (_pace(demand, intervals[board]), _active_ms(intervals[board]))
                    for board, demand in own.items()
                }
            )
        return intervals

    def frame(self, change: Change) -> Frame | None:
        """The one frame for a board's changes; None if the version did not move.

        A board's first frame is a snapshot, and so is one after the counter was lost, and one
        that would be larger as an update.
        """
        new = change.new.snapshot
        try:
            board_season = BoardSeason.parse(new.key, self.catalog.find)
        except BoardNotFound:  # boards.yml no longer has it: nobody can follow it
            return None
        if not board_season.is_of_schedule:
            return None
        now = self.now_ms()
        snapshot = encode(
            messages.snapshot_json(new, ends_ms=board_season.season.ends_ms, published_ms=now)
        ).encode()
        old = change.old.snapshot if change.old else None
        if old is None or old.epoch != new.epoch:
            return Frame(new.board, "snapshot", snapshot, new.version, _newest(new))
        if old.version == new.version:
            return None
        update = delta.diff(old, new)
        body = encode(messages.update_json(update, published_ms=now)).encode()
        # Where no entry changed, no score is fresh.
        scored = update.scored_ms if update.upsert or update.remove else None
        if len(body) > len(snapshot):
            return Frame(new.board, "snapshot", snapshot, new.version, scored)
        return Frame(new.board, "update", body, new.version, scored)

    def _patience(self, frame: Frame) -> float:
        interval = self.catalog.find(frame.board).frame_interval_ms / 1000
        return max(interval, SHORTEST_PATIENCE)


SHORTEST_PATIENCE = 1.0
"""A connection is tried for this long, however short the board's interval."""


def _pace(demand: Demand, interval: int) -> str:
    return json.dumps(
        {
            "viewers": demand.viewers,
            "frameIntervalMs": interval or None,
            "ownIntervalMs": demand.frame_interval_ms,
        }
    )


def _demand(body: str) -> Demand | None:
    try:
        pace = json.loads(body)
        return Demand(int(pace["viewers"]), int(pace["ownIntervalMs"]))
    except (KeyError, TypeError, ValueError):  # of another release
        return None


def _active_ms(interval: int) -> int:
    """A board that has sent nothing for two of its intervals asks for nothing any more."""
    return 2 * interval + 1000 if interval else 0


def _newest(snapshot: Snapshot) -> int | None:
    return max((entry.updated_ms for entry in snapshot.entries), default=None)
