"""What the cache keeps for viewers and readers: copies of recorded tops, and boards' paces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from leaderboard.adapters.valkey.connection import ValkeyConnection, script
from leaderboard.adapters.valkey.encoding import FORMAT, CacheKeys
from leaderboard.ranking.tops import KeptTop

KEPT_SECONDS = 10
"""How long a copy of a recorded top is kept. It bounds the age of a copy that a failover revived,
or that the broadcast could not replace."""

PACES = (f"{FORMAT}:{{paces}}:boards", f"{FORMAT}:{{paces}}:until")
ACTIVE_BOARDS = 500
"""Boards that are looked at for a pace: with more, each has few viewers."""
TOLD_SECONDS = 86_400
"""The stream holds nothing that is older."""

KEEP_TOP = script("keep_top.lua")
READ_KEPT_TOP = script("lost.lua", "listing.lua", "read_kept_top.lua")
KEEP_PACES = script("keep_paces.lua")
ACTIVE_PACES = script("active_paces.lua")


@dataclass(frozen=True)
class ViewerCache:
    """Every call is one round trip and raises CacheUnavailable."""

    connection: ValkeyConnection

    def keep_top(self, key: str, *, revision: int, body: str) -> None:
        """Keep a copy of a recorded top, unless a newer one is kept."""
        self.connection.run(KEEP_TOP, [CacheKeys.of(key).kept_top], revision, body, KEPT_SECONDS)

    def read_kept_top(self, key: str) -> KeptTop:
        """The copy of a board-season's recorded top, and how many its ranking has now."""
        keys = CacheKeys.of(key)
        kept, total = self.connection.run(READ_KEPT_TOP, [keys.kept_top, *keys.ranking])
        return KeptTop(None if kept is None else kept.partition(b" ")[2].decode(), total)

    def keep_paces(self, paces: Mapping[str, tuple[str, int]]) -> None:
        """Keep what boards' last frames said of their pace, and for how many ms it counts."""
        values: list[str | int] = []
        for board, (body, active_ms) in paces.items():
            values += (board, body, active_ms)
        self.connection.run(KEEP_PACES, PACES, *values)

    def active_paces(self) -> dict[str, str]:
        """The boards that send frames now, with what was kept of them."""
        flat = [it.decode() for it in self.connection.run(ACTIVE_PACES, PACES, ACTIVE_BOARDS)]
        return dict(zip(flat[::2], flat[1::2], strict=True))

    def read_paces(self, boards: Sequence[str]) -> list[str | None]:
        """What was kept of each board's pace; None where nothing is."""
        if not boards:
            return []
        paces = self.connection.command("HMGET", PACES[0], *boards)
        return [None if pace is None else pace.decode() for pace in paces]

    def remember_told(self, key: str, *, epoch: str, version: int) -> None:
        """Remember up to which version viewers were told ahead of the stream."""
        told = CacheKeys.of(key).told
        self.connection.command("SET", told, f"{epoch} {version}", "EX", TOLD_SECONDS)

    def read_told(self, key: str) -> tuple[str, int] | None:
        """The epoch and version up to which viewers were told ahead of the stream."""
        kept = self.connection.command("GET", CacheKeys.of(key).told)
        if kept is None:
            return None
        epoch, _, version = kept.decode().rpartition(" ")
        return epoch, int(version)
