"""A score counts for the season in which it was accepted, however late it is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from leaderboard import wiring
from leaderboard.boards.boards_file import parse
from leaderboard.boards.seasons import key_of
from leaderboard.clock import from_datetime
from leaderboard.errors import Raced, TicketExpired
from leaderboard.scoring.scores import Scores
from leaderboard.scoring.submissions import Submissions

pytestmark = pytest.mark.usefixtures("stage")

ACTION = {"points": 10, "minSeconds": 1, "expiresSeconds": 600}
CATALOG = parse(
    {
        "boards": {
            schedule: {"schedule": schedule, "operator": operator, "actions": {"act": ACTION}}
            for schedule, operator in (
                ("daily", "increment"),
                ("weekly", "best"),
                ("monthly", "latest"),
            )
        }
    }
)

# The first millisecond of a season, its name and that of the one before.
TURNS = [
    ("daily", (2026, 11, 24), "2026-11-23", "2026-11-24"),
    ("daily", (2028, 2, 29), "2028-02-28", "2028-02-29"),
    ("daily", (2028, 3, 1), "2028-02-29", "2028-03-01"),
    ("daily", (2027, 3, 1), "2027-02-28", "2027-03-01"),
    ("daily", (2027, 1, 1), "2026-12-31", "2027-01-01"),
    ("weekly", (2026, 11, 30), "2026-W48", "2026-W49"),
    # 2026 has 53 weeks, and 2025 ended in the first one of 2026.
    ("weekly", (2027, 1, 4), "2026-W53", "2027-W01"),
    ("weekly", (2025, 12, 29), "2025-W52", "2026-W01"),
    ("monthly", (2027, 1, 1), "2026-12", "2027-01"),
    ("monthly", (2028, 3, 1), "2028-02", "2028-03"),
]


class Moment:
    """The clock, which goes on between any two looks at it."""

    def __init__(self, ms: int, *, step: int = 0) -> None:
        self.ms = ms
        self.step = step

    def __call__(self) -> int:
        self.ms += self.step
        return self.ms - self.step


class Contended:
    """The real store, for whose items somebody else is always faster at first."""

    def __init__(self, store: Any, meanwhile: Callable[[], object]) -> None:
        self._store = store
        self._left = 3
        self._meanwhile = meanwhile

    def write(self, write: Any) -> None:
        if self._left:
            self._left -= 1
            self._meanwhile()
            raise Raced("somebody else was faster")
        self._store.write(write)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def scores_at(moment: Moment) -> Scores:
    return Scores(CATALOG, wiring.score_table(), wiring.ticket_keys(), moment)


def midnight(day: tuple[int, int, int]) -> int:
    return from_datetime(datetime(*day, tzinfo=UTC))


def found(board: str, *seasons: str) -> list[int | None]:
    items = [wiring.score_table().read("ann", key_of(board, season)) for season in seasons]
    return [it.user_score if it else None for it in items]


@pytest.mark.parametrize(("board", "day", "before", "after"), TURNS)
def test_trusted_write_counts_for_the_season_of_its_acceptance(
    board: str, day: tuple[int, int, int], before: str, after: str
) -> None:
    name = "delta" if board == "daily" else "score"
    for number, now in enumerate((midnight(day) - 1, midnight(day))):
        # The clock passes midnight while the write waits for its turn.
        moment = Moment(now, step=60_000)
        scores = scores_at(moment)
        store: Any = Contended(scores.store, moment)
        body: dict[str, Any] = {name: 7 + number}
        slow = Submissions(scores.catalog, store, scores.now_ms)
        outcome = slow.submit(user_id="ann", board=board, submission_id=f"s-{number}", **body)
        assert outcome.answer.updated_ms == now
    assert found(board, before, after) == [7, 8]


@pytest.mark.parametrize(("board", "day", "before", "after"), TURNS)
def test_action_that_was_completed_in_time_counts_for_its_season(
    board: str, day: tuple[int, int, int], before: str, after: str
) -> None:
    moment = Moment(midnight(day) - 10_000)
    scores = scores_at(moment)
    token = scores.issue(user_id="ann", board=board, action="act").token
    late = scores.issue(user_id="bob", board=board, action="act").token
    moment.ms = midnight(day) - 1
    moment.step = 60_000
    store: Any = Contended(scores.store, moment)
    slow = replace(scores, store=store)
    outcome = slow.complete(user_id="ann", board=board, token=token)
    assert outcome.answer.updated_ms == midnight(day) - 1
    assert found(board, before, after) == [10, None]
    # A millisecond later it is too late: the ticket ends with its season.
    moment.ms, moment.step = midnight(day), 0
    with pytest.raises(TicketExpired):
        scores.complete(user_id="bob", board=board, token=late)
    # The answer is known for good.
    assert scores.complete(user_id="ann", board=board, token=token).replayed


@pytest.mark.parametrize(("board", "day", "before", "after"), TURNS)
def test_ticket_taken_before_midnight_for_after_it_counts_after_it(
    board: str, day: tuple[int, int, int], before: str, after: str
) -> None:
    moment = Moment(midnight(day) - 500)
    scores = scores_at(moment)
    token = scores.issue(user_id="ann", board=board, action="act").token
    moment.ms = midnight(day) + 500
    scores.complete(user_id="ann", board=board, token=token)
    assert found(board, before, after) == [None, 10]
