"""The delta of two snapshots: what a viewer who holds the one needs to hold the other."""

from __future__ import annotations

from dataclasses import dataclass, replace

from leaderboard.boards.snapshots import DayStart, Entry, Snapshot


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
