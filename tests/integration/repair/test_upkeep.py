"""Renames, hides and removals of players with many past seasons hold up no live board."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError

import handlers.moderation
import handlers.score_stream
import handlers.scores
import handlers.upkeep
from leaderboard import clock, wiring
from leaderboard.adapters.aws.clients import client
from leaderboard.adapters.dynamodb.boards import BoardTable
from leaderboard.adapters.valkey.ranking import ValkeyRanking
from leaderboard.boards.rules import Schedule
from leaderboard.boards.seasons import BoardSeason, before, key_of, season_at
from leaderboard.errors import RateLimited, Unavailable
from leaderboard.ranking.tops import BoardItem
from leaderboard.scoring.items import ScoreItem, Write
from tests.integration import aws, aws_calls
from tests.integration.conftest import Dependencies
from tests.integration.events import CONTEXT, Answer, answered, request, stream_record

Json = dict[str, Any]
SEASONS = 60
WRITES = {"PutItem", "UpdateItem", "TransactWriteItems", "BatchWriteItem"}


@dataclass
class Calls:
    """Every call of AWS that the service makes, as (operation, table)."""

    made: list[tuple[str, str]] = field(default_factory=list)

    def of(self, act: Callable[[], object]) -> list[tuple[str, str]]:
        self.made.clear()
        act()
        return list(self.made)

    def writes_of(self, act: Callable[[], object]) -> int:
        return sum(operation in WRITES for operation, _ in self.of(act))


@pytest.fixture(autouse=True)
def switches(dependencies: Dependencies, monkeypatch: pytest.MonkeyPatch) -> Dependencies:
    monkeypatch.setattr("leaderboard.repair.upkeep.INDEX_LAG_SECONDS", 0)
    return dependencies


@pytest.fixture(autouse=True)
def calls(switches: Dependencies, monkeypatch: pytest.MonkeyPatch) -> Iterator[Calls]:  # noqa: ARG001
    counted = Calls()
    through: Any = aws_calls.real()

    def make_api_call(service: Any, operation: str, parameters: Json) -> Any:
        counted.made.append((operation, str(parameters.get("TableName", ""))))
        return through(service, operation, parameters)

    aws_calls.take_over(monkeypatch, make_api_call)
    pool = client("cognito-idp").create_user_pool(PoolName="players")["UserPool"]["Id"]
    monkeypatch.setenv("USER_POOL_ID", pool)
    aws.forget()
    yield counted
    client("cognito-idp").delete_user_pool(UserPoolId=pool)


def submit(user: str, board: str = "global", amount: int = 3) -> None:
    body: Json = {"delta": amount} if board == "global" else {"score": amount}
    wiring.submissions().submit(
        user_id=user, board=board, submission_id=f"{board}-{amount}", **body
    )


def past_seasons(count: int) -> list[str]:
    now = season_at(Schedule.WEEKLY, clock.machine_ms())
    return [before(Schedule.WEEKLY, now, ago).season for ago in range(1, count + 1)]


def play_for_years(user: str, seasons: int = SEASONS) -> list[str]:
    """A player of `global`, of this week and of many weeks before."""
    submit(user)
    submit(user, "weekly")
    now = clock.machine_ms()
    weeks = past_seasons(seasons)
    for week in weeks:
        item = ScoreItem(
            user_id=user,
            board="weekly",
            season=week,
            user_name="Old Name",
            profile_version=0,
            user_score=70,
            updated_ms=now - 90 * 86_400_000,
            version=now - 90 * 86_400_000,
        )
        wiring.score_table().write(Write(wiring.catalog().find("weekly"), item, read_version=0))
    return weeks


def items(user: str) -> dict[str, Json]:
    pages = (
        client("dynamodb")
        .get_paginator("query")
        .paginate(
            TableName=aws.SCORES,
            KeyConditionExpression="userId = :user",
            ExpressionAttributeValues={":user": {"S": user}},
        )
    )
    return {it["boardSeason"]["S"]: it for page in pages for it in page["Items"]}


def names(user: str) -> set[str]:
    return {it["userName"]["S"] for it in items(user).values() if "userName" in it}


def rename(user: str, name: str) -> Answer:
    return answered(
        handlers.scores.handler(request("PUT /me", body={"userName": name}, user=user), CONTEXT)
    )


def deliver(*images: Json) -> list[str]:
    records = [
        stream_record(
            number, {it: image[it] for it in ("userId", "boardSeason")}, image, name="MODIFY"
        )
        for number, image in enumerate(images, start=1)
    ]
    answer = handlers.score_stream.handler({"Records": records}, CONTEXT)
    return [it["itemIdentifier"] for it in answer["batchItemFailures"]]


def recorded(board: str = "global", season: str = "all") -> list[str]:
    item = wiring.board_table().read(key_of(board, season))
    return [] if item is None else [it.user_name for it in item.snapshot.entries]


# What a request does, and what it leaves.


def test_rename_writes_the_profile_and_the_current_seasons_alone(calls: Calls) -> None:
    play_for_years("ann")
    assert calls.writes_of(lambda: rename("ann", "New Name")) == 3
    found = items("ann")
    week = season_at(Schedule.WEEKLY, clock.machine_ms()).season
    for key in ("profile", "global#all", f"weekly#{week}"):
        assert found[key]["userName"] == {"S": "New Name"}, key
    assert names("ann") == {"New Name", "Old Name"}


def test_upkeep_brings_every_past_season_up(switches: Dependencies) -> None:
    play_for_years("ann")
    rename("ann", "New Name")
    assert deliver(items("ann")["profile"]) == []
    (event,) = switches.invoked
    assert event == {"profiles": ["ann"], "archived": []}
    assert handlers.upkeep.handler(event, CONTEXT)["copied"] == SEASONS
    assert names("ann") == {"New Name"}
    assert handlers.upkeep.handler(event, CONTEXT)["copied"] == 0


@pytest.mark.parametrize("standing", ["hidden", "barred"])
def test_standing_is_live_on_current_boards_at_once(standing: str, switches: Dependencies) -> None:
    weeks = play_for_years("ann", 12)
    wiring.moderation().set_standing("ann", standing, reason="why", by="client-1")
    assert items("ann")["global#all"]["standing"] == {"S": standing}
    assert "boardOrder" in items("ann")[f"weekly#{weeks[-1]}"]
    deliver(items("ann")["profile"])
    handlers.upkeep.handler(switches.invoked[0], CONTEXT)
    assert not any("boardOrder" in it for it in items("ann").values())


def test_deletion_leaves_no_name_on_current_boards_and_none_after_upkeep(
    switches: Dependencies,
) -> None:
    play_for_years("ann", 12)
    rename("ann", "New Name")
    client("cognito-idp").admin_create_user(
        UserPoolId=wiring.configuration().user_pool_id, Username="ann"
    )
    wiring.moderation().erase("ann", account="ann")
    assert "New Name" not in names("ann")
    deliver(items("ann")["profile"])
    for event in switches.invoked:
        if "profiles" in event:
            handlers.upkeep.handler(event, CONTEXT)
    assert names("ann") == set()
    assert not any("userScore" in it for it in items("ann").values())


# What fails.


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The users whose scores cannot be read now, from the table or for a reason of their own."""
    users: set[str] = set()
    through: Any = aws_calls.real()

    def make_api_call(service: Any, operation: str, parameters: Json) -> Any:
        asked = str(parameters.get("ExpressionAttributeValues", ""))
        if operation == "Query" and any(f"'{user}'" in asked for user in users):
            refusal: Any = {
                "Error": {"Code": "ThrottlingException" if "bob" in asked else "SomethingElse"},
                "ResponseMetadata": {"HTTPStatusCode": 400},
            }
            raise ClientError(refusal, operation)
        return through(service, operation, parameters)

    aws_calls.take_over(monkeypatch, make_api_call)
    return users


@pytest.mark.parametrize("failing", ["bob", "cid"], ids=["what may pass", "what nobody foresaw"])
def test_chore_that_fails_is_asked_for_alone(
    failing: str, broken: set[str], calls: Calls, switches: Dependencies
) -> None:
    for user in ("ann", "bob", "cid", "dee"):
        play_for_years(user, 3)
        rename(user, "New Name")
    event = {"profiles": ["ann", "bob", "cid", "dee"], "archived": []}
    broken.add(failing)
    done = handlers.upkeep.handler(event, CONTEXT)
    assert (done["copied"], done["failed"]) == (9, 1)
    (again,) = switches.invoked
    assert again == {"profiles": [failing], "archived": []}
    # Alone it fails as a whole: Lambda tries it again, after a while.
    switches.invoked.clear()
    with pytest.raises(Unavailable):
        handlers.upkeep.handler(again, CONTEXT)
    assert switches.invoked == []
    broken.clear()
    asked = calls.of(lambda: handlers.upkeep.handler(again, CONTEXT))
    assert sum(operation == "Query" for operation, _ in asked) == 1
    assert names(failing) == {"New Name"}


def test_top_that_cannot_be_recorded_repeats_no_profile(
    broken: set[str], switches: Dependencies, monkeypatch: pytest.MonkeyPatch
) -> None:
    weeks = play_for_years("ann", 12)
    rename("ann", "New Name")
    old = {"board": "weekly", "season": weeks[-1], "userIds": ["ann"]}
    event = {"profiles": ["ann"], "archived": [old, old | {"season": weeks[-2]}]}
    real = type(wiring.archive()).update

    def update(archive: Any, board_season: Any, user_ids: Any) -> Any:
        if board_season.season.season == weeks[-1]:
            raise ValueError("a mistake")
        return real(archive, board_season, user_ids)

    monkeypatch.setattr(type(wiring.archive()), "update", update)
    assert broken == set()
    assert handlers.upkeep.handler(event, CONTEXT)["failed"] == 1
    assert switches.invoked == [{"profiles": [], "archived": [old]}]


def test_chores_that_cannot_be_handed_over_are_repeated_with_the_others(
    broken: set[str], switches: Dependencies
) -> None:
    play_for_years("ann", 3)
    rename("ann", "New Name")
    broken.add("bob")
    switches.down.add("lambda")
    with pytest.raises(Unavailable):
        handlers.upkeep.handler({"profiles": ["ann", "bob"]}, CONTEXT)
    assert names("ann") == {"New Name"}


def test_request_leaves_unreadable_items_of_past_seasons_to_upkeep(
    calls: Calls, switches: Dependencies
) -> None:
    """As it does with those that can be read: it has a bound, and a player's past has none."""
    weeks = play_for_years("ann")
    current = season_at(Schedule.WEEKLY, clock.machine_ms()).season
    for week in (current, *weeks):
        client("dynamodb").update_item(
            TableName=aws.SCORES,
            Key={"userId": {"S": "ann"}, "boardSeason": {"S": f"weekly#{week}"}},
            UpdateExpression="SET scoreUpdatedAt = :text",
            ExpressionAttributeValues={":text": {"S": "no time"}},
        )

    def hide() -> None:
        wiring.moderation().set_standing("ann", "hidden", reason="why", by="client-1")

    # The standing with its act, the scores of `global` and of this week.
    assert calls.writes_of(hide) == 3
    assert "boardOrder" not in items("ann")[f"weekly#{current}"]
    assert "boardOrder" in items("ann")[f"weekly#{weeks[-1]}"]
    deliver(items("ann")["profile"])
    handlers.upkeep.handler(switches.invoked[0], CONTEXT)
    assert not any("boardOrder" in it for it in items("ann").values())


# The fast lane.


def test_records_of_past_seasons_hold_up_no_live_board(
    calls: Calls, switches: Dependencies, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one batch with a live score: nothing is read from the table of scores, nothing slept."""
    play_for_years("ann")
    rename("ann", "New Name")
    handlers.upkeep.handler({"profiles": ["ann"]}, CONTEXT)
    submit("bob")
    found = items("ann")
    batch = [it for key, it in found.items() if key.startswith("weekly#")]
    monkeypatch.setattr(type(wiring.recorder()), "sleep", lambda *_: pytest.fail("it slept"))
    live = items("bob")["global#all"]
    made = calls.of(lambda: deliver(*batch, live))
    assert all(table != aws.SCORES for _, table in made), made
    assert recorded() == [wiring.scores().of("bob")[0]]
    (event,) = switches.invoked
    kept = wiring.catalog().find("weekly").keep_seasons
    assert len(event["archived"]) == SEASONS - kept
    handlers.upkeep.handler(event, CONTEXT)
    assert recorded("weekly", past_seasons(SEASONS)[-1]) == ["New Name"]


def test_live_board_of_a_batch_is_recorded_before_any_past_season_is_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    weeks = play_for_years("ann", 3)
    submit("bob")
    done: list[tuple[str, str]] = []
    apply, write = ValkeyRanking.apply, BoardTable.write

    def applies(cache: ValkeyRanking, board_season: BoardSeason, *rest: Any, **options: Any) -> Any:
        done.append(("applied", board_season.key))
        return apply(cache, board_season, *rest, **options)

    def writes(table: BoardTable, item: BoardItem, **options: Any) -> bool:
        done.append(("recorded", item.snapshot.key))
        return write(table, item, **options)

    monkeypatch.setattr(ValkeyRanking, "apply", applies)
    monkeypatch.setattr(BoardTable, "write", writes)
    past = [items("ann")[f"weekly#{week}"] for week in weeks]
    assert deliver(*past, items("bob")["global#all"]) == []
    steps = list(dict.fromkeys(done))  # a ranking that has no life is asked twice
    assert steps[:2] == [("applied", "global#all"), ("recorded", "global#all")]
    assert {key for _, key in steps[2:] if key.startswith("weekly#")} == {
        f"weekly#{week}" for week in weeks
    }


def test_hand_over_that_fails_is_delivered_again_and_holds_up_nothing_else(
    switches: Dependencies,
) -> None:
    weeks = play_for_years("ann", 12)
    rename("ann", "New Name")
    submit("bob")
    old = items("ann")[f"weekly#{weeks[-1]}"]
    switches.down.add("lambda")
    assert len(deliver(items("bob")["global#all"], old, items("ann")["profile"])) == 1
    assert len(recorded()) == 1
    switches.down.clear()
    switches.invoked.clear()
    assert deliver(old, items("ann")["profile"]) == []
    (event,) = switches.invoked
    assert event["profiles"] == ["ann"]
    assert [it["userIds"] for it in event["archived"]] == [["ann"]]


# The limit of names.


def test_same_name_writes_nothing(calls: Calls) -> None:
    submit("ann")
    assert rename("ann", "Ada").status == 200
    version = items("ann")["profile"]["version"]
    for spelling in ("Ada", "  Ada "):
        assert calls.writes_of(partial(rename, "ann", spelling)) == 0
    assert items("ann")["profile"]["version"] == version


def test_default_name_of_a_new_player_writes_nothing(calls: Calls) -> None:
    name = wiring.scores().of("ann")[0]
    assert calls.writes_of(lambda: rename("ann", name)) == 0
    assert items("ann") == {}


def test_sixth_new_name_within_an_hour_is_refused(calls: Calls) -> None:
    submit("ann")
    for number in range(5):
        assert rename("ann", f"Name {number}").status == 200
        assert rename("ann", f"Name {number}").status == 200  # the same one does not count
    assert calls.writes_of(lambda: rename("ann", "Name 5")) == 0
    refused = rename("ann", "Name 5")
    assert (refused.status, refused.json["code"]) == (429, "rate_limited")
    assert 3_500 < int(refused.headers["retry-after"]) <= 3_600
    assert names("ann") == {"Name 4"}
    assert rename("ann", "Name 4").status == 200


def test_names_are_counted_in_the_same_write() -> None:
    """Ten requests at once: five names, whatever the order in which they come through."""
    submit("ann")

    def take(number: int) -> bool:
        try:
            return bool(wiring.profiles().rename("ann", f"Name {number}"))
        except RateLimited:
            return False

    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(take, range(10))) == 5
    assert len(items("ann")["profile"]["renamedMs"]["L"]) == 5


def test_game_server_may_rename_as_often_as_it_likes() -> None:
    for number in range(8):
        name = f"N{number}"
        wiring.submissions().submit(
            user_id="ann", board="global", submission_id=name, delta=1, user_name=name
        )
    assert names("ann") == {"N7"}
    assert rename("ann", "Mine").status == 200


def test_trusted_write_with_the_name_that_the_profile_has_leaves_it_as_it_is() -> None:
    wiring.submissions().submit(
        user_id="ann", board="global", submission_id="1", delta=1, user_name="Ada"
    )
    before_it = items("ann")["profile"]
    wiring.submissions().submit(
        user_id="ann", board="rating-1", submission_id="2", score=1, user_name="Ada"
    )
    assert items("ann")["profile"] == before_it
