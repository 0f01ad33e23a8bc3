"""The slow work that a batch of scores leaves to the function `upkeep`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from leaderboard.boards.seasons import key_of, split_key


@dataclass(frozen=True, slots=True)
class UpkeepTasks:
    """What a batch asks of upkeep, which runs beside the path from score to frame.

    `profiles`: users whose scores must get the name and standing of their profile. `archived`: by
    the key of a board-season, the users whose scores changed there. The cache does not keep these
    seasons, so their tops are recorded from the table. Of a board that boards.yml no longer has,
    these are the users who have no score any more. `histories`: deleted users, whose lines are to
    be erased.
    """

    profiles: Collection[str] = ()
    archived: Mapping[str, Collection[str]] = field(default_factory=dict)
    histories: Collection[str] = ()

    def __len__(self) -> int:
        return len(self.profiles) + len(self.archived) + len(self.histories)

    def to_json(self) -> dict[str, Any]:
        """The event of the function `upkeep`."""
        event: dict[str, Any] = {
            "profiles": list(self.profiles),
            "archived": [
                {"board": board, "season": season, "userIds": list(user_ids)}
                for key, user_ids in self.archived.items()
                for board, season in [split_key(key)]
            ],
        }
        if self.histories:
            event["histories"] = list(self.histories)
        return event

    @classmethod
    def from_json(cls, event: Mapping[str, Any]) -> UpkeepTasks:
        """Raises KeyError and TypeError for an event of another form."""
        archived = {
            key_of(it["board"], it["season"]): it["userIds"] for it in event.get("archived", ())
        }
        return cls(tuple(event.get("profiles", ())), archived, tuple(event.get("histories", ())))
