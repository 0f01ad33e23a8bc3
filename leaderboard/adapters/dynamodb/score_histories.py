"""Scores beside the lines that explain them: both tables, for the comparison of the two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from leaderboard.adapters.aws.clients import client, translated
from leaderboard.adapters.dynamodb import readable
from leaderboard.adapters.dynamodb.history import ALL_LINES, HistoryTable
from leaderboard.adapters.dynamodb.readable import plain
from leaderboard.adapters.dynamodb.score_items import key_of_item
from leaderboard.history.lines import HistoryLine

ATTRIBUTES = "userId, boardSeason, userScore, wrote"


@dataclass(frozen=True)
class ScoreHistoryTables:
    """Reads the table of scores, and that of lines. An item that cannot be read is reported."""

    scores_table: str
    lines: HistoryTable

    def read_last_writes(
        self, segment: int, segments: int, *, after: dict[str, Any] | None, only: str
    ) -> tuple[list[HistoryLine], dict[str, Any] | None]:
        request: dict[str, Any] = {
            "TableName": self.scores_table,
            "ConsistentRead": True,
            "Segment": segment,
            "TotalSegments": segments,
            "ProjectionExpression": ATTRIBUTES,
            "FilterExpression": "boardSeason = :only AND attribute_exists(wrote)",
            "ExpressionAttributeValues": {":only": {"S": only}},
        }
        if after is not None:
            request["ExclusiveStartKey"] = after
        with translated():
            answer = client("dynamodb").scan(**request)
        read = (self._last(raw) for raw in answer["Items"])
        return [it for it in read if it is not None], answer.get("LastEvaluatedKey")

    def find_last_write(self, user_id: str, key: str) -> HistoryLine | None:
        with translated():
            answer = client("dynamodb").batch_get_item(
                RequestItems={
                    self.scores_table: {
                        "Keys": [key_of_item(user_id, key)],
                        "ConsistentRead": True,
                        "ProjectionExpression": ATTRIBUTES,
                    }
                }
            )
        return next(map(self._last, answer["Responses"][self.scores_table]), None)

    def read_lines(self, user_id: str, key: str) -> list[HistoryLine]:
        return self.lines.read(user_id, key, limit=ALL_LINES)

    def _last(self, raw: Mapping[str, Any]) -> HistoryLine | None:
        return readable.understood(_last_line, raw, self.lines.reports)


def _last_line(raw: Mapping[str, Any]) -> HistoryLine | None:
    """The line that the last write of a score's item should have."""
    item = plain(raw)
    if "wrote" not in item:
        return None
    score = item.get("userScore")
    return HistoryLine(
        user_id=item["userId"],
        key=item["boardSeason"],
        write=readable.last_write(item["wrote"]),
        user_score=None if score is None else readable.exact(score),
    )
