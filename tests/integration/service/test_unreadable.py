"""One bad record hurts itself alone: items of the score table that nobody can read, on every path.

They are put into the table as an import or a hand would put them, past the service.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import handlers.board_stream
import handlers.boards
import handlers.moderation
import handlers.rebuild
import handlers.score_stream
import handlers.scores
import handlers.seasons
import handlers.subscriber
import handlers.verify
from leaderboard import clock, wiring
from leaderboard.adapters.aws.clients import client
from leaderboard.adapters.dynamodb import reports
from leaderboard.adapters.dynamodb.index import BoardIndex
from leaderboard.boards import order
from leaderboard.boards.rules import Order
from leaderboard.boards.seasons import key_of
from leaderboard.boards.snapshots import default_name
from tests.integration import aws, events
from tests.integration.conftest import Dependencies
from tests.integration.events import CONTEXT, Answer, answered, request, stream_record
from tests.integration.valkey import Valkey

Json = dict[str, Any]
NOW = 1_795_420_800_000
"""2026-11-23T08:00:00Z."""
STAMP = {"S": "2026-11-23T07:00:00.000Z"}
BOARDS = """
boards:
  global:
    title: All
    order: desc
    operator: increment
    topSize: 3
    actions:
      win: {points: 10, minSeconds: 0, expiresSeconds: 300, alsoOn: [side]}
      solo: {points: 10, minSeconds: 0, expiresSeconds: 300}
  side: {title: Side, order: desc, operator: increment}
  last: {title: Last, order: desc, operator: latest}
"""
HEALTHY = ["global", "side"]
BAD = "last"


@pytest.fixture(autouse=True)
def switches(
    dependencies: Dependencies, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Dependencies]:
    boards = tmp_path / "boards.yml"
    boards.write_text(BOARDS, encoding="utf-8")
    pool = client("cognito-idp").create_user_pool(PoolName="players")["UserPool"]["Id"]
    client("cognito-idp").admin_create_user(UserPoolId=pool, Username="ann")
    environment = {"BOARDS_FILE": str(boards), "USER_POOL_ID": pool, "RECORD_INTERVAL_MS": "0"}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(clock, "machine_ms", lambda: NOW)
    aws.forget()
    yield dependencies
    client("cognito-idp").delete_user_pool(UserPoolId=pool)


# What is asked.


def ask(handler: Callable[..., Any], route: str, *, user: str = "ann", **parts: Any) -> Answer:
    event = request(route, user=user, **parts)
    event["requestContext"]["authorizer"]["jwt"]["claims"] |= {
        "client_id": "client-1",
        "username": user,
        "auth_time": str(NOW // 1000),
    }
    return answered(handler(event, CONTEXT))


def own_scores() -> Answer:
    return ask(handlers.scores.handler, "GET /me/scores")


def write(board: str, user: str = "ann", *, submission: str = "new", **also: Any) -> Answer:
    body = {"submissionId": submission, "score" if board == BAD else "delta": 5, **also}
    route, path = "PUT /boards/{board}/users/{userId}/score", {"board": board, "userId": user}
    return ask(handlers.scores.handler, route, path=path, body=body)


def complete(action: str, board: str = "global") -> Answer:
    path = {"board": board}
    issued = ask(
        handlers.scores.handler, "POST /boards/{board}/tickets", path=path, body={"action": action}
    )
    assert issued.status == 201, issued.text
    body = {"ticket": issued.json["ticket"]}
    return ask(handlers.scores.handler, "POST /boards/{board}/scores", path=path, body=body)


def rename(name: str) -> Answer:
    return ask(handlers.scores.handler, "PUT /me", body={"userName": name})


def leave() -> Answer:
    return ask(handlers.moderation.handler, "DELETE /me")


def moderate(standing: str) -> Answer:
    body, path = {"standing": standing, "reason": "why"}, {"userId": "ann"}
    return ask(handlers.moderation.handler, "PUT /users/{userId}/standing", path=path, body=body)


def standing() -> Answer:
    path = {"userId": "ann"}
    return ask(handlers.moderation.handler, "GET /users/{userId}/standing", path=path)


def remove(board: str = BAD) -> Answer:
    path = {"board": board, "userId": "ann"}
    return ask(handlers.moderation.handler, "DELETE /boards/{board}/users/{userId}", path=path)


def listed(board: str) -> list[str]:
    answer = ask(handlers.boards.handler, "GET /boards/{board}/entries", path={"board": board})
    assert answer.status == 200, answer.text
    return [it["userId"] for it in answer.json["entries"]]


# What is stored.


def items() -> dict[str, Json]:
    found = client("dynamodb").scan(TableName=aws.SCORES, ConsistentRead=True)["Items"]
    return {it["boardSeason"]["S"]: it for it in found if it["userId"]["S"] == "ann"}


def put(key: str, user: str = "ann", **attributes: Any) -> Json:
    """Store an item past the service; attributes that are None are left out."""
    item = {"userId": {"S": user}, "boardSeason": {"S": key}}
    item |= {name: value for name, value in attributes.items() if value is not None}
    client("dynamodb").put_item(TableName=aws.SCORES, Item=item)
    return item


def spoil(**attributes: Any) -> Json:
    """Change what is stored of ann on the board BAD."""
    stored = items()[f"{BAD}#all"]
    rest = {it: stored[it] for it in stored if it not in ("userId", "boardSeason")}
    return put(f"{BAD}#all", **(rest | attributes))


def played() -> None:
    """Ann, with a name, on all three boards, ranked; bob and cid beside her."""
    for board in (*HEALTHY, BAD):
        for user in ("ann", "bob", "cid"):
            answer = write(board, user, submission=f"{board} {user}", userName=f"Name of {user}")
            assert answer.status == 200, answer.text
    deliver()


def deliver() -> list[str]:
    """The table through the stream; what it reports as failed."""
    found = client("dynamodb").scan(TableName=aws.SCORES)["Items"]
    records = [
        stream_record(n, {it: image[it] for it in ("userId", "boardSeason")}, image)
        for n, image in enumerate(found)
    ]
    answer = handlers.score_stream.handler({"Records": records}, CONTEXT)
    return [it["itemIdentifier"] for it in answer["batchItemFailures"]]


def messages() -> list[Json]:
    """What is in the failure queue, which is empty then."""
    found: list[Json] = []
    url = aws.ENVIRONMENT["FAILURE_QUEUE_URL"]
    while True:
        some = client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        if not some.get("Messages"):
            return found
        for it in some["Messages"]:
            client("sqs").delete_message(QueueUrl=url, ReceiptHandle=it["ReceiptHandle"])
            found.append(json.loads(it["Body"]))


def queued() -> list[Json]:
    """The items in the failure queue, which is empty then."""
    return [it["item"] for it in messages() if "item" in it]


def metric(capsys: pytest.CaptureFixture[str], name: str = "ItemsUnreadable") -> int:
    lines = capsys.readouterr().out.splitlines()
    return sum(int(json.loads(it)[name][0]) for it in lines if f'"{name}":[' in it)


# Times in other forms.

FORMS = [
    "2026-11-23T07:00:00Z",
    "2026-11-23t07:00:00z",
    "2026-11-23 07:00:00.000000Z",
    "2026-11-23T08:30:00+01:30",
    "2026-11-23T07:00:00.0009Z",
]


@pytest.mark.parametrize("text", FORMS)
def test_score_with_a_time_in_another_form_is_a_score_like_any(text: str) -> None:
    played()
    key = order.index_key(Order.DESC, 5, NOW - 3_600_000, "ann")
    spoil(scoreUpdatedAt={"S": text}, boardOrder={"S": key}, version={"N": str(NOW + 9)})
    assert deliver() == []
    (shown,) = (it for it in own_scores().json["scores"] if it["board"] == BAD)
    assert shown["scoreUpdatedAt"] == "2026-11-23T07:00:00.000Z"
    for source in (
        wiring.ranking_cache().list(wiring.board_season(BAD), after=None, limit=3),
        wiring.board_index().best(wiring.board_season(BAD), 3),
    ):
        entries = source if isinstance(source, list) else source.entries if source else ()
        assert [it.updated_ms for it in entries if it.user_id == "ann"] == [NOW - 3_600_000]
    assert listed(BAD)[0] == "ann"  # equal scores: whoever reached it first
    assert rename("Anew").status == 200
    assert items()[f"{BAD}#all"]["scoreUpdatedAt"] == {"S": "2026-11-23T07:00:00.000Z"}
    assert write(BAD).status == 200
    assert leave().status == 204
    assert queued() == []


# Items that cannot be read.

BROKEN: dict[str, Json] = {
    "a time that is none": {"scoreUpdatedAt": {"S": "yesterday"}},
    "a time that is a number": {"scoreUpdatedAt": {"N": "1795420800000"}},
    "a time before the first": {"scoreUpdatedAt": {"S": "1969-12-31T23:59:59Z"}},
    "a time past the last": {"scoreUpdatedAt": {"S": "2286-11-21T00:00:00Z"}},
    "no time": {"scoreUpdatedAt": None},
    "a score that is text": {"userScore": {"S": "5"}},
    "a score with a fraction": {"userScore": {"N": "5.5"}},
    "a score that is too large": {"userScore": {"N": "9007199254740992"}},
    "a score of 120 digits": {"userScore": {"N": "1E+120"}},
    "a score that is null": {"userScore": {"NULL": True}},
    "a name that is a number": {"userName": {"N": "7"}},
    "no name": {"userName": None},
    "a name of no characters": {"userName": {"S": ""}},
    "a name that no frame holds": {"userName": {"S": "x" * 40_000}},
    "a name of 33 characters": {"userName": {"S": "x" * 33}},
    "no version": {"version": None},
    "a version that is text": {"version": {"S": "new"}},
    "a version of zero": {"version": {"N": "0"}},
    "a version beyond what is exact": {"version": {"N": "9007199254740993"}},
    "a standing that is none": {"standing": {"S": "dubious"}},
    "a standing that is a list": {"standing": {"L": []}},
}
MEMORY: dict[str, Json] = {
    "tickets that are text": {"taken": {"S": "?"}},
    "a ticket without its answer": {"taken": {"M": {"win": {"M": {"ticket": {"S": "t"}}}}}},
    "a pace that is text": {"paced": {"M": {"actions": {"S": "x"}}}},
    "a profile's version that is text": {"profileVersion": {"S": "x"}},
}
BREAKS = pytest.mark.parametrize("broken", [*BROKEN, *MEMORY])
KINDS = (
    "no time",
    "a score that is text",
    "no name",
    "a name of no characters",
    "a name that no frame holds",
    "no version",
    "a standing that is a list",
)
NOT_INDEXED = {"no version", "a standing that is a list"}
"""What a ranking shows as before until it is filled anew: its index has the score."""
OTHERS = ("a version that is text", "a standing that is none", "tickets that are text")
FEW = pytest.mark.parametrize("broken", [*KINDS, *OTHERS])


@BREAKS
def test_item_that_cannot_be_read_stops_only_what_is_asked_of_itself(
    broken: str, capsys: pytest.CaptureFixture[str]
) -> None:
    played()
    item = spoil(**(BROKEN | MEMORY)[broken])
    capsys.readouterr()
    answer = own_scores()
    assert answer.status == 200, answer.text
    assert answer.json["userName"] == "Name of ann"
    shown = {it["board"] for it in answer.json["scores"]}
    assert shown == {*HEALTHY, *([BAD] if broken in MEMORY else [])}
    answer = write(BAD)
    assert (answer.status, answer.json["code"]) == (409, "unreadable"), answer.text
    assert "'last'" in answer.json["detail"]
    assert write("side").status == 200
    assert complete("solo").status == 200
    answer = rename("Anew")
    assert answer.status == 200, answer.text
    stored = items()
    assert {stored[f"{board}#all"]["userName"]["S"] for board in HEALTHY} == {"Anew"}
    assert stored[f"{BAD}#all"] == item
    assert queued() == [item]
    assert metric(capsys) == 3


@BREAKS
def test_deletion_takes_everything_from_the_item_too(broken: str, switches: Dependencies) -> None:
    played()
    spoil(**(BROKEN | MEMORY)[broken])
    answer = leave()
    assert (answer.status, answer.text) == (204, "")
    assert_erased()
    users = client("cognito-idp").list_users(UserPoolId=wiring.configuration().user_pool_id)
    assert users["Users"] == []
    deliver()
    assert all("finish" in it or "profiles" in it for it in switches.invoked)
    for board in (*HEALTHY, BAD):
        assert listed(board) == ["bob", "cid"], board


def assert_erased() -> None:
    stored = items()
    assert len(stored) == 4
    for key, item in stored.items():
        assert item["standing"] == {"S": "deleted"}, key
        assert not {"userName", "userScore", "scoreUpdatedAt", "boardOrder"} & set(item), key
        assert int(item["expiresAt"]["N"]) > NOW / 1000
    assert "Name of" not in json.dumps(stored)


@FEW
def test_hidden_player_is_on_no_board_whatever_an_item_is_like(broken: str) -> None:
    played()
    before = spoil(**(BROKEN | MEMORY)[broken])
    act = "barred" if broken in MEMORY else "hidden"
    assert moderate(act).status == 200
    after = items()[f"{BAD}#all"]
    assert after["standing"] == {"S": act}
    assert not {"boardOrder", "boardSeasonShard"} & set(after)
    changed = {"standing", "version", "profileVersion", "boardOrder", "boardSeasonShard"}
    kept = set(before) - changed
    assert {it: after[it] for it in kept} == {it: before[it] for it in kept}  # to be mended
    deliver()
    for board in (*HEALTHY, BAD):
        assert listed(board) == ["bob", "cid"], board
    deliver()
    assert items()[f"{BAD}#all"] == after


@FEW
def test_moderator_removes_an_item_that_cannot_be_read(broken: str) -> None:
    played()
    item = spoil(**(BROKEN | MEMORY)[broken])
    answer = remove()
    assert answer.status == 204, answer.text
    stone = items()[f"{BAD}#all"]
    assert not {"userName", "userScore", "scoreUpdatedAt", "boardOrder"} & set(stone)
    assert int(stone["version"]["N"]) >= NOW
    assert queued() == [item]
    deliver()
    assert listed(BAD) == ["bob", "cid"]
    assert write(BAD).status == 200  # the player may score again
    deliver()
    assert sorted(listed(BAD)) == ["ann", "bob", "cid"]


def test_action_of_several_boards_counts_on_none_if_one_item_cannot_be_read() -> None:
    played()
    stored = items()["side#all"]
    rest = {it: stored[it] for it in stored if it not in ("userId", "boardSeason")}
    put("side#all", **rest | {"scoreUpdatedAt": {"S": "soon"}})
    before = items()
    answer = complete("win")
    assert (answer.status, answer.json["code"]) == (409, "unreadable"), answer.text
    assert "'side'" in answer.json["detail"]
    assert items() == before
    assert complete("solo").status == 200


def test_write_that_is_remembered_is_answered_though_the_item_broke_since() -> None:
    played()
    spoil(scoreUpdatedAt={"S": "soon"})
    answer = write(BAD, submission="last ann", userName="Name of ann")
    assert answer.status == 200, answer.text
    assert answer.json["replayed"] is True


def test_remembered_write_that_cannot_be_read_is_refused_and_counts_no_second_time() -> None:
    played()
    found = client("dynamodb").scan(TableName=aws.SUBMISSIONS)["Items"]
    (kept,) = (it for it in found if it["submission"]["S"] == "ann#side#side ann")
    broken = {**kept, "answer": {"S": "?"}}
    client("dynamodb").put_item(TableName=aws.SUBMISSIONS, Item=broken)
    before = items()
    answer = write("side", submission="side ann", userName="Name of ann")
    assert (answer.status, answer.json["code"]) == (409, "unreadable"), answer.text
    assert items() == before
    assert queued() == [broken]
    assert write("side").status == 200


def test_batch_refuses_the_item_that_cannot_be_read_alone() -> None:
    played()
    spoil(userScore={"S": "many"})
    wanted = [{"userId": it, "submissionId": "b", "score": 9} for it in ("bob", "ann", "cid")]
    route, path = "POST /boards/{board}/submissions", {"board": BAD}
    answer = ask(handlers.scores.handler, route, path=path, body={"submissions": wanted})
    assert answer.status == 200, answer.text
    assert [it["status"] for it in answer.json["results"]] == [200, 409, 200]
    assert answer.json["results"][1]["code"] == "unreadable"


@pytest.mark.parametrize("key", ["nowhere", "NO BOARD#all", "last#", "profile2"])
def test_item_whose_key_is_none_keeps_nobody_from_leaving(key: str) -> None:
    played()
    item = put(
        key, userName={"S": "Name of ann"}, userScore={"N": "1"}, version={"N": "3"}, x={"S": "y"}
    )
    answer = own_scores()
    assert {it["board"] for it in answer.json["scores"]} == {*HEALTHY, BAD}
    assert queued() == [item]
    assert rename("Name of ann, anew").status == 200
    assert leave().status == 204
    assert "Name of" not in json.dumps(items())
    assert items()[key]["standing"] == {"S": "deleted"}
    assert "x" not in items()[key]


# Profiles and histories.

PROFILES: dict[str, Json] = {
    "a name that is a number": {"userName": {"N": "7"}},
    "no name": {"userName": None},
    "a name of no characters": {"userName": {"S": ""}},
    "a name of 33 characters": {"userName": {"S": "x" * 33}},
    "no version": {"version": None},
    "a version that is text": {"version": {"S": "new"}},
    "a standing that is none": {"standing": {"S": "dubious"}},
}


def spoil_profile(broken: str) -> Json:
    attributes: Json = {
        "userName": {"S": "Name of ann"},
        "standing": {"S": "visible"},
        "version": {"N": str(NOW - 5)},
    }
    return put("profile", **(attributes | PROFILES[broken]))


@pytest.mark.parametrize("broken", PROFILES)
def test_profile_that_cannot_be_read(broken: str) -> None:
    played()
    item = spoil_profile(broken)
    answer = own_scores()
    assert answer.status == 200
    assert len(answer.json["scores"]) == 3
    named = default_name("ann") if "name" in broken else "Name of ann"
    assert answer.json["userName"] == named
    assert queued() == [item]
    for refused in (
        rename("Anew"),
        ask(handlers.scores.handler, "POST /socket-tickets"),
    ):
        assert (refused.status, refused.json["code"]) == (409, "unreadable"), refused.text
    assert items()["profile"] == item
    assert write("side").status == 200  # what has a name needs no profile
    assert deliver() == []
    read = standing()
    if "standing" in broken:
        assert (read.status, read.json["code"]) == (409, "unreadable")
    else:
        assert (read.status, read.json["standing"]) == (200, "visible")
    assert moderate("hidden").status == 200
    assert standing().json["standing"] == "hidden"
    assert rename("Mended").status == 200
    deliver()
    assert listed("global") == ["bob", "cid"]


@pytest.mark.parametrize("broken", PROFILES)
def test_player_leaves_whatever_the_profile_is_like(broken: str) -> None:
    played()
    spoil_profile(broken)
    assert leave().status == 204
    assert_erased()


def test_tombstone_of_a_player_that_cannot_be_read_is_made_again() -> None:
    played()
    put("profile", standing={"S": "deleted"}, version={"N": str(NOW)}, expiresAt={"S": "soon"})
    assert leave().status == 204
    assert_erased()


def test_player_without_a_readable_profile_gets_no_socket() -> None:
    played()
    spoil_profile("a standing that is none")
    event = {
        "requestContext": {
            "connectionId": "c1=",
            "eventType": "CONNECT",
            "requestId": "r",
            "routeKey": "$connect",
            "authorizer": {"userId": "ann"},
        }
    }
    assert handlers.subscriber.handler(event, CONTEXT)["statusCode"] == 403


HISTORIES: dict[str, Json] = {
    "acts that are text": {"acts": {"S": "many"}},
    "no acts": {"acts": None},
    "an act without its time": {"acts": {"L": [{"M": {"standing": {"S": "hidden"}}}]}},
    "no version": {"version": None},
    "a version that is text": {"version": {"S": "new"}},
}


@pytest.mark.parametrize("broken", HISTORIES)
def test_history_that_cannot_be_read_keeps_no_moderator_from_acting(broken: str) -> None:
    played()
    act = {"standing": {"S": "visible"}, "by": {"S": "b"}, "at": STAMP, "reason": {"S": "old"}}
    attributes: Json = {"acts": {"L": [{"M": act}]}, "version": {"N": str(NOW - 5)}}
    stored = put("moderation", **(attributes | HISTORIES[broken]))
    assert standing().status == 200
    assert queued() == [stored]
    assert moderate("hidden").status == 200
    assert standing().json["acts"][0]["reason"] == "why"
    assert remove("side").status == 204
    kept = items()["moderation"]["acts"]["L"]
    if "acts" in broken and stored.get("acts"):
        assert kept[-1] == stored["acts"]
    if broken == "an act without its time":
        assert kept[-1] == stored["acts"]["L"][0]  # kept for those who mend it
    assert leave().status == 204
    assert items()["moderation"]["acts"] == {"L": []}


# Rankings, their index and what reads both.


@pytest.mark.parametrize("broken", KINDS)
def test_rankings_and_the_index_go_round_an_item_that_cannot_be_read(
    broken: str,
    switches: Dependencies,
    cache_server: Valkey,
    capsys: pytest.CaptureFixture[str],
) -> None:
    played()
    item = spoil(**BROKEN[broken])
    assert handlers.rebuild.handler({"all": True}, CONTEXT)["finished"]  # the audit
    assert listed("side") == ["ann", "bob", "cid"]
    if broken not in NOT_INDEXED:
        assert listed(BAD) == ["bob", "cid"]
    cache_server.client.flushall()
    queued()
    aws.forget()
    capsys.readouterr()
    assert handlers.rebuild.handler({"board": BAD}, CONTEXT)["finished"]
    assert listed(BAD) == ["bob", "cid"]
    (reported,) = queued()
    assert reported == {it: item[it] for it in reported}
    assert metric(capsys) == 1
    done = handlers.verify.handler({}, CONTEXT)
    assert (done["missed"], done["wrong"], done["finished"]) == ([], [], True)
    switches.down.add("cache")
    assert listed(BAD)[-2:] == ["bob", "cid"]
    path = {"board": BAD, "userId": "ann"}
    answer = ask(handlers.boards.handler, "GET /boards/{board}/users/{userId}", path=path)
    assert (answer.status, answer.json["code"]) == (404, "user_not_ranked")


def test_verify_and_the_comparison_go_round_an_item_that_cannot_be_read() -> None:
    played()
    spoil(scoreUpdatedAt={"S": "soon"})
    assert handlers.rebuild.handler({"all": True}, CONTEXT)["finished"]
    queued()
    done = handlers.verify.handler({}, CONTEXT)
    assert (done["missed"], done["wrong"], done["finished"]) == ([], [], True)
    compared = handlers.verify.handler({"board": BAD, "deep": True}, CONTEXT)
    assert (compared["ranked"], compared["differences"]) == (2, 0)


# Reports.


def test_poller_that_meets_the_same_item_does_not_flood_the_queue(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    played()
    spoil(scoreUpdatedAt={"S": "soon"})
    capsys.readouterr()
    for _ in range(20):
        assert own_scores().status == 200
    assert len(queued()) == 1
    assert metric(capsys) == 20
    monkeypatch.setattr(reports, "QUEUE_AGAIN_SECONDS", 0)
    aws.forget()
    own_scores()
    own_scores()
    assert len(queued()) == 2


def test_queue_that_is_down_changes_no_answer(switches: Dependencies) -> None:
    played()
    item = spoil(scoreUpdatedAt={"S": "soon"})
    switches.down.add("sqs")
    assert own_scores().status == 200
    assert write(BAD).status == 409
    switches.down.clear()
    own_scores()
    assert queued() == [item]


def test_item_that_no_message_holds_is_reported_by_its_keys() -> None:
    played()
    spoil(scoreUpdatedAt={"S": "soon"}, notes={"S": "x" * 300_000})
    assert own_scores().status == 200
    assert queued() == [{"userId": {"S": "ann"}, "boardSeason": {"S": f"{BAD}#all"}}]


def test_record_that_no_message_holds_is_refused_by_its_keys() -> None:
    """An image of 400 KB is more than a megabyte as a message: the batch must not wait for it."""
    played()
    spoil(scoreUpdatedAt={"S": "soon"}, notes={"S": "é" * 190_000})
    assert write("side", "dan", userName="Dan").status == 200
    assert deliver() == []
    assert "dan" in listed("side")
    (message,) = messages()
    assert message["record"]["dynamodb"]["Keys"]["userId"] == {"S": "ann"}
    assert "NewImage" not in message["record"]["dynamodb"]


def test_rebuild_of_many_such_items_queues_a_few(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "MAX_KEPT", 40)
    for number in range(60):
        put(f"{BAD}#all", f"bad-{number}", userScore={"N": "1"})
    wiring.board_table().open(key_of(BAD, "all"))
    assert handlers.rebuild.handler({"board": BAD}, CONTEXT)["finished"]
    assert len(queued()) == reports.MAX_QUEUED
    assert metric(capsys) == 60


def test_index_is_read_past_what_cannot_be_read() -> None:
    """A page that holds bad items alone is not the end of a board."""
    for number in range(5):
        key = order.index_key(Order.DESC, 100 - number, NOW, f"bad-{number}")
        shard = {"S": f"{BAD}#all#0"}
        put(
            f"{BAD}#all",
            f"bad-{number}",
            boardSeasonShard=shard,
            boardOrder={"S": key},
            userScore={"N": "5"},
            userName={"S": "x"},
        )
    write(BAD, "bob", submission="b")
    index: BoardIndex = wiring.board_index()
    assert [it.user_id for it in index.best(wiring.board_season(BAD), 3)] == ["bob"]


# Recorded tops.

TOPS: dict[str, Json] = {
    "a top that is text": {"top": {"S": "?"}},
    "an entry without a time": {"top": {"L": [{"M": {"userId": {"S": "ann"}}}]}},
    "no version": {"version": None},
    "an epoch that is a number": {"epoch": {"N": "7"}},
    "no revision": {"revision": None},
    "a revision that is text": {"revision": {"S": "?"}},
    "nothing but its key": dict.fromkeys(("top", "version", "epoch", "revision", "life", "total")),
}


def recorded(board: str = BAD) -> Json:
    key = {"boardSeason": {"S": f"{board}#all"}}
    found: Json = client("dynamodb").get_item(TableName=aws.BOARDS, Key=key)["Item"]
    return found


def spoil_top(broken: str) -> tuple[Json, Json]:
    """The item of the board BAD before and after it broke."""
    before = recorded()
    after = {it: value for it, value in (before | TOPS[broken]).items() if value is not None}
    client("dynamodb").put_item(TableName=aws.BOARDS, Item=after)
    return before, after


def top(board: str = BAD) -> Answer:
    return ask(handlers.boards.handler, "GET /boards/{board}/top", path={"board": board})


def frame(body: Json) -> Json:
    event = events.frame("c1=", body)
    reply: Json = json.loads(handlers.subscriber.handler(event, CONTEXT)["body"])
    return reply


@pytest.mark.parametrize("broken", TOPS)
def test_top_that_cannot_be_read_is_shown_from_the_index_and_recorded_over(
    broken: str, cache_server: Valkey, switches: Dependencies
) -> None:
    played()
    before, after = spoil_top(broken)
    wiring.subscriptions().connect("c1=", None)
    assert frame({"action": "subscribe", "board": "side"})["type"] == "snapshot"
    refusal = frame({"action": "subscribe", "board": BAD})
    assert (refusal["type"], refusal["code"]) == ("error", "unavailable")
    assert list(frame({"action": "ping"})["boards"]) == ["side"]
    answer = top()
    assert (answer.status, answer.json["degraded"], answer.json["version"]) == (200, True, None)
    assert [it["userId"] for it in answer.json["entries"]] == ["ann", "bob", "cid"]
    assert queued() == [after]
    assert write("side", "dan", userName="Dan").status == 200
    cache_server.client.flushall()
    assert deliver() == []
    for event in switches.invoked:
        if "profiles" not in event:  # which is of upkeep
            handlers.rebuild.handler(event, CONTEXT)
    mended = recorded()
    assert [it["M"]["userId"]["S"] for it in mended["top"]["L"]] == ["ann", "bob", "cid"]
    counted = {"version", "epoch"} & set(TOPS[broken])
    assert (mended["epoch"] != before["epoch"]) == bool(counted)
    version = 0 if counted else int(before["version"]["N"])
    assert int(mended["version"]["N"]) == version + 1
    answer = top()
    assert "degraded" not in answer.json
    assert [it["userId"] for it in answer.json["entries"]] == ["ann", "bob", "cid"]
    assert [it["userId"] for it in top("side").json["entries"]] == ["ann", "bob", "cid", "dan"]
    change = stream_record(1, {"boardSeason": after["boardSeason"]}, mended, after)
    assert handlers.board_stream.handler({"Records": [change]}, CONTEXT) == {
        "batchItemFailures": []
    }
    assert frame({"action": "subscribe", "board": BAD})["type"] == "snapshot"


@pytest.mark.parametrize("broken", ["no version", "no revision", "nothing but its key"])
def test_seasons_and_rebuilds_go_round_a_board_that_cannot_be_read(broken: str) -> None:
    played()
    spoil_top(broken)
    handlers.seasons.handler({}, CONTEXT)
    assert handlers.rebuild.handler({"all": True}, CONTEXT)["finished"]
    assert [it["M"]["userId"]["S"] for it in recorded()["top"]["L"]] == ["ann", "bob", "cid"]
