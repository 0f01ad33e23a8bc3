"""Broadcast: changes of boards' items become frames, posted to everybody who follows the boards.

A board then rests, as long as the pace says.
"""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from leaderboard.boards.catalog import Catalog
from leaderboard.boards.seasons import BoardSeason
from leaderboard.boards.snapshots import Snapshot, encode
from leaderboard.errors import BoardNotFound, CacheUnavailable
from leaderboard.frames import messages
from leaderboard.frames.changes import Change
from leaderboard.frames.delivery import Sender
from leaderboard.frames.messages import Delivered, Frame
from leaderboard.frames.ports import FrameCache
from leaderboard.ranking.tops import kept_top_json

SHORTEST_PATIENCE = 1.0
"""Seconds that a connection is tried for, however short the board's interval."""
WIDEST_INTERVAL_MS = 240_000
"""An invocation stays for the interval, and has to end well within its function's five minutes."""


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
        demands: dict[str, Demand] = {}
        for frame, delivered in sent:
            board = self.catalog.find(frame.board)
            # A season that ends gives one board two frames in a batch.
            before = demands[board.board].viewers if board.board in demands else 0
            demands[board.board] = Demand(before + delivered.viewers, board.frame_interval_ms)
        if not demands:
            return {}
        try:
            active = self.cache.active_paces()
        except CacheUnavailable:
            active = {}
        elsewhere = {board: demand for board, body in active.items() if (demand := _demand(body))}
        resting = intervals_ms({**elsewhere, **demands}, self.posts_per_second)
        intervals = {board: resting[board] for board in demands}
        with contextlib.suppress(CacheUnavailable):
            self.cache.keep_paces({it: _pace(demands[it], intervals[it]) for it in intervals})
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
        if old is not None and messages.has_update(old, new):
            update = messages.diff(old, new)
            # Where no entry changed, no score is fresh.
            scored_ms = update.scored_ms if update.upsert or update.remove else None
            shorter = encode(messages.update_json(update, published_ms=now)).encode()
            if len(shorter) <= len(snapshot):
                kind, body = "update", shorter
        interval = board_season.rules.frame_interval_ms / 1000
        return Frame(
            board=new.board,
            body=body,
            patience=max(interval, SHORTEST_PATIENCE),
            kind=kind,
            version=new.version,
            scored_ms=scored_ms,
        )


def _pace(demand: Demand, interval: int) -> tuple[str, int]:
    """What readers and other invocations are told of a board, and for how many ms it counts.

    A board that has sent nothing for two of its intervals asks for nothing any more.
    """
    body = {
        "viewers": demand.viewers,
        "frameIntervalMs": interval or None,
        "ownIntervalMs": demand.frame_interval_ms,
    }
    return json.dumps(body), 2 * interval + 1000 if interval else 0


def _demand(body: str) -> Demand | None:
    try:
        pace = json.loads(body)
        return Demand(int(pace["viewers"]), int(pace["ownIntervalMs"]))
    except (KeyError, TypeError, ValueError):  # of another release
        return None


def _newest(snapshot: Snapshot) -> int | None:
    return max((entry.updated_ms for entry in snapshot.entries), default=None)


# Pace: how long a board rests between its frames, so that cost and quota hold.
#
# A post to each viewer is what a frame costs. The stage has a budget of posts a second; each board
# asks for as many as its own interval takes, small ones get what they ask for, and the largest
# share what is left. A board's interval is its viewers over its share.


@dataclass(frozen=True, slots=True)
class Demand:
    """A board that sends frames: to how many, and how often at most."""

    viewers: int
    frame_interval_ms: int

    @property
    def posts_per_second(self) -> float:
        """What it asks for: posts a second at its own interval."""
        return 1000 * self.viewers / max(self.frame_interval_ms, 1)


def shares(demands: Mapping[str, Demand], budget: float) -> dict[str, float]:
    """The posts a second that each board may have: no more than the budget together.

    The largest share is as small as it can be, so that a board with few viewers keeps its pace
    beside one with many.
    """
    left = budget
    given: dict[str, float] = {}
    waiting = sorted(demands, key=lambda board: (demands[board].posts_per_second, board))
    for number, board in enumerate(waiting):
        fair = left / (len(waiting) - number)
        given[board] = min(demands[board].posts_per_second, fair)
        left -= given[board]
    return given


def interval_ms(demand: Demand, share: float) -> int:
    """How long a board rests after a frame: nothing for nobody, else at least its own interval."""
    if demand.viewers == 0:
        return 0
    if share >= demand.posts_per_second:
        return max(demand.frame_interval_ms, 1)
    return min(math.ceil(1000 * demand.viewers / share), WIDEST_INTERVAL_MS)


def intervals_ms(demands: Mapping[str, Demand], budget: float) -> dict[str, int]:
    """How long each board rests after a frame, while all of these send frames."""
    given = shares(demands, budget)
    return {board: interval_ms(demand, given[board]) for board, demand in demands.items()}
