"""Items that somebody put into the table past the service, on the deployed stack."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.e2e.service import Json, Service
from tests.e2e.tables import Tables
from tests.e2e.waiting import await_value

pytestmark = pytest.mark.e2e


@pytest.fixture
def reported(tables: Tables) -> Any:
    """What the failure queue gets, taken out of it."""
    queue = tables.client("sqs")
    (url,) = queue.list_queues(QueueNamePrefix="leaderboard-local-failures")["QueueUrls"]

    def receive() -> list[Json]:
        messages = queue.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        for it in messages:
            queue.delete_message(QueueUrl=url, ReceiptHandle=it["ReceiptHandle"])
        return [json.loads(it["Body"]) for it in messages]

    return receive


def test_imported_time_is_read_and_garbage_hurts_itself_alone(
    service: Service, tables: Tables, board: str, reported: Any
) -> None:
    player = service.sign_up()
    good, imported, broken = board, f"{board}-2", f"{board}-3"
    service.write(good, player.user_id, score=7, userName="Somebody")
    (written,) = (it for it in tables.user(player.user_id) if it["boardSeason"] == f"{good}#all")
    table = tables.client("dynamodb")
    for key, time in ((imported, "2026-11-23T08:15:30Z"), (broken, "yesterday")):
        item = {
            "userId": {"S": player.user_id},
            "boardSeason": {"S": f"{key}#all"},
            "userName": {"S": "Somebody"},
            "userScore": {"N": "5"},
            "scoreUpdatedAt": {"S": time},
            "version": {"N": str(written["version"])},
        }
        table.put_item(TableName=tables.addresses["scoresTable"], Item=item)
    answer = service.call("GET", "/me/scores", token=player.token)
    assert answer.status == 200, answer
    shown = {it["board"]: it["scoreUpdatedAt"] for it in answer.body["scores"]}
    assert set(shown) == {good, imported}
    assert shown[imported] == "2026-11-23T08:15:30.000Z"
    answer = service.put(broken, player.user_id, {"score": 9, "submissionId": "again"})
    assert (answer.status, answer.body["code"]) == (409, "unreadable"), answer
    assert service.put(imported, player.user_id, {"score": 9, "submissionId": "a"}).status == 200
    service.await_score(imported, player.user_id, 9)
    found: list[Json] = []

    def is_reported() -> bool:
        found.extend(reported())
        times = [it["item"]["scoreUpdatedAt"]["S"] for it in found if "item" in it]
        return "yesterday" in times

    await_value(is_reported, what="the item is in the failure queue")
    answer = service.call("DELETE", "/me", token=player.token)
    assert answer.status == 204, answer
    left = tables.user(player.user_id)
    assert {it["standing"] for it in left} == {"deleted"}
    assert not [it for it in left if "userName" in it or "userScore" in it]
