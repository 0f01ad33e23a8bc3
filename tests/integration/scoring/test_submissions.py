"""Trusted writes and their memory, on the tables: what is known is answered, whatever holds now."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from leaderboard import wiring
from leaderboard.adapters.aws.clients import client
from leaderboard.boards.boards_file import parse
from leaderboard.errors import ScoreLimit, SubmissionConflict
from leaderboard.scoring.items import SUBMISSION_MS
from leaderboard.scoring.scores import Outcome
from leaderboard.scoring.submissions import Submissions

NOW = 1_795_421_730_123
WEEKS_END = 1_795_996_800_000
CATALOG = parse(
    {
        "boards": {
            "capped": {"limits": {"maxScore": 100}},
            "weekly": {"operator": "best", "schedule": "weekly"},
        }
    }
)


pytestmark = pytest.mark.usefixtures("stage")


@pytest.fixture
def submissions() -> Submissions:
    return Submissions(CATALOG, wiring.score_table(), lambda: NOW)


def submitted(submissions: Submissions, submission_id: str, **body: Any) -> Outcome:
    return submissions.submit(
        user_id="ada", **{"board": "capped"} | body, submission_id=submission_id
    )


def at(submissions: Submissions, now_ms: int) -> Submissions:
    return replace(submissions, now_ms=lambda: now_ms)


def calls(action: Callable[[], object]) -> list[str]:
    """The calls of DynamoDB that an action makes."""
    made: list[str] = []
    events = client("dynamodb").meta.events

    def note(model: Any, **_: object) -> None:
        made.append(model.name)

    events.register("before-call", note)
    action()
    events.unregister("before-call", note)
    return made


def test_new_write_asks_for_nothing_but_the_score(submissions: Submissions) -> None:
    submitted(submissions, "s1", delta=10)
    made = calls(lambda: submitted(submissions, "s2", delta=10))
    assert made == ["GetItem", "TransactWriteItems"]


def test_known_write_gets_its_first_answer_again(submissions: Submissions) -> None:
    first = submitted(submissions, "s1", delta=10)
    submitted(submissions, "s2", delta=5)
    again = submitted(submissions, "s1", delta=10)
    assert (again.answer, again.replayed) == (first.answer, True)
    assert wiring.score_table().read("ada", "capped#all") is not None
    assert submitted(submissions, "s3", delta=0).answer.user_score == 15


def test_known_write_is_answered_though_it_could_not_be_made_now(submissions: Submissions) -> None:
    first = submitted(submissions, "s1", delta=100)
    assert submitted(submissions, "s1", delta=100) == replace(first, replayed=True)
    with pytest.raises(ScoreLimit):
        submitted(submissions, "s2", delta=100)


def test_known_id_with_another_body_is_a_conflict(submissions: Submissions) -> None:
    submitted(submissions, "s1", delta=10)
    for body in ({"delta": 11}, {"delta": 10, "user_name": "Ada"}, {"delta": 100}):
        with pytest.raises(SubmissionConflict):
            submitted(submissions, "s1", **body)
    assert submitted(submissions, "s2", delta=0).answer.user_score == 10


def test_season_that_turned_does_not_count_a_known_write_again(submissions: Submissions) -> None:
    first = submitted(at(submissions, WEEKS_END - 1), "s1", board="weekly", score=7)
    again = submitted(at(submissions, WEEKS_END), "s1", board="weekly", score=7)
    assert again == replace(first, replayed=True)
    assert wiring.score_table().read("ada", "weekly#2026-W49") is None


def test_write_whose_time_is_over_is_a_new_one(submissions: Submissions) -> None:
    long_ago = at(submissions, NOW - 2 * SUBMISSION_MS)
    submitted(long_ago, "s1", delta=10)
    again = submitted(submissions, "s1", delta=10)
    assert (again.replayed, again.answer.user_score) == (False, 20)


def test_same_write_side_by_side_counts_once(submissions: Submissions) -> None:
    with ThreadPoolExecutor(4) as threads:
        outcomes = list(threads.map(lambda _: submitted(submissions, "s1", delta=10), range(8)))
    assert sum(not it.replayed for it in outcomes) == 1
    assert {it.answer.user_score for it in outcomes} == {10}
