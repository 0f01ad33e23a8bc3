"""The game's functions: what they may answer, and what happens when they are broken."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from leaderboard.boards.rules import JudgedPoints
from leaderboard.errors import JudgeFailed
from leaderboard.scoring import judges
from leaderboard.scoring.judges import FAILED, Points, challenge_text, judged
from tests.games import shipping

SEED = bytes(range(32))


@pytest.fixture(autouse=True)
def _sample_game() -> Iterator[None]:
    with shipping():
        yield


def judge(name: str, evidence: Any = 5, *, least: int | None = 0) -> Points:
    points = JudgedPoints(500, f"game.{name}", least)
    return judged(points, action="level", seed=SEED, evidence=evidence, elapsed_ms=2345)


def reason(name: str) -> str:
    with pytest.raises(JudgeFailed) as failed:
        judge(name)
    assert failed.value.judge == f"game.{name}"
    assert "try again" in str(failed.value)
    assert failed.value.reason not in str(failed.value)
    return failed.value.reason


def test_judge_is_told_the_action_the_seed_the_evidence_and_the_time() -> None:
    from game import plain  # type: ignore[attr-defined]  # the sample, which is there now alone

    judge("plain:told", evidence={"any": [1, None]})
    assert plain.calls[-1] == {
        "action": "level",
        "seed": SEED,
        "evidence": {"any": [1, None]},
        "elapsed_ms": 2345,
    }


@pytest.mark.parametrize("points", [0, 1, 499, 500])
def test_points_from_the_least_to_the_most_are_taken(points: int) -> None:
    assert judge("plain:told", points) == points


def test_failed_attempt_and_wrong_form_are_answers() -> None:
    assert judge("plain:told", "fail") is FAILED
    assert judge("plain:told", "nonsense") is None


def test_least_may_be_below_zero() -> None:
    assert judge("plain:told", -7, least=-7) == -7


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("broken:raises", "KeyError: 'a mistake in the judge'"),
        ("broken:exits", "SystemExit: goodbye"),
        ("broken:interrupts", "KeyboardInterrupt"),
        ("broken:takes_nothing", "ValueError: takes_nothing cannot be called"),
        ("broken:nothing", "ValueError: game.broken has no nothing"),
        ("nowhere:it", "ValueError: game.nowhere cannot be imported"),
        ("broken:text", "returned str, not int, FAILED or None"),
        ("broken:true", "returned bool, not int, FAILED or None"),
        ("broken:half", "returned float, not int, FAILED or None"),
        ("broken:large", "returned 501, not 0 to 500"),
        ("broken:small", "returned -1, not 0 to 500"),
    ],
)
def test_anything_else_is_a_failure_of_the_judge(name: str, said: str) -> None:
    assert said in reason(name)


@pytest.mark.parametrize("name", ["sleeps", "loops", "matches", "swallows"])
def test_judge_that_is_too_slow_is_stopped_at_the_deadline(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judges, "DEADLINE_SECONDS", 0.2)
    started = time.monotonic()
    assert "more than 0.2 s" in reason(f"broken:{name}")
    assert time.monotonic() - started < 5


def test_slow_judge_on_another_thread_is_refused_when_it_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Only the main thread can be interrupted; Lambda calls handlers on it."""
    monkeypatch.setattr(judges, "DEADLINE_SECONDS", 0.05)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(judge, "plain:told").result() == 5
        with pytest.raises(JudgeFailed):
            pool.submit(judge, "broken:naps").result()


def test_timer_of_before_goes_on() -> None:
    rung: list[int] = []
    held = signal.signal(signal.SIGALRM, lambda number, _: rung.append(number))
    signal.setitimer(signal.ITIMER_REAL, 0.05, 60)
    try:
        judge("broken:naps")
        assert rung == []
        left, interval = signal.getitimer(signal.ITIMER_REAL)
        assert left > 0
        assert interval == 60
        signal.sigtimedwait([], 0.2)
        assert rung == [signal.SIGALRM]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, held)


def test_nothing_is_armed_after_a_judge_answered_or_failed() -> None:
    held = signal.getsignal(signal.SIGALRM)
    judge("plain:told")
    reason("broken:exits")
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGALRM) is held


def test_judge_that_changes_the_evidence_changes_a_copy() -> None:
    evidence = {"answer": [1]}
    assert judge("broken:changes_evidence", evidence) == 5
    assert evidence == {"answer": [1]}


def test_equal_challenges_are_equal_texts() -> None:
    text = challenge_text("game.plain:question", action="quiz", seed=SEED)
    assert json.loads(text) == {
        "action": "quiz",
        "question": "00010203",
        "nested": {"list": [1, 2, {"three": 3}]},
    }
    assert text == challenge_text("game.plain:question", action="quiz", seed=SEED)
    assert text != challenge_text("game.plain:question", action="quiz", seed=SEED[::-1])
