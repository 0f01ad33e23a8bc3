"""Functions of this service, invoked by name."""

from __future__ import annotations

import json
from dataclasses import dataclass
from threading import Lock

from leaderboard.adapters.aws import client, translated
from leaderboard.delivery import SIDE_BY_SIDE, Part, Tally
from leaderboard.errors import Unavailable

MAKING = Lock()
"""A client is not to be made by several threads at once."""


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


@dataclass(frozen=True)
class FanoutFunction:
    """Posts parts of a broadcast, each in an invocation of its own that is waited for."""

    name: str

    def post(self, part: Part, *, seconds: float, posts_per_second: float) -> Tally:
        event = {
            "board": part.board,
            "shards": part.shards,
            "frame": part.frame.decode(),
            "patience": part.patience,
            "seconds": seconds,
            "postsPerSecond": posts_per_second,
        }
        with MAKING:
            # Not sent again by the client: two at once would post twice.
            waiting = client("lambda", connections=SIDE_BY_SIDE, seconds=seconds + 20, attempts=1)
        with translated():
            answer = waiting.invoke(FunctionName=self.name, Payload=json.dumps(event).encode())
        if "FunctionError" in answer:
            raise Unavailable(f"{self.name} died: {answer['FunctionError']}")
        return Tally(**json.loads(answer["Payload"].read()))
