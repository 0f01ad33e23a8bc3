"""What the scoring stage asks of its adapters: tables, open sockets, sign-ins, signing keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from leaderboard.boards.rules import Board
from leaderboard.scoring.acts import ActLog
from leaderboard.scoring.items import Profile, ScoreItem, Submission, Write
from leaderboard.scoring.tickets import KeyId, SigningKeys


class ScoreStore(Protocol):
    """The tables of scores and submissions. Reads are consistent."""

    def read(self, user_id: str, key: str) -> ScoreItem | None:
        """A user's item on a board-season, also one without a score; None if there is none."""

    def read_profile(self, user_id: str) -> Profile | None:
        """A user's profile; None if there is none."""

    def read_several(
        self, user_id: str, keys: Sequence[str]
    ) -> tuple[Profile | None, list[ScoreItem | None]]:
        """The profile and the items of those board-seasons, in one trip."""

    def read_submission(self, user_id: str, board: str, submission_id: str) -> Submission | None:
        """A trusted write that was remembered; None once it is forgotten."""

    def read_opened(self, user_id: str, pattern: str) -> frozenset[str]:
        """The boards of a pattern that a player opened."""

    def write(self, write: Write) -> None:
        """Raises Raced, with nothing written, if something is not as it was read."""

    def read_user(self, user_id: str) -> tuple[Profile | None, list[ScoreItem]]:
        """The profile and every item with a score."""


class ProfileStore(Protocol):
    """The profiles, and the copies of name and standing on the scores."""

    def read_profile(self, user_id: str) -> Profile | None:
        """A user's profile; None if there is none."""

    def write_profile(self, profile: Profile, *, read_version: int) -> None:
        """Raises Raced, with nothing written, if the profile is not at that version any more."""

    def copy_profile(
        self,
        user_id: str,
        find: Callable[[str], Board | None],
        only: Callable[[str], bool] | None = None,
    ) -> int:
        """Bring the user's scores up to the profile; answers how many were behind.

        `only` chooses them by their board-seasons' keys. Raises Raced if a score moved meanwhile.
        """


class ModerationStore(Protocol):
    """Profiles, histories and scores. Reads are consistent; writes raise Raced, with nothing
    written, if something is not as it was read."""

    def read(self, user_id: str, key: str) -> ScoreItem | None:
        """A user's item on a board-season, also one without a score; None if there is none."""

    def read_profile(self, user_id: str) -> Profile | None:
        """A user's profile; None if there is none."""

    def read_history(self, user_id: str) -> ActLog:
        """What moderators did to a user, oldest first."""

    def write_standing(
        self, profile: Profile, *, read_version: int, history: ActLog, read_history: int
    ) -> None:
        """Write a profile's standing together with the act in the user's history."""

    def write_removal(
        self,
        tombstone: ScoreItem,
        *,
        read_version: int,
        profile_version: int,
        history: ActLog | None,
        read_history: int,
    ) -> None:
        """Take a score off, if the profile is at that version; no history of a deleted player."""

    def write_deletion(self, profile: Profile, *, read_version: int, history: ActLog) -> None:
        """Put a player's tombstone in the profile's place, and empty the history."""


class UserConnections(Protocol):
    """The rows of users' open connections."""

    def of_user(self, user_id: str) -> list[str]:
        """A user's connections; one that closed without a word may be among them."""

    def close(self, connection_id: str) -> None:
        """Forget a connection and all that it follows."""


class SocketCloser(Protocol):
    """The sockets themselves."""

    def close(self, connection_id: str) -> None:
        """Close a connection, which may be gone already; raises Unavailable."""


class Accounts(Protocol):
    """The players' sign-ins."""

    def delete(self, account: str) -> None:
        """Delete a sign-in, which may be gone already; raises Unavailable."""


class Keyring(Protocol):
    """Where the keys that sign tickets are kept."""

    def __call__(self, key_id: KeyId | None = None, /) -> SigningKeys:
        """The keys as they are now; with `key_id` among them, if there is one of that id."""
