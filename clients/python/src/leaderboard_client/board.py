"""Boards as values: made from a snapshot, changed by an update, and compared with each other."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from leaderboard_client.fields import instant
from leaderboard_client.frame import Entry, HasPlace, Place, Snapshot, Update


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """The top of a board as the service recorded it at one (season, epoch, version)."""

    board: str
    season: str
    epoch: str | None
    """Names the counter that `version` belongs to; None before the first score."""
    version: int
    total: int
    """Users on the whole board: as recorded with this version, or as read over HTTP since."""
    ends_at: str | None
    """When the season ends, RFC 3339."""
    entries: tuple[Entry, ...]
    published_at: str | None
    """When the service sent it; None if it came over HTTP."""
    scored_at: str | None
    """The newest score in it."""
    since: str | None = None
    """The midnight (UTC) that each entry's `was` is of; None if nothing is known of one."""


class Moved(NamedTuple):
    """An entry whose rank has changed, with the old and the new rank."""

    entry: Entry
    old: int | None
    new: int | None


class Scored(NamedTuple):
    """An entry whose score has changed, with the old and the new score."""

    entry: Entry
    old: int
    new: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """The differences from the board that the listener saw before."""

    since: Place | None = None
    """The board that this one follows; None for the first, which has no changes."""
    entered: tuple[Entry, ...] = ()
    left: tuple[Entry, ...] = ()
    """Entries that are gone, as they were."""
    moved: tuple[Moved, ...] = ()
    scored: tuple[Scored, ...] = ()
    """Without those that entered."""


def compare(place: HasPlace, held: HasPlace) -> Literal["newer", "same", "older", "apart"]:
    """How one place of a board's counter compares with the held one.

    `apart`: it cannot be told, since the epoch, or the schedule of the seasons, is another.
    """
    if place.season != held.season:
        # Names of seasons have an order only among their own kind: 2026-11, 2026-W48, 2026-11-23.
        if len(place.season) != len(held.season):
            return "apart"
        return "newer" if place.season > held.season else "older"
    if place.epoch != held.epoch:
        return "newer" if held.epoch is None else "apart"
    if place.version == held.version:
        return "same"
    return "newer" if place.version > held.version else "older"


def same_counter(a: HasPlace, b: HasPlace) -> bool:
    """Whether the versions of two places can be compared."""
    return a.season == b.season and a.epoch == b.epoch


def from_snapshot(snapshot: Snapshot) -> Board:
    """The board that a snapshot holds."""
    newest = max(snapshot.entries, key=_scored_instant, default=None)
    return Board(
        board=snapshot.board,
        season=snapshot.season,
        epoch=snapshot.epoch,
        version=snapshot.version,
        total=snapshot.total,
        ends_at=snapshot.ends_at,
        entries=snapshot.entries,
        published_at=snapshot.published_at,
        scored_at=newest.score_updated_at if newest else None,
        since=snapshot.since,
    )


def _scored_instant(entry: Entry) -> float:
    time = instant(entry.score_updated_at)
    return -math.inf if math.isnan(time) else time


def apply_update(board: Board, update: Update) -> Board | None:
    """The board after an update that starts from it.

    None if two users would have the same rank, which no recorded top has.
    """
    by_user = {entry.user_id: entry for entry in board.entries}
    for user_id in update.remove:
        by_user.pop(user_id, None)
    by_user |= {entry.user_id: entry for entry in update.upsert}
    entries = sorted(by_user.values(), key=_rank)
    ranks = [entry.rank for entry in entries if entry.rank is not None]
    if len(set(ranks)) < len(ranks):
        return None
    return replace(
        board,
        version=update.version,
        total=update.total,
        entries=tuple(entries),
        published_at=update.published_at,
        scored_at=update.scored_at if update.scored_at is not None else board.scored_at,
    )


def _rank(entry: Entry) -> float:
    return math.inf if entry.rank is None else entry.rank


def changes_between(before: Board | None, after: Board) -> Changes:
    """The differences between two boards; none if there was no board before."""
    if before is None:
        return Changes()
    gone = {entry.user_id: entry for entry in before.entries}
    entered, moved, scored = [], [], []
    for entry in after.entries:
        was = gone.pop(entry.user_id, None)
        if was is None:
            entered.append(entry)
            continue
        if was.rank != entry.rank:
            moved.append(Moved(entry, was.rank, entry.rank))
        if was.user_score != entry.user_score:
            scored.append(Scored(entry, was.user_score, entry.user_score))
    return Changes(
        since=Place(before.season, before.epoch, before.version),
        entered=tuple(entered),
        left=tuple(gone.values()),
        moved=tuple(moved),
        scored=tuple(scored),
    )
