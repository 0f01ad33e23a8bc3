"""The session is the JavaScript client's, step for step: in storms, told the same things at the
same times and drawing the same lots, it does the same. `STORMS=5000 FROM=3000` for more, and
others.

What the JavaScript client shows in those storms is watched by a witness of its own there, so what
is held to it here ends on the service's board as well.
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


def event_of(told: Json) -> Event:
    problem = problem_of(told["problem"]) if "problem" in told else None
    match told["type"]:
        case "follow":
            return Follow(told["board"])
        case "unfollow":
            return Unfollow(told["board"])
        case "socketOpened":
            return SocketOpened(told["link"])
        case "messageReceived":
            return MessageReceived(told["link"], told["text"])
        case "socketLost":
            return SocketLost(told["link"], problem)
        case "readSucceeded":
            top = parse_top(told["top"], told["board"])
            assert top, told
            return ReadSucceeded(told["board"], top)
        case "readFailed":
            more = {"failure": told["failure"]} if "failure" in told else {}
            return ReadFailed(told["board"], problem, told.get("retryAfter", 0), **more)
        case "close":
            return Close()
        case other:
            assert other == "tick", told
            return Tick()


def problem_of(told: Json) -> Problem:
    return Problem(
        code=told["code"],
        message=told["message"],
        board=told.get("board"),
        request_id=told.get("requestId"),
    )


def done(effect: Effect) -> Json:
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
            told = {camel_case(name): plain(getattr(condition, name)) for name in names}
            return {"do": "showCondition", "condition": told}
        case ReportProblem(problem):
            return {"do": "reportProblem", "problem": problem}


def expected(effect: Json) -> Json:
    if effect["do"] == "reportProblem":
        return {"do": "reportProblem", "problem": problem_of(effect["problem"])}
    if effect["do"] == "showCondition":
        problems = [problem_of(it) for it in effect["condition"]["problems"]]
        return {"do": "showCondition", "condition": {**effect["condition"], "problems": problems}}
    return effect


class Lots:
    """Draws what the JavaScript client drew."""

    def __init__(self) -> None:
        self.drawn: list[float] = []

    def __call__(self) -> float:
        return self.drawn.pop(0)


def timing_of(storm: Json) -> Timing:
    return Timing(**{name: storm["timing"][camel_case(name)] for name in DURATIONS})


def replay(storm: Json, timing: Timing | None = None) -> int:
    """Tells a session of its own what the JavaScript one was told; the boards shown."""
    lots = Lots()
    timing = timing or timing_of(storm)
    session = Session(timing=timing, random=lots, sockets=True, http=storm["http"])
    shown = 0
    for number, (event, now, drawn, effects, due, offset) in enumerate(storm["steps"]):
        where = f"storm {storm['seed']}, step {number}: {event}"
        lots.drawn = list(drawn)
        did = [done(it) for it in session.step(event_of(event), now)]
        assert did == [expected(it) for it in effects], where
        assert lots.drawn == [], where
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
def test_broken_rule_is_found_out(
    place: str, value: object, few: list[Json], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The comparison above can fail."""
    monkeypatch.setattr(f"leaderboard_client.{place}", value)
    assert any(differs(storm, timing_of(storm)) for storm in few)


@pytest.mark.parametrize("name", DURATIONS)
def test_other_duration_is_found_out(name: str, few: list[Json]) -> None:
    def longer(timing: Timing) -> Timing:
        return replace(timing, **{name: 4 * getattr(timing, name)})

    assert any(differs(storm, longer(timing_of(storm))) for storm in few)
