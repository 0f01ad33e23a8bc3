"""The sprint: its sums, and what their answers are worth."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from game import sprint
from leaderboard.scoring.judges import FAILED, Failed
from tests.unit.game.seeds import SEEDS, lines

WITHIN = st.integers(1, sprint.SUMS)
SIGNS = {"+": int.__add__, "−": int.__sub__, "×": int.__mul__}


def judged(seed: bytes, evidence: Any, elapsed_ms: int = 20_500) -> int | Failed | None:
    return sprint.points(action="sprint", seed=seed, evidence=evidence, elapsed_ms=elapsed_ms)


def results(seed: bytes) -> list[int]:
    """Worked out from the texts that a player sees."""
    worked_out = []
    for text in sprint.sums(action="sprint", seed=seed)["sums"]:
        left, sign, right = text.split()
        worked_out.append(SIGNS[sign](int(left), int(right)))
    return worked_out


def solved(seed: bytes, count: int, gap: int = 400) -> list[dict[str, int]]:
    return [
        {"answer": result, "atMs": gap * (index + 1)}
        for index, result in enumerate(results(seed)[:count])
    ]


@given(SEEDS)
def test_challenge_has_the_sums_and_the_rules(seed: bytes) -> None:
    challenge = sprint.sums(action="sprint", seed=seed)
    assert (len(challenge["sums"]), challenge["seconds"], challenge["fastestMs"]) == (50, 20, 400)
    assert len(json.dumps(challenge)) < 8_192
    assert all(0 <= it <= 999 for it in results(seed))


@given(SEEDS, WITHIN)
def test_each_right_answer_earns_ten_points(seed: bytes, count: int) -> None:
    assert judged(seed, {"answers": solved(seed, count)}) == 10 * count


@given(SEEDS, st.integers(2, sprint.SUMS), st.data())
def test_each_wrong_answer_costs_five(seed: bytes, count: int, data: st.DataObject) -> None:
    answers = solved(seed, count)
    wrong = data.draw(st.sets(st.integers(0, count - 1), min_size=1))
    for index in wrong:
        answers[index]["answer"] += data.draw(st.integers(1, 9))
    points = 10 * (count - len(wrong)) - 5 * len(wrong)
    assert judged(seed, {"answers": answers}) == (points if points > 0 else FAILED)


@given(SEEDS)
def test_sprint_without_a_right_answer_fails(seed: bytes) -> None:
    assert judged(seed, {"answers": []}) is FAILED
    assert judged(seed, {"answers": [{"answer": -1, "atMs": 900}]}) is FAILED


@pytest.mark.parametrize(
    ("times", "points"),
    [
        ((400, 800), 20),
        ((399, 800), FAILED),  # the first one too quick
        ((400, 799), FAILED),  # the second one
        ((900, 900), FAILED),
        ((1_500, 900), FAILED),  # backwards
        ((400, 20_000), 20),
        ((400, 20_001), FAILED),  # past the end
    ],
)
def test_answers_have_their_times(times: tuple[int, int], points: int | Failed) -> None:
    answers = [
        {"answer": result, "atMs": at}
        for result, at in zip(results(bytes(32)), times, strict=False)
    ]
    assert judged(bytes(32), {"answers": answers}) == points


def test_no_answer_is_later_than_the_service_has_waited() -> None:
    answers = solved(bytes(32), 3, gap=2_000)
    assert judged(bytes(32), {"answers": answers}, elapsed_ms=6_000) == 30
    assert judged(bytes(32), {"answers": answers}, elapsed_ms=5_999) is FAILED


@pytest.mark.parametrize(("elapsed_ms", "points"), [(30_000, 30), (30_001, FAILED)])
def test_sheet_is_sent_when_the_time_is_over(elapsed_ms: int, points: int | Failed) -> None:
    """Its times are claims: whoever works longer than 20 seconds writes quicker ones."""
    answers = solved(bytes(32), 3, gap=2_000)
    assert judged(bytes(32), {"answers": answers}, elapsed_ms) == points


def test_numbers_are_read_by_their_value() -> None:
    answers = [{key: float(it) for key, it in line.items()} for line in solved(bytes(32), 4)]
    assert judged(bytes(32), {"answers": answers}) == 40


@pytest.mark.parametrize(
    "evidence",
    [
        None,
        500,
        {},
        [],
        {"answers": None},
        {"answers": [7]},
        {"answers": [{"answer": 7}]},
        {"answers": [{"answer": "7", "atMs": 900}]},
        {"answers": [{"answer": True, "atMs": 900}]},
        {"answers": [{"answer": 7, "atMs": -1}]},
        {"answers": [{"answer": 7, "atMs": 900.5}]},
        {"answers": [{"answer": 7, "atMs": 900, "points": 10}]},
        {"answers": [], "points": 1_000},
        {"answers": [{"answer": 7, "atMs": 400 * it} for it in range(1, 52)]},
    ],
)
def test_wrong_form_is_refused(evidence: Any) -> None:
    assert judged(bytes(32), evidence) is None


@given(SEEDS, lines("answers", "answer", "atMs"), st.integers(0, 60_000))
def test_no_evidence_makes_the_judge_raise(seed: bytes, evidence: Any, elapsed_ms: int) -> None:
    points = judged(seed, evidence, elapsed_ms)
    assert points is None or points is FAILED or 0 < points <= 1_000


def test_sums_of_a_seed_never_change() -> None:
    assert sprint.sums(action="sprint", seed=bytes(32))["sums"][:10] == GOLDEN


GOLDEN: list[str] = [
    "5 + 3",
    "7 + 7",
    "6 + 12",
    "15 + 13",
    "12 − 6",
    "15 + 18",
    "20 − 10",
    "12 + 10",
    "13 − 5",
    "5 × 3",
]
