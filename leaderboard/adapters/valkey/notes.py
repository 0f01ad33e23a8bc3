"""What the scheduled functions and rebuilds remember of their own work, in the cache.

Nothing in here is needed for a right board: what is lost is done once more.
"""

from __future__ import annotations

from dataclasses import dataclass

from leaderboard.adapters.valkey.cache import FORMAT, REBUILD_SILENCE_SECONDS, ValkeyCache, script

TURNS = f"{FORMAT}:{{turns}}"
RULES = f"{FORMAT}:{{rules}}"
MISSES = f"{FORMAT}:{{verify}}:misses"
PLACE = f"{FORMAT}:{{verify}}:place"
CLAIM = f"{FORMAT}:{{rebuild}}:claim"

TAKE = script("claim.lua")
FINISH = script("finish.lua")


@dataclass(frozen=True)
class Notes:
    """Every call is one round trip and raises CacheUnavailable."""

    cache: ValkeyCache

    def drop(self, key: str) -> bool:
        return self.cache.drop(key, partial=False)

    def read_turns(self) -> str | None:
        with self.cache.outage.noticed():
            kept: bytes | None = self.cache.client.execute_command("GET", TURNS)
        return None if kept is None else kept.decode()

    def keep_turns(self, text: str) -> None:
        with self.cache.outage.noticed():
            self.cache.client.execute_command("SET", TURNS, text)

    def read_rules(self) -> str | None:
        with self.cache.outage.noticed():
            kept: bytes | None = self.cache.client.execute_command("GET", RULES)
        return None if kept is None else kept.decode()

    def keep_rules(self, text: str) -> None:
        with self.cache.outage.noticed():
            self.cache.client.execute_command("SET", RULES, text)

    def read_misses(self) -> dict[str, str]:
        with self.cache.outage.noticed():
            kept: list[bytes] = self.cache.client.execute_command("HGETALL", MISSES)
        flat = [it.decode() for it in kept]
        return dict(zip(flat[::2], flat[1::2], strict=True))

    def keep_miss(self, key: str, text: str | None) -> None:
        with self.cache.outage.noticed():
            if text is None:
                self.cache.client.execute_command("HDEL", MISSES, key)
            else:
                self.cache.client.execute_command("HSET", MISSES, key, text)

    def read_place(self) -> str | None:
        with self.cache.outage.noticed():
            kept: bytes | None = self.cache.client.execute_command("GET", PLACE)
        return kept.decode() if kept else None

    def keep_place(self, key: str | None) -> None:
        with self.cache.outage.noticed():
            self.cache.client.execute_command("SET", PLACE, key or "")


@dataclass(frozen=True)
class RebuildClaim:
    """Which rebuild fills whatever is cold. Every call is one round trip, raises CacheUnavailable.

    One that is not heard of for a while loses it.
    """

    cache: ValkeyCache

    def take(self, run: str) -> bool:
        return self._claim(run, leave_word=True)

    def hold(self, run: str) -> None:
        self._claim(run, leave_word=False)

    def give_back(self, run: str) -> None:
        self.cache.run(FINISH, [CLAIM], run, 0)

    def finish(self, run: str) -> bool:
        return bool(self.cache.run(FINISH, [CLAIM], run, 1) == 1)

    def _claim(self, run: str, *, leave_word: bool) -> bool:
        answer = self.cache.run(TAKE, [CLAIM], run, REBUILD_SILENCE_SECONDS, int(leave_word))
        return bool(answer == 1)
