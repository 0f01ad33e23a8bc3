"""Profiles: a user's name and standing, written once and copied to the user's every score."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from leaderboard.boards.catalog import Catalog
from leaderboard.boards.rules import Board
from leaderboard.boards.seasons import BoardSeason
from leaderboard.errors import BoardNotFound, Raced, RateLimited, Unavailable
from leaderboard.retries import tries
from leaderboard.scoring.decisions import refuse
from leaderboard.scoring.items import DELETED, Profile, next_version, unnamed
from leaderboard.scoring.ports import ProfileStore

NAMES_PER_HOUR = 5
HOUR_MS = 3_600_000


def renamed(profile: Profile, user_name: str, *, now_ms: int) -> Profile:
    """The profile a version on; the same one if it has that name. Raises Barred for a deleted user.

    A game server may rename as often as it likes; `chosen_name` counts a player's own names.
    """
    if profile.standing == DELETED:
        refuse(DELETED)
    if profile.version and user_name == profile.user_name:
        return profile
    return replace(
        profile, user_name=user_name, version=next_version(profile.version, now_ms=now_ms)
    )


def chosen_name(profile: Profile, user_name: str, *, now_ms: int) -> Profile:
    """The profile with the name that its player chose; the same one if it has that name.

    Raises Barred for a deleted user, and RateLimited past NAMES_PER_HOUR new names.
    """
    changed = renamed(profile, user_name, now_ms=now_ms)
    if user_name == profile.user_name:
        return profile
    # A clock that was ahead must not lock the name: times of the future do not count.
    recent = tuple(it for it in profile.renamed_ms if now_ms - HOUR_MS < it <= now_ms)
    if len(recent) >= NAMES_PER_HOUR:
        raise RateLimited(
            f"A player may take {NAMES_PER_HOUR} new names an hour; wait before the next one.",
            retry_after_ms=recent[-NAMES_PER_HOUR] + HOUR_MS - now_ms,
        )
    return replace(changed, renamed_ms=(*recent, now_ms))


@dataclass(frozen=True)
class Profiles:
    """Names: changed in the profile first, then copied to the scores."""

    catalog: Catalog
    store: ProfileStore
    now_ms: Callable[[], int]

    def rename(self, user_id: str, user_name: str) -> Profile:
        """Give a player a name: at once on the boards' current seasons, by upkeep on the others.

        The profile's own stream record asks for the upkeep, which also finishes a copy that was
        interrupted. The name that the player has is not written again. Raises Barred for a deleted
        user, RateLimited past NAMES_PER_HOUR, and Unavailable.
        """
        for _ in tries():
            profile = self.store.read_profile(user_id) or unnamed(user_id)
            changed = chosen_name(profile, user_name, now_ms=self.now_ms())
            if changed is profile:
                return profile
            try:
                self.store.write_profile(changed, read_version=profile.version)
            except Raced:
                continue
            with contextlib.suppress(Unavailable):
                self.copy_to_current(user_id)
            return changed
        raise Raced("This name is changed by too many requests at once; try again.")

    def copy(self, user_id: str) -> int:
        """Bring a user's scores up to the profile; how many were behind. Raises Unavailable."""
        return self._copy(user_id, None)

    def copy_to_current(self, user_id: str) -> int:
        """The same for the scores of the boards' current seasons, which viewers see live."""
        return self._copy(user_id, self._is_current)

    def _copy(self, user_id: str, only: Callable[[str], bool] | None) -> int:
        for _ in tries():
            try:
                return self.store.copy_profile(user_id, self._find, only)
            except Raced:
                continue
        raise Raced("This user's scores move too often to be brought up to the profile now.")

    def _find(self, board: str) -> Board | None:
        try:
            return self.catalog.find(board)
        except BoardNotFound:  # its scores are on no board
            return None

    def _is_current(self, key: str) -> bool:
        try:
            return BoardSeason.parse(key, self.catalog.find).is_current(self.now_ms())
        except BoardNotFound:  # its scores are on no board
            return False
