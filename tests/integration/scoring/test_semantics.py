"""The examples of docs/architecture.md, executed: what writes come to, on every kind of board."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from leaderboard import clock, wiring
from leaderboard.adapters.aws.clients import client
from leaderboard.adapters.dynamodb.score_items import score_state
from leaderboard.boards.boards_file import parse
from leaderboard.boards.rules import Board, Operator, Order, Schedule
from leaderboard.boards.seasons import BoardSeason, split_key
from leaderboard.boards.snapshots import Entry as RankedEntry, Score
from leaderboard.errors import Invalid, ScoreLimit
from leaderboard.scoring.submissions import Submissions
from tests.integration import aws

pytestmark = pytest.mark.usefixtures("stage")

DOCUMENT = Path(__file__).parents[3] / "docs" / "architecture.md"
DAY = "2026-11-29"
BOARD = "board"

ROW = re.compile(r"^\| `(operator: [^`]+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
WRITE = re.compile(r"(\w+) ([+-]?\d+) ([\d:.TZ-]+)( refused)?")
ENTRY = re.compile(r"(\w+) (-?\d+) ([\d:.TZ-]+)")

Entry = tuple[str, int, int]


@dataclass(frozen=True)
class Example:
    rules: str
    writes: str
    board: str
    since: str

    @property
    def parsed(self) -> Board:
        return parse({"boards": {BOARD: yaml.safe_load(f"{{{self.rules}}}")}}).find(BOARD)

    @property
    def seasons(self) -> dict[str, list[Entry]]:
        """The entries that each season has afterwards."""
        found: dict[str, list[Entry]] = {}
        for part in self.board.split("; "):
            season, _, entries = part.rpartition(": ") if ": " in part else ("all", "", part)
            found[season] = [_entry(text) for text in entries.split(", ")]
        return found


def _entry(text: str) -> Entry:
    match = ENTRY.fullmatch(text)
    assert match, text
    user, number, moment = match.groups()
    return user, int(number), milliseconds(moment)


def milliseconds(moment: str) -> int:
    """A time of the day, or a whole one."""
    if "T" in moment:
        return clock.from_text(moment)
    return clock.from_text(f"{DAY}T{moment}{'' if '.' in moment else '.000'}Z")


EXAMPLES = [Example(*found) for found in ROW.findall(DOCUMENT.read_text(encoding="utf-8"))]


class Moment:
    ms = 0

    def __call__(self) -> int:
        return self.ms


def execute(example: Example) -> None:
    """Do the writes, each at its time, by the trusted route."""
    moment = Moment()
    rules = example.parsed
    catalog = parse({"boards": {BOARD: yaml.safe_load(f"{{{example.rules}}}")}})
    submissions = Submissions(catalog, wiring.score_table(), moment)
    name = "delta" if rules.operator is Operator.INCREMENT else "score"
    for number, text in enumerate(example.writes.split(", ")):
        match = WRITE.fullmatch(text)
        assert match, text
        user, amount, when, refused = match.groups()
        assert amount.startswith(("+", "-")) is (name == "delta"), text
        moment.ms = milliseconds(when)
        body: dict[str, Any] = {name: int(amount), "submission_id": f"s-{number}"}
        if refused:
            with pytest.raises((Invalid, ScoreLimit)):
                submissions.submit(user_id=user, board=BOARD, **body)
        else:
            submissions.submit(user_id=user, board=BOARD, **body)


def plain(scores: Sequence[Score | RankedEntry]) -> list[Entry]:
    return [(it.user_id, it.user_score, it.updated_ms) for it in scores]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda it: f"{it.rules}: {it.since}")
def test_example_is_what_happens(example: Example) -> None:
    execute(example)
    seasons = {split_key(it["boardSeason"]["S"])[1] for it in items()}
    assert seasons == set(example.seasons)
    for season, entries in example.seasons.items():
        board_season = BoardSeason.stored(example.parsed, season)
        assert plain(wiring.board_index().best(board_season, 10)) == entries


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda it: f"{it.rules}: {it.since}")
def test_ranking_shows_the_example_as_the_table_does(example: Example) -> None:
    """However often and in whatever order the records arrive."""
    execute(example)
    recorder = wiring.recorder()
    records: dict[str, list[Any]] = {}
    for item in items():
        key, record = score_state(item)
        season = split_key(key)[1]
        records.setdefault(season, []).append(record)
    for season, entries in example.seasons.items():
        board_season = BoardSeason.stored(example.parsed, season)
        for batch in (records[season][::-1], records[season], records[season]):
            top = recorder.apply(board_season, batch).top
            recorder.record(board_season, top)
        recorded = wiring.board_table().read(board_season.key)
        assert recorded is not None
        assert plain(recorded.snapshot.entries) == entries


def items() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client("dynamodb").scan(TableName=aws.SCORES)["Items"]
    return [it for it in found if "#" in it["boardSeason"]["S"]]


def test_examples_show_every_operator_in_every_order_and_every_schedule() -> None:
    boards = [it.parsed for it in EXAMPLES]
    assert {(it.operator, it.order) for it in boards} == {
        (operator, order) for operator in Operator for order in Order
    }
    assert {it.schedule for it in boards} == set(Schedule)
    tied = {
        (it.parsed.operator, it.parsed.order)
        for it in EXAMPLES
        for entries in it.seasons.values()
        if len({number for _, number, _ in entries}) < len(entries)
    }
    # The newest score of an ascending board ties by the rule of the descending one.
    assert tied >= {(it.operator, it.order) for it in boards} - {(Operator.LATEST, Order.ASC)}
