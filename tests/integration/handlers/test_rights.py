"""That a call which no role allows would be found."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import handlers.boards
from leaderboard import wiring
from tests.integration import aws, rights
from tests.integration.events import CONTEXT, request

pytestmark = pytest.mark.usefixtures("stage")

READ = ("boards", "dynamodb:GetItem", "BoardsTable")


@pytest.fixture(autouse=True)
def _looked_at() -> Iterator[None]:
    yield
    rights.refused.clear()


def test_call_of_a_function_is_noted_with_its_resource() -> None:
    rights.seen.discard(READ)
    handlers.boards.handler(request("GET /boards/{board}/top", path={"board": "global"}), CONTEXT)
    assert READ in rights.seen
    assert rights.refused == []


@pytest.mark.parametrize(
    ("function", "refused"),
    [
        ("scores", []),
        ("fanout", ["fanout may not dynamodb:GetItem on BoardsTable: see infra/roles.yml"]),
    ],
)
def test_call_that_the_role_does_not_have_is_refused(function: str, refused: list[str]) -> None:
    token = rights.running.set(function)
    try:
        wiring.board_table().read("global#all")
    finally:
        rights.running.reset(token)
    assert rights.refused == refused


def test_batch_and_transaction_need_the_right_of_each_part() -> None:
    asked: dict[str, object] = {"RequestItems": {aws.SCORES: {}, aws.BOARDS: {}}}
    assert list(rights.needs("dynamodb", "BatchGetItem", asked)) == [
        ("dynamodb:BatchGetItem", "ScoresTable"),
        ("dynamodb:BatchGetItem", "BoardsTable"),
    ]
    parts = [{"Put": {"TableName": aws.SCORES}}, {"ConditionCheck": {"TableName": aws.SCORES}}]
    assert list(rights.needs("dynamodb", "TransactWriteItems", {"TransactItems": parts})) == [
        ("dynamodb:PutItem", "ScoresTable"),
        ("dynamodb:ConditionCheckItem", "ScoresTable"),
    ]
    on_index = {"TableName": aws.SCORES, "IndexName": "board-top"}
    assert list(rights.needs("dynamodb", "Query", on_index)) == [
        ("dynamodb:Query", "${ScoresTable.Arn}/index/board-top")
    ]
