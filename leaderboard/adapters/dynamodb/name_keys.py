"""The keys of the index `user-name`, which a profile has while the search may find its user."""

from __future__ import annotations

from collections.abc import Callable

from leaderboard.adapters.dynamodb.readable import shard_of
from leaderboard.boards.snapshots import default_name
from leaderboard.scoring.items import VISIBLE, Profile

SHARD_KEY, ORDER_KEY = "nameShard", "foldedName"
BEHIND_NAME = "\x1f"
"""Between a folded name and the user id: no name has it, and it stands before all that names have,
so a name comes before the longer ones that begin with it."""


def name_keys(profile: Profile, write_shards: Callable[[], int]) -> dict[str, str]:
    """The keys; empty for a user who is not visible or has chosen no name.

    The shard is a hash of the user, not of the name: many users may want one name.
    """
    if profile.standing != VISIBLE or profile.user_name == default_name(profile.user_id):
        return {}
    from leaderboard.scoring.folded_names import (
        fold_name,  # its tables: most writes change no name
    )

    folded = fold_name(profile.user_name)
    if not folded:
        return {}
    return {
        SHARD_KEY: str(shard_of(profile.user_id, write_shards())),
        ORDER_KEY: f"{folded}{BEHIND_NAME}{profile.user_id}",
    }
