"""The session does the same as the JavaScript client's, step for step: with the same events at the
same times and the same random numbers, it returns the same effects. `STORMS=5000 FROM=3000` rides
out more storms, and others.

A witness on the JavaScript side checks what that client shows in the storms. So the comparison here
proves that this client shows the service's boards, too.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import pytest

from leaderboard_client.board import Board, Changes
from leaderboard_client.effects import (
    Abort,
    Connect,
    Disconnect,
    Effect,
    Fetch,
    ReportProblem,
    Send,
    ShowBoard,
    ShowCondition,
)
from leaderboard_client.events import (
    Close,
    Event,
    Follow,
    MessageReceived,
    ReadFailed,
    ReadSucceeded,
    SocketLost,
    SocketOpened,
    Tick,
    Unfollow,
)
from leaderboard_client.frame import Entry, Place, parse_top
from leaderboard_client.problems import Problem
from leaderboard_client.session import Session
from leaderboard_client.timing import Timing

STORMS = int(os.environ.get("STORMS", "100"))
FROM = int(os.environ.get("FROM", "1"))
DURATIONS = [field.name for field in fields(Timing)]

Json = dict[str, Any]


def camel_case(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def plain(value: Any) -> Any:
    """A value as the JavaScript client has it in JSON."""
    if isinstance(value, float):
        return None if math.isinf(value) or math.isnan(value) else value
    if isinstance(value, Entry | Place):
        return {camel_case(name): plain(it) for name, it in asdict(value).items()}
    if isinstance(value, Board):
        return {
            camel_case(name): plain(getattr(value, name)) for name in Board.__dataclass_fields__
        }
    if isinstance(value, Changes):
        return {
            "since": plain(value.since),
            "entered": plain(value.entered),
            "left": plain(value.left),
            "moved": [{"entry": plain(e), "from": old, "to": new} for e, old, new in value.moved],
            "scored": [{"entry": plain(e), "from": old, "to": new} for e, old, new in value.scored],
        }
    if isinstance(value, list | tuple):
        return [plain(it) for it in value]
    return value


def event_of(recorded: Json) -> Event:
    problem = problem_of(recorded["problem"]) if "problem" in recorded else None
    match recorded["type"]:
        case "follow":
            return Follow(recorded["board"])
        case "unfollow":
            return Unfollow(recorded["board"])
        case "socketOpened":
            return SocketOpened(recorded["link"])
        case "messageReceived":
            return MessageReceived(recorded["link"], recorded["text"])
        case "socketLost":
            return SocketLost(recorded["link"], problem)
        case "readSucceeded":
            top = parse_top(recorded["top"], recorded["board"])
            assert top, recorded
            return ReadSucceeded(recorded["board"], top)
        case "readFailed":
            more = {name: recorded[name] for name in ("failure", "foreign") if name in recorded}
            return ReadFailed(recorded["board"], problem, recorded.get("retryAfter", 0), **more)
        case "close":
            return Close()
        case other:
            assert other == "tick", recorded
            return Tick()


def problem_of(recorded: Json) -> Problem:
    return Problem(
        code=recorded["code"],
        message=recorded["message"],
        board=recorded.get("board"),
        request_id=recorded.get("requestId"),
    )


def json_of(effect: Effect) -> Json:
    """An effect as the JavaScript client writes it."""
    match effect:
        case Connect(link):
            return {"do": "connect", "link": link}
        case Disconnect(link):
            return {"do": "disconnect", "link": link}
        case Send(link, message):
            return {"do": "send", "link": link, "message": message}
        case Fetch(board):
            return {"do": "fetch", "board": board}
        case Abort(board):
            return {"do": "abort", "board": board}
        case ShowBoard(shown, changes):
            return {"do": "showBoard", "board": plain(shown), "changes": plain(changes)}
        case ShowCondition(condition):
            names = [field.name for field in fields(condition)]
            values = {camel_case(name): plain(getattr(condition, name)) for name in names}
            return {"do": "showCondition", "condition": values}
        case ReportProblem(problem):
            return {"do": "reportProblem", "problem": problem}


def expected(effect: Json) -> Json:
    if effect["do"] == "reportProblem":
        return {"do": "reportProblem", "problem": problem_of(effect["problem"])}
    if effect["do"] == "showCondition":
        problems = [problem_of(it) for it in effect["condition"]["problems"]]
        return {"do": "showCondition", "condition": {**effect["condition"], "problems": problems}}
    return effect


class RecordedRandom:
    """Gives the random numbers that the JavaScript client got."""

    def __init__(self) -> None:
        self.drawn: list[float] = []

    def __call__(self) -> float:
        return self.drawn.pop(0)


def timing_of(storm: Json) -> Timing:
    return Timing(**{name: storm["timing"][camel_case(name)] for name in DURATIONS})


def replay(storm: Json, timing: Timing | None = None) -> int:
    """Gives a session the events of the JavaScript one. Returns how many boards it showed."""
    random = RecordedRandom()
    timing = timing or timing_of(storm)
    session = Session(timing=timing, random=random, sockets=True, http=storm["http"])
    shown = 0
    for number, (event, now, drawn, effects, due, offset) in enumerate(storm["steps"]):
        where = f"storm {storm['seed']}, step {number}: {event}"
        random.drawn = list(drawn)
        did = [json_of(it) for it in session.step(event_of(event), now)]
        assert did == [expected(it) for it in effects], where
        assert random.drawn == [], where
        assert (plain(session.due), session.offset) == (due, offset), where
        shown += sum(it["do"] == "showBoard" for it in did)
    return shown


def storms(start: int, count: int) -> Iterator[Json]:
    with subprocess.Popen(
        ["node", str(Path(__file__).with_name("trace.mjs")), str(start), str(count)],  # noqa: S607
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as node:
        assert node.stdout
        yield from map(json.loads, node.stdout)
    assert node.returncode == 0


def test_durations_are_the_javascript_ones() -> None:
    (storm,) = storms(1, 1)
    assert timing_of(storm) == Timing()
    # What a page has beside them.
    assert len(storm["timing"]) == len(DURATIONS) + 2


def test_session_does_in_storms_what_the_javascript_one_does() -> None:
    total = shown = 0
    for storm in storms(FROM, STORMS):
        assert storm["wrongs"] == [], storm["seed"]
        shown += replay(storm)
        total += 1
    assert total == STORMS
    assert shown > 20 * STORMS


def differs(storm: Json, timing: Timing) -> bool:
    try:
        replay(storm, timing)
    except (AssertionError, IndexError):
        return True
    return False


@pytest.fixture(scope="module")
def few() -> list[Json]:
    return list(storms(1, 50))


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("following.AHEAD_LIMIT", 1),
        ("following.compare", lambda *_: "newer"),
        ("following.same_counter", lambda *_: True),
        ("link.FORGET_ATTEMPTS_AFTER", 1_000_000),
        ("inbox.UNDECIDED_LIMIT", 1),
        ("session_parts.changes_between", lambda *_: Changes()),
    ],
)
def test_broken_rule_is_noticed(
    place: str, value: object, few: list[Json], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The comparison above can fail."""
    monkeypatch.setattr(f"leaderboard_client.{place}", value)
    assert any(differs(storm, timing_of(storm)) for storm in few)


@pytest.mark.parametrize("name", DURATIONS)
def test_other_duration_is_noticed(name: str, few: list[Json]) -> None:
    def longer(timing: Timing) -> Timing:
        return replace(timing, **{name: 4 * getattr(timing, name)})

    assert any(differs(storm, longer(timing_of(storm))) for storm in few)
