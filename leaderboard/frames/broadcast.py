"""Broadcast: changes of boards' items become frames, posted to everybody who follows the boards."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from leaderboard.boards.catalog import Catalog
from leaderboard.boards.entries import encode
from leaderboard.boards.seasons import BoardSeason
from leaderboard.boards.snapshots import Snapshot
from leaderboard.errors import BoardNotFound, CacheUnavailable
from leaderboard.frames import delta, messages
from leaderboard.frames.delivery import Sender
from leaderboard.frames.messages import Change, Delivered, Frame
from leaderboard.frames.pacing import Demand, intervals_ms
from leaderboard.frames.ports import FrameCache
from leaderboard.ranking.tops import kept_top_json

SHORTEST_PATIENCE = 1.0
"""Seconds that a connection is tried for, however short the board's interval."""


@dataclass(frozen=True)
class Broadcaster:
    """Makes frames and sends them; `posts_per_second` is the stage's budget."""

    catalog: Catalog
    sender: Sender
    cache: FrameCache
    posts_per_second: int
    now_ms: Callable[[], int]

    def keep_tops(self, changes: Iterable[Change]) -> None:
        """Put what was recorded where readers of the top look first.

        Without the cache they read the table.
        """
        with contextlib.suppress(CacheUnavailable):
            for change in changes:
                item = change.new
                self.cache.keep_top(
                    item.snapshot.key, revision=item.revision, body=kept_top_json(item)
                )

    def send(self, changes: Iterable[Change]) -> list[tuple[Frame, Delivered]]:
        """Send each changed board's frame to its viewers, the boards side by side.

        Raises Unavailable if a board's viewers cannot be listed.
        """
        frames = [frame for change in changes if (frame := self.frame(change))]
        if not frames:
            return []
        results = self.sender.send(frames, posts_per_second=self.posts_per_second)
        return list(zip(frames, results, strict=True))

    def intervals(self, sent: Sequence[tuple[Frame, Delivered]]) -> dict[str, int]:
        """How long each of these boards rests now, in ms; and readers are told its pace.

        The stage's budget is shared with the boards that other invocations send now.
        """
        own: dict[str, Demand] = {}
        for frame, delivered in sent:
            board = self.catalog.find(frame.board)
            # A season that ends gives one board two frames in a batch.
            others = own[board.board].viewers if board.board in own else 0
            own[board.board] = Demand(others + delivered.viewers, board.frame_interval_ms)
        if not own:
            return {}
        try:
            active = self.cache.active_paces()
        except CacheUnavailable:
            active = {}
        beside = {board: demand for board, body in active.items() if (demand := _demand(body))}
        resting = intervals_ms({**beside, **own}, self.posts_per_second)
        intervals = {board: resting[board] for board in own}
        with contextlib.suppress(CacheUnavailable):
            self.cache.keep_paces(
                {
                    board: (_pace(demand, intervals[board]), _active_ms(intervals[board]))
                    for board, demand in own.items()
                }
            )
        return intervals

    def frame(self, change: Change) -> Frame | None:
        """The one frame for a board's changes; None if the version did not move.

        A board's first frame is a snapshot, and so is the first one of a day, one after the counter
        was lost, and one that would be larger as an update.
        """
        new = change.new.snapshot
        try:
            board_season = BoardSeason.parse(new.key, self.catalog.find)
        except BoardNotFound:  # boards.yml no longer has it: nobody can follow it
            return None
        if not board_season.is_of_schedule:
            return None
        old = change.old.snapshot if change.old else None
        if old is not None and (old.epoch, old.version) == (new.epoch, new.version):
            return None
        now = self.now_ms()
        ends_ms = board_season.season.ends_ms
        snapshot = encode(messages.snapshot_json(new, ends_ms=ends_ms, published_ms=now)).encode()
        kind, body, scored_ms = "snapshot", snapshot, _newest(new)
        if old is not None and delta.has_update(old, new):
            update = delta.diff(old, new)
            # Where no entry changed, no score is fresh.
            scored_ms = update.scored_ms if update.upsert or update.remove else None
            shorter = encode(messages.update_json(update, published_ms=now)).encode()
            if len(shorter) <= len(snapshot):
                kind, body = "update", shorter
        interval = self.catalog.find(new.board).frame_interval_ms / 1000
        return Frame(
            board=new.board,
            body=body,
            patience=max(interval, SHORTEST_PATIENCE),
            kind=kind,
            version=new.version,
            scored_ms=scored_ms,
        )


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
