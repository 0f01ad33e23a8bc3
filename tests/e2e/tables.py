"""The tables as an operator sees them, to prove what was written and what was not."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3
import urllib3
from boto3.dynamodb.types import TypeDeserializer

Json = dict[str, Any]
Written = dict[tuple[str, str], Json]
_deserializer = TypeDeserializer()


class Tables:
    """The tables of a stack, by their names in its addresses; every read is consistent."""

    def __init__(self, addresses: Mapping[str, str]) -> None:
        self.addresses = addresses
        self._pool = urllib3.PoolManager(maxsize=4, retries=False, timeout=60.0)

    def client(self, service: str) -> Any:
        return boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=self.addresses["cognito"],
            region_name=self.addresses["region"],
            aws_access_key_id=self.addresses["accessKeyId"],
            aws_secret_access_key=self.addresses["secretAccessKey"],
        )

    def items(self, table: str) -> list[Json]:
        """Every item of a table."""
        return [
            {name: _deserializer.deserialize(value) for name, value in item.items()}
            for item in self._scan(table)
        ]

    def user(self, user_id: str) -> list[Json]:
        """A user's scores and profile."""
        return [it for it in self.items("scoresTable") if it["userId"] == user_id]

    def connections(self) -> set[tuple[str, str]]:
        """The keys of the table of connections: who is here and what they follow."""
        items = self._scan("connectionsTable")
        return {(it["audience"]["S"], it["connectionId"]["S"]) for it in items}

    @contextmanager
    def no_connection(self) -> Iterator[None]:
        """What happens inside opens and follows nothing; others may close meanwhile."""
        before = self.connections()
        yield
        assert self.connections() <= before

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """What happens inside writes nothing."""
        before = self.written()
        yield
        assert self.written() == before

    def written(self) -> Written:
        """All that requests write, by key: scores, profiles, submissions.

        Boards follow from the scores, at a time of their own, and are not looked at.
        """
        scores, submissions = self._scan("scoresTable"), self._scan("submissionsTable")
        return {(it["userId"]["S"], it["boardSeason"]["S"]): it for it in scores} | {
            (it["submission"]["S"], ""): it for it in submissions
        }

    def _scan(self, table: str) -> list[Json]:
        """The items as they come: boto3 takes ten times as long, and the tests compare hundreds."""
        request: Json = {"TableName": self.addresses[table], "ConsistentRead": True}
        items: list[Json] = []
        while True:
            answer = self._pool.request(
                "POST",
                self.addresses["cognito"],
                body=json.dumps(request),
                headers={
                    "content-type": "application/x-amz-json-1.0",
                    "x-amz-target": "DynamoDB_20120810.Scan",
                    "authorization": self._credential(),
                },
            )
            assert answer.status == 200, answer.data
            page = json.loads(answer.data)
            items += page["Items"]
            if "LastEvaluatedKey" not in page:
                return items
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def _credential(self) -> str:
        """Whose tables: the emulator reads the names and checks no signature."""
        scope = f"20260101/{self.addresses['region']}/dynamodb/aws4_request"
        credential = f"Credential={self.addresses['accessKeyId']}/{scope}"
        return f"AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=none"
