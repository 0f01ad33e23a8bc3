"""The shortcuts through moto answer as moto does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from tests.integration import aws

Json = dict[str, Any]
KEY = {"userId": {"S": "ann"}, "boardSeason": {"S": "b#all"}}
OTHER = {"userId": {"S": "bob"}, "boardSeason": {"S": "b#all"}}
VALUES = {
    "score": {"N": "-12.50"},
    "flag": {"BOOL": True},
    "nothing": {"NULL": True},
    "empty": {"M": {}},
    "names": {"SS": ["x"]},
    "numbers": {"NS": ["3"]},
    "raw": {"B": b"\x00\xff"},
    "nested": {"M": {"list": {"L": [{"S": "☃"}, {"M": {"deep": {"N": "1"}}}]}, "raw": {"B": b"1"}}},
}
TABLE = {
    "TableName": aws.SCORES,
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": it, "AttributeType": "S"} for it in KEY],
    "KeySchema": [
        {"AttributeName": "userId", "KeyType": "HASH"},
        {"AttributeName": "boardSeason", "KeyType": "RANGE"},
    ],
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
}
TOO_LARGE = {"text": {"S": "x" * 410_000}}


def update(key: Json, expression: str, **more: Any) -> Json:
    return {"TableName": aws.SCORES, "Key": key, "UpdateExpression": expression, **more}


def put(item: Json) -> Json:
    return {"Put": {"TableName": aws.SCORES, "Item": item}}


def asked() -> Iterator[tuple[str, Json]]:
    """Calls of one table, in their order, and what they are called with."""
    read = {"TableName": aws.SCORES, "Key": KEY, "ConsistentRead": True}
    one = {":one": {"N": "1"}, ":s": {"S": "new"}}
    deep = "SET nested.#list[1].deep = :one, #score = #score + :one"
    names = {"#list": "list", "#score": "score"}
    number = {":one": one[":one"]}
    refused = {"ConditionExpression": "attribute_not_exists(userId)"}
    check = {"ConditionCheck": {"TableName": aws.SCORES, "Key": OTHER, **refused}}
    changed = update(KEY, deep, ExpressionAttributeNames=names, ExpressionAttributeValues=number)
    yield "put_item", {"TableName": aws.SCORES, "Item": KEY | VALUES}
    yield "put_item", {"TableName": aws.SCORES, "Item": OTHER | VALUES}
    yield "put_item", {"TableName": aws.SCORES, "Item": OTHER | TOO_LARGE}
    yield "get_item", read
    present = {"TableName": aws.SCORES, "Key": KEY, **refused}
    # It fails after it has changed an item in its depth, put one and deleted one.
    third = KEY | {"boardSeason": {"S": "c#all"}}
    gone = {"Delete": {"TableName": aws.SCORES, "Key": OTHER}}
    yield "transact_write_items", {"TransactItems": [{"Update": changed}, put(third), check]}
    yield "transact_write_items", {"TransactItems": [gone, {"ConditionCheck": present}]}
    yield "scan", {"TableName": aws.SCORES}
    yield "transact_write_items", {"TransactItems": [{"Update": changed}, put(third)]}
    yield "update_item", changed | {"ReturnValues": "ALL_OLD"}
    yield "update_item", changed | {"ReturnValues": "UPDATED_NEW"}
    yield "get_item", read | {"ProjectionExpression": "score, nested.list[1].deep, absent"}
    yield "get_item", read | {"ProjectionExpression": "flag, numbers, absent, nested, score"}
    query = {
        "TableName": aws.SCORES,
        "KeyConditionExpression": "userId = :user",
        "ExpressionAttributeValues": {":user": KEY["userId"]},
    }
    yield "query", query
    yield "query", query | {"Limit": 1, "ScanIndexForward": False}
    yield "query", query | {"ProjectionExpression": "score, userId", "ConsistentRead": True}
    yield "delete_item", {"TableName": aws.SCORES, "Key": OTHER, "ReturnValues": "ALL_OLD"}
    yield "scan", {"TableName": aws.SCORES}


def answers() -> list[str]:
    """What all of them answer, as text: or the error, with all that it says."""
    found = []
    with mock_aws():
        client: Any = boto3.client("dynamodb", region_name=aws.REGION)
        client.create_table(**TABLE)
        for operation, parameters in asked():
            try:
                answer = getattr(client, operation)(**parameters)
            except ClientError as error:
                answer = error.response
            answer.pop("ResponseMetadata")
            found.append(f"{operation} {json.dumps(answer, sort_keys=True, default=repr)}")
    return found


def test_tables_answer_as_without_the_shortcuts(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in aws.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    whole = subprocess.run(
        [sys.executable, "-m", "tests.integration.test_shortcuts"],
        env=os.environ,
        cwd=aws.ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    expected = json.loads(whole.stdout)
    assert answers() == expected
    refusals = [it for it in expected if "TransactionCanceledException" in it]
    assert len(refusals) == 2
    assert any("Item size" in it for it in expected)


if __name__ == "__main__":
    print(json.dumps(answers()))
