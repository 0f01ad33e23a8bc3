"""Tombstones: what stays of a removed score or an erased user, so that nothing brings it back.

A tombstone continues the version of the item that it replaces, so late and repeated records of that
item lose. It keeps what replay protection needs, so no older ticket counts again. The copies of a
profile on its scores are made here, too.
"""

from __future__ import annotations

from dataclasses import replace

from leaderboard.boards.snapshots import default_name
from leaderboard.scoring.items import (
    DELETED,
    UNSCORED_MS,
    Cause,
    Profile,
    ScoreItem,
    next_version,
    noted_write,
)

DAY_MS = 86_400_000
USER_MS = 8 * DAY_MS
"""A deleted player's access token lives an hour more, and takes tickets of up to seven days."""


def removed(item: ScoreItem, *, history_days: int, now_ms: int) -> ScoreItem:
    """The tombstone of a score. The removal is a line of the user's history, kept for so long."""
    version = next_version(item.version, now_ms=now_ms)
    return replace(
        item,
        user_name="",
        user_score=None,
        updated_ms=None,
        version=version,
        expires_ms=now_ms + UNSCORED_MS,
        last_write=noted_write(
            item, version=version, cause=Cause.REMOVAL, days=history_days, now_ms=now_ms
        ),
    )


def erased(item: ScoreItem, *, profile_version: int, now_ms: int) -> ScoreItem:
    """The tombstone of a deleted player's score, or of an item that had none.

    The history goes with the player, so it gets no line of this.
    """
    stone = removed(item, history_days=0, now_ms=now_ms)
    return replace(stone, standing=DELETED, profile_version=profile_version)


def deleted(profile: Profile, *, account: str, now_ms: int) -> Profile:
    """The tombstone of a player."""
    return Profile(
        user_id=profile.user_id,
        user_name=default_name(profile.user_id),
        standing=DELETED,
        version=next_version(profile.version, now_ms=now_ms),
        account=account,
        expires_ms=now_ms + USER_MS,
    )


def with_profile(item: ScoreItem, profile: Profile, *, now_ms: int) -> ScoreItem | None:
    """A user's score item with the profile's name and standing; None if it has them already."""
    if item.profile_version >= profile.version:
        return None
    if profile.standing == DELETED:
        return erased(item, profile_version=profile.version, now_ms=now_ms)
    if item.user_score is None:  # its next score reads the profile
        return None
    return replace(
        item,
        user_name=profile.user_name,
        standing=profile.standing,
        profile_version=profile.version,
        version=item.version + 1,
    )
