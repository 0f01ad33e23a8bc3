"""Profiles: a user's name and standing, written once and copied to the user's every score."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from leaderboard.attempts import attempts
from leaderboard.catalog import Catalog
from leaderboard.errors import BoardNotFound, Raced, Unavailable
from leaderboard.names import default_name
from leaderboard.rules import Board
from leaderboard.scoring.decisions import DELETED, Profile, next_version, refuse


class ProfileStore(Protocol):
    def read_profile(self, user_id: str) -> Profile | None: ...

    def write_profile(self, profile: Profile, *, read_version: int) -> None:
        """Raises Raced, with nothing written, if the profile is not at that version any more."""

    def copy_profile(self, user_id: str, find: Callable[[str], Board | None]) -> int:
        """Bring the user's scores up to the profile; raises Raced if a score moved meanwhile."""


def unnamed(user_id: str) -> Profile:
    """The profile of a user who has none yet."""
    return Profile(user_id, default_name(user_id))


def renamed(profile: Profile, user_name: str, *, now_ms: int) -> Profile:
    """The profile a version on. Raises Barred for a deleted user."""
    if profile.standing == DELETED:
        refuse(DELETED)
    return replace(
        profile, user_name=user_name, version=next_version(profile.version, now_ms=now_ms)
    )


@dataclass(frozen=True)
class Profiles:
    catalog: Catalog
    store: ProfileStore
    now_ms: Callable[[], int]

    def rename(self, user_id: str, user_name: str) -> Profile:
        """Give a user a name on every board.

        The profile's own stream record finishes a copy that was interrupted. Raises Barred for a
        deleted user, and Unavailable.
        """
        for _ in attempts():
            profile = self.store.read_profile(user_id) or unnamed(user_id)
            changed = renamed(profile, user_name, now_ms=self.now_ms())
            try:
                self.store.write_profile(changed, read_version=profile.version)
            except Raced:
                continue
            with contextlib.suppress(Unavailable):
                self.copy(user_id)
            return changed
        raise Raced("This name is changed by too many requests at once; try again.")

    def copy(self, user_id: str) -> int:
        """Bring a user's scores up to the profile; how many were behind. Raises Unavailable."""
        for _ in attempts():
            try:
                return self.store.copy_profile(user_id, self._find)
            except Raced:
                continue
        raise Raced("This user's scores move too often to be brought up to the profile now.")

    def _find(self, board: str) -> Board | None:
        try:
            return self.catalog.find(board)
        except BoardNotFound:  # its scores are on no board
            return None
