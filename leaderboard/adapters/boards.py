"""The table `boards`: the top of each board-season as last recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from leaderboard import instants
from leaderboard.adapters.aws import client, translated
from leaderboard.errors import Raced
from leaderboard.ranking import BoardItem
from leaderboard.snapshots import Score, Snapshot, ranked

_serializer = TypeSerializer()
_deserializer = TypeDeserializer()


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
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(revision)"}
        if read_revision:
            condition = {
                "ConditionExpression": "revision = :read AND epoch = :epoch",
                "ExpressionAttributeValues": {
                    ":read": {"N": str(read_revision)},
                    ":epoch": {"S": item.snapshot.epoch},
                },
            }
        try:
            with translated():
                client("dynamodb").put_item(
                    TableName=self.boards_table, Item=_image(item), **condition
                )
        except Raced:
            return False
        return True


def board_item(image: Mapping[str, Any]) -> BoardItem:
    """A board's item, as the table or its stream has it (typed attributes)."""
    item = {name: _deserializer.deserialize(value) for name, value in image.items()}
    board, _, season = item["boardSeason"].partition("#")
    scores = (
        Score(
            user_id=it["userId"],
            user_name=it["userName"],
            user_score=int(it["userScore"]),
            updated_ms=instants.from_text(it["scoreUpdatedAt"]),
        )
        for it in item["top"]
    )
    snapshot = Snapshot(
        board=board,
        season=season,
        epoch=item["epoch"],
        version=int(item["version"]),
        total=int(item["total"]),
        entries=ranked(scores),
    )
    return BoardItem(snapshot, revision=int(item["revision"]), life=item["life"])


def _image(item: BoardItem) -> dict[str, Any]:
    snapshot = item.snapshot
    plain = {
        "boardSeason": f"{snapshot.board}#{snapshot.season}",
        "epoch": snapshot.epoch,
        "version": snapshot.version,
        "revision": item.revision,
        "total": snapshot.total,
        "life": item.life,
        "top": [
            {
                "userId": entry.user_id,
                "userName": entry.user_name,
                "userScore": entry.user_score,
                "scoreUpdatedAt": instants.to_text(entry.updated_ms),
            }
            for entry in snapshot.entries
        ],
    }
    return {name: _serializer.serialize(value) for name, value in plain.items()}
