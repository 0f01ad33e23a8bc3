"""The table `connections`: a row per connection, and one per board that it follows."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from leaderboard.adapters.aws import client, translated
from leaderboard.errors import Raced
from leaderboard.subscriptions import MAX_BOARDS, ConnectionGone, TooManyBoards

CONNECTION_SECONDS = 7500
"""How long a row may live: API Gateway closes a connection after two hours."""
WRITE_BATCH = 25
"""What one BatchWriteItem takes."""

Key = dict[str, dict[str, str]]


@dataclass(frozen=True)
class ConnectionTable:
    connections_table: str
    audience_shards: int = 1

    def open(self, connection_id: str, user_id: str | None) -> None:
        if user_id is not None:  # first: what is open can be found by its user
            self._put(_of_user(user_id, connection_id))
        user = {"userId": {"S": user_id}} if user_id else {}
        self._put({**_own(connection_id), **user})

    def close(self, connection_id: str) -> None:
        self._delete([*self._rows(connection_id)])

    def leave(self, board: str, connection_ids: Iterable[str]) -> None:
        rows: dict[tuple[str, str], Key] = {}
        for connection_id in connection_ids:
            # The board's row is named too: the connection's own may have expired before it.
            for key in (self._following(board, connection_id), *self._rows(connection_id)):
                rows[key["audience"]["S"], connection_id] = key
        self._delete(list(rows.values()))

    def of_user(self, user_id: str) -> list[str]:
        """A user's connections; one that closed without a word stays until its row expires."""
        return list(self._listed(f"user#{user_id}"))

    def subscribe(self, connection_id: str, board: str) -> None:
        try:
            with translated():
                client("dynamodb").update_item(
                    TableName=self.connections_table,
                    Key=_own(connection_id),
                    UpdateExpression="ADD boards :board",
                    ConditionExpression="attribute_exists(audience) AND "
                    "(attribute_not_exists(boards) OR contains(boards, :name) "
                    "OR size(boards) < :most)",
                    ExpressionAttributeValues={
                        ":board": {"SS": [board]},
                        ":name": {"S": board},
                        ":most": {"N": str(MAX_BOARDS)},
                    },
                )
        except Raced as error:
            if len(self.boards(connection_id)) >= MAX_BOARDS:
                raise TooManyBoards(
                    f"A connection follows at most {MAX_BOARDS} boards; unsubscribe from one first."
                ) from error
            raise
        self._put(self._following(board, connection_id))

    def unsubscribe(self, connection_id: str, board: str) -> None:
        self._delete([self._following(board, connection_id)])
        try:
            with translated():
                client("dynamodb").update_item(
                    TableName=self.connections_table,
                    Key=_own(connection_id),
                    UpdateExpression="DELETE boards :board",
                    ConditionExpression="attribute_exists(audience)",
                    ExpressionAttributeValues={":board": {"SS": [board]}},
                )
        except Raced:  # the connection closed meanwhile, and took its rows with it
            return

    def boards(self, connection_id: str) -> list[str]:
        row = self._own_row(connection_id)
        if row is None:
            raise ConnectionGone("This connection is not known any more; connect again.")
        return sorted(row.get("boards", {}).get("SS", []))

    def subscribers(self, board: str) -> Iterator[str]:
        for shard in range(self.audience_shards):
            yield from self._listed(f"{board}#{shard}")

    def _listed(self, audience: str) -> Iterator[str]:
        pages = (
            client("dynamodb")
            .get_paginator("query")
            .paginate(
                TableName=self.connections_table,
                ConsistentRead=True,
                KeyConditionExpression="audience = :audience",
                FilterExpression="expiresAt > :now",
                ProjectionExpression="connectionId",
                ExpressionAttributeValues={
                    ":audience": {"S": audience},
                    ":now": {"N": str(int(time.time()))},
                },
            )
        )
        with translated():
            for page in pages:
                yield from (row["connectionId"]["S"] for row in page["Items"])

    def take_ticket(self, ticket: str, expires_ms: int) -> bool:
        """Use a socket ticket up; False if it was used before."""
        try:
            self._put(
                _key(f"ticket#{ticket}", ticket),
                expires=expires_ms // 1000 + 60,
                ConditionExpression="attribute_not_exists(audience)",
            )
        except Raced:
            return False
        return True

    def _own_row(self, connection_id: str) -> dict[str, Any] | None:
        with translated():
            answer = client("dynamodb").get_item(
                TableName=self.connections_table, Key=_own(connection_id), ConsistentRead=True
            )
        row: dict[str, Any] | None = answer.get("Item")
        return row

    def _rows(self, connection_id: str) -> Iterator[Key]:
        """The keys of all that a connection has here, its own row last."""
        row = self._own_row(connection_id)
        if row is not None:
            for board in row.get("boards", {}).get("SS", []):
                yield self._following(board, connection_id)
            if "userId" in row:
                yield _of_user(row["userId"]["S"], connection_id)
            yield _own(connection_id)

    def _following(self, board: str, connection_id: str) -> Key:
        shard = zlib.crc32(connection_id.encode()) % self.audience_shards
        return _key(f"{board}#{shard}", connection_id)

    def _put(self, row: dict[str, Any], *, expires: int | None = None, **options: Any) -> None:
        expires = expires or int(time.time()) + CONNECTION_SECONDS
        with translated():
            client("dynamodb").put_item(
                TableName=self.connections_table,
                Item={**row, "expiresAt": {"N": str(expires)}},
                **options,
            )

    def _delete(self, keys: list[Key]) -> None:
        for start in range(0, len(keys), WRITE_BATCH):
            requests: Any = {
                self.connections_table: [
                    {"DeleteRequest": {"Key": key}} for key in keys[start : start + WRITE_BATCH]
                ]
            }
            with translated():
                while requests:
                    answer = client("dynamodb").batch_write_item(RequestItems=requests)
                    requests = answer.get("UnprocessedItems")


def _key(audience: str, connection_id: str) -> Key:
    return {"audience": {"S": audience}, "connectionId": {"S": connection_id}}


def _of_user(user_id: str, connection_id: str) -> Key:
    return _key(f"user#{user_id}", connection_id)


def _own(connection_id: str) -> Key:
    return _key(f"connection#{connection_id}", connection_id)
