"""Functions of this service, invoked by name."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

from leaderboard.adapters.aws.clients import client, translated
from leaderboard.boards.seasons import BoardSeason
from leaderboard.errors import Unavailable
from leaderboard.frames.delivery import SIDE_BY_SIDE
from leaderboard.frames.messages import Delivered, Frame
from leaderboard.ranking.upkeep_tasks import UpkeepTasks

MAKING = Lock()
"""Held while a client is made: several threads must not make one at once."""


@dataclass(frozen=True)
class RebuildFunction:
    """Starts the function `rebuild`, and does not wait for it."""

    name: str

    def start(self, board_season: BoardSeason, run: str) -> None:
        """Start a rebuild of a board-season and whatever else is cold; raises Unavailable."""
        self._invoke({**_named(board_season), "cold": True, "run": run})

    def start_again(self, board_season: BoardSeason) -> None:
        """Start a rebuild of a board-season that is whole, and wrong; raises Unavailable."""
        self._invoke(_named(board_season))

    def resume(self, progress: Mapping[str, Any]) -> None:
        """Have the next invocation resume a rebuild, whose progress is given as JSON.

        Raises Unavailable.
        """
        self._invoke({"board": progress["request"]["board"], "progress": progress})

    def _invoke(self, event: Mapping[str, Any]) -> None:
        payload = json.dumps(event).encode()
        with translated():
            client("lambda").invoke(FunctionName=self.name, InvocationType="Event", Payload=payload)


def _named(board_season: BoardSeason) -> dict[str, Any]:
    return {"board": board_season.board, "season": board_season.season.season}


@dataclass(frozen=True)
class ModerationFunction:
    """Starts the function `moderation`, and does not wait for it."""

    name: str

    def finish(self, user_id: str) -> None:
        """Have done what follows for a user who may not play; raises Unavailable."""
        event = json.dumps({"finish": user_id}).encode()
        with translated():
            client("lambda").invoke(FunctionName=self.name, InvocationType="Event", Payload=event)


@dataclass(frozen=True)
class UpkeepFunction:
    """Starts the function `upkeep`, and does not wait for it."""

    name: str

    def resume_names(self, after: Mapping[str, Any]) -> None:
        """Have the next invocation resume a fill of the index of names; raises Unavailable."""
        event = json.dumps({"names": {"after": after}}).encode()
        with translated():
            client("lambda").invoke(FunctionName=self.name, InvocationType="Event", Payload=event)

    def ask(self, tasks: UpkeepTasks) -> None:
        """Have tasks done without waiting for them; raises Unavailable.

        A batch of the stream has 1,000 records, so this stays far below the 256 KB of an event.
        """
        event = json.dumps(tasks.to_json(), separators=(",", ":")).encode()
        with translated():
            client("lambda").invoke(FunctionName=self.name, InvocationType="Event", Payload=event)


@dataclass(frozen=True)
class FanoutFunction:
    """Posts a frame to shards of its audience, in an invocation that is waited for."""

    name: str

    def post(
        self, frame: Frame, *, shards: Sequence[int], seconds: float, posts_per_second: float
    ) -> Delivered:
        event = {
            "board": frame.board,
            "shards": shards,
            "frame": frame.body.decode(),
            "patience": frame.patience,
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
        return Delivered(**json.loads(answer["Payload"].read()))
