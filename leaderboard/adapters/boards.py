"""The table `boards`: the top of each board-season as last recorded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from leaderboard import instants
from leaderboard.adapters.aws import client, translated
from leaderboard.errors import Raced
from leaderboard.ranking import BoardItem, Listed
from leaderboard.snapshots import Score, Snapshot, ranked


@dataclass(frozen=True)
class BoardTable:
    boards_table: str

    def read(self, board: str, season: str) -> BoardItem | None:
        with translated():
            answer = client("dynamodb").get_item(
                TableName=self.boards_table,
                Key={"boardSeason": {"S": f"{board}#{season}"}},
                ConsistentRead=True,
            )
        return board_item(answer["Item"]) if "Item" in answer else None

    def write(self, item: BoardItem, *, read_revision: int) -> bool:
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
        return self._put(item, condition)

    def open(self, board: str, season: str) -> bool:
        """Write the empty board of a season that has no item; False if it has one."""
        empty = BoardItem(Snapshot(board, season, None, 0, 0, ()), revision=0, life="")
        return self._put(empty, {"ConditionExpression": "attribute_not_exists(boardSeason)"})

    def list(self) -> Iterator[list[Listed]]:
        """Every board-season that has an item, by page; one opened a moment ago may be missing."""
        pages = (
            client("dynamodb")
            .get_paginator("scan")
            .paginate(
                TableName=self.boards_table,
                ProjectionExpression="boardSeason, revision, version",
            )
        )
        with translated():
            for page in pages:
                yield [_listed(raw) for raw in page["Items"]]

    def _put(self, item: BoardItem, condition: Mapping[str, Any]) -> bool:
        try:
            with translated():
                client("dynamodb").put_item(
                    TableName=self.boards_table, Item=_image(item), **condition
                )
        except Raced:
            return False
        return True


def _listed(raw: Mapping[str, Any]) -> Listed:
    board, _, season = raw["boardSeason"]["S"].partition("#")
    return Listed(board, season, int(raw["revision"]["N"]), int(raw["version"]["N"]))


def board_item(image: Mapping[str, Any]) -> BoardItem:
    """A board's item, as the table or its stream has it (typed attributes).

    Reads and writes the attributes directly, at a fifth of the SDK's serializer's cost: each frame
    takes two images. Raises KeyError, TypeError and ValueError for an image that is none of a
    board.
    """
    board, _, season = image["boardSeason"]["S"].partition("#")
    scores = (
        Score(
            user_id=it["M"]["userId"]["S"],
            user_name=it["M"]["userName"]["S"],
            user_score=int(it["M"]["userScore"]["N"]),
            updated_ms=instants.from_text(it["M"]["scoreUpdatedAt"]["S"]),
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
    return BoardItem(snapshot, revision=int(image["revision"]["N"]), life=image["life"]["S"])


def _image(item: BoardItem) -> dict[str, Any]:
    snapshot = item.snapshot
    return {
        "boardSeason": {"S": f"{snapshot.board}#{snapshot.season}"},
        "epoch": {"NULL": True} if snapshot.epoch is None else {"S": snapshot.epoch},
        "version": {"N": str(snapshot.version)},
        "revision": {"N": str(item.revision)},
        "total": {"N": str(snapshot.total)},
        "life": {"S": item.life},
        "top": {
            "L": [
                {
                    "M": {
                        "userId": {"S": entry.user_id},
                        "userName": {"S": entry.user_name},
                        "userScore": {"N": str(entry.user_score)},
                        "scoreUpdatedAt": {"S": instants.to_text(entry.updated_ms)},
                    }
                }
                for entry in snapshot.entries
            ]
        },
    }
