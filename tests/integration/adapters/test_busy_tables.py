"""Tables that do nothing of a batch: each caller asks again after a pause, and gives up in time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from leaderboard import retries, wiring
from leaderboard.adapters.dynamodb.audiences import AudienceTable
from leaderboard.errors import Unavailable
from tests.integration import aws, aws_calls

Json = dict[str, Any]

pytestmark = pytest.mark.usefixtures("stage")

BATCHES: dict[str, Callable[[], Any]] = {
    "a user's scores": lambda: wiring.score_table().read_several("ann", ["global#all"]),
    "users of the index": lambda: wiring.board_index().find(
        wiring.board_season("global"), ["ann", "bob"]
    ),
    "scores of a rebuild": lambda: wiring.score_scanner().read_states("global#all", ["ann"]),
    "items of boards": lambda: wiring.board_table().read_several(["global#all"]),
    "rows of who is gone": lambda: AudienceTable(aws.CONNECTIONS, 1).leave("global", ["one="]),
    "rows of who closes": lambda: wiring.connection_table().forget("one=", "ann"),
}


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The batches that were sent; the table is throttled for ever, and does none of them."""
    through = aws_calls.real()
    sent: list[str] = []

    def make_api_call(service: Any, name: str, parameters: Json) -> Any:
        if name == "BatchGetItem":
            sent.append(name)
            return {"Responses": {}, "UnprocessedKeys": parameters["RequestItems"]}
        if name == "BatchWriteItem":
            sent.append(name)
            return {"UnprocessedItems": parameters["RequestItems"]}
        return through(service, name, parameters)

    aws_calls.take_over(monkeypatch, make_api_call)
    return sent


@pytest.mark.parametrize("name", ["items of boards", "rows of who closes"])
def test_throttled_table_is_asked_with_pauses_and_not_for_ever(name: str, calls: list[str]) -> None:
    began = time.monotonic()
    with pytest.raises(Unavailable):
        BATCHES[name]()
    took = time.monotonic() - began
    assert 3 <= len(calls) <= retries.TRIES
    assert took < 10
    assert len(calls) / took < 100


@pytest.mark.parametrize("batch", BATCHES.values(), ids=BATCHES.keys())
def test_throttled_table_is_given_up_when_the_time_for_the_answer_is_over(
    batch: Callable[[], Any], calls: list[str]
) -> None:
    began = time.monotonic()
    with pytest.raises(Unavailable), retries.within(0.3):
        batch()
    assert time.monotonic() - began < 2
    assert calls
