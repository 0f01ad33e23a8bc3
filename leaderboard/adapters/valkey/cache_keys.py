"""The keys of the cache.

All keys of a board-season share one hash tag, so that a script finds them on one node of a cluster.
The format number is part of every key: a release that lays the cache out anew reads nothing old.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

FORMAT = "lb5"


@dataclass(frozen=True, slots=True)
class CacheKeys:
    """The keys of one board-season.

    `order`: the sorted set of its users. `users`: a hash of what is known of each. `state`: a hash
    of what is known of the ranking. `copy`: the recorded top, as readers are answered.
    """

    order: str
    users: str
    state: str
    copy: str

    @classmethod
    @lru_cache(maxsize=1024)
    def of(cls, key: str) -> CacheKeys:
        """The keys of a board-season, by its own key."""
        tag = f"{FORMAT}:{{{key}}}"
        return cls(f"{tag}:order", f"{tag}:users", f"{tag}:state", f"{tag}:copy")

    @property
    def told(self) -> str:
        """How far viewers were told ahead of the stream."""
        return self.state.removesuffix("state") + "told"

    @property
    def ranking(self) -> tuple[str, str, str]:
        """The keys that make the ranking."""
        return (self.order, self.users, self.state)
