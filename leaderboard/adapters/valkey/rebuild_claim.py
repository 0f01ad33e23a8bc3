"""The claim of the rebuild that fills whatever is cold: only one runs at a time."""

from __future__ import annotations

from dataclasses import dataclass

from leaderboard.adapters.valkey.connection import ValkeyConnection, script
from leaderboard.adapters.valkey.encoding import FORMAT

REBUILD_SILENCE_SECONDS = 30
"""How long a rebuild may not be heard of before another one is started."""

CLAIM = f"{FORMAT}:{{rebuild}}:claim"

CLAIM_REBUILD = script("claim.lua")
GIVE_BACK = script("give_back.lua")


@dataclass(frozen=True)
class RebuildClaim:
    """Which rebuild fills whatever is cold. Every call is one round trip, raises CacheUnavailable.

    A rebuild that is not heard of for a while loses the claim.
    """

    connection: ValkeyConnection

    def claim(self, run: str) -> bool:
        """Claim the rebuild for a run. False: another one is alive, and will go round again."""
        return self._claim(run, ask_for_round=True)

    def hold(self, run: str) -> None:
        """Say that the run is alive."""
        self._claim(run, ask_for_round=False)

    def give_back(self, run: str) -> None:
        """Give up the claim, whatever was asked meanwhile."""
        self.connection.run(GIVE_BACK, [CLAIM], run, 0)

    def end(self, run: str) -> bool:
        """The run is over; True if somebody asked for another round, which keeps the claim."""
        return bool(self.connection.run(GIVE_BACK, [CLAIM], run, 1) == 1)

    def _claim(self, run: str, *, ask_for_round: bool) -> bool:
        answer = self.connection.run(
            CLAIM_REBUILD, [CLAIM], run, REBUILD_SILENCE_SECONDS, int(ask_for_round)
        )
        return bool(answer == 1)
