"""Moderation and erasure through the functions: races, deaths between any two calls, late news."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError

import handlers.moderation
import handlers.rebuild
import handlers.score_stream
import handlers.scores
import handlers.subscriber
import handlers.upkeep
from handlers.telemetry import logger
from leaderboard import clock, wiring
from leaderboard.adapters.aws.clients import client
from leaderboard.boards.snapshots import default_name
from leaderboard.errors import Barred, Refused, Unavailable, UserDeleted, UserNotRanked
from leaderboard.frames.subscriptions import TooManyConnections
from leaderboard.scoring.acts import Act
from leaderboard.scoring.items import UNSCORED_MS
from leaderboard.scoring.tombstones import USER_MS
from tests.integration import aws, aws_calls
from tests.integration.conftest import Dependencies
from tests.integration.events import CONTEXT, answered, frame, request, stream_record
from tests.integration.story import tables
from tests.integration.valkey import Valkey

Json = dict[str, Any]
BY = "client-1"


class Killed(BaseException):
    """A function ends here: not an Exception, so nothing of the service catches it."""


@dataclass
class Calls:
    """Every call of AWS that the service makes: counted, and stopped at or interrupted by."""

    number: int = 0
    at: int = 0
    is_after: bool = False
    action: Callable[[], object] | None = None
    closed: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    gone: bool = False

    def stop_before(self, number: int, action: Callable[[], object]) -> None:
        """Do something once, before the next calls' nth; it may make calls itself."""
        self._stop(number, action, after=False)

    def stop_after(self, number: int, action: Callable[[], object]) -> None:
        self._stop(number, action, after=True)

    def resume(self) -> bool:
        """Stop nowhere any more; whether it came to the stop."""
        stopped, self.action = self.action is None, None
        return stopped

    def _stop(self, number: int, action: Callable[[], object], *, after: bool) -> None:
        self.number, self.at, self.action, self.is_after = 0, number, action, after

    def pass_by(self, *, after: bool) -> None:
        if not after:
            self.number += 1
        if self.action is not None and (self.number, after) == (self.at, self.is_after):
            action, self.action = self.action, None
            action()


@pytest.fixture(autouse=True)
def switches(dependencies: Dependencies) -> Dependencies:
    return dependencies


@pytest.fixture(autouse=True)
def calls(switches: Dependencies, monkeypatch: pytest.MonkeyPatch) -> Iterator[Calls]:
    counted = Calls()
    through: Any = aws_calls.real()

    def make_api_call(service: Any, operation: str, parameters: Json) -> Any:
        counted.pass_by(after=False)
        if operation == "DeleteConnection":
            counted.closed.append(parameters["ConnectionId"])
            if counted.gone:
                refusal: Any = {"ResponseMetadata": {"HTTPStatusCode": 410}}
                raise service.exceptions.GoneException(refusal, operation)
            answer: Any = {}
        elif operation == "AdminDeleteUser":
            counted.deleted.append(parameters["Username"])
            answer = through(service, operation, parameters)
        elif service.meta.service_model.service_name == "dynamodb" and not switches.down:
            answer = tables.call(service, operation, parameters)
        else:
            answer = through(service, operation, parameters)
        counted.pass_by(after=True)
        return answer

    aws_calls.take_over(monkeypatch, make_api_call)
    tables.spare_copies(monkeypatch)
    pool = client("cognito-idp").create_user_pool(PoolName="players")["UserPool"]["Id"]
    monkeypatch.setenv("USER_POOL_ID", pool)
    monkeypatch.setenv("RECORD_INTERVAL_MS", "0")
    aws.forget()
    yield counted
    client("cognito-idp").delete_user_pool(UserPoolId=pool)


# What is in the tables, and what the board shows.


def items(user: str) -> dict[str, Json]:
    found = client("dynamodb").query(
        TableName=aws.SCORES,
        KeyConditionExpression="userId = :user",
        ExpressionAttributeValues={":user": {"S": user}},
    )
    return {it["boardSeason"]["S"]: it for it in found["Items"]}


def scores_of(user: str) -> dict[str, Json]:
    return {key: it for key, it in items(user).items() if "#" in key}


def ranked(board: str = "global") -> list[str]:
    top = wiring.ranking_cache().read(wiring.board_season(board), size=100)
    return [] if top is None else [it.user_id for it in top.scores]


def indexed(board: str = "global") -> list[str]:
    return [it.user_id for it in wiring.board_index().best(wiring.board_season(board), 100)]


def deliver(images: list[Json]) -> None:
    """Hand images over as the score table's stream does, and do what that asks for."""
    records = [
        stream_record(
            number, {it: image[it] for it in ("userId", "boardSeason")}, image, name="MODIFY"
        )
        for number, image in enumerate(images, 1)
    ]
    answer = handlers.score_stream.handler({"Records": records}, CONTEXT)
    assert answer["batchItemFailures"] == []


def asked_of(event: Json) -> Callable[[Json, Any], object]:
    """The function that an asynchronous invocation was of."""
    if "finish" in event:
        return handlers.moderation.handler
    return handlers.upkeep.handler if "profiles" in event else handlers.rebuild.handler


def drain(user: str, switches: Dependencies) -> None:
    """Until the stream has nothing new of a user: what it writes comes through it too."""
    seen: list[Json] = []
    while (new := [it for it in items(user).values() if it not in seen]) or switches.invoked:
        deliver(new)
        seen += new
        while switches.invoked:
            event = switches.invoked.pop()
            asked_of(event)(event, CONTEXT)


def queued() -> list[Json]:
    url = aws.ENVIRONMENT["FAILURE_QUEUE_URL"]
    answer = client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    return [json.loads(it["Body"]) for it in answer.get("Messages", [])]


def assert_consistent(user: str) -> None:
    """Items, index and ranking say of a user what the profile says."""
    found = items(user)
    profile = found.get("profile", {})
    standing = profile.get("standing", {"S": "visible"})["S"]
    for key, item in scores_of(user).items():
        board = key.partition("#")[0]
        shown = "userScore" in item and standing == "visible"
        assert ("boardOrder" in item) == shown, item
        assert (user in ranked(board)) == shown, (key, standing, ranked(board))
        assert (user in indexed(board)) == shown
        if "userScore" in item:
            assert standing != "deleted"
            assert item["standing"]["S"] == standing
            if profile:
                assert item["userName"] == profile["userName"]
            assert "expiresAt" not in item
        else:
            assert "userName" not in item
            assert int(item["expiresAt"]["N"]) > 0
    if standing == "deleted":
        history = found.get("moderation", {"acts": {"L": []}})
        assert history["acts"] == {"L": []}
        assert "Name of" not in json.dumps(found)
    assert queued() == []


# What is done.

_numbers = itertools.count()


def submit(user: str, board: str = "global", *, name: str | None = None) -> None:
    amount: Json = {"delta": 3} if board == "global" else {"score": 3}
    wiring.submissions().submit(
        user_id=user, board=board, submission_id=f"s{next(_numbers)}", user_name=name, **amount
    )


def hide(user: str) -> None:
    wiring.moderation().set_standing(user, "hidden", reason="why", by=BY)


def show(user: str) -> None:
    wiring.moderation().set_standing(user, "visible", reason="why", by=BY)


def bar(user: str) -> None:
    wiring.moderation().set_standing(user, "barred", reason="why", by=BY)


def remove(user: str) -> None:
    """Sent again, or late, it finds no score any more."""
    with suppress(UserNotRanked):
        wiring.moderation().remove(user, wiring.board_season("global"), by=BY)


def erase(user: str) -> None:
    wiring.moderation().erase(user, account=user)


def rename(user: str) -> None:
    wiring.profiles().rename(user, f"Name of {user} anew")


def score(user: str) -> None:
    submit(user)


def score_elsewhere(user: str) -> None:
    submit(user, "rating-new")


def score_and_rename(user: str) -> None:
    submit(user, name=f"Name of {user} again")


def play(user: str) -> None:
    """A player, named, with scores on two boards, a socket and a sign-in."""
    client("cognito-idp").admin_create_user(
        UserPoolId=wiring.configuration().user_pool_id, Username=user
    )
    submit(user, name=f"Name of {user}")
    submit(user, "rating-1")
    wiring.subscriptions().connect(f"socket of {user}", user)
    deliver(list(items(user).values()))
    assert_consistent(user)


def account(user: str) -> bool:
    try:
        client("cognito-idp").admin_get_user(
            UserPoolId=wiring.configuration().user_pool_id, Username=user
        )
    except ClientError:
        return False
    return True


# Deaths.

ACTS = [hide, bar, remove, erase]


@pytest.mark.parametrize("answered", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("act", ACTS, ids=lambda it: it.__name__)
def test_act_that_dies_between_any_two_calls_is_finished_or_was_none(
    act: Callable[[str], None], answered: bool, calls: Calls, switches: Dependencies
) -> None:
    def die() -> None:
        raise Killed

    for at in itertools.count(1):
        user = f"{act.__name__}-{at}"
        play(user)
        before = items(user)
        calls.closed.clear()
        try:
            (calls.stop_after if answered else calls.stop_before)(at, die)
            act(user)
        except Killed:
            pass
        if not calls.resume():
            assert at > 4
            break
        drain(user, switches)
        after = items(user)
        assert_consistent(user)
        if after == before:
            assert (calls.closed, account(user)) == ([], True)
            continue
        if act is remove:
            assert "userScore" not in after["global#all"]
            assert len(after["moderation"]["L" if "L" in after else "acts"]["L"]) == 1
        else:
            expected = {"hide": "hidden", "bar": "barred", "erase": "deleted"}[act.__name__]
            assert after["profile"]["standing"] == {"S": expected}
            assert {"socket of " + user} == set(calls.closed) or act is hide
        assert account(user) == (act is not erase)
        # What was shown before comes late and again, and changes nothing.
        deliver(list(before.values()))
        assert_consistent(user)


@pytest.mark.parametrize("act", ACTS, ids=lambda it: it.__name__)
def test_act_whose_answer_was_lost_may_be_sent_again(
    act: Callable[[str], None], calls: Calls, switches: Dependencies
) -> None:
    play("ann")
    act("ann")
    once = {key: it for key, it in items("ann").items() if key != "profile"}
    act("ann")
    assert {key: it for key, it in items("ann").items() if key != "profile"} == once
    drain("ann", switches)
    assert_consistent("ann")
    assert set(calls.closed) <= {"socket of ann"}


# Races.

RACES = [
    (rename, hide),
    (hide, rename),
    (hide, show),
    (hide, bar),
    (score, hide),
    (hide, score),
    (score_elsewhere, hide),
    (hide, score_elsewhere),
    (score_and_rename, hide),
    (hide, score_and_rename),
    (score, remove),
    (remove, score),
    (remove, remove),
    (remove, hide),
    (hide, remove),
    (score, erase),
    (erase, score),
    (score_elsewhere, erase),
    (erase, score_elsewhere),
    (score_and_rename, erase),
    (erase, score_and_rename),
    (rename, erase),
    (erase, rename),
    (remove, erase),
    (erase, remove),
    (hide, erase),
    (erase, hide),
    (erase, erase),
]


@pytest.mark.parametrize(
    ("outer", "inner"), RACES, ids=lambda it: it.__name__ if callable(it) else None
)
def test_what_happens_between_any_two_calls_of_another_leaves_one_truth(
    outer: Callable[[str], None],
    inner: Callable[[str], None],
    calls: Calls,
    switches: Dependencies,
) -> None:
    for at in itertools.count(1):
        user = f"user-{at}"
        play(user)
        images = list(items(user).values())

        def interrupt(user: str = user, images: list[Json] = images) -> None:
            images.extend(items(user).values())
            with suppress(Refused):
                inner(user)
            images.extend(items(user).values())

        calls.stop_before(at, interrupt)
        with suppress(Refused):
            outer(user)
        if not calls.resume():
            assert at > 2
            break
        drain(user, switches)
        assert_consistent(user)
        # Every image of before comes again, late.
        deliver(images)
        switches.invoked.clear()
        assert_consistent(user)
        if erase in (outer, inner):
            assert items(user)["profile"]["standing"] == {"S": "deleted"}
            assert not account(user)


def test_rebuild_and_late_records_bring_nobody_back(
    switches: Dependencies, cache_server: Valkey
) -> None:
    before = {}
    for user in ("ann", "bob", "cy", "dee"):
        play(user)
        before[user] = list(items(user).values())
    hide("ann")
    remove("bob")
    erase("cy")
    for user in before:
        drain(user, switches)
    assert ranked() == ["dee"]
    cache_server.client.flushall()
    handlers.rebuild.handler({"board": "global"}, CONTEXT)
    assert ranked() == ["dee"]
    for images in before.values():
        deliver(images)
    assert ranked() == indexed() == ["dee"]
    show("ann")
    drain("ann", switches)
    assert ranked() == indexed() == ["ann", "dee"]
    handlers.rebuild.handler({"board": "global"}, CONTEXT)
    assert ranked() == ["ann", "dee"]


# The table.


def test_score_that_is_removed_leaves_a_tombstone_that_the_next_score_takes_over() -> None:
    play("ann")
    before = items("ann")["global#all"]
    now = wiring.moderation().now_ms()
    remove("ann")
    stone = items("ann")["global#all"]
    version = int(before["version"]["N"])
    assert stone["version"] == {"N": str(version + 1)}
    assert set(stone) == {*before, "expiresAt"} - {
        "userScore",
        "userName",
        "scoreUpdatedAt",
        "boardSeasonShard",
        "boardOrder",
    }
    assert 0 <= int(stone["expiresAt"]["N"]) - (now + UNSCORED_MS) // 1000 < 60
    submit("ann")
    anew = items("ann")["global#all"]
    assert (anew["version"], anew["userScore"]) == ({"N": str(version + 2)}, {"N": "3"})
    assert "expiresAt" not in anew
    assert anew["userName"] == before["userName"]


def take_off(user: str, query: str = "") -> Any:
    path = {"board": "global", "userId": user}
    route = "DELETE /boards/{board}/users/{userId}"
    return ask(route, {"client_id": BY}, path=path, query=query)


def test_removal_of_what_is_not_there_is_404_and_no_act() -> None:
    assert (take_off("nobody").status, take_off("nobody").json["code"]) == (404, "user_not_ranked")
    assert items("nobody") == {}
    play("ann")
    assert (take_off("ann").status, take_off("ann").json["code"]) == (204, "user_not_ranked")
    assert [it.reason for it in wiring.moderation().standing("ann")[1]] == [
        "score on global (season all) removed"
    ]


def test_score_of_a_hidden_user_is_there_and_is_removed() -> None:
    play("ann")
    hide("ann")
    answer = take_off("ann")
    assert (answer.status, answer.text) == (204, "")
    assert "userScore" not in items("ann")["global#all"]


def test_removal_keeps_its_reason_with_the_act() -> None:
    play("ann")
    assert take_off("ann", "reason=%20a%09bot").status == 422
    assert take_off("ann", "reason=").status == 422
    assert take_off("ann", "season=all&reason=%20spent+the+night%2C%20so%20%20").status == 204
    assert [it.reason for it in wiring.moderation().standing("ann")[1]] == [
        "score on global (season all) removed: spent the night, so"
    ]


def test_profile_says_who_set_the_standing_when_and_why_through_renames() -> None:
    play("ann")
    hide("ann")
    rename("ann")
    profile = items("ann")["profile"]
    said = profile["standingSet"]["M"]
    assert (said["by"], said["reason"], said["standing"]) == (
        {"S": BY},
        {"S": "why"},
        {"S": "hidden"},
    )
    standing, (act,) = wiring.moderation().standing("ann")
    assert standing == "hidden"
    assert act == Act("hidden", BY, act.at_ms, "why")


def test_same_standing_for_another_reason_is_an_act_and_copies_nothing() -> None:
    play("ann")
    hide("ann")
    before = scores_of("ann")
    wiring.moderation().set_standing("ann", "hidden", reason="another", by=BY)
    assert scores_of("ann") == before
    assert [it.reason for it in wiring.moderation().standing("ann")[1]] == ["another", "why"]


def test_user_may_be_barred_before_any_score() -> None:
    bar("ann")
    with pytest.raises(Barred):
        submit("ann")
    show("ann")
    submit("ann")
    assert items("ann")["global#all"]["userName"] == {"S": default_name("ann")}


def test_player_of_many_boards_is_hidden_and_deleted_on_all_of_them(
    switches: Dependencies,
) -> None:
    for number in range(30):
        submit("ann", f"rating-{number}")
    hide("ann")
    assert {it["standing"]["S"] for it in scores_of("ann").values()} == {"hidden"}
    assert not [it for it in scores_of("ann").values() if "boardOrder" in it]
    erase("ann")
    assert len(scores_of("ann")) == 30
    assert not [it for it in scores_of("ann").values() if "userScore" in it]
    drain("ann", switches)
    assert_consistent("ann")


def test_scores_of_a_board_that_is_no_more_are_taken_off_with_the_others(
    switches: Dependencies,
) -> None:
    play("ann")
    image = {**items("ann")["global#all"], "boardSeason": {"S": "gone#all"}}
    image["boardSeasonShard"] = {"S": "gone#all#0"}
    client("dynamodb").put_item(TableName=aws.SCORES, Item=image)
    hide("ann")
    drain("ann", switches)
    assert "boardOrder" not in items("ann")["gone#all"]
    erase("ann")
    drain("ann", switches)
    assert "userScore" not in items("ann")["gone#all"]


def test_deleted_player_stays_deleted_while_its_tombstone_lives(switches: Dependencies) -> None:
    play("ann")
    now = wiring.moderation().now_ms()
    hide("ann")
    erase("ann")
    drain("ann", switches)
    for act in (score, score_elsewhere, score_and_rename, rename):
        with pytest.raises(Barred, match="deleted"):
            act("ann")
    with pytest.raises(Barred):
        wiring.scores().issue_socket(user_id="ann")
    with pytest.raises(UserDeleted):
        show("ann")
    assert wiring.scores().of("ann") == (default_name("ann"), [])
    assert wiring.moderation().standing("ann") == ("deleted", ())
    profile = items("ann")["profile"]
    assert 0 <= int(profile["expiresAt"]["N"]) - (now + USER_MS) // 1000 < 60
    assert "ann" not in ranked()


@pytest.mark.parametrize("act", [score, score_and_rename, rename, hide])
def test_tombstone_of_a_player_that_has_expired_is_as_good_as_gone(
    act: Callable[[str], None], switches: Dependencies
) -> None:
    play("ann")
    erase("ann")
    drain("ann", switches)
    stones = list(items("ann").values())
    client("dynamodb").update_item(
        TableName=aws.SCORES,
        Key={"userId": {"S": "ann"}, "boardSeason": {"S": "profile"}},
        UpdateExpression="SET expiresAt = :past",
        ExpressionAttributeValues={":past": {"N": "1"}},
    )
    assert wiring.moderation().standing("ann")[0] == "visible"
    act("ann")
    deliver(stones)
    submit("ann")
    found = items("ann")
    expected = "hidden" if act is hide else "visible"
    assert found["global#all"]["standing"] == {"S": expected}
    if act is not score:
        assert "expiresAt" not in found["profile"]
        assert "account" not in found["profile"]
    drain("ann", switches)
    assert ("ann" in ranked()) == (expected == "visible")


def test_history_is_no_score_to_the_stream() -> None:
    hide("ann")
    deliver([items("ann")["moderation"]])
    assert queued() == []


def test_act_is_refused_while_the_table_does_not_answer(switches: Dependencies) -> None:
    play("ann")
    before = items("ann")
    switches.down.add("dynamodb")
    for act in (*ACTS, show):
        with pytest.raises(Unavailable):
            act("ann")
    switches.down.clear()
    assert items("ann") == before


def test_what_follows_is_asked_for_again_while_it_cannot_be(switches: Dependencies) -> None:
    play("ann")
    bar("ann")
    profile = items("ann")["profile"]
    keys = {it: profile[it] for it in ("userId", "boardSeason")}
    record = stream_record(7, keys, profile, name="MODIFY")
    switches.down.add("lambda")
    answer = handlers.score_stream.handler({"Records": [record]}, CONTEXT)
    assert answer["batchItemFailures"] == [{"itemIdentifier": record["dynamodb"]["SequenceNumber"]}]
    switches.down.clear()
    switches.invoked.clear()
    deliver([profile])
    assert switches.invoked == [{"profiles": ["ann"], "archived": []}, {"finish": "ann"}]


def test_erasure_that_cannot_delete_the_sign_in_says_so_and_is_finished_by_the_stream(
    switches: Dependencies,
) -> None:
    play("ann")
    switches.down.add("cognito-idp")
    with pytest.raises(Unavailable):
        erase("ann")
    assert_consistent_but_for_ranking("ann")
    switches.down.clear()
    drain("ann", switches)
    assert_consistent("ann")
    assert not account("ann")


def assert_consistent_but_for_ranking(user: str) -> None:
    assert items(user)["profile"]["standing"] == {"S": "deleted"}
    assert all("userScore" not in it for it in scores_of(user).values())


# Sockets.


def connect(connection_id: str, user: str | None) -> int:
    event = frame(connection_id, None, "CONNECT")
    event["requestContext"]["authorizer"] = {"userId": user} if user else {}
    status: int = handlers.subscriber.handler(event, CONTEXT)["statusCode"]
    return status


def rows() -> set[tuple[str, str]]:
    found = client("dynamodb").scan(TableName=aws.CONNECTIONS)["Items"]
    rows = {(it["audience"]["S"], it["connectionId"]["S"]) for it in found}
    return {it for it in rows if not it[0].startswith("followed:")}  # a list of boards


def test_sockets_of_who_was_barred_are_closed_and_forgotten(calls: Calls) -> None:
    for number in range(3):
        assert connect(f"ann-{number}=", "ann") == 200
        wiring.subscriptions().subscribe(f"ann-{number}=", "global")
    assert connect("bob=", "bob") == 200
    assert connect("anonymous=", None) == 200
    bar("ann")
    assert sorted(calls.closed) == ["ann-0=", "ann-1=", "ann-2="]
    assert {connection for _, connection in rows()} == {"bob=", "anonymous="}
    assert connect("ann-4=", "ann") == 403
    assert {connection for _, connection in rows()} == {"bob=", "anonymous="}
    show("ann")
    assert connect("ann-5=", "ann") == 200


def test_hidden_player_keeps_its_sockets(calls: Calls) -> None:
    connect("ann=", "ann")
    hide("ann")
    assert calls.closed == []


def test_socket_that_is_gone_already_is_forgotten(calls: Calls) -> None:
    connect("ann=", "ann")
    calls.gone = True
    bar("ann")
    assert rows() == set()


@pytest.mark.parametrize("act", [bar, erase])
def test_no_socket_stays_open_whenever_it_opens_beside_the_act(
    act: Callable[[str], None], calls: Calls
) -> None:
    for at in itertools.count(1):
        user = f"ann-{at}"
        calls.stop_before(at, partial(act, user))
        status = connect(f"{user}=", user)
        if not calls.resume():
            break
        assert status == 403 or f"{user}=" in calls.closed
        assert not {it for it in rows() if it[1] == f"{user}="}
        user = f"bob-{at}"
        statuses: list[int] = []

        def enter(user: str = user, statuses: list[int] = statuses) -> None:
            statuses.append(connect(f"{user}=", user))

        calls.stop_before(at, enter)
        act(user)
        if calls.resume():
            assert statuses == [403] or f"{user}=" in calls.closed
        assert not {it for it in rows() if it[1] == f"{user}="}
    assert at > 3


def test_player_has_so_many_sockets_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONNECTIONS_PER_USER", "3")
    aws.forget()
    assert [connect(f"ann-{n}=", "ann") for n in range(5)] == [200, 200, 200, 429, 429]
    assert connect("bob=", "bob") == 200
    assert {it for it in rows() if it[0] == "user#ann"} == {
        ("user#ann", f"ann-{n}=") for n in range(3)
    }
    handlers.subscriber.handler(frame("ann-1=", None, "DISCONNECT"), CONTEXT)
    assert connect("ann-6=", "ann") == 200
    with pytest.raises(TooManyConnections):
        wiring.subscriptions().connect("ann-7=", "ann")
    assert all(connect(f"anonymous-{n}=", None) == 200 for n in range(5))


def test_sockets_that_open_at_once_are_never_more_than_allowed(
    monkeypatch: pytest.MonkeyPatch, calls: Calls
) -> None:
    monkeypatch.setenv("CONNECTIONS_PER_USER", "1")
    aws.forget()
    for at in range(1, 4):
        user = f"ann-{at}"
        statuses: list[int] = []

        def enter(user: str = user, statuses: list[int] = statuses) -> None:
            statuses.append(connect(f"{user}-b=", user))

        calls.stop_before(at, enter)
        statuses.append(connect(f"{user}-a=", user))
        assert calls.resume()
        assert statuses.count(200) <= 1
        assert len({it for it in rows() if it[0] == f"user#{user}"}) == statuses.count(200)


# Over HTTP.


def ask(route: str, claims: Json, **options: Any) -> Any:
    event = request(route, user=claims.get("sub", BY), **options)
    event["requestContext"]["authorizer"]["jwt"]["claims"] = claims
    return answered(handlers.moderation.handler(event, CONTEXT))


def signed_in(user: str, name: str | None = None, *, seconds_ago: int = 0) -> Json:
    """The claims of an access token, as the gateway hands them over: all of them texts."""
    at = clock.machine_ms() // 1000 - seconds_ago
    return {"sub": user, "username": name or user, "auth_time": str(at)}


def test_act_is_that_of_the_client_in_the_token() -> None:
    path = {"userId": "ann"}
    body = {"standing": "hidden", "reason": " why "}
    claims = {"sub": BY, "client_id": BY}
    assert ask("PUT /users/{userId}/standing", claims, path=path, body=body).json == {
        "userId": "ann",
        "standing": "hidden",
    }
    found = ask("GET /users/{userId}/standing", claims, path=path).json
    (act,) = found["acts"]
    assert (act["by"], act["reason"], act["standing"]) == (BY, "why", "hidden")


def test_player_deletes_itself_by_the_name_it_signs_in_with(calls: Calls) -> None:
    play("ann")
    answer = ask("DELETE /me", signed_in("ann", "federated_ann"))
    assert (answer.status, answer.text) == (204, "")
    assert calls.deleted == ["federated_ann"]
    assert ask("DELETE /me", signed_in("ann", "federated_ann")).status == 204


@pytest.mark.parametrize("seconds_ago", [0, 590])
def test_player_who_signed_in_within_ten_minutes_may_delete_itself(seconds_ago: int) -> None:
    play("ann")
    assert ask("DELETE /me", signed_in("ann", seconds_ago=seconds_ago)).status == 204
    assert not account("ann")


@pytest.mark.parametrize(
    "auth_time",
    [None, "", "x", "1e400", "NaN", lambda: signed_in("ann", seconds_ago=601)["auth_time"]],
    ids=["none", "empty", "text", "huge", "no number", "long ago"],
)
def test_token_of_an_older_sign_in_deletes_nobody(auth_time: Any, calls: Calls) -> None:
    """A stolen one, or a browser that somebody left: the token may be renewed, its sign-in not."""
    play("ann")
    before = items("ann")
    claims = signed_in("ann") | {"auth_time": auth_time() if callable(auth_time) else auth_time}
    if auth_time is None:
        del claims["auth_time"]
    answer = ask("DELETE /me", claims)
    assert (answer.status, answer.json["code"]) == (403, "sign_in_again")
    assert items("ann") == before
    assert (calls.closed, account("ann")) == ([], True)
    # Who signed in again goes on.
    assert ask("DELETE /me", signed_in("ann")).status == 204


def test_moderator_erases_anybody_whoever_made_the_id(calls: Calls, switches: Dependencies) -> None:
    play("ann")
    submit("server:7", name="Name of server:7")
    submit("server:7", "rating-1")
    hide("server:7")
    deliver(list(items("server:7").values()))
    for user in ("ann", "server:7"):
        for _ in range(2):  # sent again, too
            answer = ask("DELETE /users/{userId}", {"client_id": BY}, path={"userId": user})
            assert (answer.status, answer.text) == (204, "")
        drain(user, switches)
        assert_consistent(user)
        assert items(user)["profile"]["standing"] == {"S": "deleted"}
        assert not account(user)
        with pytest.raises(Barred):
            submit(user)
    assert set(calls.closed) == {"socket of ann"}


def test_log_says_who_acted_on_whom_and_who_was_deleted(caplog: pytest.LogCaptureFixture) -> None:
    def logged() -> Json:
        return {name: vars(caplog.records[-1]).get(name) for name in ("route", "status")} | {
            name: logger.get_current_keys().get(name) for name in ("userId", "by")
        }

    path, body = {"userId": "ann"}, {"standing": "hidden", "reason": "why"}
    ask("PUT /users/{userId}/standing", {"client_id": BY}, path=path, body=body)
    line = {"route": "PUT /users/{userId}/standing", "status": 200, "userId": "ann", "by": BY}
    assert logged() == line
    ask("DELETE /me", signed_in("bob"))
    assert logged() == {"route": "DELETE /me", "status": 204, "userId": "bob", "by": None}
    ask("DELETE /users/{userId}", {"client_id": BY}, path={"userId": "cy"})
    line = {"route": "DELETE /users/{userId}", "status": 204, "userId": "cy", "by": BY}
    assert logged() == line


def test_deletion_that_is_not_whole_is_no_204(switches: Dependencies) -> None:
    play("ann")
    switches.down.add("cognito-idp")
    answer = ask("DELETE /me", signed_in("ann"))
    assert (answer.status, answer.json["code"]) == (503, "unavailable")
    switches.down.clear()
    assert ask("DELETE /me", signed_in("ann")).status == 204
    assert not account("ann")


def test_socket_ticket_is_for_who_may_play() -> None:
    event = request("POST /socket-tickets", user="ann")
    assert answered(handlers.scores.handler(event, CONTEXT)).status == 201
    for act, status in ((hide, 201), (bar, 403), (show, 201), (erase, 403)):
        act("ann")
        answer = answered(handlers.scores.handler(event, CONTEXT))
        assert answer.status == status, act
