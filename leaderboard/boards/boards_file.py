"""`boards.yml`: its form, and how it becomes the catalog. Every mistake in it is named at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel

from leaderboard.boards import consistency
from leaderboard.boards.catalog import Catalog
from leaderboard.boards.rules import (
    GAME,
    MAX_SCORE,
    Action,
    Board,
    Format,
    FormatKind,
    JudgedPoints,
    Limits,
    Operator,
    Order,
    Schedule,
    is_of_the_game,
)
from leaderboard.boards.snapshots import BOARD

UNBOUNDED = (
    "is missing: a player names the boards of a pattern, and each is one more for the service to "
    "keep. Say how many a player may open, e.g. boardsPerPlayer: 20"
)
FOREIGN = f"is outside the package {GAME}, which alone is shipped"
UNJUDGED = (
    "is missing: no amount comes from a player. Name the function that computes the points, e.g. "
    "judge: 'game.quiz:points', or give a number in place of {max}"
)

PATTERN = re.compile(r"[a-z0-9*-]{1,48}")
DAY_SECONDS = 86_400
MAX_FRAME_INTERVAL = 30_000
"""Milliseconds: an invocation stays for it, and has to end well within its function's minute."""

Score = Annotated[int, Field(strict=True, ge=-MAX_SCORE, le=MAX_SCORE)]
Count = Annotated[int, Field(strict=True, ge=1, le=MAX_SCORE)]
Title = Annotated[str, StringConstraints(min_length=1, max_length=80, strip_whitespace=True)]
FunctionName = Annotated[
    str, StringConstraints(pattern=r"^[a-z_][a-z0-9_.]{0,99}:[a-z_][a-z0-9_]{0,99}$")
]
Unit = Annotated[str, StringConstraints(min_length=1, max_length=16, strip_whitespace=True)]
ActionName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,47}$")]


class Mistake(Exception):
    """`boards.yml` has mistakes; one line each, naming the board, the key and the reason."""


class Rule(BaseModel):
    """What the parts of the file share: camelCase keys, and no key that they do not know."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, frozen=True)


class PointsRule(Rule):
    """The points of an action that a judge computes: from `min` to `max`."""

    min: Score | None = None
    max: Score
    judge: FunctionName | None = None


class ActionRule(Rule):
    """One action of a board."""

    points: Score | PointsRule
    min_seconds: Annotated[int, Field(strict=True, ge=0, le=DAY_SECONDS)]
    expires_seconds: Annotated[int, Field(strict=True, ge=1, le=7 * DAY_SECONDS)]
    also_on: Annotated[list[str], Field(min_length=1, max_length=10)] | None = None
    challenge: FunctionName | None = None

    def action(self) -> Action:
        """The rule as a plain value."""
        points: int | JudgedPoints
        if isinstance(self.points, PointsRule):
            points = JudgedPoints(self.points.max, self.points.judge or "", self.points.min)
        else:
            points = self.points
        return Action(
            points=points,
            min_seconds=self.min_seconds,
            expires_seconds=self.expires_seconds,
            also_on=tuple(self.also_on or ()),
            challenge=self.challenge,
        )

    def mistakes(self) -> Iterator[tuple[str, str]]:
        """What each key has wrong that only shows beside another key."""
        if len(set(self.also_on or ())) < len(self.also_on or ()):
            yield "alsoOn", "names a board twice"
        if self.expires_seconds <= self.min_seconds:
            yield "expiresSeconds", "must be more than minSeconds"
        if self.challenge is not None and not is_of_the_game(self.challenge):
            yield "challenge", FOREIGN
        if not isinstance(self.points, PointsRule):
            if self.challenge is not None:
                yield "challenge", "needs points with a judge, which reads the answer"
            return
        if self.points.judge is None:
            yield "points.judge", UNJUDGED
        elif not is_of_the_game(self.points.judge):
            yield "points.judge", FOREIGN
        if (self.points.min or 0) > self.points.max:
            yield "points.min", f"{self.points.min or 0} is above max"


class LimitsRule(Rule):
    """How often a player's actions count, and how high a score may get."""

    actions_per_minute: Annotated[int, Field(strict=True, ge=1, le=60_000)] | None = None
    points_per_hour: Count | None = None
    max_score: Score = MAX_SCORE


class FormatRule(Rule):
    """How people read the board's scores."""

    kind: Literal["number", "duration", "percent"] = "number"
    decimals: Annotated[int, Field(strict=True, ge=0, le=6)] | None = None
    unit: Unit | None = None


class BoardRule(Rule):
    """One board, or one pattern of boards. `Board` says what each key means."""

    title: Title | None = None
    listed: Annotated[bool, Field(strict=True)] = True
    order: Literal["desc", "asc"] = "desc"
    operator: Literal["increment", "best", "latest"] = "increment"
    top_size: Annotated[int, Field(strict=True, ge=1, le=100)] = 10
    schedule: Literal["never", "daily", "weekly", "monthly"] = "never"
    frame_interval: Annotated[int, Field(strict=True, ge=0, le=MAX_FRAME_INTERVAL)] = 250
    actions: dict[ActionName, ActionRule] = {}
    limits: LimitsRule = LimitsRule()
    format: FormatRule = FormatRule()
    min_score: Score = -MAX_SCORE
    negative_points: Annotated[bool, Field(strict=True)] = False
    keep_seasons: Annotated[int, Field(strict=True, ge=0, le=100)] = 4
    boards_per_player: Annotated[int, Field(strict=True, ge=1, le=1000)] | None = None
    history_days: Annotated[int, Field(strict=True, ge=0, le=3650)] = 90

    def board(self, name: str) -> Board:
        """The rules as a plain value, of the board or pattern of that name."""
        return Board(
            board=name,
            title=self.title or name,
            listed=self.listed,
            order=Order(self.order),
            operator=Operator(self.operator),
            top_size=self.top_size,
            schedule=Schedule(self.schedule),
            frame_interval_ms=self.frame_interval,
            actions={name: it.action() for name, it in self.actions.items()},
            limits=Limits(**self.limits.model_dump()),
            format=Format(FormatKind(self.format.kind), self.format.decimals, self.format.unit),
            min_score=self.min_score,
            negative_points=self.negative_points,
            keep_seasons=self.keep_seasons,
            boards_per_player=self.boards_per_player,
            history_days=self.history_days,
        )

    def mistakes(self, name: str) -> dict[str, str]:
        """What each key has wrong that only shows beside another key, or under that name."""
        wrong: dict[str, str] = {}
        if "*" in name and self.actions and self.boards_per_player is None:
            wrong["boardsPerPlayer"] = UNBOUNDED
        elif self.boards_per_player is not None and not ("*" in name and self.actions):
            wrong["boardsPerPlayer"] = "is for patterns with actions alone: nothing else counts it"
        if self.min_score > self.limits.max_score:
            wrong["minScore"] = "is above limits.maxScore"
        if self.schedule == "never" and "keep_seasons" in self.model_fields_set:
            wrong["keepSeasons"] = "needs a schedule: without one the board has the one season all"
        for name, action in self.actions.items():
            wrong |= {f"actions.{name}.{key}": reason for key, reason in action.mistakes()}
        return wrong


def load(path: Path, *, frame_interval_ms: int | None = None) -> Catalog:
    """The catalog in a file; raises Mistake. A stage may override the boards' frame interval."""
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506
    except (OSError, UnicodeDecodeError, TypeError, yaml.YAMLError) as error:
        raise Mistake(f"{path}: {error}") from error
    catalog = parse(document)
    if frame_interval_ms is None:
        return catalog
    return Catalog(
        {
            name: replace(board, frame_interval_ms=frame_interval_ms)
            for name, board in catalog.rules.items()
        }
    )


def parse(document: Any) -> Catalog:
    """The catalog in a parsed `boards.yml`; raises Mistake with every mistake in it."""
    if not isinstance(document, dict) or set(document) != {"boards"}:
        raise Mistake("boards.yml has one key, 'boards', with the boards by name below it")
    boards = document["boards"]
    if not isinstance(boards, dict) or not boards:
        raise Mistake("boards: at least one board is needed, e.g. `global: {title: All-time}`")
    lines: list[str] = []
    rules: dict[str, Board] = {}
    broken: set[str] = set()
    for name, body in boards.items():
        form = PATTERN if isinstance(name, str) and "*" in name else BOARD
        if not isinstance(name, str) or not form.fullmatch(name):
            lines.append(f"{name}: a board's name is 1 to 48 of a-z 0-9 -, a pattern also has *")
            continue
        try:
            rule = BoardRule.model_validate({} if body is None else body)
        except ValidationError as error:
            lines += [f"{name}: {_where(it['loc'])}: {it['msg']}" for it in error.errors()]
            broken.add(name)
            continue
        lines += [f"{name}: {key}: {reason}" for key, reason in rule.mistakes(name).items()]
        rules[name] = rule.board(name)
    catalog = Catalog(rules)
    lines += consistency.mistakes(catalog, broken=broken)
    if lines:
        raise Mistake("\n".join(lines))
    return catalog


def _where(location: tuple[int | str, ...]) -> str:
    """`actions.quiz.points`: pydantic adds `[key]` and, behind a union, the name of its branch."""
    parts = [str(part) for part in location if part != "[key]"]
    if len(parts) > 3 and parts[2] == "points":
        del parts[3]
    return ".".join(parts) or "(the whole board)"


MERGE = "tag:yaml.org,2002:merge"
"""The tag of `<<: *rules`."""


class _Loader(yaml.SafeLoader):
    """A safe loader that refuses a key given twice, where YAML would silently take the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            if key_node.tag == MERGE:  # what it brings along may be overridden
                continue
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} is there twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)
