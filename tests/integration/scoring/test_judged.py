"""Judged actions over HTTP: the game of this repository, attacked, and judges that are broken."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import handlers.boards
import handlers.moderation
import handlers.scores
from game import quiz
from leaderboard import clock, wiring
from leaderboard.adapters.aws.clients import client
from leaderboard.scoring import judges, tickets
from leaderboard.scoring.judges import FAILED
from tests.games import shipping
from tests.integration import aws
from tests.integration.events import CONTEXT, Answer, Json, answered, request

pytestmark = pytest.mark.usefixtures("stage")

HOUR = 3_600_000
SAMPLE = """
boards:
  global:
    actions:
      level: {points: {max: 500, judge: 'game.JUDGE'}, minSeconds: 0, expiresSeconds: 60}
"""


@dataclass
class Moment:
    """The machine's clock, as far as it is ahead."""

    ahead_ms: int = 0

    def __call__(self) -> int:
        return time.time_ns() // 1_000_000 + self.ahead_ms


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Moment:
    moment = Moment()
    monkeypatch.setattr(clock, "machine_ms", moment)
    return moment


def take(action: str, board: str = "global", user: str = "ann", *, at: int | None = None) -> Answer:
    event = request(
        "POST /boards/{board}/tickets", path={"board": board}, body={"action": action}, user=user
    )
    return answered(handlers.scores.handler(timed(event, at), CONTEXT))


def send(
    token: str, board: str = "global", user: str = "ann", *, at: int | None = None, **body: Any
) -> Answer:
    event = request(
        "POST /boards/{board}/scores",
        path={"board": board},
        body={"ticket": token, **body},
        user=user,
    )
    return answered(handlers.scores.handler(timed(event, at), CONTEXT))


def timed(event: Json, at: int | None) -> Json:
    """The event as the gateway sent it at that time, or now."""
    event["requestContext"]["timeEpoch"] = real_ms() if at is None else at
    return event


def real_ms() -> int:
    return time.time_ns() // 1_000_000


def ready(action: str = "quiz", **how: Any) -> Json:
    """A ticket that is good now, since the gateway took it a while ago."""
    answer = take(action, at=real_ms() - 5_000, **how)
    assert answer.status == 201, answer.text
    body: Json = answer.json
    return body


def right(issued: Json) -> int:
    """The index of the right answer, which only who has the key can work out."""
    ticket = tickets.read_action(issued["ticket"], wiring.ticket_keys()())
    for answer in range(4):
        points = quiz.points(
            action="quiz", seed=ticket.seed, evidence={"answer": answer}, elapsed_ms=3_000
        )
        if points is not FAILED:
            return answer
    raise AssertionError("no answer is right")


def wrong(issued: Json) -> int:
    return (right(issued) + 1) % 4


def problem(answer: Answer, status: int, code: str) -> Json:
    assert (answer.status, answer.json["code"]) == (status, code), answer.text
    body: Json = answer.json
    return body


def stored(user: str = "ann") -> int | None:
    item = wiring.score_table().read(user, "global#all")
    return None if item is None else item.user_score


def test_right_answer_counts_once() -> None:
    issued = ready()
    assert set(issued) == {"ticket", "action", "points", "challenge", "notBefore", "expiresAt"}
    assert issued["points"] == {"min": 0, "max": 10}
    assert set(issued["challenge"]) == {"question", "choices"}
    first = send(issued["ticket"], evidence={"answer": right(issued)})
    assert first.status == 200, first.text
    assert first.json["entry"]["userScore"] == 10
    assert (first.json["changed"], first.json["replayed"]) == (True, False)
    again = send(issued["ticket"], evidence={"answer": wrong(issued)})
    assert again.json == {**first.json, "replayed": True}
    assert stored() == 10


def test_wrong_answer_cannot_be_corrected() -> None:
    issued = ready()
    failed = send(issued["ticket"], evidence={"answer": wrong(issued)})
    assert (failed.status, failed.json) == (
        200,
        {"entry": None, "changed": False, "replayed": False},
    )
    again = send(issued["ticket"], evidence={"answer": right(issued)})
    assert (again.status, again.json) == (200, {**failed.json, "replayed": True})
    assert stored() is None


@pytest.mark.parametrize("name", ["value", "points", "amount", "score", "delta", "userScore"])
def test_no_amount_comes_from_a_player(name: str) -> None:
    issued = ready()
    body: Json = {"evidence": {"answer": right(issued)}, name: 10}
    errors = problem(send(issued["ticket"], **body), 422, "invalid")["errors"]
    assert [it["path"] for it in errors] == [f"body.{name}"]
    inside = {"answer": right(issued), name: 10}
    errors = problem(send(issued["ticket"], evidence=inside), 422, "invalid")["errors"]
    assert [it["path"] for it in errors] == ["body.evidence"]
    assert stored() is None


def test_evidence_of_a_wrong_form_leaves_the_ticket_good() -> None:
    issued = ready()
    for body in ({}, {"evidence": None}, {"evidence": 3}, {"evidence": {"answer": 4}}):
        errors = problem(send(issued["ticket"], **body), 422, "invalid")["errors"]
        assert [it["path"] for it in errors] == ["body.evidence"]
    long = {"answer": 1, "more": "é" * 2048}
    assert "4 KB" in problem(send(issued["ticket"], evidence=long), 422, "invalid")["detail"]
    assert send(issued["ticket"], evidence={"answer": right(issued)}).status == 200


def test_fixed_points_take_no_evidence() -> None:
    issued = ready("visit")
    assert (issued["points"], "challenge" in issued) == (1, False)
    for evidence in (None, 1, "1"):
        errors = problem(send(issued["ticket"], evidence=evidence), 422, "invalid")["errors"]
        assert [it["path"] for it in errors] == ["body.evidence"]
    assert send(issued["ticket"]).json["entry"]["userScore"] == 1


def test_question_cannot_be_chosen_by_taking_many_tickets() -> None:
    many = [ready() for _ in range(4)]
    assert len({it["challenge"]["question"] for it in many}) > 1
    for issued in many[:-1]:
        refused = send(issued["ticket"], evidence={"answer": right(issued)})
        problem(refused, 409, "ticket_superseded")
    assert stored() is None
    assert send(many[-1]["ticket"], evidence={"answer": right(many[-1])}).status == 200


def test_attempts_are_limited_when_they_are_issued() -> None:
    now = real_ms()
    for _ in range(30):
        assert take("quiz", at=now).status == 201
    refused = take("quiz", at=now)
    problem(refused, 429, "rate_limited")
    assert int(refused.headers["retry-after"]) >= 1
    # Visits are of the same limit; another player is not.
    visit = take("visit", at=now - 5_000).json
    problem(send(visit["ticket"], at=now), 429, "rate_limited")
    assert take("quiz", user="bob", at=now).status == 201


def test_evidence_of_another_ticket_is_worth_nothing() -> None:
    """The answer that was right for one question is a guess for the next."""
    start = real_ms() - 20_000
    first = take("quiz", at=start).json
    evidence = {"answer": right(first)}
    assert send(first["ticket"], evidence=evidence, at=start + 3_000).json["changed"]
    second = first
    while right(second) == right(first):
        second = take("quiz", at=start + 4_000).json
    done = send(second["ticket"], evidence=evidence)
    assert (done.status, done.json["changed"]) == (200, False)
    assert stored() == 10


def test_barred_player_is_asked_nothing() -> None:
    wiring.moderation().set_standing("ann", "barred", reason="why", by="moderator")
    problem(take("quiz"), 403, "barred")
    assert wiring.score_table().read("ann", "global#all") is None


def test_player_who_only_tried_is_on_no_board_and_in_no_list() -> None:
    ready()
    own = answered(handlers.scores.handler(request("GET /me/scores", user="ann"), CONTEXT))
    assert own.json["scores"] == []
    wiring.profiles().rename("ann", "Ann")
    assert wiring.profiles().copy("ann") == 0
    issued = ready()
    done = send(issued["ticket"], evidence={"answer": right(issued)})
    assert done.json["entry"]["userName"] == "Ann"
    item = wiring.score_table().read("ann", "global#all")
    assert item is not None
    assert item.expires_ms is None


def test_player_who_only_tried_leaves_without_a_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = client("cognito-idp").create_user_pool(PoolName="players")["UserPool"]["Id"]
    monkeypatch.setenv("USER_POOL_ID", pool)
    aws.forget()
    ready()
    wiring.moderation().erase("ann", account="ann")
    problem(take("quiz"), 403, "barred")
    item = wiring.score_table().read("ann", "global#all")
    assert item is not None
    assert (item.standing, item.user_score) == ("deleted", None)
    assert item.expires_ms is not None


def test_boards_say_what_is_judged_and_how_scores_are_read() -> None:
    answer = answered(handlers.boards.handler(request("GET /boards"), CONTEXT))
    boards = {it["board"]: it for it in answer.json["boards"]}
    assert boards["global"]["actions"] == {
        "visit": {"points": 1, "evidence": False, "minSeconds": 2, "expiresSeconds": 300},
        "quiz": {
            "points": {"min": 0, "max": 10},
            "evidence": True,
            "minSeconds": 2,
            "expiresSeconds": 300,
        },
    }
    assert boards["fastest-lap"]["actions"]["lap"]["points"] == {"min": 5000, "max": 600_000}
    assert boards["fastest-lap"]["format"] == {"kind": "duration"}
    assert boards["global"]["format"] == {"kind": "number"}


# A clock that is ahead.


def test_clock_an_hour_ahead_locks_no_action(machine: Moment) -> None:
    for action in ("visit", "quiz"):
        issued = ready(action)
        body: Json = {"evidence": {"answer": right(issued)}} if action == "quiz" else {}
        machine.ahead_ms = HOUR
        done = send(issued["ticket"], **body)
        assert done.status == 200, done.text
        assert abs(clock.from_text(done.json["entry"]["scoreUpdatedAt"]) - real_ms()) < 10_000
        # Tickets of functions whose clocks are right count at once.
        machine.ahead_ms = 0
        time.sleep(0.002)
        before = take(action, at=real_ms() - 1).json
        assert before["action"] == action
        later = real_ms() + 3_000
        machine.ahead_ms = 3_000
        body = {"evidence": {"answer": right(before)}} if action == "quiz" else {}
        assert send(before["ticket"], at=later, **body).status == 200
        machine.ahead_ms = 0


def test_clock_an_hour_ahead_issues_no_ticket_of_the_future(machine: Moment) -> None:
    machine.ahead_ms = HOUR
    issued = take("quiz").json
    assert abs(clock.from_text(issued["notBefore"]) - real_ms() - 2_000) < 5_000
    item = wiring.score_table().read("ann", "global#all")
    assert item is not None
    assert item.recovered_us["actions"] < (real_ms() + 60_000) * 1000


def test_time_of_an_event_of_days_ago_says_nothing(machine: Moment) -> None:  # noqa: ARG001
    """One that `sls invoke` reads from a file."""
    issued = take("quiz", at=1_795_421_730_123 - 30 * 24 * HOUR).json
    assert abs(clock.from_text(issued["notBefore"]) - real_ms() - 2_000) < 5_000


def test_event_without_a_time_goes_by_the_own_clock() -> None:
    event = request(
        "POST /boards/{board}/tickets",
        path={"board": "global"},
        body={"action": "visit"},
        user="ann",
    )
    del event["requestContext"]["timeEpoch"]
    assert answered(handlers.scores.handler(event, CONTEXT)).status == 201


# Judges that are broken.


@pytest.fixture
def judged_by(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Deploys a board whose action has that judge."""

    def deploy(judge: str) -> None:
        path = tmp_path / "boards.yml"
        path.write_text(SAMPLE.replace("JUDGE", judge))
        monkeypatch.setenv("BOARDS_FILE", str(path))
        aws.forget()

    with shipping():
        yield deploy


@pytest.mark.parametrize("judge", ["raises", "exits", "sleeps", "loops", "text", "takes_nothing"])
def test_broken_judge_is_told_and_uses_nothing_up(
    judge: str,
    judged_by: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Whoever runs the service sees what broke; the player, that it is not the player's fault."""
    monkeypatch.setattr(judges, "DEADLINE_SECONDS", 0.3)
    judged_by(f"broken:{judge}")
    issued = take("level").json
    started = time.monotonic()
    answer = send(issued["ticket"], evidence=7)
    problem(answer, 503, "judge_failed")
    assert time.monotonic() - started < 5
    assert int(answer.headers["retry-after"]) >= 1
    assert "mistake" not in answer.text
    (line,) = (it for it in caplog.records if it.getMessage() == "judge failed")
    assert vars(line)["judge"] == f"game.broken:{judge}"
    printed = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    assert [it["JudgesFailed"] for it in printed if "_aws" in it] == [[1.0]]
    assert client("dynamodb").scan(TableName=aws.SCORES)["Items"] == []


def test_ticket_of_another_judge_is_refused_and_says_why(
    judged_by: Callable[[str], None],
) -> None:
    judged_by("broken:raises")
    issued = take("level").json
    judged_by("plain:told")
    refused = problem(send(issued["ticket"], evidence=7), 410, "ticket_expired")
    assert "rules of this action have changed" in refused["detail"]
    assert send(take("level").json["ticket"], evidence=7).json["entry"]["userScore"] == 7
