"""Functions of this service, invoked by name without waiting for them."""

from __future__ import annotations

import json
from dataclasses import dataclass

from leaderboard.adapters.aws import client, translated


@dataclass(frozen=True)
class RebuildFunction:
    name: str

    def start(self, board: str, season: str) -> None:
        """Start a rebuild of one board-season; raises Unavailable if it cannot be started."""
        event = json.dumps({"board": board, "season": season}).encode()
        with translated():
            client("lambda").invoke(FunctionName=self.name, InvocationType="Event", Payload=event)


@dataclass(frozen=True)
class ModerationFunction:
    name: str

    def finish(self, user_id: str) -> None:
        """Have done what follows for a user who may not play; raises Unavailable."""
        event = json.dumps({"finish": user_id}).encode()
        with translated():
            client("lambda").invoke(FunctionName=self.name, InvocationType="Event", Payload=event)
