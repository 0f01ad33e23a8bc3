"""The oracle: what the contract says a board is, as plain sorted lists.

It imports nothing of the product and is never told its rules by it, only by contract.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Rules:
    """A board of boards.yml beside this file; its season is that of the stories' clock."""

    board: str
    season: str
    order: str
    operator: str
    top_size: int

    @property
    def key(self) -> str:
        return f"{self.board}#{self.season}"


BOARDS = (
    Rules("arena", "all", "desc", "increment", 3),
    Rules("sprint", "2026-W48", "asc", "best", 2),
    Rules("rating-1", "all", "desc", "latest", 4),
)
BY_KEY = {rules.key: rules for rules in BOARDS}


@dataclass(frozen=True)
class Line:
    """What the table says of one user on one board."""

    user_id: str
    user_name: str
    user_score: int
    updated_at: str


def lines(items: Iterable[Json], key: str) -> list[Line]:
    """The visible scores of a board-season among the table's items (typed attributes)."""
    return [
        line
        for item in items
        if item["boardSeason"]["S"] == key and (line := line_of(item)) is not None
    ]


def line_of(item: Json) -> Line | None:
    """The line of one score item; None for a tombstone and for who is hidden or barred."""
    if "userScore" not in item or item.get("standing", {"S": "visible"})["S"] != "visible":
        return None
    return Line(
        item["userId"]["S"],
        item["userName"]["S"],
        int(item["userScore"]["N"]),
        item["scoreUpdatedAt"]["S"],
    )


def place_before(rules: Rules, line: Line) -> tuple[int, str, bytes]:
    """Better first; equal ones by who was first (text of one width), then by code point."""
    better = -line.user_score if rules.order == "desc" else line.user_score
    # UTF-8 sorts as code points do.
    return better, line.updated_at, line.user_id.encode()


def entries(rules: Rules, of: Iterable[Line]) -> list[Json]:
    """All entries of a board, with rank 1, 2, 3, 4 and place 1, 2, 2, 4."""
    ordered = sorted(of, key=lambda line: place_before(rules, line))
    scores = [line.user_score for line in ordered]
    return [
        {
            "rank": rank,
            "place": 1 + sum(_beats(rules, other, line.user_score) for other in scores),
            "userId": line.user_id,
            "userName": line.user_name,
            "userScore": line.user_score,
            "scoreUpdatedAt": line.updated_at,
        }
        for rank, line in enumerate(ordered, start=1)
    ]


def _beats(rules: Rules, one: int, other: int) -> bool:
    return one > other if rules.order == "desc" else one < other


def patched(before: Sequence[Json], update: Json) -> list[Json]:
    """What the contract tells a client to do with an update."""
    shown = {entry["userId"]: entry for entry in before if entry["userId"] not in update["remove"]}
    shown.update({entry["userId"]: entry for entry in update["upsert"]})
    return sorted(shown.values(), key=lambda entry: int(entry["rank"]))


@dataclass(frozen=True)
class Attempt:
    """A trusted write that somebody asked for."""

    user_id: str
    board: str
    amount: int


@dataclass
class Scores:
    """What every user's score must be, from the writes in the order of their commits."""

    score: dict[tuple[str, str], int] = field(default_factory=dict)
    moved_by: dict[tuple[str, str], str] = field(default_factory=dict)

    def commit(self, rules: Rules, submission_id: str, attempt: Attempt) -> None:
        at = (attempt.user_id, rules.key)
        before = self.score.get(at)
        after = _combined(rules, before, attempt.amount)
        self.score[at] = after
        if after != before:
            self.moved_by[at] = submission_id

    def remove(self, user_id: str, key: str) -> None:
        self.score.pop((user_id, key), None)
        self.moved_by.pop((user_id, key), None)


def _combined(rules: Rules, before: int | None, amount: int) -> int:
    if rules.operator == "increment":
        return amount if before is None else before + amount
    if rules.operator == "latest" or before is None:
        return amount
    return max(before, amount) if rules.order == "desc" else min(before, amount)


def is_possible_top(
    rules: Rules,
    top: Sequence[Line],
    *,
    at_least: Mapping[str, int],
    now: Mapping[str, tuple[int, Line | None]],
) -> str | None:
    """Why a recorded top is wrong, if it is; it may hold what is in the stream still, or not.

    `at_least` names, per user, the version that the stream had delivered for good before the top
    was read; `now` the version and the line in the table. Where they are equal the line is certain.
    """
    shown = {line.user_id: line for line in top}
    keys = [place_before(rules, line) for line in top]
    if keys != sorted(keys):
        return f"not in the board's order: {top}"
    if strangers := set(shown) - set(now):
        return f"shows {strangers}, who never scored"
    for user_id, (version, line) in now.items():
        if at_least.get(user_id) != version:
            continue
        if user_id in shown:
            if shown[user_id] != line:
                return f"shows {shown[user_id]} for {line}"
        elif line is not None and (
            len(top) < rules.top_size or place_before(rules, line) < keys[-1]
        ):
            return f"lacks {line}"
    return None
