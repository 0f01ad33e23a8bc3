"""The table `boards`: the top of each board-season as last recorded.

It also has one item in which the stage remembers how many write shards it ever had
(`stage_memory`).
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from leaderboard import clock
from leaderboard.adapters.aws.clients import client, translated
from leaderboard.adapters.dynamodb import readable
from leaderboard.adapters.dynamodb.batches import read_batch
from leaderboard.adapters.dynamodb.readable import Garbled, if_version, plain
from leaderboard.adapters.dynamodb.reports import Reports
from leaderboard.boards.rules import Order
from leaderboard.boards.seasons import split_key
from leaderboard.boards.snapshots import Score, Snapshot, ranked
from leaderboard.errors import Raced
from leaderboard.frames.ports import Image
from leaderboard.ranking.tops import BoardItem, BoardRow

STAGE = "#stage"
"""The key of what the stage remembers of itself; no board-season has it."""

ROW_ATTRIBUTES = "boardSeason, revision, version"


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

    def write(self, item: BoardItem, *, read_revision: int) -> bool:
        """Write an item if the stored one is at that revision, and of the same epoch.

        Revision 0: the item is absent, or was opened and never recorded. False: it is not so.
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
        return self._put(item, condition)

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
        return self._put(empty, {"ConditionExpression": "attribute_not_exists(boardSeason)"})

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
        return BoardRow(rest.snapshot.key, rest.revision, 1)

    def _put(self, item: BoardItem, condition: Mapping[str, Any]) -> bool:
        try:
            with translated():
                client("dynamodb").put_item(
                    TableName=self.boards_table, Item=board_image(item), **condition
                )
        except Raced:
            return False
        return True


@dataclass(frozen=True)
class StreamImages:
    """Reads images of the table `boards`; an old one that cannot be read is reported."""

    reports: Reports

    def is_board(self, key: str) -> bool:
        """False for the item in which the stage remembers its own settings."""
        return key != STAGE

    def version(self, image: Image) -> tuple[str | None, int]:
        """Read alone: a batch that waited long has a thousand images, with a whole top in each."""
        return image["epoch"].get("S"), int(image["version"]["N"])

    def item(self, image: Image) -> BoardItem:
        return board_item(image)

    def shown(self, image: Image) -> BoardItem | None:
        return readable.understood(board_item, image, self.reports)


# Items with DynamoDB's types, as values of the service and back


def board_row(raw: Mapping[str, Any]) -> BoardRow:
    """What a list names of an item. Raises KeyError, TypeError and ValueError for another form."""
    return BoardRow(raw["boardSeason"]["S"], int(raw["revision"]["N"]), int(raw["version"]["N"]))


def readable_rest(image: Mapping[str, Any]) -> BoardItem:
    """What can be read of a broken item: its counter goes on, or a new one begins."""
    item = plain(image)
    board, season = split_key(item["boardSeason"])
    epoch = readable.attempted(lambda it: readable.text(it["epoch"]), item)
    version = readable.attempted(lambda it: readable.exact(it["version"]), item)
    if epoch is None or version is None or version < 0:
        epoch, version = secrets.token_hex(4), 0
    return BoardItem(
        Snapshot(board=board, season=season, epoch=epoch, version=version, total=0, entries=()),
        revision=Garbled.at(clock.machine_ms(), image.get("revision")),
        life=readable.attempted(lambda it: readable.text(it["life"]), item) or "",
        is_readable=False,
        order=readable.attempted(lambda it: Order(it["order"]), item),
        mixed="mixed" in item,
    )


def board_item(image: Mapping[str, Any]) -> BoardItem:
    """A board's item, as the table or its stream has it (typed attributes).

    It reads the attributes directly, at a fifth of what the SDK's deserializer costs: each frame
    takes two images. Raises KeyError, TypeError and ValueError for an image of another form.
    """
    board, season = split_key(image["boardSeason"]["S"])
    scores = (
        Score(
            user_id=it["M"]["userId"]["S"],
            user_name=it["M"]["userName"]["S"],
            user_score=int(it["M"]["userScore"]["N"]),
            updated_ms=readable.instant(it["M"]["scoreUpdatedAt"]["S"]),
        )
        for it in image["top"]["L"]
    )
    epoch = image["epoch"]
    snapshot = Snapshot(
        board=board,
        season=season,
        epoch=None if "NULL" in epoch else epoch["S"],
        version=int(image["version"]["N"]),
        total=int(image["total"]["N"]),
        entries=ranked(scores),
    )
    order = image.get("order")
    return BoardItem(
        snapshot,
        revision=int(image["revision"]["N"]),
        life=image["life"]["S"],
        order=None if order is None else Order(order["S"]),
        mixed="mixed" in image,
    )


def board_image(item: BoardItem) -> dict[str, Any]:
    """The item with DynamoDB's types, as the table stores it."""
    snapshot = item.snapshot
    return {
        "boardSeason": {"S": snapshot.key},
        "epoch": {"NULL": True} if snapshot.epoch is None else {"S": snapshot.epoch},
        "version": {"N": str(snapshot.version)},
        "revision": {"N": str(item.revision)},
        "total": {"N": str(snapshot.total)},
        "life": {"S": item.life},
        **({} if item.order is None else {"order": {"S": item.order}}),
        **({"mixed": {"BOOL": True}} if item.mixed else {}),
        "top": {
            "L": [
                {
                    "M": {
                        "userId": {"S": entry.user_id},
                        "userName": {"S": entry.user_name},
                        "userScore": {"N": str(entry.user_score)},
                        "scoreUpdatedAt": {"S": clock.to_text(entry.updated_ms)},
                    }
                }
                for entry in snapshot.entries
            ]
        },
    }
