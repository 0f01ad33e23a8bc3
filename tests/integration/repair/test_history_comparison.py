"""`verify` with `deep`: the scores of a board beside the lines that explain them."""

from __future__ import annotations

from typing import Any

import pytest

import handlers.verify
from leaderboard import clock, wiring
from leaderboard.adapters.aws.clients import client
from leaderboard.repair import history_comparison
from tests.integration import aws
from tests.integration.conftest import Dependencies
from tests.integration.events import CONTEXT
from tests.integration.history.test_history_stream import deliver, rank, record_of, score, stored

Json = dict[str, Any]


@pytest.fixture(autouse=True)
def _switches(dependencies: Dependencies, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001
    for module in ("comparison", "history_comparison"):
        monkeypatch.setattr(f"leaderboard.repair.{module}.time.sleep", lambda _: None)


def deep() -> Json:
    answer = handlers.verify.handler({"board": "global", "deep": True}, CONTEXT)
    assert answer["historiesFinished"] is True
    return answer


def faults(answer: Json) -> list[tuple[str, str]]:
    return [(it["userId"], it["fault"]) for it in answer["shownHistories"]]


def later(patch: pytest.MonkeyPatch, ms: int) -> None:
    """So much later by the machine's clock."""
    now = clock.machine_ms()
    patch.setattr(clock, "machine_ms", lambda: now + ms)
    wiring.history_comparison.cache_clear()


def play() -> None:
    """Ann has three lines and Bob one; Cyd is back after a removal; Dan is of an older release."""
    records = [score("ann", 10), score("ann", 5), score("ann", 1), score("bob", 7), score("cyd", 9)]
    wiring.moderation().remove("cyd", wiring.board_season("global"), by="me")
    records += [record_of("cyd"), score("cyd", 2)]
    old = score("dan", 3)
    image = old["dynamodb"]["NewImage"]
    del image["wrote"]
    client("dynamodb").put_item(TableName=aws.SCORES, Item=image)
    records.append(old)
    rank(*records)
    deliver(*records)


def drop(user: str, place: int) -> None:
    """Lose one of a user's lines, counted from the oldest."""
    own = sorted(str(it["boardSeasonVersion"]["S"]) for it in stored() if it["userId"]["S"] == user)
    key = {"userId": {"S": user}, "boardSeasonVersion": {"S": own[place]}}
    client("dynamodb").delete_item(TableName=aws.HISTORY, Key=key)


def test_scores_that_their_histories_explain() -> None:
    play()
    answer = deep()
    assert (answer["histories"], answer["unexplained"], answer["onTheirWay"]) == (3, 0, 0)
    assert answer["differences"] == 0


def test_line_on_its_way_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    play()
    late = score("ann", 3)
    rank(late)
    answer = deep()
    assert (answer["unexplained"], answer["onTheirWay"]) == (0, 1)
    later(monkeypatch, history_comparison.STREAM_MS + 1)
    assert faults(deep()) == [("ann", history_comparison.MISSING_LAST)]
    deliver(late)
    assert deep()["unexplained"] == 0


def test_hole_in_a_history_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    play()
    drop("ann", 1)
    assert deep()["onTheirWay"] == 1
    later(monkeypatch, history_comparison.BATCH_MS + 1)
    answer = deep()
    assert answer["unexplained"] == 1
    ((user, fault),) = faults(answer)
    # Which of the two it is depends on whether the lines are of one second.
    assert user == "ann"
    assert fault in {history_comparison.MISSING, history_comparison.GAP}


def test_score_that_was_written_by_hand_is_named() -> None:
    play()
    client("dynamodb").update_item(
        TableName=aws.SCORES,
        Key={"userId": {"S": "bob"}, "boardSeason": {"S": "global#all"}},
        UpdateExpression="SET userScore = :much",
        ExpressionAttributeValues={":much": {"N": "7000"}},
    )
    assert faults(deep()) == [("bob", history_comparison.OTHER)]
