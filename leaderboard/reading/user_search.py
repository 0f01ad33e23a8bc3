"""The search for users by the beginning of their names, as JSON."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from leaderboard.reading.ports import UserNames

Json = dict[str, Any]


@dataclass(frozen=True)
class UserSearch:
    """Finds visible users who chose a name.

    `names` is a function that makes the index's reader: a function of Lambda that is asked for tops
    alone never loads the tables' client.
    """

    names: Callable[[], UserNames]

    def find(self, beginning: str, *, limit: int) -> Json:
        """The first users whose names begin so, with `beginning` as `fold_beginning` folds it.

        Raises Unavailable.
        """
        found = self.names().find(beginning, limit)
        return {"users": [{"userId": it.user_id, "userName": it.user_name} for it in found]}
