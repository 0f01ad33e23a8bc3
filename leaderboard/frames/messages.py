"""Messages to viewers: what changed between two tops, its JSON, a frame and what became of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from leaderboard import clock
from leaderboard.boards.snapshots import DayStart, Entry, Snapshot, since_json, top_json
from leaderboard.frames import protocol


@dataclass(frozen=True, slots=True)
class Frame:
    """One message for everybody who follows a board, encoded once.

    `patience`: for how many seconds each connection is tried. `kind` (the message's type),
    `version` and `scored_ms` (when its newest score was made) are for logs and metrics; a function
    that only posts does not know them.
    """

    board: str
    body: bytes
    patience: float
    kind: str = ""
    version: int = 0
    scored_ms: int | None = None

    def age_ms(self, now_ms: int) -> int | None:
        """How old the frame's newest score is; None where no score is new."""
        return None if self.scored_ms is None else max(0, now_ms - self.scored_ms)


@dataclass(slots=True)
class Delivered:
    """What became of a frame's posts, in connections; it is counted while they are sent.

    `listed`: those that followed the board. `closed`: those that the gateway does not have any
    more, of which `gone` names the ones that are still in the table. `is_cut`: time was up before
    all were even tried.
    """

    listed: int = 0
    sent: int = 0
    throttled: int = 0
    failed: int = 0
    closed: int = 0
    is_cut: bool = False
    gone: list[str] = field(default_factory=list)

    @property
    def viewers(self) -> int:
        """How many follow the board now."""
        return self.listed - self.closed

    def plus(self, other: Delivered) -> Delivered:
        """The sum for two parts of one audience."""
        return Delivered(
            listed=self.listed + other.listed,
            sent=self.sent + other.sent,
            throttled=self.throttled + other.throttled,
            failed=self.failed + other.failed,
            closed=self.closed + other.closed,
            is_cut=self.is_cut or other.is_cut,
            gone=self.gone + other.gone,
        )


@dataclass(frozen=True, slots=True)
class Update:
    """What changed from version `start` to `version` of one epoch."""

    board: str
    season: str
    epoch: str
    start: int
    version: int
    total: int
    upsert: tuple[Entry, ...]
    remove: tuple[str, ...]
    scored_ms: int | None
    day: DayStart | None = None


def has_update(old: Snapshot, new: Snapshot) -> bool:
    """Whether an update leads from one snapshot to another: of one board, season, epoch and day.

    On another day every entry has another `was`.
    """
    kept = [(it.board, it.season, it.epoch, it.day and it.day.at_ms) for it in (old, new)]
    return new.epoch is not None and kept[0] == kept[1]


def diff(old: Snapshot, new: Snapshot) -> Update:
    """The update that leads from one snapshot of an epoch to a later one.

    `apply(old, diff(old, new))` has the entries of `new`. Raises ValueError for snapshots that no
    update leads from and to: see `has_update`.
    """
    if new.epoch is None or not has_update(old, new):
        raise ValueError("an update stays within one board, season, epoch and day")
    before = {entry.user_id: entry for entry in old.entries}
    after = {entry.user_id for entry in new.entries}
    upsert = tuple(entry for entry in new.entries if before.get(entry.user_id) != entry)
    newest = max((entry.updated_ms for entry in upsert or new.entries), default=None)
    return Update(
        board=new.board,
        season=new.season,
        epoch=new.epoch,
        start=old.version,
        version=new.version,
        total=new.total,
        upsert=upsert,
        remove=tuple(user_id for user_id in before if user_id not in after),
        scored_ms=newest,
        day=new.day,
    )


def apply(snapshot: Snapshot, update: Update) -> Snapshot:
    """What a viewer does with an update: drop `remove`, put each `upsert`, sort by rank."""
    if (snapshot.epoch, snapshot.version) != (update.epoch, update.start):
        raise ValueError("the update starts from another snapshot")
    entries = {entry.user_id: entry for entry in snapshot.entries}
    for user_id in update.remove:
        entries.pop(user_id, None)
    entries.update((entry.user_id, entry) for entry in update.upsert)
    ordered = sorted(entries.values(), key=lambda entry: entry.rank or 0)
    return replace(snapshot, version=update.version, total=update.total, entries=tuple(ordered))


MAX_FRAME = 32 * 1024
"""Bytes of one frame through API Gateway."""


def snapshot_json(
    snapshot: Snapshot, *, ends_ms: int | None, published_ms: int
) -> protocol.SnapshotMessage:
    """The whole top, the end of its season, and when the service sent it."""
    return {
        "type": "snapshot",
        "board": snapshot.board,
        "season": snapshot.season,
        "epoch": snapshot.epoch,
        "version": snapshot.version,
        "total": snapshot.total,
        "endsAt": clock.text_of(ends_ms),
        "since": since_json(snapshot.day),
        "entries": top_json(snapshot.entries, snapshot.day),
        "publishedAt": clock.to_text(published_ms),
    }


def update_json(update: Update, *, published_ms: int) -> protocol.UpdateMessage:
    """What changed from one version to another, and when the service sent it."""
    return {
        "type": "update",
        "board": update.board,
        "season": update.season,
        "epoch": update.epoch,
        "from": update.start,
        "version": update.version,
        "total": update.total,
        "since": since_json(update.day),
        "upsert": top_json(update.upsert, update.day),
        "remove": list(update.remove),
        "scoredAt": clock.text_of(update.scored_ms),
        "publishedAt": clock.to_text(published_ms),
    }


def current_json(snapshot: Snapshot) -> protocol.CurrentMessage:
    """The reply to a subscriber who has that top already."""
    return {
        "type": "current",
        "board": snapshot.board,
        "season": snapshot.season,
        "epoch": snapshot.epoch,
        "version": snapshot.version,
    }


def pong_json(snapshots: Iterable[Snapshot], *, now_ms: int) -> protocol.PongMessage:
    """The service's time, and the version of each board that a connection follows."""
    return {
        "type": "pong",
        "serverTime": clock.to_text(now_ms),
        "boards": {
            it.board: {"season": it.season, "epoch": it.epoch, "version": it.version}
            for it in snapshots
        },
    }


def unsubscribed_json(board: str) -> protocol.UnsubscribedMessage:
    """The reply to an unsubscribe."""
    return {"type": "unsubscribed", "board": board}


def error_json(
    code: protocol.Code, message: str, *, request_id: str, board: str | None = None
) -> protocol.ErrorMessage:
    """The reply to a frame that cannot be served, with the board that it named."""
    error: protocol.ErrorMessage = {
        "type": "error",
        "code": code,
        "message": message,
        "requestId": request_id,
    }
    if board is not None:
        error["board"] = board
    return error
