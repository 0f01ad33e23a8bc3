"""The table `connections`: a row per connection, and one per board that it follows."""

from __future__ import annotations

import contextlib
import time
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from leaderboard.adapters.aws.clients import DOWN, client, translated
from leaderboard.errors import Raced, Unavailable
from leaderboard.frames.ports import MAX_BOARDS, ConnectionGone, TooManyBoards
from leaderboard.retries import tries

CONNECTION_SECONDS = 7500
"""How long a row may live: API Gateway closes a connection after two hours."""
FOLLOWED_SHARDS = 4
"""Over how many keys the list of followed boards is spread, so that writing it holds nobody up."""
FOLLOWED_AGAIN_SECONDS = 600
"""How often one function's environment lists a board that it lists already."""
ENVIRONMENT_BOARDS = 10_000
"""Boards that an environment remembers as listed."""
UNKNOWN = "This connection is not known any more; connect again."
WRITE_BATCH = 25
"""What one BatchWriteItem takes."""

Key = dict[str, dict[str, str]]


@dataclass(frozen=True)
class ConnectionTable:
    connections_table: str
    audience_shards: int = 1
    listed: dict[str, float] = field(default_factory=dict, compare=False)
    """Until when this environment need not list a board as followed."""

    def open(self, connection_id: str, user_id: str | None) -> None:
        if user_id is not None:  # first: what is open can be found by its user
            self._put(_of_user(user_id, connection_id))
        user = {"userId": {"S": user_id}} if user_id else {}
        self._put({**own(connection_id), **user})

    def close(self, connection_id: str) -> None:
        row = self._own_row(connection_id)
        if row is not None:
            delete(self.connections_table, keys_of(row, self.audience_shards))

    def forget(self, connection_id: str, user_id: str) -> None:
        self.close(connection_id)
        delete(self.connections_table, [_of_user(user_id, connection_id)])

    def of_user(self, user_id: str) -> list[str]:
        """A user's connections; one that closed without a word stays until its row expires."""
        return list(self._listed(f"user#{user_id}"))

    def of_user_before(self, user_id: str, seconds: float) -> list[str]:
        opened_before = time.time() - seconds
        rows = sorted(
            (int(row["expiresAt"]["N"]) - CONNECTION_SECONDS, row["connectionId"]["S"])
            for row in self._rows(f"user#{user_id}")
        )
        return [connection_id for opened, connection_id in rows if opened <= opened_before]

    def count_message(self, connection_id: str, minute: int) -> int:
        """Count in the connection's own row: one write, and a second with a new minute's first."""
        names = {"#sent": "messages", "#minute": "minute"}
        values = {":minute": {"N": str(minute)}, ":one": {"N": "1"}}
        attempts = (
            ("ADD #sent :one", "attribute_exists(audience) AND #minute = :minute"),
            ("SET #minute = :minute, #sent = :one", "attribute_exists(audience)"),
        )
        for update, condition in attempts:
            with contextlib.suppress(Raced), translated():
                answer = client("dynamodb").update_item(
                    TableName=self.connections_table,
                    Key=own(connection_id),
                    UpdateExpression=update,
                    ConditionExpression=condition,
                    ExpressionAttributeNames=names,
                    ExpressionAttributeValues=values,
                    ReturnValues="ALL_NEW",
                )
                return int(answer["Attributes"]["messages"]["N"])
        raise ConnectionGone(UNKNOWN)

    def subscribe(self, connection_id: str, board: str) -> None:
        try:
            with translated():
                client("dynamodb").update_item(
                    TableName=self.connections_table,
                    Key=own(connection_id),
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
        self._list(board)  # first: who follows a board is never unknown
        self._put(self._following(board, connection_id))

    def unsubscribe(self, connection_id: str, board: str) -> None:
        delete(self.connections_table, [self._following(board, connection_id)])
        try:
            with translated():
                client("dynamodb").update_item(
                    TableName=self.connections_table,
                    Key=own(connection_id),
                    UpdateExpression="DELETE boards :board",
                    ConditionExpression="attribute_exists(audience)",
                    ExpressionAttributeValues={":board": {"SS": [board]}},
                )
        except Raced:  # the connection closed meanwhile, and took its rows with it
            return

    def boards(self, connection_id: str) -> list[str]:
        row = self._own_row(connection_id)
        if row is None:
            raise ConnectionGone(UNKNOWN)
        return sorted(row.get("boards", {}).get("SS", []))

    def followed(self) -> list[str]:
        """The boards that somebody may follow: listed with a subscription, for as long as a
        connection lives."""
        shards = range(FOLLOWED_SHARDS)
        return [board for shard in shards for board in self._listed(f"followed:{shard}")]

    def has_viewers(self, board: str) -> bool:
        shards = range(self.audience_shards)
        return any(True for shard in shards for _ in self._listed(f"{board}#{shard}", size=50))

    def _list(self, board: str) -> None:
        now = time.time()
        if self.listed.get(board, 0) > now:
            return
        if len(self.listed) >= ENVIRONMENT_BOARDS:
            self.listed.clear()
        shard = zlib.crc32(board.encode()) % FOLLOWED_SHARDS
        lasting = CONNECTION_SECONDS + FOLLOWED_AGAIN_SECONDS
        self._put(_key(f"followed:{shard}", board), expires=int(now) + lasting)
        self.listed[board] = now + FOLLOWED_AGAIN_SECONDS

    def _listed(self, audience: str, *, size: int | None = None) -> Iterator[str]:
        return (row["connectionId"]["S"] for row in self._rows(audience, size=size))

    def _rows(self, audience: str, *, size: int | None = None) -> Iterator[dict[str, Any]]:
        pages = (
            client("dynamodb")
            .get_paginator("query")
            .paginate(
                TableName=self.connections_table,
                ConsistentRead=True,
                KeyConditionExpression="audience = :audience",
                FilterExpression="expiresAt > :now",
                ProjectionExpression="connectionId, expiresAt",
                ExpressionAttributeValues={
                    ":audience": {"S": audience},
                    ":now": {"N": str(int(time.time()))},
                },
                PaginationConfig={"PageSize": size} if size else {},
            )
        )
        with translated():
            for page in pages:
                yield from page["Items"]

    def use_ticket(self, ticket: str, expires_ms: int) -> bool:
        """Note that a socket ticket was used; False if it was used before."""
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
                TableName=self.connections_table, Key=own(connection_id), ConsistentRead=True
            )
        row: dict[str, Any] | None = answer.get("Item")
        return row

    def _following(self, board: str, connection_id: str) -> Key:
        return following(board, connection_id, self.audience_shards)

    def _put(self, row: dict[str, Any], *, expires: int | None = None, **options: Any) -> None:
        expires = expires or int(time.time()) + CONNECTION_SECONDS
        with translated():
            client("dynamodb").put_item(
                TableName=self.connections_table,
                Item={**row, "expiresAt": {"N": str(expires)}},
                **options,
            )


def delete(table: str, keys: list[Key]) -> None:
    for start in range(0, len(keys), WRITE_BATCH):
        requests: Any = {
            table: [{"DeleteRequest": {"Key": key}} for key in keys[start : start + WRITE_BATCH]]
        }
        for _ in tries():
            with translated():
                answer = client("dynamodb").batch_write_item(RequestItems=requests)
            requests = answer.get("UnprocessedItems")
            if not requests:
                break
        else:
            raise Unavailable(DOWN)


def keys_of(row: Mapping[str, Any], audience_shards: int) -> list[Key]:
    """The keys of all that a connection has, by its own row, which comes last."""
    connection_id = row["connectionId"]["S"]
    boards = row.get("boards", {}).get("SS", [])
    users = [row["userId"]["S"]] if "userId" in row else []
    return [
        *(following(board, connection_id, audience_shards) for board in boards),
        *(_of_user(user_id, connection_id) for user_id in users),
        own(connection_id),
    ]


def following(board: str, connection_id: str, audience_shards: int) -> Key:
    """The key of the row that says that a connection follows a board."""
    shard = zlib.crc32(connection_id.encode()) % audience_shards
    return _key(f"{board}#{shard}", connection_id)


def _key(audience: str, connection_id: str) -> Key:
    return {"audience": {"S": audience}, "connectionId": {"S": connection_id}}


def _of_user(user_id: str, connection_id: str) -> Key:
    return _key(f"user#{user_id}", connection_id)


def own(connection_id: str) -> Key:
    return _key(f"connection#{connection_id}", connection_id)
