"""The tables as an operator sees them, to prove what was written and what was not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3
from boto3.dynamodb.types import TypeDeserializer

Json = dict[str, Any]
_deserializer = TypeDeserializer()


class Tables:
    """The four tables of a stack; every read is consistent."""

    def __init__(self, addresses: Mapping[str, str]) -> None:
        self.addresses = addresses
        self.session = boto3.Session(
            aws_access_key_id=addresses["accessKeyId"],
            aws_secret_access_key=addresses["secretAccessKey"],
            region_name=addresses["region"],
        )
        self._dynamodb = self.client("dynamodb")

    def client(self, service: str) -> Any:
        return self.session.client(service, endpoint_url=self.addresses["cognito"])  # type: ignore[call-overload]

    def items(self, table: str) -> list[Json]:
        """Every item of the table of that name in the stack's addresses."""
        pages = self._dynamodb.get_paginator("scan").paginate(
            TableName=self.addresses[table], ConsistentRead=True
        )
        return [
            {name: _deserializer.deserialize(value) for name, value in item.items()}
            for page in pages
            for item in page["Items"]
        ]

    def user(self, user_id: str) -> list[Json]:
        return [it for it in self.items("scoresTable") if it["userId"] == user_id]

    def connections(self) -> set[tuple[str, str]]:
        """The keys of the table of connections: who is here and what they follow."""
        items = self.items("connectionsTable")
        return {(it["audience"], it["connectionId"]) for it in items}

    @contextmanager
    def no_connection(self) -> Iterator[None]:
        """What happens inside opens and follows nothing; others may close meanwhile."""
        before = self.connections()
        yield
        assert self.connections() <= before

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """What happens inside writes nothing: no score, no profile, no submission.

        Boards follow from the scores, at a time of their own, and are not looked at.
        """
        before = self._written()
        yield
        assert self._written() == before

    def _written(self) -> list[Json]:
        written = self.items("scoresTable") + self.items("submissionsTable")
        return sorted(written, key=repr)
