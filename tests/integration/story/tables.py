"""moto's tables without the HTTP around them: a story takes a third of the time."""

from __future__ import annotations

import json
from typing import Any

from botocore import xform_name
from moto.dynamodb.exceptions import DynamodbException
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.responses import DynamoHandler

from tests.integration import aws

Json = dict[str, Any]
ACCOUNT = "123456789012"


def call(client: Any, operation: str, parameters: Json) -> Json:
    """What the table answers; raises the errors of the client, as the client itself would."""
    if parameters.get("ReturnValues") == "UPDATED_NEW":
        # moto leaves out what was set to the value that it had; DynamoDB does not.
        parameters = {**parameters, "ReturnValues": "ALL_NEW"}
    handler: Any = DynamoHandler()
    handler.body = json.loads(json.dumps(parameters))
    handler.region, handler.current_account = aws.REGION, ACCOUNT
    try:
        answer: Json = getattr(handler, xform_name(operation))().result
    except DynamodbException as error:
        document = json.loads(str(error.description))
        code = document["__type"].rpartition("#")[2]
        message = document.get("message") or document.get("Message", "")
        response = {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {"HTTPStatusCode": 400},
            "CancellationReasons": document.get("CancellationReasons", []),
        }
        raise client.exceptions.from_code(code)(response, operation) from error
    return answer


def stored(table: str, key: Json) -> Json | None:
    """The item as it is now."""
    found = dynamodb_backends[ACCOUNT][aws.REGION].get_item(table, key)
    return None if found is None else _image(found)


def items(table: str) -> list[Json]:
    """Every item as it is now."""
    found = dynamodb_backends[ACCOUNT][aws.REGION].get_table(table).all_items()
    return [_image(it) for it in found]


def clear() -> None:
    """Empty the tables; moto's own streams would be copied with every transaction."""
    for name in (aws.SCORES, aws.BOARDS, aws.CONNECTIONS, aws.SUBMISSIONS, aws.HISTORY):
        table: Any = dynamodb_backends[ACCOUNT][aws.REGION].get_table(name)
        table.items.clear()
        table.stream_shard = None


def _image(item: Any) -> Json:
    image: Json = json.loads(json.dumps(item.to_json()["Attributes"]))
    return image
