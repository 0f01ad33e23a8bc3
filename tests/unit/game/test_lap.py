"""The lap: its field, and which touches make a lap."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given, strategies as st

from game import lap
from leaderboard.scoring.judges import FAILED, Failed
from tests.unit.game.seeds import SEEDS, lines

NUMBERS = lap.NUMBERS


def judged(seed: bytes, touches: Any, elapsed_ms: int = 12_345) -> int | Failed | None:
    return lap.points(action="lap", seed=seed, evidence={"touches": touches}, elapsed_ms=elapsed_ms)


def solved(seed: bytes, gap: int = 500) -> list[dict[str, int]]:
    """Worked out from the field that a player sees."""
    cells = lap.field(action="lap", seed=seed)["cells"]
    return [{"cell": cells.index(it), "atMs": gap * it} for it in range(1, NUMBERS + 1)]


@given(SEEDS)
def test_field_has_each_number_once(seed: bytes) -> None:
    field = lap.field(action="lap", seed=seed)
    assert (field["columns"], field["rows"], len(field["cells"])) == (5, 5, 25)
    assert sorted(it for it in field["cells"] if it is not None) == list(range(1, NUMBERS + 1))


def test_seeds_lay_out_different_fields() -> None:
    seeds = (hashlib.sha256(str(it).encode()).digest() for it in range(1_000))
    assert len({str(lap.field(action="lap", seed=seed)) for seed in seeds}) == 1_000


@given(SEEDS, st.integers(7_500, 600_000))
def test_lap_takes_the_time_of_the_service(seed: bytes, elapsed_ms: int) -> None:
    assert judged(seed, solved(seed), elapsed_ms) == elapsed_ms


@given(SEEDS, st.integers(0, NUMBERS - 1), st.integers(1, 24))
def test_one_wrong_cell_fails(seed: bytes, index: int, off: int) -> None:
    touches = solved(seed)
    touches[index]["cell"] = (touches[index]["cell"] + off) % 25
    assert judged(seed, touches) is FAILED


@given(SEEDS, st.integers(0, NUMBERS - 2))
def test_wrong_order_fails(seed: bytes, index: int) -> None:
    touches = solved(seed)
    one, other = touches[index], touches[index + 1]
    one["cell"], other["cell"] = other["cell"], one["cell"]
    assert judged(seed, touches) is FAILED


@given(SEEDS, st.integers(0, NUMBERS - 1))
def test_lap_that_is_not_whole_fails(seed: bytes, count: int) -> None:
    assert judged(seed, solved(seed)[:count]) is FAILED


@pytest.mark.parametrize(
    ("gap", "elapsed_ms", "points"),
    [
        (500, 600_000, 600_000),
        (500, 600_001, FAILED),  # slower than any lap
        (500, 7_500, 7_500),
        (500, 7_499, FAILED),  # touches later than the service has waited
        (100, 5_000, 5_000),
        (99, 5_000, FAILED),  # quicker than a person
        (0, 5_000, FAILED),
        (100, 4_999, 5_000),  # the ticket is not good so early; the judge keeps to its range
    ],
)
def test_touches_have_their_times(gap: int, elapsed_ms: int, points: int | Failed) -> None:
    assert judged(bytes(32), solved(bytes(32), gap), elapsed_ms) == points


def test_numbers_are_read_by_their_value() -> None:
    touches = [{key: float(it) for key, it in line.items()} for line in solved(bytes(32))]
    assert judged(bytes(32), touches) == 12_345


@pytest.mark.parametrize(
    "touches",
    [
        None,
        7,
        [7],
        [{"cell": 7}],
        [{"cell": "7", "atMs": 900}],
        [{"cell": True, "atMs": 900}],
        [{"cell": 25, "atMs": 900}],
        [{"cell": -1, "atMs": 900}],
        [{"cell": 7, "atMs": -1}],
        [{"cell": 7, "atMs": 900, "number": 1}],
        [{"cell": 7, "atMs": 900}] * 16,
    ],
)
def test_wrong_form_is_refused(touches: Any) -> None:
    assert judged(bytes(32), touches) is None


@given(SEEDS, lines("touches", "cell", "atMs"), st.integers(0, 900_000))
def test_no_evidence_makes_the_judge_raise(seed: bytes, evidence: Any, elapsed_ms: int) -> None:
    points = lap.points(action="lap", seed=seed, evidence=evidence, elapsed_ms=elapsed_ms)
    assert points in (None, FAILED)  # nobody guesses fifteen cells


def test_field_of_a_seed_never_changes() -> None:
    assert lap.field(action="lap", seed=bytes(32))["cells"] == GOLDEN


GOLDEN: list[int | None] = [
    None,
    13,
    None,
    2,
    None,
    8,
    6,
    3,
    None,
    14,
    None,
    1,
    None,
    11,
    None,
    9,
    10,
    None,
    15,
    7,
    12,
    4,
    None,
    None,
    5,
]
