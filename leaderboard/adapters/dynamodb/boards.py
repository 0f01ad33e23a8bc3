"""The table `boards`: the top of each board-season as last recorded.

It also has one item in which the stage remembers how many write shards it ever had
(`stage_memory`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from leaderboard.adapters.aws.clients import client, translated
from leaderboard.adapters.dynamodb import readable
from leaderboard.adapters.dynamodb.batches import read_batch
from leaderboard.adapters.dynamodb.board_items import (
    DAY,
    OPTIONAL,
    STAGE,
    board_image,
    board_item,
    board_row,
    readable_rest,
)
from leaderboard.adapters.dynamodb.readable import Garbled, if_version
from leaderboard.adapters.dynamodb.reports import Reports
from leaderboard.boards.rules import Order
from leaderboard.boards.snapshots import Snapshot
from leaderboard.errors import Raced
from leaderboard.ranking.tops import BoardItem, BoardRow

ROW_ATTRIBUTES = "boardSeason, revision, version, life"


@dataclass(frozen=True)
class BoardTable:
    """Reads and writes the boards' items, and lists them. Every call raises Unavailable.

    An item that cannot be read is reported. What can be read of it says how to record over it.
    """

    boards_table: str
    reports: Reports = field(default_factory=Reports)

    def read(self, key: str) -> BoardItem | None:
        """The item of a board-season, read consistently; None if it has none."""
        with translated():
            answer = client("dynamodb").get_item(
                TableName=self.boards_table,
                Key={"boardSeason": {"S": key}},
                ConsistentRead=True,
            )
        if "Item" not in answer:
            return None
        raw = answer["Item"]
        return readable.understood(board_item, raw, self.reports) or readable_rest(raw)

    def read_several(self, keys: Sequence[str]) -> list[BoardItem]:
        """The items of those board-seasons (100 at most) that have one, in any order.

        One call at half the price: what was written in the last moment may be missing.
        """
        return [
            readable.understood(board_item, raw, self.reports) or readable_rest(raw)
            for raw in read_batch(self.boards_table, [{"boardSeason": {"S": it}} for it in keys])
        ]

    def write(self, item: BoardItem, *, read_revision: int, keep_day: bool = False) -> bool:
        """Write an item if the stored one is at that revision, and of the same epoch.

        Revision 0: the item is absent, or was opened and never recorded. False: it is not so.
        With `keep_day` the stored day stays, so most records need not know it.
        """
        condition: dict[str, Any] = {
            "ConditionExpression": "attribute_not_exists(revision) OR revision = :opened",
            "ExpressionAttributeValues": {":opened": {"N": "0"}},
        }
        if read_revision:
            condition = {
                "ConditionExpression": "revision = :read AND epoch = :epoch",
                "ExpressionAttributeValues": {
                    ":read": {"N": str(read_revision)},
                    ":epoch": {"S": item.snapshot.epoch},
                },
            }
        if isinstance(read_revision, Garbled):
            condition = if_version("revision", read_revision)
        return self._update(item, condition, kept=DAY if keep_day else ())

    def change_order(self, item: BoardItem, order: Order) -> bool:
        """Let another order count for a board-season; False if its item has moved meanwhile.

        The recorded top and the keys of the index stay as they are. The revision moves, so nobody
        records over it who has not seen this.
        """
        condition = if_version("revision", item.revision)
        values = {
            **condition.pop("ExpressionAttributeValues", {}),
            ":order": {"S": order},
            ":yes": {"BOOL": True},
            ":moved": {"N": str(item.revision + 1)},
        }
        try:
            with translated():
                client("dynamodb").update_item(
                    TableName=self.boards_table,
                    Key={"boardSeason": {"S": item.snapshot.key}},
                    UpdateExpression="SET #order = :order, mixed = :yes, revision = :moved",
                    ExpressionAttributeNames={"#order": "order"},
                    ExpressionAttributeValues=values,
                    **condition,
                )
        except Raced:
            return False
        return True

    def remember_mixed_order(self, key: str) -> None:
        """Note, in an item that was recorded, that the index may have keys of both orders.

        The revision moves, so nobody records over it who has not seen this.
        """
        with contextlib.suppress(Raced), translated():
            client("dynamodb").update_item(
                TableName=self.boards_table,
                Key={"boardSeason": {"S": key}},
                UpdateExpression="SET mixed = :yes, revision = revision + :one",
                ConditionExpression="revision > :opened AND attribute_not_exists(mixed)",
                ExpressionAttributeValues={
                    ":yes": {"BOOL": True},
                    ":one": {"N": "1"},
                    ":opened": {"N": "0"},
                },
            )

    def open(self, key: str) -> bool:
        """Write the empty board of a season that has no item; False if it has one."""
        empty = BoardItem(Snapshot.empty(key), revision=0, life="")
        return self._update(empty, {"ConditionExpression": "attribute_not_exists(boardSeason)"})

    def list_some(self, after: str | None, limit: int) -> tuple[list[BoardRow], str | None]:
        """Up to `limit` board-seasons behind a key, and the last key if there may be more."""
        start = {} if after is None else {"ExclusiveStartKey": {"boardSeason": {"S": after}}}
        with translated():
            answer = client("dynamodb").scan(
                TableName=self.boards_table,
                ProjectionExpression=ROW_ATTRIBUTES,
                Limit=limit,
                **start,
            )
        last = answer.get("LastEvaluatedKey")
        items = (raw for raw in answer["Items"] if raw["boardSeason"]["S"] != STAGE)
        listed = [self._row(raw) for raw in items]
        return listed, None if last is None else last["boardSeason"]["S"]

    def list_all(self) -> Iterator[list[BoardRow]]:
        """Every board-season that has an item, by page; one opened a moment ago may be missing."""
        pages = (
            client("dynamodb")
            .get_paginator("scan")
            .paginate(
                TableName=self.boards_table,
                ProjectionExpression=ROW_ATTRIBUTES,
            )
        )
        with translated():
            for page in pages:
                items = (raw for raw in page["Items"] if raw["boardSeason"]["S"] != STAGE)
                yield [self._row(raw) for raw in items]

    def _row(self, raw: Mapping[str, Any]) -> BoardRow:
        known = readable.understood(board_row, raw, self.reports)
        if known is not None:
            return known
        rest = readable_rest(raw)
        return BoardRow(rest.snapshot.key, rest.revision, 1, rest.life)

    def _update(
        self, item: BoardItem, condition: dict[str, Any], *, kept: Collection[str] = ()
    ) -> bool:
        """Set every attribute of an item, and remove what it does not have; all but the kept."""
        image = board_image(item)
        key = {"boardSeason": image.pop("boardSeason")}
        said = [name for name in image if name not in kept]
        removed = [name for name in OPTIONAL if name not in image and name not in kept]
        names = {f"#{name}": name for name in (*said, *removed)}
        values = {f":{name}": image[name] for name in said}
        change = "SET " + ", ".join(f"#{name} = :{name}" for name in said)
        if removed:
            change += " REMOVE " + ", ".join(f"#{name}" for name in removed)
        asked = condition.pop("ExpressionAttributeValues", {})
        try:
            with translated():
                client("dynamodb").update_item(
                    TableName=self.boards_table,
                    Key=key,
                    UpdateExpression=change,
                    ExpressionAttributeNames=names,
                    ExpressionAttributeValues=values | asked,
                    **condition,
                )
        except Raced:
            return False
        return True
