"""A model of hot boards: the function behind the boards' stream, in virtual time, under the double
of Lambda's poller. However wide the interval, frames stay as far apart and never fall behind; and
boards wait for those that share their lane of the stream, and for no others."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import pytest

import handlers.board_stream
import handlers.subscriber
import leaderboard.adapters.aws.handle_pool
import leaderboard.adapters.aws.posting
import leaderboard.adapters.dynamodb.audiences
import leaderboard.frames.delivery
from leaderboard import clock, wiring
from leaderboard.adapters.dynamodb.board_items import board_item
from leaderboard.adapters.dynamodb.boards import BoardTable
from leaderboard.boards.seasons import split_key
from local.poller import Mapping as Trigger, Scheduler, Stream, seeded
from local.poller.stream import lane_of
from tests.integration import aws
from tests.integration.conftest import Dependencies
from tests.integration.events import CONTEXT, frame
from tests.integration.story.clockwork import StoryTime
from tests.integration.story.lines import StoryCurl
from tests.integration.story.service import declared, stream_options

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
    key: str = "global#all"
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
                "scoreUpdatedAt": {"S": clock.to_text(round(now * 1000))},
            }
            for number in range(self.size)
        ]
        old, self.image = (
            self.image,
            {
                "boardSeason": {"S": self.key},
                "epoch": {"S": "e1"},
                "version": {"N": str(self.version)},
                "revision": {"N": str(self.version)},
                "total": {"N": "100000"},
                "life": {"S": "life"},
                "top": {"L": [{"M": line} for line in lines]},
            },
        )
        change: Json = {"Keys": {"boardSeason": {"S": self.key}}, "NewImage": self.image}
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
        clock,
        leaderboard.adapters.dynamodb.audiences,
        leaderboard.adapters.aws.handle_pool,
        leaderboard.adapters.aws.posting,
        leaderboard.frames.delivery,
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
    aws.replace_part(monkeypatch, "configuration", lambda: _with_budget(posts_per_second))
    board, seen = Board(size), Viewer()
    with Scheduler(seeded("pace"), max_decisions=200_000) as scheduler:
        model.clock = scheduler.clock

        def answer(connection_id: str, body: bytes) -> int:
            if connection_id == "viewer0=":
                seen.frames.append((scheduler.clock.time(), json.loads(body)))
            return 200

        monkeypatch.setattr(leaderboard.adapters.aws.handle_pool, "pycurl", StoryCurl(answer))
        monkeypatch.setattr(
            BoardTable, "read", lambda *_: board_item(board.image) if board.image else None
        )
        for number in range(viewers):
            connection = f"viewer{number}="
            handlers.subscriber.handler(frame(connection, None, "CONNECT"), CONTEXT)
            request = {"action": "subscribe", "board": "global"}
            handlers.subscriber.handler(frame(connection, request), CONTEXT)
        stream = Stream(scheduler.clock, partition_key="boardSeason")

        def recorder() -> None:
            for _ in range(round(4 * expected_seconds / RECORD_SECONDS)):
                stream.append(board.record(scheduler.clock.time()))
                scheduler.clock.sleep(RECORD_SECONDS)

        function: Any = handlers.board_stream.handler
        Trigger(
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


LANES = 10
"""Those of a shard; see parallelizationFactor in serverless.yml."""
SLOW_SECONDS, QUICK_SECONDS = 4.0, 0.2
RULES = """
boards:
  "slow-*": {frameInterval: 4000}
  "quick-*": {frameInterval: 200}
"""
HOT = [number * RECORD_SECONDS for number in range(200)]
"""When a board changes that does so all the time: for twenty seconds."""


def names(kind: str, lane: int) -> Iterator[str]:
    """Boards of this kind that have this lane."""
    for number in count():
        board = f"{kind}-{number}"
        if lane_of(json.dumps({"S": f"{board}#all"}), LANES) == lane:
            yield board


SLOW = next(names("slow", 3))
MATE = next(names("quick", 3))
OTHER = next(names("quick", 4))


@dataclass(frozen=True)
class Posted:
    at: float
    board: str
    connection: str
    version: int


class Lanes:
    """Boards behind one shard, by the rules above, and what leaves for their viewers."""

    def __init__(self, now: StoryTime, patch: pytest.MonkeyPatch) -> None:
        self.now = now
        self.posted: list[Posted] = []
        self.boards: dict[str, Board] = {}
        patch.setattr(leaderboard.adapters.aws.handle_pool, "pycurl", StoryCurl(self._answer))
        patch.setattr(BoardTable, "read", self._read)
        # One per invocation: an environment's own is never used by two at once.
        aws.replace_part(patch, "broadcaster", wiring.broadcaster.__wrapped__)

    def _answer(self, connection: str, body: bytes) -> int:
        told = json.loads(body)
        at = self.now.monotonic()
        self.posted.append(Posted(at, told["board"], connection, told["version"]))
        return 200

    def _read(self, key: str) -> Any:
        found = self.boards.get(split_key(key)[0])
        return board_item(found.image) if found and found.image else None

    def watch(self, board: str, viewers: int = 1) -> None:
        for number in range(viewers):
            connection = f"{board}-{number}="
            handlers.subscriber.handler(frame(connection, None, "CONNECT"), CONTEXT)
            request = {"action": "subscribe", "board": board}
            handlers.subscriber.handler(frame(connection, request), CONTEXT)

    def tell(self, changes: Mapping[str, Sequence[float]]) -> None:
        """Record each board at these times, until all is told."""
        self.boards |= {board: Board(3, f"{board}#all") for board in changes}
        options = stream_options("board_stream")
        assert options.parallelization_factor == LANES
        with Scheduler(seeded("lanes"), max_decisions=200_000) as scheduler:
            self.now.clock = scheduler.clock
            stream = Stream(scheduler.clock, partition_key="boardSeason")
            Trigger(
                scheduler,
                stream,
                handlers.board_stream.handler,  # type: ignore[arg-type]
                name="board_stream",
                options=options,
                timeout=declared("board_stream")["timeout"],
            )

            def record(board: Board, times: Sequence[float]) -> None:
                for at in times:
                    scheduler.clock.sleep(at - scheduler.clock.monotonic())
                    stream.append(board.record(scheduler.clock.time()))

            for board, times in changes.items():
                scheduler.spawn(board, partial(record, self.boards[board], times))
            scheduler.drain()

    def times(self, board: str) -> list[float]:
        """When the board's frames went out."""
        found = dict.fromkeys(round(it.at, 6) for it in self.posted if it.board == board)
        return list(found)

    def apart(self, board: str) -> list[float]:
        return [later - earlier for earlier, later in pairwise(self.times(board))]

    def last(self, board: str) -> int:
        return [it.version for it in self.posted if it.board == board][-1]


@pytest.fixture
def lanes(model: StoryTime, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Lanes:
    rules = tmp_path / "boards.yml"
    rules.write_text(RULES)
    monkeypatch.setenv("BOARDS_FILE", str(rules))
    monkeypatch.delenv("FRAME_INTERVAL_MS", raising=False)
    aws.forget()
    return Lanes(model, monkeypatch)


def test_hot_boards_share_the_slowest_pace_of_their_lane_and_no_other(lanes: Lanes) -> None:
    for board in (SLOW, MATE, OTHER):
        lanes.watch(board)
    lanes.tell({SLOW: HOT, MATE: HOT, OTHER: HOT})
    slack = RECORD_SECONDS + 0.001
    assert min(lanes.apart(SLOW)) >= SLOW_SECONDS - 0.001
    for board in (SLOW, MATE):
        assert max(lanes.apart(board)) <= SLOW_SECONDS + slack
        assert len(lanes.times(board)) >= 5
    assert min(lanes.apart(OTHER)) >= QUICK_SECONDS - 0.001
    assert max(lanes.apart(OTHER)) <= QUICK_SECONDS + slack
    assert len(lanes.times(OTHER)) >= 60
    for board, its in lanes.boards.items():
        assert lanes.last(board) == its.version


def test_each_of_ten_lanes_goes_on_by_itself(lanes: Lanes) -> None:
    boards = [next(names("slow", lane)) for lane in range(LANES)]
    for board in boards:
        lanes.watch(board)
    lanes.tell({board: [lane * RECORD_SECONDS] for lane, board in enumerate(boards)})
    assert [lanes.times(board) for board in boards] == [
        [pytest.approx(lane * RECORD_SECONDS)] for lane in range(LANES)
    ]


def test_change_after_a_quiet_time_waits_for_one_interval_of_a_lane_mate_at_most(
    lanes: Lanes,
) -> None:
    for board in (SLOW, MATE, OTHER):
        lanes.watch(board)
    lanes.tell({SLOW: [1, 10], MATE: [2, 2.5, 3, 8], OTHER: [2, 8]})
    assert lanes.times(SLOW) == pytest.approx([1, 10])
    assert lanes.times(MATE) == pytest.approx([1 + SLOW_SECONDS, 8])
    assert lanes.times(OTHER) == pytest.approx([2, 8])
    assert [it.version for it in lanes.posted if it.board == MATE] == [3, 4]


def test_board_without_viewers_makes_nobody_wait(lanes: Lanes) -> None:
    lanes.watch(MATE)
    lanes.tell({SLOW: HOT, MATE: [1, 2, 3]})
    assert lanes.times(SLOW) == []
    assert lanes.times(MATE) == pytest.approx([1, 2, 3])


def test_boards_of_a_batch_go_out_side_by_side_and_rest_together(lanes: Lanes) -> None:
    second = next(it for it in names("slow", 3) if it != SLOW)
    for board in (SLOW, second, MATE):
        lanes.watch(board, viewers=3)
    # What changes while the lane rests comes in one batch after it.
    lanes.tell({MATE: [0, 7], SLOW: [0.1, 5], second: [0.15]})
    together = [it for it in lanes.posted if it.at == pytest.approx(QUICK_SECONDS)]
    assert [it.board for it in together] == [SLOW, second] * 3
    assert lanes.times(SLOW) == pytest.approx([QUICK_SECONDS, 5])
    assert lanes.times(MATE) == pytest.approx([0, 5 + SLOW_SECONDS])
