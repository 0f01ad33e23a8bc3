"""boards.yml: what it means, and what is said of its mistakes."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from leaderboard.boards.boards_file import MAX_FRAME_INTERVAL, Mistake, load, parse
from leaderboard.boards.rules import (
    MAX_SCORE,
    Action,
    Format,
    FormatKind,
    JudgedPoints,
    Limits,
    Operator,
    Order,
    Schedule,
)
from leaderboard.errors import BoardNotFound
from leaderboard.scoring.rehearsal import faults
from tests.commands import command
from tests.games import SAMPLE, forgotten, shipping

ROOT = Path(__file__).parents[3]


def written(folder: Path, text: str) -> Path:
    path = folder / "boards.yml"
    path.write_text(text, encoding="utf-8")
    return path


def mistakes(boards: Any) -> list[str]:
    with pytest.raises(Mistake) as refused:
        parse({"boards": boards})
    return str(refused.value).splitlines()


# What is right.


def test_every_key_of_the_contract_is_taken() -> None:
    board = parse(
        {
            "boards": {
                "arena": {
                    "title": " The arena ",
                    "order": "asc",
                    "operator": "best",
                    "topSize": 25,
                    "schedule": "monthly",
                    "frameInterval": 500,
                    "minScore": -10,
                    "negativePoints": True,
                    "keepSeasons": 12,
                    "format": {"kind": "percent", "decimals": 2, "unit": " of all "},
                    "actions": {
                        "visit": {"points": 10, "minSeconds": 2, "expiresSeconds": 300},
                        "level": {
                            "points": {"min": -5, "max": 500, "judge": "game.levels:points"},
                            "challenge": "game.levels:maze",
                            "minSeconds": 20,
                            "expiresSeconds": 3600,
                            "alsoOn": ["plain"],
                        },
                    },
                    "limits": {
                        "actionsPerMinute": 30,
                        "pointsPerHour": 5000,
                        "maxScore": 1_000_000_000,
                    },
                },
                "plain": {"operator": "best"},
            }
        }
    ).find("arena")
    assert board.title == "The arena"
    assert (board.order, board.operator) == (Order.ASC, Operator.BEST)
    assert (board.schedule, board.top_size) == (Schedule.MONTHLY, 25)
    assert (board.frame_interval_ms, board.min_score, board.negative_points) == (500, -10, True)
    assert board.actions == {
        "visit": Action(points=10, min_seconds=2, expires_seconds=300),
        "level": Action(
            points=JudgedPoints(500, "game.levels:points", min=-5),
            challenge="game.levels:maze",
            min_seconds=20,
            expires_seconds=3600,
            also_on=("plain",),
        ),
    }
    assert board.keep_seasons == 12
    assert board.format == Format(FormatKind.PERCENT, 2, "of all")
    assert board.limits == Limits(30, 5000, 1_000_000_000)


def test_board_that_says_nothing_has_the_defaults() -> None:
    board = parse({"boards": {"plain": None}}).find("plain")
    assert (board.title, board.order, board.operator) == ("plain", Order.DESC, Operator.INCREMENT)
    assert (board.top_size, board.schedule) == (10, Schedule.NEVER)
    assert (board.frame_interval_ms, board.actions) == (250, {})
    assert (board.min_score, board.limits.max_score) == (-MAX_SCORE, MAX_SCORE)
    assert not board.negative_points
    assert board.format == Format(FormatKind.NUMBER)
    assert board.keep_seasons == 4


def test_file_of_this_repository_has_no_mistakes() -> None:
    catalog = load(ROOT / "boards.yml")
    assert set(catalog.rules) >= {"global", "weekly", "fastest-lap", "rating-*"}


def test_stage_may_override_the_frame_interval_of_every_board() -> None:
    catalog = load(ROOT / "boards.yml", frame_interval_ms=20)
    assert {board.frame_interval_ms for board in catalog.rules.values()} == {20}
    assert catalog.find("rating-chess").frame_interval_ms == 20


# Names and patterns.


def titles(*names: str) -> dict[str, Any]:
    return {name: {"title": f"by {name}"} for name in names}


@pytest.mark.parametrize(
    ("board", "found"),
    [
        ("rating-chess", "rating-chess"),
        ("rating-chess-blitz", "rating-chess-*"),
        ("rating-chess-", "rating-chess-*"),
        ("rating-go", "rating-*"),
        ("rating-", "rating-*"),
        ("other", "*"),
        ("xx-eu-yy", "*-eu-*"),
        ("xx-eu-", "*-eu-*"),
    ],
)
def test_concrete_name_wins_and_then_the_longest_pattern(board: str, found: str) -> None:
    names = ("*", "rating-*", "rating-chess-*", "rating-chess", "*-eu-*")
    for order in (names, names[::-1]):
        it = parse({"boards": titles(*order)}).find(board)
        assert (it.board, it.title) == (board, f"by {found}")


@pytest.mark.parametrize(
    "board", ["", "rating", "Rating-x", "rating-X", "rating-*", "rating-x\n", "rating-" + "x" * 42]
)
def test_what_nothing_matches_is_not_found(board: str) -> None:
    catalog = parse({"boards": titles("rating-*", "global")})
    with pytest.raises(BoardNotFound):
        catalog.find(board)
    assert not catalog.has(board)


@pytest.mark.parametrize(
    ("one", "other"),
    [("a-*", "*-b"), ("*ab", "ab*"), ("a*c", "ab*"), ("*a*", "**a"), ("a**", "*a*")],
)
def test_equally_long_patterns_that_share_a_name_are_refused(one: str, other: str) -> None:
    (line,) = mistakes(titles(one, other))
    assert line.startswith(f"{one}: ")
    assert other in line


@pytest.mark.parametrize(("one", "other"), [("a-*", "b-*"), ("*-a", "*-b"), ("a*b", "b*a")])
def test_equally_long_patterns_that_share_none_are_fine(one: str, other: str) -> None:
    assert set(parse({"boards": titles(one, other)}).rules) == {one, other}


patterns = st.text("ab*", min_size=1, max_size=6).filter(lambda it: "*" in it)


@given(patterns, patterns)
def test_overlap_is_what_some_short_name_shows(one: str, other: str) -> None:
    """The shortest name that two patterns share is no longer than both together."""
    if one == other or len(one) != len(other):
        return
    catalog = parse({"boards": {one: None}}), parse({"boards": {other: None}})
    length = len(one) + len(other)
    candidates = [""]
    shared = False
    for _ in range(length):
        candidates = [it + letter for it in candidates for letter in "ab"]
        # Only names that both may still begin with are followed further.
        candidates = [
            it for it in candidates if all(_begins(pattern, it) for pattern in (one, other))
        ]
        shared = shared or any(all(it.has(name) for it in catalog) for name in candidates)
    try:
        parse({"boards": {one: None, other: None}})
        refused = False
    except Mistake:
        refused = True
    assert refused is shared


def _begins(pattern: str, name: str) -> bool:
    """Whether a name that the pattern matches may begin so."""
    prefix = pattern.partition("*")[0]
    return prefix.startswith(name) or name.startswith(prefix)


def test_patterns_full_of_stars_are_judged_at_once() -> None:
    one, other = "*a" * 23 + "b", "*a" * 23 + "c"
    catalog = parse({"boards": titles(one, other)})
    assert set(catalog.rules) == {one, other}
    assert not catalog.has("a" * 48)
    assert catalog.find("a" * 40 + "c").title == f"by {other}"


# What is wrong: each line names the board, the key and the reason.

ACTION = {"points": 10, "minSeconds": 2, "expiresSeconds": 300}
LAP = ACTION | {"alsoOn": ["low"]}


def judged(most: int, **rules: int) -> dict[str, Any]:
    return {"max": most, "judge": "game.quiz:points", **rules}


def judged_by(name: object) -> dict[str, Any]:
    return {"actions": {"q": ACTION | {"points": {"max": 10, "judge": name}}}}


OTHERS = {
    "fine": {},
    "low": {"operator": "best", "order": "asc"},
    "fine-*": {},
    "paced": {"limits": {"pointsPerHour": 100}},
    "far": {"operator": "best", "minScore": 20, "limits": {"maxScore": 30}},
}


@pytest.mark.parametrize(
    ("body", "key", "reason"),
    [
        ({"order": "sideways"}, "order", "'desc' or 'asc'"),
        ({"order": True}, "order", "'desc' or 'asc'"),
        ({"operator": "sum"}, "operator", "'increment', 'best' or 'latest'"),
        ({"schedule": "hourly"}, "schedule", "'never', 'daily', 'weekly' or 'monthly'"),
        ({"topSize": 0}, "topSize", "greater than or equal to 1"),
        ({"topSize": 101}, "topSize", "less than or equal to 100"),
        ({"topSize": "10"}, "topSize", "valid integer"),
        ({"topSize": 10.5}, "topSize", "valid integer"),
        ({"frameInterval": -1}, "frameInterval", "greater than or equal to 0"),
        ({"frameInterval": MAX_FRAME_INTERVAL + 1}, "frameInterval", "less than or equal to"),
        ({"title": ""}, "title", "at least 1 character"),
        ({"title": 7}, "title", "valid string"),
        ({"title": "x" * 81}, "title", "at most 80 characters"),
        ({"minScore": MAX_SCORE + 1}, "minScore", "less than or equal to"),
        ({"minScore": True}, "minScore", "valid integer"),
        ({"negativePoints": "yes"}, "negativePoints", "valid boolean"),
        ({"listed": "no"}, "listed", "valid boolean"),
        ({"schedule": "daily", "keepSeasons": -1}, "keepSeasons", "greater than or equal to 0"),
        ({"schedule": "daily", "keepSeasons": 101}, "keepSeasons", "less than or equal to 100"),
        ({"keepSeasons": 4}, "keepSeasons", "needs a schedule"),
        ({"boardsPerPlayer": 0}, "boardsPerPlayer", "greater than or equal to 1"),
        ({"boardsPerPlayer": 1001}, "boardsPerPlayer", "less than or equal to 1000"),
        ({"boardsPerPlayer": 20}, "boardsPerPlayer", "is for patterns with actions alone"),
        (
            {"boardsPerPlayer": 20, "actions": {"q": ACTION}},
            "boardsPerPlayer",
            "is for patterns with actions alone",
        ),
        ({"topsize": 10}, "topsize", "not permitted"),
        ({"top_size": 10}, "top_size", "not permitted"),
        ({"limits": {"maxScore": 2**53}}, "limits.maxScore", "less than or equal to"),
        ({"limits": {"actionsPerMinute": 0}}, "limits.actionsPerMinute", "equal to 1"),
        ({"limits": {"pointsPerHour": 0}}, "limits.pointsPerHour", "equal to 1"),
        ({"limits": {"perDay": 1}}, "limits.perDay", "not permitted"),
        ({"limits": 5}, "limits", "valid dictionary"),
        ({"actions": []}, "actions", "valid dictionary"),
        ({"actions": {"Quiz": ACTION}}, "actions.Quiz", "match pattern"),
        ({"actions": {"q": ACTION | {"points": "10"}}}, "actions.q.points", "valid integer"),
        ({"actions": {"q": ACTION | {"points": True}}}, "actions.q.points", "valid integer"),
        ({"actions": {"q": ACTION | {"points": {"min": 1}}}}, "actions.q.points.max", "required"),
        ({"actions": {"q": ACTION | {"value": 1}}}, "actions.q.value", "not permitted"),
        ({"actions": {"q": ACTION | {"check": "game.a:b"}}}, "actions.q.check", "not permitted"),
        ({"format": {"kind": "money"}}, "format.kind", "'number', 'duration' or 'percent'"),
        ({"format": {"decimals": 7}}, "format.decimals", "less than or equal to 6"),
        ({"format": {"decimals": -1}}, "format.decimals", "greater than or equal to 0"),
        ({"format": {"unit": ""}}, "format.unit", "at least 1 character"),
        ({"format": {"unit": "x" * 17}}, "format.unit", "at most 16 characters"),
        ({"format": {"colour": "red"}}, "format.colour", "not permitted"),
        ({"format": "duration"}, "format", "valid dictionary"),
        ({"actions": {"q": ACTION | {"minSeconds": -1}}}, "actions.q.minSeconds", "equal to 0"),
        ({"actions": {"q": {"points": 1}}}, "actions.q.minSeconds", "required"),
        ({"actions": {"int": ACTION | {"points": None}}}, "actions.int.points", "valid integer"),
        ({"actions": {"q": ACTION | {"worth": 1}}}, "actions.q.worth", "not permitted"),
        # What only shows beside another key.
        ({"minScore": 5, "limits": {"maxScore": 4}}, "minScore", "above limits.maxScore"),
        (
            {"actions": {"q": ACTION | {"minSeconds": 300}}},
            "actions.q.expiresSeconds",
            "more than minSeconds",
        ),
        (
            {"actions": {"q": ACTION}, "limits": {"pointsPerHour": 9}},
            "actions.q.points",
            "more than limits.pointsPerHour",
        ),
        (
            {"actions": {"q": ACTION | {"points": judged(10)}}, "limits": {"pointsPerHour": 9}},
            "actions.q.points",
            "more than limits.pointsPerHour",
        ),
        ({"actions": {"q": ACTION | {"points": -1}}}, "actions.q.points", "negativePoints: true"),
        ({"minScore": 11, "actions": {"q": ACTION}}, "minScore", "no action is worth 11"),
        ({"limits": {"maxScore": 0}, "actions": {"q": ACTION}}, "limits.maxScore", "worth more"),
        (
            {"minScore": 3, "limits": {"maxScore": 7}, "actions": {"q": ACTION}},
            "actions.q.points",
            "no score from minScore to limits.maxScore",
        ),
        (
            {"operator": "best", "minScore": 11, "actions": {"q": ACTION}},
            "actions.q.points",
            "no score from minScore to limits.maxScore",
        ),
        # The functions of the game.
        (
            {"actions": {"q": ACTION | {"points": {"max": 10}}}},
            "actions.q.points.judge",
            "no amount comes from a player. Name the function that computes the points",
        ),
        (
            {"actions": {"q": ACTION | {"points": judged(10, min=11)}}},
            "actions.q.points.min",
            "11 is above max",
        ),
        (
            {"actions": {"q": ACTION | {"points": judged(-1)}}},
            "actions.q.points.min",
            "0 is above max",
        ),
        (
            {"order": "asc", "operator": "best", "actions": {"q": ACTION | {"points": judged(10)}}},
            "actions.q.points.min",
            "on arena lower wins",
        ),
        (
            {"operator": "best", "actions": {"q": LAP | {"points": judged(10)}}},
            "actions.q.points.min",
            "on low lower wins",
        ),
        (
            {"actions": {"q": ACTION | {"points": judged(10, min=-1)}}},
            "actions.q.points",
            "negativePoints: true",
        ),
        (
            {"actions": {"q": ACTION | {"challenge": "game.quiz:question"}}},
            "actions.q.challenge",
            "needs points with a judge",
        ),
        (judged_by("quiz"), "actions.q.points.judge", "match pattern"),
        (judged_by(":run"), "actions.q.points.judge", "match pattern"),
        (judged_by("game/quiz:run"), "actions.q.points.judge", "match pattern"),
        (judged_by(7), "actions.q.points.judge", "valid string"),
        (judged_by("os:system"), "actions.q.points.judge", "outside the package game"),
        (judged_by("gamer.a:b"), "actions.q.points.judge", "outside the package game"),
        (
            {"actions": {"q": ACTION | {"points": judged(9), "challenge": "os:system"}}},
            "actions.q.challenge",
            "outside the package game",
        ),
        # The boards that an action counts on beside its own.
        ({"actions": {"q": ACTION | {"alsoOn": "fine"}}}, "actions.q.alsoOn", "valid list"),
        ({"actions": {"q": ACTION | {"alsoOn": []}}}, "actions.q.alsoOn", "at least 1 item"),
        ({"actions": {"q": ACTION | {"alsoOn": [7]}}}, "actions.q.alsoOn.0", "valid string"),
        (
            {"actions": {"q": ACTION | {"alsoOn": [f"fine-{n}" for n in range(11)]}}},
            "actions.q.alsoOn",
            "at most 10 items",
        ),
        (
            {"actions": {"q": ACTION | {"alsoOn": ["fine", "fine"]}}},
            "actions.q.alsoOn",
            "names a board twice",
        ),
        ({"actions": {"q": ACTION | {"alsoOn": ["nope"]}}}, "actions.q.alsoOn", "no board 'nope'"),
        ({"actions": {"q": ACTION | {"alsoOn": ["Fine"]}}}, "actions.q.alsoOn", "no board 'Fine'"),
        (
            {"actions": {"q": ACTION | {"alsoOn": ["fine-*"]}}},
            "actions.q.alsoOn",
            "fine-* is a pattern",
        ),
        (
            {"actions": {"q": ACTION | {"alsoOn": ["arena"]}}},
            "actions.q.alsoOn",
            "arena is the board itself",
        ),
        (
            {"negativePoints": True, "actions": {"q": ACTION | {"points": -1, "alsoOn": ["fine"]}}},
            "actions.q.alsoOn",
            "on fine, points may be negative",
        ),
        (
            {
                "negativePoints": True,
                "actions": {"q": ACTION | {"points": judged(5, min=-5), "alsoOn": ["fine-1"]}},
            },
            "actions.q.alsoOn",
            "on fine-1, points may be negative",
        ),
        (
            {"actions": {"q": ACTION | {"points": 101, "alsoOn": ["paced"]}}},
            "actions.q.alsoOn",
            "on paced, points may be more than limits.pointsPerHour",
        ),
        (
            {"actions": {"q": ACTION | {"points": 19, "alsoOn": ["far"]}}},
            "actions.q.alsoOn",
            "on far, points can make no score from minScore to limits.maxScore",
        ),
        (
            {"actions": {"q": ACTION | {"points": judged(19), "alsoOn": ["far"]}}},
            "actions.q.alsoOn",
            "on far, points can make no score from minScore to limits.maxScore",
        ),
    ],
)
def test_mistake_names_board_key_and_reason(body: Any, key: str, reason: str) -> None:
    lines = mistakes({"arena": body, **OTHERS})
    assert any(line.startswith(f"arena: {key}: ") and reason in line for line in lines), lines
    assert all(line.startswith("arena: ") for line in lines)


def test_every_mistake_is_named_at_once() -> None:
    lines = mistakes({"one": {"topSize": 0, "order": "x"}, "two": {"topSize": 0}, "UP": {}})
    assert {line.split(": ")[0] for line in lines} == {"one", "two", "UP"}
    assert len(lines) == 4


def test_first_score_may_come_from_another_boards_action() -> None:
    boards: dict[str, Any] = {
        "high": {"minScore": 100, "actions": {"q": ACTION}},
        "other": {"actions": {"big": ACTION | {"points": 100, "alsoOn": ["high"]}}},
    }
    parse({"boards": boards})
    boards["other"]["actions"]["big"]["points"] = 99
    assert mistakes(boards) == [
        "high: minScore: no action is worth 100, so nobody could have a first score"
    ]


def test_points_that_only_a_later_score_takes_are_fine() -> None:
    actions = {"up": ACTION, "down": ACTION | {"points": -10}}
    body = {"negativePoints": True, "minScore": 0, "limits": {"maxScore": 10}, "actions": actions}
    assert parse({"boards": {"b": body}}).has("b")


def test_pattern_may_count_on_a_board_that_another_rule_holds_for() -> None:
    counting = {
        "boardsPerPlayer": 20,
        "actions": {"q": ACTION | {"alsoOn": ["rating-chess", "rating-total"]}},
    }
    boards = {"rating-*": counting, "rating-chess": {}, "rating-total": {}}
    catalog = parse({"boards": boards})
    assert catalog.find("rating-go").actions["q"].also_on == ("rating-chess", "rating-total")
    # Without a rule of its own it is one of those boards, and would count on itself.
    del boards["rating-total"]
    (line,) = mistakes(boards)
    assert line == "rating-*: actions.q.alsoOn: rating-total is the board itself"


def test_board_that_is_broken_is_not_said_to_be_missing() -> None:
    counting = {"actions": {"q": ACTION | {"alsoOn": ["broken"]}}}
    (line,) = mistakes({"arena": counting, "broken": {"topSize": 0}})
    assert line.startswith("broken: topSize: ")


def test_orders_and_operators_of_an_actions_boards_may_differ() -> None:
    """One board for the highest and one for the lowest, say: what is right is for the game."""
    low = {"order": "asc", "operator": "latest"}
    counting = {"operator": "best", "actions": {"q": ACTION | {"alsoOn": ["low"]}}}
    assert parse({"boards": {"high": counting, "low": low}}).has("low")


# The functions of the game: the command imports them, and calls the challenges.

MODULES = {
    "fine": "none = 5\n"
    "def it(*, action, seed, evidence, elapsed_ms): return 1\n"
    "def ask(*, action, seed): return [action, len(seed)]\n"
    "def short(*, action, seed, evidence): return 1\n"
    "def long(*, action, seed, evidence, elapsed_ms, more): return 1\n"
    "def positional(action, seed, evidence, elapsed_ms, /): return 1\n"
    "async def later(*, action, seed, evidence, elapsed_ms): return 1\n",
    "broken": "raise RuntimeError('broken on purpose')\n",
    "leaving": "import sys\nsys.exit(3)\n",
    "unfinished": "def it(:\n",
    "lost": "import a_module_that_there_is_not\n",
}


def ship(folder: Path) -> Path:
    """A package `game` in a folder."""
    (folder / "game").mkdir()
    for name, text in {"__init__": "", **MODULES}.items():
        (folder / "game" / f"{name}.py").write_text(text)
    return folder


def of_the_game(*, judge: str = "game.fine:it", challenge: str | None = None) -> dict[str, Any]:
    action = ACTION | {"points": {"max": 10, "judge": judge}}
    return {"actions": {"q": action if challenge is None else action | {"challenge": challenge}}}


@pytest.mark.parametrize(
    ("judge", "reason"),
    [
        ("game.nowhere:it", "game.nowhere cannot be imported: ModuleNotFoundError"),
        ("game.broken:it", "cannot be imported: RuntimeError: broken on purpose"),
        ("game.leaving:it", "cannot be imported: SystemExit: 3"),
        ("game.unfinished:it", "cannot be imported: SyntaxError"),
        ("game.lost:it", "cannot be imported: ModuleNotFoundError"),
        ("game.fine:nothing", "game.fine has no nothing"),
        ("game.fine:none", "none in game.fine is not a function"),
        ("game.fine:short", "cannot be called with the keywords action, seed, evidence, elapsed"),
        ("game.fine:long", "cannot be called with the keywords action, seed, evidence, elapsed"),
        ("game.fine:positional", "positional cannot be called with"),
        ("game.fine:later", "later is a coroutine"),
    ],
)
def test_judge_that_cannot_be_called_is_a_mistake(tmp_path: Path, judge: str, reason: str) -> None:
    boards = {"right": of_the_game(), "arena": of_the_game(judge=judge)}
    with shipping(ship(tmp_path)):
        (line,) = faults(parse({"boards": boards}))
    assert line.startswith("arena: actions.q.points.judge: ")
    assert reason in line


@pytest.mark.parametrize(
    ("challenge", "reason"),
    [
        ("nowhere:it", "game.nowhere cannot be imported: ModuleNotFoundError"),
        ("plain:told", "told cannot be called with the keywords action, seed"),
        ("broken:raises", "raised KeyError: 'a mistake in the judge'"),
        ("broken:exits", "raised SystemExit: goodbye"),
        ("broken:bytes_asked", "returned no JSON: Object of type bytes"),
        ("broken:nan_asked", "returned no JSON: Out of range float"),
        ("broken:half_a_character_asked", "returned no JSON: 'utf-8' codec"),
        ("broken:none_asked", "returned None"),
        ("broken:much_asked", "returned 8194 bytes, more than 8192"),
    ],
)
def test_challenge_that_cannot_be_asked_is_a_mistake(challenge: str, reason: str) -> None:
    right = of_the_game(judge="game.plain:told", challenge="game.broken:most_asked")
    wrong = of_the_game(judge="game.plain:told", challenge=f"game.{challenge}")
    with shipping(SAMPLE):
        (line,) = faults(parse({"boards": {"right": right, "arena": wrong}}))
    assert line.startswith("arena: actions.q.challenge: ")
    assert reason in line


def test_package_of_that_name_from_elsewhere_is_a_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(ship(tmp_path)))
    with forgotten():
        (line,) = faults(parse({"boards": {"arena": of_the_game()}}))
    assert "not the one in the folder game beside boards.yml" in line


def test_games_of_this_repository_can_be_played() -> None:
    catalog = load(ROOT / "boards.yml")
    assert [*faults(catalog)] == []
    actions = [it for board in catalog.rules.values() for it in board.actions.values()]
    assert sum(isinstance(it.points, JudgedPoints) for it in actions) >= 3
    assert sum(it.challenge is not None for it in actions) >= 3


@pytest.mark.parametrize("name", ["Global", "a_b", "x" * 49, "a b", "", 2048, True, None, "a#*"])
def test_name_that_is_no_id_is_refused(name: object) -> None:
    (line,) = mistakes({name: {}})
    assert "1 to 48 of a-z 0-9 -" in line


@pytest.mark.parametrize("body", [5, "desc", ["desc"]])
def test_board_that_is_no_mapping_is_refused(body: object) -> None:
    (line,) = mistakes({"arena": body})
    assert line.startswith("arena: (the whole board): ")


@pytest.mark.parametrize(
    "document", [None, [], "boards", {}, {"board": {}}, {"boards": {}, "more": 1}]
)
def test_document_has_one_key(document: object) -> None:
    with pytest.raises(Mistake, match="one key, 'boards'"):
        parse(document)


@pytest.mark.parametrize("boards", [None, {}, [], "global"])
def test_at_least_one_board_is_needed(boards: object) -> None:
    with pytest.raises(Mistake, match="at least one board"):
        parse({"boards": boards})


# The file.


@pytest.mark.parametrize(
    "text",
    [
        "boards:\n  global: {}\n  global: {}\n",
        "boards:\n  global:\n    order: desc\n    order: asc\n",
        "boards:\n  global: {}\nboards: {}\n",
        "boards: {global: {actions: {q: {points: 1}, q: {points: 2}}}}\n",
    ],
)
def test_key_that_is_there_twice_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(Mistake, match=r"(?s)the key '\w+' is there twice.*line \d"):
        load(written(tmp_path, text))


def test_rules_may_be_shared_by_an_anchor(tmp_path: Path) -> None:
    text = "boards:\n  a: &rules {topSize: 7}\n  b:\n    <<: *rules\n    order: asc\n"
    catalog = load(written(tmp_path, text))
    assert (catalog.find("b").top_size, catalog.find("b").order) == (7, Order.ASC)


@pytest.mark.parametrize(
    "text",
    [
        "boards: [",
        "boards: {a: !!python/object:os.system {}}",
        "? [a]\n: 1\n",
        "boards: &a\n  x: *b\n",
        "\x00",
        "boards:\n\t- x\n",
    ],
)
def test_what_is_no_yaml_is_refused_with_the_files_name(tmp_path: Path, text: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(Mistake, match=re.escape(str(path))):
        load(path)


def test_what_is_no_utf_8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "boards.yml"
    path.write_bytes(b"boards: {global: {title: \xff}}")
    with pytest.raises(Mistake, match=re.escape(str(path))):
        load(path)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Mistake, match=r"none\.yml"):
        load(tmp_path / "none.yml")


# The command.


def catalog(*arguments: str) -> subprocess.CompletedProcess[str]:
    return command("leaderboard.scoring.rehearsal", *arguments)


def test_command_passes_a_file_without_mistakes() -> None:
    run = catalog("boards.yml")
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout == f"boards.yml: {len(load(ROOT / 'boards.yml').rules)} boards, no mistakes\n"
    assert catalog().stdout == run.stdout


def test_command_fails_and_names_every_mistake(tmp_path: Path) -> None:
    path = written(tmp_path, "boards: {a: {topSize: 0}, b: {order: x}}")
    run = catalog(str(path))
    assert (run.returncode, run.stdout) == (1, "")
    assert "nothing is deployed" in run.stderr
    assert "  a: topSize: " in run.stderr
    assert "  b: order: " in run.stderr
    assert "Traceback" not in run.stderr


def test_command_fails_for_a_judge_that_is_not_there(tmp_path: Path) -> None:
    points = "{max: 1, judge: 'game.quiz:walk'}"
    action = f"{{points: {points}, minSeconds: 1, expiresSeconds: 2}}"
    run = catalog(str(written(tmp_path, f"boards: {{a: {{actions: {{q: {action}}}}}}}")))
    assert (run.returncode, run.stdout) == (1, "")
    assert "  a: actions.q.points.judge: game.quiz has no walk" in run.stderr
    assert "Traceback" not in run.stderr


def test_command_fails_for_a_file_that_is_not_there(tmp_path: Path) -> None:
    run = catalog(str(tmp_path / "none.yml"))
    assert run.returncode == 1
    assert "Traceback" not in run.stderr


def test_command_explains_itself() -> None:
    run = catalog("--help")
    assert run.returncode == 0
    assert "Check a boards.yml" in run.stdout


def test_command_refuses_what_it_does_not_know() -> None:
    assert catalog("--fix").returncode == 2


def test_pattern_with_actions_says_how_many_boards_a_player_may_open() -> None:
    with pytest.raises(Mistake, match=r"^level-\*: boardsPerPlayer: is missing: .*: 20$"):
        parse({"boards": {"level-*": {"actions": {"q": ACTION}}}})
    with pytest.raises(Mistake, match=r"^rating-\*: boardsPerPlayer: is for patterns with"):
        parse({"boards": {"rating-*": {"boardsPerPlayer": 20}}})
    catalog = parse({"boards": {"level-*": {"boardsPerPlayer": 20, "actions": {"q": ACTION}}}})
    level = catalog.find("level-1")
    assert (level.pattern, level.boards_per_player) == ("level-*", 20)
