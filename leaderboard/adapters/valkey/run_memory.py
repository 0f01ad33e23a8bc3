"""What one run of a scheduled function leaves in the cache for the next one.

Nothing in here is needed for a right board: what is lost is only done again.
"""

from __future__ import annotations

from dataclasses import dataclass

from leaderboard.adapters.valkey.connection import ValkeyConnection
from leaderboard.adapters.valkey.encoding import FORMAT
from leaderboard.adapters.valkey.ranking import ValkeyRanking

ROLLOVER = f"{FORMAT}:{{turns}}"
RULES = f"{FORMAT}:{{rules}}"
MISSES = f"{FORMAT}:{{verify}}:misses"
RESUME_AFTER = f"{FORMAT}:{{verify}}:place"


@dataclass(frozen=True)
class ValkeyRunMemory:
    """Every call is one round trip and raises CacheUnavailable."""

    connection: ValkeyConnection

    def drop(self, key: str) -> bool:
        """Forget a ranking; False if a rebuild is filling it, so that it stays."""
        return ValkeyRanking(self.connection).drop(key, partial=False)

    def read_rollover(self) -> str | None:
        """How far the rollover of seasons is."""
        return self._read(ROLLOVER)

    def keep_rollover(self, text: str) -> None:
        self.connection.command("SET", ROLLOVER, text)

    def read_rules(self) -> str | None:
        """Which rules were seen, and since when."""
        return self._read(RULES)

    def keep_rules(self, text: str) -> None:
        self.connection.command("SET", RULES, text)

    def read_misses(self) -> dict[str, str]:
        """What the last verification found different, by the keys of the board-seasons."""
        flat = [it.decode() for it in self.connection.command("HGETALL", MISSES)]
        return dict(zip(flat[::2], flat[1::2], strict=True))

    def keep_miss(self, key: str, text: str | None) -> None:
        """Remember what differs on a board-season; None: nothing does."""
        if text is None:
            self.connection.command("HDEL", MISSES, key)
        else:
            self.connection.command("HSET", MISSES, key, text)

    def read_resume_after(self) -> str | None:
        """The key that the last verification came to; None: it begins again."""
        return self._read(RESUME_AFTER) or None

    def keep_resume_after(self, key: str | None) -> None:
        self.connection.command("SET", RESUME_AFTER, key or "")

    def _read(self, key: str) -> str | None:
        kept: bytes | None = self.connection.command("GET", key)
        return None if kept is None else kept.decode()
