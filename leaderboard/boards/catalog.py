"""The boards of a deployment: `boards.yml`, checked when it is loaded."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import translate
from functools import cache, cached_property
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel

from leaderboard.boards.board_season import BoardSeason
from leaderboard.boards.names import BOARD
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
from leaderboard.errors import BoardNotFound

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
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, frozen=True)


class PointsRule(Rule):
    min: Score | None = None
    max: Score
    judge: FunctionName | None = None


class ActionRule(Rule):
    points: Score | PointsRule
    min_seconds: Annotated[int, Field(strict=True, ge=0, le=DAY_SECONDS)]
    expires_seconds: Annotated[int, Field(strict=True, ge=1, le=7 * DAY_SECONDS)]
    also_on: Annotated[list[str], Field(min_length=1, max_length=10)] | None = None
    challenge: FunctionName | None = None

    def action(self) -> Action:
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
    actions_per_minute: Annotated[int, Field(strict=True, ge=1, le=60_000)] | None = None
    points_per_hour: Count | None = None
    max_score: Score = MAX_SCORE


class FormatRule(Rule):
    kind: Literal["number", "duration", "percent"] = "number"
    decimals: Annotated[int, Field(strict=True, ge=0, le=6)] | None = None
    unit: Unit | None = None


class BoardRule(Rule):
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

    def board(self, name: str) -> Board:
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


@dataclass(frozen=True)
class Catalog:
    """The boards by name and by pattern."""

    rules: Mapping[str, Board]

    @cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], Board]]:
        by_length = sorted((it for it in self.rules if "*" in it), key=len, reverse=True)
        return [(re.compile(translate(pattern)), self.rules[pattern]) for pattern in by_length]

    def find(self, board: str) -> Board:
        """The board of that id: a concrete name wins over a pattern, the longest pattern wins.

        Raises BoardNotFound if nothing in `boards.yml` matches.
        """
        rules = self._ruling(board)
        if rules is None:
            raise BoardNotFound(f"There is no board {board[:48]!r}; GET /boards lists the boards.")
        return rules if rules.board == board else replace(rules, board=board, pattern=rules.board)

    def mistakes(self, *, broken: Collection[str] = ()) -> Iterator[str]:
        """What is wrong about actions beside the boards that they count on.

        Nothing is said of what counts on the `broken` boards, whose rules could not be read.
        """
        counted: dict[str, list[bool]] = {}
        for name, board in self.rules.items():
            for action, it in board.actions.items():
                key = f"{name}: actions.{action}"
                targets = [(board, f"{key}.points:")]
                for other in it.also_on:
                    rules = self._ruling(other)
                    if reason := _no_other(name, other, rules):
                        yield from [] if other in broken else [f"{key}.alsoOn: {reason}"]
                    elif rules is not None:
                        targets.append((rules, f"{key}.alsoOn: on {other}, points"))
                ascending = [rules.board for rules, _ in targets if rules.order is Order.ASC]
                if ascending and isinstance(it.points, JudgedPoints) and it.points.min is None:
                    yield f"{key}.points.min: is missing: on {ascending[0]} lower wins, so 0 would"
                points = _points(it)
                for rules, where in targets:
                    counted.setdefault(rules.board, []).append(_may_be_first(points, rules))
                    yield from (f"{where} {reason}" for reason in _refusals(points, rules))
        for name, may_be_first in counted.items():
            board = self.rules[name]
            if board.operator is Operator.INCREMENT and not any(may_be_first):
                yield f"{name}: {_unreachable(board)}"

    def _ruling(self, board: str) -> Board | None:
        """The rules, by their name or pattern, that hold for a board."""
        if BOARD.fullmatch(board):
            if board in self.rules:
                return self.rules[board]
            for pattern, rules in self._patterns:
                if pattern.fullmatch(board):
                    return rules
        return None

    def has(self, board: str) -> bool:
        try:
            self.find(board)
        except BoardNotFound:
            return False
        return True


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
    for one, other in combinations([it for it in rules if "*" in it], 2):
        if len(one) == len(other) and _overlap(one, other):
            lines.append(f"{one}: the pattern {other} is as long and matches the same names")
    catalog = Catalog(rules)
    lines += catalog.mistakes(broken=broken)
    if lines:
        raise Mistake("\n".join(lines))
    return catalog


def _no_other(name: str, other: str, rules: Board | None) -> str | None:
    """Why an action of the board `name` cannot count on another one, whose rules those are."""
    if "*" in other:
        return f"{other} is a pattern; name the boards"
    if rules is None:
        return f"there is no board {other[:48]!r}"
    return f"{other} is the board itself" if rules.board == name else None


def _unreachable(board: Board) -> str:
    """What to say of a board on which no action can be the first."""
    if board.min_score > 0:
        return f"minScore: no action is worth {board.min_score}, so nobody could have a first score"
    return "limits.maxScore: every action is worth more, so nobody could have a first score"


UNBOUNDED = (
    "is missing: a player names the boards of a pattern, and each is one more for the service to "
    "keep. Say how many a player may open, e.g. boardsPerPlayer: 20"
)
FOREIGN = f"is outside the package {GAME}, which alone is shipped"
UNJUDGED = (
    "is missing: no amount comes from a player. Name the function that computes the points, e.g. "
    "judge: 'game.quiz:points', or give a number in place of {max}"
)


def _points(action: Action) -> tuple[int, int]:
    """The least and the most that completing the action is worth."""
    if isinstance(action.points, int):
        return action.points, action.points
    return action.points.least, action.points.max


def _refusals(points: tuple[int, int], board: Board) -> Iterator[str]:
    """Why a board would refuse those points, or some of them, whatever the score before."""
    least, most = points
    if most > (board.limits.points_per_hour or MAX_SCORE):
        yield "may be more than limits.pointsPerHour lets anybody take"
    adds = board.operator is Operator.INCREMENT
    if least < 0 and adds and not board.negative_points:
        yield "may be negative: the board needs negativePoints: true"
    width = board.limits.max_score - board.min_score
    if _may_be_first(points, board) or (adds and least <= width and most >= -width):
        return
    if width >= 0:  # else minScore is named already
        yield "can make no score from minScore to limits.maxScore"


def _may_be_first(points: tuple[int, int], board: Board) -> bool:
    """Whether some of those points are a score that the board takes."""
    least, most = points
    return least <= board.limits.max_score and most >= board.min_score


@cache
def _overlap(one: str, other: str) -> bool:
    """Whether some name matches both patterns."""
    if not one or not other:
        return set(one + other) <= {"*"}
    if one[0] == "*":
        return _overlap(one[1:], other) or _overlap(one, other[1:])
    if other[0] == "*":
        return _overlap(other, one)
    return one[0] == other[0] and _overlap(one[1:], other[1:])


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


def stranded(catalog: Catalog, scored: Iterable[str]) -> list[str]:
    """What would become of board-seasons that have scores (`global#all`): one line for each board
    whose schedule is another one now. Its scores would be shown nowhere."""
    seasons: dict[str, str] = {}
    for key in scored:
        try:
            board_season = BoardSeason.parse(key, catalog.find)
        except BoardNotFound:
            continue
        if not board_season.is_of_schedule:
            seasons.setdefault(board_season.board, board_season.season.season)
    return [
        f"{board}: its schedule is {catalog.find(board).schedule} now, and it has scores in the "
        f"season {season!r}, which nobody would see any more. Leave its schedule as it was, and "
        "give a board with the new one another name."
        for board, season in sorted(seasons.items())
    ]
