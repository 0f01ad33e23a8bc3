"""What the scheduled functions and rebuilds remember of their own work, in the cache.

Nothing in here is needed for a right board: what is lost is done once more.
"""

from __future__ import annotations

from dataclasses import dataclass

from leaderboard.adapters.cache import FORMAT, Cache

TURNS = f"{FORMAT}:{{turns}}"


@dataclass(frozen=True)
class Notes:
    """Every call is one round trip and raises CacheUnavailable."""

    cache: Cache

    def drop(self, board: str, season: str) -> bool:
        return self.cache.drop(board, season, partial=False)

    def read_turns(self) -> str | None:
        with self.cache.outage.noticed():
            kept: bytes | None = self.cache.client.get(TURNS)
        return None if kept is None else kept.decode()

    def keep_turns(self, text: str) -> None:
        with self.cache.outage.noticed():
            self.cache.client.set(TURNS, text)
