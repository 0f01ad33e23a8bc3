"""Moderation: users' standings, scores taken off, and players who are erased.

Each act is recorded with who, when and why, in one transaction with what it does. What follows
from it (the copies on the scores, the sockets, the sign-in) is done at once, may be repeated, and
is finished by the profile's own stream record where it was interrupted.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from leaderboard.boards.seasons import BoardSeason
from leaderboard.errors import (
    Raced,
    Unavailable,
    Unreadable,
    UserDeleted,
    UserNotRanked,
)
from leaderboard.retries import tries
from leaderboard.scoring.acts import Act
from leaderboard.scoring.items import DELETED, OUT, UNKNOWN, Profile, next_version, unnamed
from leaderboard.scoring.ports import Accounts, ModerationStore, SocketCloser, UserConnections
from leaderboard.scoring.profiles import Profiles
from leaderboard.scoring.tombstones import deleted, removed


@dataclass(frozen=True)
class Moderation:
    """What moderators do to users, and what players do who delete their account."""

    store: ModerationStore
    profiles: Profiles
    connections: UserConnections
    sockets: SocketCloser
    accounts: Accounts
    now_ms: Callable[[], int]

    def standing(self, user_id: str) -> tuple[str, tuple[Act, ...]]:
        """A user's standing (`visible` for one who is not known) and the acts, newest first.

        Raises Unreadable if the stored standing cannot be read.
        """
        profile = _known(self.store.read_profile(user_id) or unnamed(user_id))
        return profile.standing, self.store.read_history(user_id).acts

    def set_standing(self, user_id: str, standing: str, *, reason: str, by: str) -> None:
        """Set a user's standing on every board, also of a user who never scored.

        An act that repeats the newest one (standing, reason and client) is that one sent again:
        it is recorded once. Raises UserDeleted and Unavailable.
        """
        for _ in tries():
            profile = self._living(user_id)
            now = self.now_ms()
            act = Act(standing, by, now, reason)
            history = self.store.read_history(user_id)
            if standing == profile.standing and history.ends_with(act):
                break
            changed = profile
            if standing != profile.standing or not profile.version:
                version = next_version(profile.version, now_ms=now)
                changed = replace(profile, standing=standing, version=version)
            with contextlib.suppress(Raced):
                self.store.write_standing(
                    changed,
                    read_version=profile.version,
                    history=history.with_act(act),
                    read_history=history.version,
                )
                break
        else:
            raise Raced(BUSY)
        with contextlib.suppress(Unavailable):  # the stream's record of the profile finishes it
            self.profiles.copy_to_current(user_id)
            self.finish(user_id)

    def remove(
        self, user_id: str, board_season: BoardSeason, *, by: str, reason: str | None = None
    ) -> None:
        """Take a user's score off a board, hidden or not.

        The user may score again. Raises UserNotRanked for who has no score there, and Unavailable.
        """
        board, season = board_season.board, board_season.season.season
        for _ in tries():
            item = self.store.read(user_id, board_season.key)
            if item is None or item.user_score is None:
                raise UserNotRanked(
                    f"This user has no score on {board} in the season {season}; "
                    "nothing was removed."
                )
            profile = _known(self.store.read_profile(user_id) or unnamed(user_id))
            read = self.store.read_history(user_id)
            now = self.now_ms()
            done = f"score on {board} (season {season}) removed"
            act = Act(profile.standing, by, now, f"{done}: {reason}" if reason else done)
            with contextlib.suppress(Raced):
                self.store.write_removal(
                    removed(item, history_days=board_season.rules.history_days, now_ms=now),
                    read_version=item.version,
                    profile_version=profile.version,
                    history=None if profile.standing == DELETED else read.with_act(act),
                    read_history=read.version,
                )
                return
        raise Raced(BUSY)

    def erase(self, user_id: str, *, account: str) -> None:
        """Delete a user: the name, the scores of current seasons, the history, the sockets and
        the sign-in, which not everybody has.

        Upkeep deletes the scores of past seasons; the stream's record of the profile asks for it.
        Repeated, it goes on where it was interrupted; so does that record. Raises Unavailable.
        """
        for _ in tries():
            profile = self.store.read_profile(user_id) or unnamed(user_id)
            if profile.standing == DELETED and profile.account is not None:  # else it is broken
                break
            with contextlib.suppress(Raced):
                self.store.write_deletion(
                    deleted(profile, account=account, now_ms=self.now_ms()),
                    read_version=profile.version,
                    history=self.store.read_history(user_id),
                )
                break
        else:
            raise Raced(BUSY)
        self.profiles.copy_to_current(user_id)
        self.finish(user_id)

    def finish(self, user_id: str) -> int:
        """Do what follows for a user who is barred or deleted; how many sockets were closed.

        The sockets are listed after the profile was written, and one that opens writes its row
        before it reads the profile: so none stays open beside this. Raises Unavailable.
        """
        profile = self.store.read_profile(user_id)
        if profile is None or profile.standing not in OUT:
            return 0
        closed = 0
        for connection_id in self.connections.of_user(user_id):
            self.sockets.close(connection_id)
            self.connections.close(connection_id)
            closed += 1
        if profile.account is not None:
            self.accounts.delete(profile.account)
        return closed

    def _living(self, user_id: str) -> Profile:
        profile = self.store.read_profile(user_id) or unnamed(user_id)
        if profile.standing == DELETED:
            raise UserDeleted("This player was deleted; there is no standing to set any more.")
        return profile


def _known(profile: Profile) -> Profile:
    if profile.standing == UNKNOWN:
        raise Unreadable(
            "This player's standing is stored in a form that cannot be read, so nothing was done. "
            "It was reported. Set the standing, which mends it; then send this again."
        )
    return profile


BUSY = "Too many writes to this user at once; try again."
