"""A model of a hot board: the function behind the boards' stream, in virtual time, under the double
of Lambda's poller. However wide the interval, frames stay as far apart and never fall behind."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest

import handlers.board_stream
import handlers.socket
import leaderboard.adapters.audiences
import leaderboard.adapters.gateway
import leaderboard.delivery
from leaderboard import instants
from leaderboard.adapters.boards import BoardTable, board_item
from tests.integration import aws
from tests.integration.conftest import Dependencies
from tests.integration.events import CONTEXT, frame
from tests.integration.story.clockwork import StoryTime
from tests.integration.story.lines import StoryCurl
from tests.integration.story.service import declared, stream_options
from tests.poller import Mapping, Scheduler, Stream, seeded

Json = dict[str, Any]
CHANGES_PER_SECOND = 500
RECORD_SECONDS = 0.1
"""The recorder's own limit; see RECORD_INTERVAL_MS in serverless.yml."""
SLACK_SECONDS = 3.5
"""From a record to the function that gets it, and what counts as late there."""


@dataclass
class Board:
    """A board's item that changes all the time, as the recorder leaves it."""

    size: int
    changes: int = 0
    version: int = 0
    made: dict[int, float] = field(default_factory=dict)
    image: Json = field(default_factory=dict)

    def record(self, now: float) -> Json:
        self.version += 1
        self.changes += round(CHANGES_PER_SECOND * RECORD_SECONDS)
        self.made[self.version] = now
        lines = [
            {
                "userId": {"S": f"{number:036d}"},
                "userName": {"S": f"Näme of player {number:012d}"},
                "userScore": {"N": str(10_000_000 + self.changes - number)},
                "scoreUpdatedAt": {"S": instants.to_text(round(now * 1000))},
            }
            for number in range(self.size)
        ]
        old, self.image = (
            self.image,
            {
                "boardSeason": {"S": "global#all"},
                "epoch": {"S": "e1"},
                "version": {"N": str(self.version)},
                "revision": {"N": str(self.version)},
                "total": {"N": "100000"},
                "life": {"S": "life"},
                "top": {"L": [{"M": line} for line in lines]},
            },
        )
        change: Json = {"Keys": {"boardSeason": {"S": "global#all"}}, "NewImage": self.image}
        if old:
            change["OldImage"] = old
        return {"eventName": "MODIFY" if old else "INSERT", "dynamodb": change}


@dataclass
class Viewer:
    frames: list[tuple[float, Json]] = field(default_factory=list)


@pytest.fixture
def model(dependencies: Dependencies, monkeypatch: pytest.MonkeyPatch) -> StoryTime:
    assert dependencies.down == set()
    now = StoryTime()
    monkeypatch.setenv("POWERTOOLS_LOG_LEVEL", "CRITICAL")
    for module in (
        handlers.board_stream,
        instants,
        leaderboard.adapters.audiences,
        leaderboard.adapters.gateway,
        leaderboard.delivery,
    ):
        monkeypatch.setattr(module, "time", now)
    return now


@pytest.mark.parametrize(
    ("size", "viewers", "frame_interval_ms", "posts_per_second", "expected_seconds"),
    [
        (10, 1, 10_000, 5000, 10),
        (100, 1, 10_000, 5000, 10),
        (100, 1, 15_000, 5000, 15),  # more changes than one batch holds
        (10, 30, 250, 0.5, 60),  # an audience that widens it
    ],
)
def test_hot_board_never_falls_behind(
    model: StoryTime,
    monkeypatch: pytest.MonkeyPatch,
    size: int,
    viewers: int,
    frame_interval_ms: int,
    posts_per_second: float,
    expected_seconds: float,
) -> None:
    monkeypatch.setenv("FRAME_INTERVAL_MS", str(frame_interval_ms))
    aws.forget()
    monkeypatch.setattr(
        "leaderboard.wiring.configuration",
        lambda: _with_budget(posts_per_second),
    )
    board, seen = Board(size), Viewer()
    with Scheduler(seeded("pace"), max_decisions=200_000) as scheduler:
        model.clock = scheduler.clock

        def answer(connection_id: str, body: bytes) -> int:
            if connection_id == "viewer0=":
                seen.frames.append((scheduler.clock.time(), json.loads(body)))
            return 200

        monkeypatch.setattr(leaderboard.adapters.gateway, "pycurl", StoryCurl(answer))
        monkeypatch.setattr(
            BoardTable, "read", lambda *_: board_item(board.image) if board.image else None
        )
        for number in range(viewers):
            connection = f"viewer{number}="
            handlers.socket.handler(frame(connection, None, "CONNECT"), CONTEXT)
            request = {"action": "subscribe", "board": "global"}
            handlers.socket.handler(frame(connection, request), CONTEXT)
        stream = Stream(scheduler.clock, partition_key="boardSeason")

        def recorder() -> None:
            for _ in range(round(4 * expected_seconds / RECORD_SECONDS)):
                stream.append(board.record(scheduler.clock.time()))
                scheduler.clock.sleep(RECORD_SECONDS)

        function: Any = handlers.board_stream.handler
        Mapping(
            scheduler,
            stream,
            function,
            name="board_stream",
            options=stream_options("board_stream"),
            timeout=declared("board_stream")["timeout"],
        )
        scheduler.spawn("recorder", recorder)
        scheduler.drain()
    times = [at for at, _ in seen.frames]
    assert len(times) >= 4
    apart = [later - earlier for earlier, later in pairwise(times)]
    assert min(apart) >= expected_seconds
    assert max(apart) <= expected_seconds + SLACK_SECONDS
    for at, told in seen.frames:
        known = max(
            (it for it, made in board.made.items() if made <= at - SLACK_SECONDS), default=0
        )
        assert told["version"] >= known, "a frame of long ago"
    held = None
    for _, told in seen.frames:
        assert told["type"] == "snapshot" or told["from"] == held
        held = told["version"]
    assert held == board.version
    assert times[-1] - board.made[board.version] <= expected_seconds + SLACK_SECONDS


def _with_budget(posts_per_second: float) -> Any:
    from dataclasses import replace

    from leaderboard import settings

    return replace(settings.load(), posts_per_second=posts_per_second)  # type: ignore[arg-type]
