"""The index of names is filled by hand where profiles lack their keys, or have other ones."""

from __future__ import annotations

import json
from typing import Any

import pytest

import handlers.boards
import handlers.upkeep
from leaderboard import wiring
from leaderboard.adapters.aws.clients import client
from leaderboard.errors import Invalid
from tests.integration import aws, aws_calls
from tests.integration.events import CONTEXT, answered, request

Json = dict[str, Any]
pytestmark = pytest.mark.usefixtures("stage")


def put_profile(user: str, name: str, standing: str = "visible", keys: Json | None = None) -> None:
    """A profile as a release without the search wrote it."""
    image = {
        "userId": {"S": user},
        "boardSeason": {"S": "profile"},
        "userName": {"S": name},
        "standing": {"S": standing},
        "version": {"N": "1795420800000"},
        **(keys or {}),
    }
    client("dynamodb").put_item(TableName=aws.SCORES, Item=image)


def found(name: str) -> list[str]:
    route = request("GET /users", query={"name": name, "limit": "50"})
    users = answered(handlers.boards.handler(route, CONTEXT)).json["users"]
    return [it["userId"] for it in users]


def fill(asked: Any = True) -> Json:
    answer: Json = handlers.upkeep.handler({"names": asked}, CONTEXT)
    return answer


def test_profiles_of_an_older_release_are_found_after_the_fill() -> None:
    put_profile("ann", "Ann")
    put_profile("bob", "Änn")
    put_profile("eve", "Anneliese", "hidden")
    put_profile("gus", "player-" + "0" * 6)
    wiring.submissions().submit(user_id="zoe", board="global", submission_id="1", delta=1)
    assert found("an") == []
    assert fill() == {"filled": 3, "finished": True}
    assert (found("an"), found("player")) == (["ann", "bob"], ["gus"])
    assert fill() == {"filled": 0, "finished": True}


def test_keys_that_are_not_those_of_the_name_are_put_right() -> None:
    """As a release that was rolled back leaves them, or one that folds names otherwise."""
    stale: Json = {"nameShard": {"S": "0"}, "foldedName": {"S": "zoe\x1fann"}}
    put_profile("ann", "Ann", keys=stale)
    put_profile("eve", "Eve", "hidden", keys=stale)
    assert found("zoe") == ["ann", "eve"]
    assert fill() == {"filled": 2, "finished": True}
    assert (found("zoe"), found("ann"), found("eve")) == ([], ["ann"], [])


def test_profile_that_cannot_be_read_keeps_no_other_from_the_index() -> None:
    put_profile("ann", "Ann")
    put_profile("bad", "Anna", "great")
    assert fill() == {"filled": 1, "finished": True}
    assert found("an") == ["ann"]


def test_fill_goes_on_in_the_next_invocation(monkeypatch: pytest.MonkeyPatch) -> None:
    users = [f"ann-{number}" for number in range(5)]
    for user in users:
        put_profile(user, "Ann")
    invoked: list[Json] = []
    through: Any = aws_calls.real()

    def make_api_call(service: Any, operation: str, parameters: Json) -> Any:
        if operation == "Scan":
            parameters = {**parameters, "Limit": 2}
        if operation == "Invoke":
            invoked.append(parameters)
            return {"StatusCode": 202}
        return through(service, operation, parameters)

    aws_calls.take_over(monkeypatch, make_api_call)
    monkeypatch.setattr(handlers.upkeep, "SHARE", 0)
    answers = [fill()]
    while invoked:
        asked = invoked.pop()
        assert asked["FunctionName"] == "leaderboard-test-upkeep"
        answers.append(fill(json.loads(asked["Payload"])["names"]))
    assert [it["filled"] for it in answers[:3]] == [2, 2, 1]
    assert [it["finished"] for it in answers] == [False] * (len(answers) - 1) + [True]
    assert found("ann") == users


def test_rename_beside_the_fill_is_not_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    put_profile("ann", "Ann")
    through: Any = aws_calls.real()
    renamed: list[str] = []

    def make_api_call(service: Any, operation: str, parameters: Json) -> Any:
        answer = through(service, operation, parameters)
        if operation == "Scan" and not renamed:
            renamed.append("ann")
            wiring.profiles().rename("ann", "Zoe")
        return answer

    aws_calls.take_over(monkeypatch, make_api_call)
    assert fill() == {"filled": 0, "finished": True}
    assert (found("ann"), found("zoe")) == ([], ["ann"])


@pytest.mark.parametrize("asked", [False, None, {}, "all", 1, {"after": None, "board": "global"}])
def test_event_of_another_form_is_refused(asked: Any) -> None:
    with pytest.raises(Invalid, match=r'send {"names": true}'):
        fill(asked)
