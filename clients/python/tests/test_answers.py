"""The answers have the members that the service's reference gives them, and its examples can be
read. So a change of a route that the package does not follow is found here."""

from __future__ import annotations

import json
from dataclasses import MISSING, asdict, fields
from pathlib import Path
from typing import Any

import pytest

from leaderboard_client.api import answers
from leaderboard_client.api.decoding import camel_case, read
from leaderboard_client.errors import ErrorPlace, Refused, refusal_class
from leaderboard_client.fields import DamagedFrame
from leaderboard_client.frame import Entry

ROOT = Path(__file__).parent.parent.parent.parent
DOCUMENT = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))
SCHEMAS = DOCUMENT["components"]["schemas"]
ROUTES = {
    ("get", "/boards"): answers.BoardList,
    ("get", "/boards/{board}/top"): answers.Top,
    ("get", "/boards/{board}/entries"): answers.EntryPage,
    ("post", "/boards/{board}/entries/query"): answers.QueriedEntries,
    ("get", "/boards/{board}/users/{userId}"): answers.UserEntry,
    ("get", "/boards/{board}/users/{userId}/history"): answers.HistoryPage,
    ("get", "/users"): answers.UserList,
    ("post", "/boards/{board}/tickets"): answers.Ticket,
    ("post", "/boards/{board}/scores"): answers.Outcome,
    ("get", "/me/scores"): answers.OwnScores,
    ("put", "/me"): answers.Profile,
    ("post", "/socket-tickets"): answers.SocketTicket,
    ("put", "/boards/{board}/users/{userId}/score"): answers.Outcome,
    ("post", "/boards/{board}/submissions"): answers.BatchAnswer,
    ("put", "/users/{userId}/standing"): answers.Standing,
    ("get", "/users/{userId}/standing"): answers.Standing,
}
PARTS = {
    "Action": answers.Action,
    "Board": answers.BoardRules,
    "Entry": Entry,
    "ErrorPlace": ErrorPlace,
    "Format": answers.Format,
    "JudgedPoints": answers.Points,
    "Line": answers.HistoryLine,
    "Name": answers.Profile,
    "OwnScore": answers.OwnScore,
    "Result": answers.ItemAnswer,
    "ScoreEntry": answers.ScoreEntry,
    "Season": answers.Season,
    "StandingAct": answers.StandingAct,
}


def answered(method: str, path: str) -> dict[str, Any]:
    """The content of a route's answer: its schema and example."""
    responses = DOCUMENT["paths"][path][method]["responses"]
    (status,) = (it for it in responses if it in ("200", "201"))
    content: dict[str, Any] = responses[status]["content"]["application/json"]
    return content


def schema(found: dict[str, Any]) -> dict[str, Any]:
    name = found.get("$ref", "").rpartition("/")[2]
    whole: dict[str, Any] = SCHEMAS[name] if name else found
    return whole


def check(kind: Any, described: dict[str, Any]) -> None:
    members = {camel_case(it.name): it for it in fields(kind)}
    assert described["properties"].keys() <= members.keys()
    # What may be missing has a default; everything else must be there.
    needed = {
        name
        for name, it in members.items()
        if it.default is MISSING and it.default_factory is MISSING
    }
    assert needed <= set(described["required"])


@pytest.mark.parametrize(("method", "path"), ROUTES, ids=lambda it: it)
def test_answer_of_a_route_has_every_member_and_its_example_can_be_read(
    method: str, path: str
) -> None:
    content = answered(method, path)
    kind: Any = ROUTES[method, path]
    check(kind, schema(content["schema"]))
    example = content["example"]
    found = asdict(read(kind, example))
    for name, value in example.items():
        (own,) = (it.name for it in fields(kind) if camel_case(it.name) == name)
        if isinstance(value, str | int | float | None):
            assert found[own] == value
        elif isinstance(value, list):
            assert len(found[own]) == len(value)


@pytest.mark.parametrize("name", PARTS)
def test_part_of_an_answer_has_every_member(name: str) -> None:
    check(PARTS[name], SCHEMAS[name])


def test_every_route_with_an_answer_is_known() -> None:
    described = {
        (method, path)
        for path, methods in DOCUMENT["paths"].items()
        for method, it in methods.items()
        if method != "parameters"
        and any(
            "application/json" in found.get("content", {})
            for status, found in it["responses"].items()
            if status.startswith("2")
        )
    }
    # A client reads neither.
    assert described - {("get", "/health"), ("get", "/openapi.json")} == ROUTES.keys()


def test_every_refusal_of_the_reference_has_a_class() -> None:
    statuses = {
        int(status)
        for methods in DOCUMENT["paths"].values()
        for method, it in methods.items()
        if method != "parameters"
        for status in it["responses"]
        if status.startswith(("4", "5"))
    }
    assert {403, 404, 409, 410, 422, 429, 503} <= statuses
    assert [it for it in statuses if refusal_class(it, None) is Refused] == []
    assert refusal_class(404, "board_not_found").__name__ == "BoardNotFound"
    assert refusal_class(404, "action_not_found").__name__ == "NotFound"


@pytest.mark.parametrize(
    "damage",
    [
        None,
        [],
        {},
        {"userId": 1, "userName": "Ada"},
        {"userId": "ada", "userName": None},
    ],
)
def test_damaged_answer_is_refused(damage: Any) -> None:
    with pytest.raises(DamagedFrame):
        read(answers.Profile, damage)


def test_what_a_newer_service_says_more_is_passed_over() -> None:
    known = {"userId": "ada", "userName": "Ada"}
    assert read(answers.Profile, {**known, "novelty": 1}) == read(answers.Profile, known)
