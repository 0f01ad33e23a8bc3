"""Made-up stream records, for the double's own tests."""

from typing import Any


def record(user: str, score: int = 0, *, padding: int = 0) -> dict[str, Any]:
    """A change of a user's score, in Lambda's event form; `padding` makes it larger."""
    keys = {"userId": {"S": user}, "boardSeason": {"S": "global#all"}}
    image = {**keys, "userScore": {"N": str(score)}, "padding": {"S": "x" * padding}}
    return {
        "eventName": "MODIFY",
        "dynamodb": {"Keys": keys, "NewImage": image, "StreamViewType": "NEW_IMAGE"},
    }


def users(event: dict[str, Any]) -> list[str]:
    """The users of an event's records, in order."""
    return [entry["dynamodb"]["Keys"]["userId"]["S"] for entry in event["Records"]]


def numbers(event: dict[str, Any]) -> list[str]:
    """The sequence numbers of an event's records, in order."""
    return [entry["dynamodb"]["SequenceNumber"] for entry in event["Records"]]


def failed(*sequence_numbers: str) -> dict[str, Any]:
    """A response that reports these records."""
    return {"batchItemFailures": [{"itemIdentifier": number} for number in sequence_numbers]}
