"""Users found by the beginning of their names: who is found, in which order, and what it costs."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import handlers.boards
import handlers.moderation
import handlers.scores
from leaderboard import wiring
from leaderboard.adapters.aws.clients import client
from leaderboard.adapters.dynamodb.readable import shard_of
from leaderboard.boards.snapshots import MAX_NAME, default_name
from leaderboard.scoring.display_names import clean_name
from leaderboard.scoring.folded_names import fold_name
from tests.integration import aws
from tests.integration.capacity import Spent, metered
from tests.integration.events import CONTEXT, Answer, answered, request

Json = dict[str, Any]


def search(name: str, **query: str) -> Answer:
    route = request("GET /users", query={"name": name, **query})
    return answered(handlers.boards.handler(route, CONTEXT))


def found(name: str, **query: str) -> list[str]:
    answer = search(name, **query)
    assert answer.status == 200, answer.json
    return [it["userId"] for it in answer.json["users"]]


def rename(user: str, name: str) -> None:
    route = request("PUT /me", body={"userName": name}, user=user)
    assert answered(handlers.scores.handler(route, CONTEXT)).status == 200


def submit(user: str, *, name: str | None = None, delta: int = 3, board: str = "global") -> None:
    wiring.submissions().submit(
        user_id=user, board=board, submission_id=f"{delta}-{name}", delta=delta, user_name=name
    )


def set_standing(user: str, standing: str) -> None:
    wiring.moderation().set_standing(user, standing, reason="rude", by="mod")


def erase(user: str) -> None:
    wiring.moderation().erase(user, account="")


@pytest.fixture(autouse=True)
def _pool(stage: None, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001 - its AWS
    pool = client("cognito-idp").create_user_pool(PoolName="players")["UserPool"]["Id"]
    monkeypatch.setenv("USER_POOL_ID", pool)
    aws.forget()


def raw(user: str) -> Json:
    key = {"userId": {"S": user}, "boardSeason": {"S": "profile"}}
    item: Json = client("dynamodb").get_item(TableName=aws.SCORES, Key=key)["Item"]
    return item


def test_user_is_found_by_the_beginning_of_the_name() -> None:
    rename("ada", "Ada Byron")
    submit("bob", name="Bob")
    submit("adam", name="ADAM")
    assert search("ad").json == {
        "users": [
            {"userId": "ada", "userName": "Ada Byron"},
            {"userId": "adam", "userName": "ADAM"},
        ]
    }
    assert found("ada b") == ["ada"]
    assert found("byron") == []
    assert found("c") == []
    assert search("ad").headers["cache-control"] == "public, max-age=10"


def test_case_and_diacritics_do_not_count() -> None:
    rename("m-1", "Müller")
    rename("m-2", "muller")
    rename("m-3", "Mud")
    for typed in ("mu", "mü", "MU", "mu\u0308"):
        assert found(typed) == ["m-3", "m-1", "m-2"]
    assert found("mül") == found("mul") == ["m-1", "m-2"]


def test_names_come_in_their_order_over_all_shards_and_shorter_ones_first() -> None:
    names = ["ann", "Ann b", "ann!", "ánna", "ANNA b", "annb", "ann-1", "an", "Ann"]
    for number, name in enumerate(random.Random(1).sample(names, len(names))):
        rename(f"{name[:2].encode().hex()}-{number}", name)
    users = search("an", limit="50").json["users"]
    order = [fold_name(it["userName"]) for it in users]
    assert order == ["an", "ann", "ann", "ann b", "ann!", "ann-1", "anna", "anna b", "annb"]
    tied = [it["userId"] for it in users if fold_name(it["userName"]) == "ann"]
    assert tied == sorted(tied)
    assert len({raw(it["userId"])["nameShard"]["S"] for it in users}) > 1
    assert search("an", limit="3").json["users"] == users[:3]


def test_many_users_of_one_name_are_found_and_spread_over_the_shards() -> None:
    users = sorted(f"u-{number}" for number in range(60))
    for user in users:
        submit(user, name="Ann")
    assert found("ann", limit="50") == users[:50]
    assert found("ann") == users[:10]
    shards = [raw(it)["nameShard"]["S"] for it in users]
    assert set(shards) == {"0", "1", "2", "3"}
    assert max(map(shards.count, shards)) < 30


def test_name_that_nobody_chose_is_not_found_and_a_chosen_one_is() -> None:
    submit("ann")
    set_standing("ann", "hidden")
    set_standing("ann", "visible")  # her profile has her default name
    rename("bob", default_name("ann"))
    assert found("player-") == ["bob"]
    rename("bob", default_name("bob"))
    assert found("player-") == []


@pytest.mark.parametrize("standing", ["hidden", "barred"])
def test_user_is_not_found_while_not_visible_and_found_when_shown_again(standing: str) -> None:
    submit("ann", name="Ann")
    set_standing("ann", standing)
    assert found("ann") == []
    if standing == "hidden":
        rename("ann", "Anna")  # a hidden player goes on, and is not told
        assert found("ann") == []
    set_standing("ann", "visible")
    assert found("ann") == ["ann"]


def test_erased_user_is_not_found_and_leaves_no_name() -> None:
    rename("ann", "Ann")
    erase("ann")
    assert found("ann") == []
    assert "foldedName" not in raw("ann")


def test_old_name_is_not_found_after_a_rename() -> None:
    rename("ann", "Ann")
    rename("ann", "Zoe")
    assert (found("ann"), found("zo")) == ([], ["ann"])


@pytest.mark.parametrize("name", ["*", "%", "_", ".", "?", "[a-z]", "#", "a'b", '"', "\\", "$x"])
def test_no_character_is_a_wildcard(name: str) -> None:
    rename("ann", "Ann")
    rename("own", f"{name} x")
    assert found(name) == ["own"]


@pytest.mark.parametrize(
    "name",
    [
        "שָׁלוֹם עולם",
        "مُحَمَّد",
        "李小龙",
        "한글",
        "नमस्ते",
        "🏴\u200d☠\ufe0f",
        "👩🏽\u200d⚕\ufe0f x",
        "ﷺ" * 32,
        "İstanbul",
    ],
)
def test_name_of_any_script_is_found_by_its_first_letter_and_by_itself(name: str) -> None:
    rename("ann", "Ann")
    rename("own", name)
    assert found(name[0]) == ["own"]
    assert found(name) == ["own"]


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"name": ""},
        {"name": "  "},
        {"name": "\u0301"},
        {"name": "a" * 33},
        {"name": "a" * 200},
        {"name": "a\x00"},
        {"name": "a\u202e"},
        {"name": "a", "limit": "0"},
        {"name": "a", "limit": "51"},
        {"name": "a", "limit": "x"},
        {"name": "a", "offset": "1"},
    ],
)
def test_query_that_finds_nobody_for_certain_is_refused(query: dict[str, str]) -> None:
    answer = answered(handlers.boards.handler(request("GET /users", query=query), CONTEXT))
    assert (answer.status, answer.json["code"]) == (422, "invalid")


def test_name_kept_before_write_shards_were_fewer_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    users = [f"u-{number}" for number in range(12)]
    for user in users:
        rename(user, "Ann")
    monkeypatch.setenv("WRITE_SHARDS", "2")
    aws.forget()
    assert found("ann", limit="50") == sorted(users)
    rename(users[0], "Anna")
    assert raw(users[0])["nameShard"]["S"] == str(shard_of(users[0], 2))
    assert found("ann", limit="50") == [*sorted(users[1:]), users[0]]


def spent(act: Callable[[], object]) -> Spent:
    with metered() as used:
        act()
    return used


def test_index_is_written_only_when_a_name_or_its_showing_changes() -> None:
    wiring.stage_memory().shards_to_write()
    costs = {
        what: spent(act).indexed["user-name"]
        for what, act in {
            "a first score": lambda: submit("ann"),
            "a first name": lambda: rename("ann", "Ann"),
            "the same name": lambda: rename("ann", "Ann"),
            "another name": lambda: rename("ann", "Anna"),
            "another score": lambda: submit("ann", delta=4),
            "a score with the name": lambda: submit("ann", delta=5, name="Anna"),
            "a score with another name": lambda: submit("ann", delta=6, name="Anne"),
            "a name that looks the same": lambda: rename("ann", "ANNE"),
            "hide": lambda: set_standing("ann", "hidden"),
            "bar": lambda: set_standing("ann", "barred"),
            "show": lambda: set_standing("ann", "visible"),
            "another reason": lambda: wiring.moderation().set_standing(
                "ann", "visible", reason="mistake", by="mod"
            ),
            "erase": lambda: erase("ann"),
            "another user's first score with a name": lambda: submit("bob", name="Bob"),
        }.items()
    }
    assert costs == {
        "a first score": 0,
        "a first name": 1,
        "the same name": 0,
        "another name": 2,  # one entry goes and one comes
        "another score": 0,
        "a score with the name": 0,
        "a score with another name": 4,  # the same in a transaction
        "a name that looks the same": 1,
        "hide": 2,  # in one transaction with the act
        "bar": 0,
        "show": 2,
        "another reason": 0,
        "erase": 2,
        "another user's first score with a name": 2,
    }


def test_search_reads_each_shard_once_and_little_of_it() -> None:
    for number in range(80):
        submit(f"7f0c9d5e-0000-4000-8000-{number:012}", name="☃" * MAX_NAME)
    used = spent(lambda: found("☃", limit="50"))
    assert used.calls.count("Query") == 4
    assert used.reads <= 8
    assert spent(lambda: found("nobody")).reads == 4 * 0.5


ACCEPTED = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(ACCEPTED, st.integers(1, 8))
def test_every_beginning_of_an_accepted_name_finds_its_user(text: str, length: int) -> None:
    try:
        name = clean_name(text)
    except ValueError:
        return
    if not fold_name(name[:length]):
        return
    submit("own", name=name)
    assert [it for it in found(name[:length], limit="50") if it == "own"] == ["own"]
