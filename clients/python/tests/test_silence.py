"""What the session does about a connection that is silently dead, a season's end, and sockets that
never open; without a real connection."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from clients.python.tests.messages import pong, snapshot
from leaderboard_client import Problem, Timing
from leaderboard_client.effects import (
    Connect,
    Disconnect,
    Effect,
    ReportProblem,
    Send,
    ShowCondition,
)
from leaderboard_client.events import (
    Event,
    Follow,
    MessageReceived,
    ReadFailed,
    ReadSucceeded,
    SocketLost,
    SocketOpened,
    Tick,
)
from leaderboard_client.frame import parse_top
from leaderboard_client.session import Session
from leaderboard_client.status import Condition

TIMING = Timing()
CHANCES = pytest.mark.parametrize("chance", [0.0, 0.5, 0.999])


class Stage:
    """A session whose time and events a test decides; it ticks when the session wants to."""

    def __init__(self, chance: float = 0.5, *, http: bool = False) -> None:
        self.now = 0.0
        self.effects: list[Effect] = []
        self.session = Session(timing=TIMING, random=lambda: chance, sockets=True, http=http)

    def tell(self, event: Event) -> None:
        self.effects += self.session.step(event, self.now)

    def hear(self, *frames: dict[str, Any]) -> None:
        for frame in frames:
            self.tell(MessageReceived(self.link, json.dumps(frame)))

    def wait(self, milliseconds: float, *, answering: bool = False) -> None:
        until = self.now + milliseconds
        while (due := max(self.session.due, self.now + 1)) <= until:
            self.now = due
            pings = self.pings
            self.tell(Tick())
            if answering and self.pings > pings:
                self.hear(pong(**{"global": 1}))
        self.now = until
        self.tell(Tick())

    def live(self, **rest: Any) -> Stage:
        self.tell(Follow("global"))
        self.tell(SocketOpened(1))
        self.hear({**pong(), "serverTime": "1970-01-01T00:00:00.000Z"}, snapshot(1, "ada", **rest))
        return self

    @property
    def link(self) -> int:
        return [it.link for it in self.effects if isinstance(it, Connect)][-1]

    @property
    def pings(self) -> int:
        sent = (it.message["action"] for it in self.effects if isinstance(it, Send))
        return sum(action == "ping" for action in sent)

    @property
    def condition(self) -> Condition:
        return self.session.condition

    @property
    def problems(self) -> list[Problem]:
        return [it.problem for it in self.effects if isinstance(it, ReportProblem)]


@CHANCES
def test_socket_that_is_silently_dead_is_given_up_within_30_seconds(chance: float) -> None:
    stage = Stage(chance).live()
    stage.wait(29_999)
    assert Disconnect(1) in stage.effects
    assert (stage.condition.state, stage.condition.stale_at) == ("reconnecting", 0)


@CHANCES
def test_status_admits_the_silence_before_the_socket_is_given_up(chance: float) -> None:
    stage = Stage(chance).live()
    stage.wait(TIMING.ping_after + TIMING.doubt_after + 1)
    assert (stage.condition.state, stage.condition.stale_at) == ("live", 0)
    stage.hear(pong(**{"global": 1}))
    assert stage.condition.stale_at is None


def test_quiet_socket_pings_three_times_a_minute_and_is_never_called_stale() -> None:
    stage = Stage().live()
    stage.wait(3_600_000, answering=True)
    assert 180 <= stage.pings <= 200
    conditions = [it.condition for it in stage.effects if isinstance(it, ShowCondition)]
    assert [it.stale_at for it in conditions if it.state == "live"] == [None]


def test_end_of_a_season_is_not_called_stale_while_the_service_answers() -> None:
    stage = Stage().live(season="1970-01-01", endsAt="1970-01-01T00:00:10.000Z")
    stage.wait(13_000)
    stage.hear(snapshot(0, season="1970-01-02", epoch=None))
    conditions = [it.condition for it in stage.effects if isinstance(it, ShowCondition)]
    assert [it.stale_at for it in conditions if it.state == "live"] == [None]


def test_sockets_that_never_open_while_http_answers_are_one_problem_until_one_does() -> None:
    stage = Stage(http=True)
    stage.tell(Follow("global"))
    top = parse_top(snapshot(1, "ada"), "global")
    assert top
    stage.tell(ReadSucceeded("global", top))
    for _ in range(8):
        stage.tell(SocketLost(stage.link))
        stage.wait(stage.condition.retry_at - stage.now + 1 if stage.condition.retry_at else 0)
    (problem,) = stage.problems
    assert problem.code == "socket_blocked"
    assert "answers over HTTP" in problem.message
    assert "`allowedOrigins`" in problem.message
    assert stage.condition.problems == (problem,)
    stage.tell(SocketOpened(stage.link))
    assert not stage.condition.problems


def test_two_addresses_without_an_answer_are_one_problem_until_one_answers() -> None:
    stage = Stage(http=True)
    stage.tell(Follow("global"))
    stage.tell(ReadFailed("global", failure="https://x could not be reached"))
    for _ in range(4):
        stage.tell(SocketLost(stage.link))
        stage.wait(stage.condition.retry_at - stage.now + 1 if stage.condition.retry_at else 0)
    stage.wait(max(0.0, 8_500 - stage.now))
    (problem,) = stage.problems
    assert problem.code == "unreachable"
    assert "over HTTP: https://x could not be reached." in problem.message
    assert "`http` and `socket`" in problem.message
    stage.tell(SocketOpened(stage.link))
    assert not stage.condition.problems


@pytest.mark.parametrize("http", [True, False])
def test_addresses_that_swallow_what_is_sent_are_named_within_8_seconds(http: bool) -> None:
    stage = Stage(http=http)
    stage.tell(Follow("global"))
    stage.wait(8_000)
    assert [it.code for it in stage.problems] == ["unreachable" if http else "socket_blocked"]
    stage.wait(600_000)
    assert len(stage.problems) == 1
    assert stage.condition.attempt > 8
    assert stage.session.due < math.inf


def test_socket_that_swallows_what_is_sent_is_named_within_8_seconds_while_http_answers() -> None:
    stage = Stage(http=True)
    stage.tell(Follow("global"))
    top = parse_top(snapshot(1, "ada"), "global")
    assert top
    stage.tell(ReadSucceeded("global", top))
    stage.wait(8_000)
    (problem,) = stage.problems
    assert problem.code == "socket_blocked"
    assert "answers over HTTP, but no socket opened in 6.5 seconds" in problem.message


def test_socket_that_takes_6_seconds_to_open_is_no_problem() -> None:
    stage = Stage(http=True)
    stage.tell(Follow("global"))
    stage.wait(6_000)
    stage.tell(SocketOpened(stage.link))
    stage.wait(600_000, answering=True)
    assert stage.problems == []


def test_two_addresses_of_another_site_are_one_problem_within_seconds() -> None:
    stage = Stage(http=True)
    stage.tell(Follow("global"))
    for _ in range(80):
        stage.tell(ReadFailed("global", failure="https://x answered 404", foreign=True))
        stage.tell(SocketLost(stage.link))
        stage.wait(100)
    assert [it.code for it in stage.problems] == ["http_failed"]


def test_outage_of_a_service_that_has_answered_is_not_reported_as_a_problem() -> None:
    stage = Stage(http=True).live()
    stage.tell(SocketLost(stage.link))
    stage.wait(600_000)
    assert stage.condition.attempt > 8
    assert stage.problems == []
    assert stage.session.due < math.inf
