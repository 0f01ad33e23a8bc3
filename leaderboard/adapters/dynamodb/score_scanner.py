"""The table `user-score` read in bulk: as the states that rankings take, consistently."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from leaderboard.adapters.aws.clients import client, translated
from leaderboard.adapters.dynamodb import readable
from leaderboard.adapters.dynamodb.batches import read_batch
from leaderboard.adapters.dynamodb.reports import Reports
from leaderboard.adapters.dynamodb.score_items import NO_SCORES, score_state
from leaderboard.ranking.score_state import ScoreState
from leaderboard.repair.ports import ScanPage

STATE_ATTRIBUTES = "userId, boardSeason, version, userName, userScore, scoreUpdatedAt, standing"
"""What the state of a score is made of: a quarter of an item, the rest is replay protection."""


@dataclass(frozen=True)
class ScoreScanner:
    """Reads the table of scores in bulk, consistently.

    An item that cannot be read is left out and reported: it keeps no other from its board.
    """

    scores_table: str
    reports: Reports = field(default_factory=Reports)

    def read_page(
        self,
        segment: int,
        segments: int,
        *,
        after: dict[str, Any] | None,
        only: str | None,
    ) -> ScanPage:
        """A page of a segment of the table, tombstones included; of one board-season alone.

        Raises Unavailable.
        """
        request: dict[str, Any] = {
            "TableName": self.scores_table,
            "ConsistentRead": True,
            "Segment": segment,
            "TotalSegments": segments,
            "ProjectionExpression": STATE_ATTRIBUTES,
        }
        if after is not None:
            request["ExclusiveStartKey"] = after
        if only is not None:
            request["FilterExpression"] = "boardSeason = :only"
            request["ExpressionAttributeValues"] = {":only": {"S": only}}
        with translated():
            answer = client("dynamodb").scan(**request)
        return ScanPage(states_of(answer, self.reports), answer.get("LastEvaluatedKey"))

    def read_states(self, key: str, user_ids: Sequence[str]) -> list[ScoreState]:
        """What the table has of these users (100 at most) on a board's season.

        Who has no item is left out. Raises Unavailable.
        """
        keys = [{"userId": {"S": it}, "boardSeason": {"S": key}} for it in dict.fromkeys(user_ids)]
        raws = read_batch(
            self.scores_table, keys, consistent=True, attributes=f"{STATE_ATTRIBUTES}, boardOrder"
        )
        return [state for raw in raws if (state := _understood(raw, self.reports))]


def states_of(answer: Mapping[str, Any], reports: Reports) -> list[tuple[str, ScoreState]]:
    """The states of a scan's answer, each with its board-season."""
    return [
        (raw["boardSeason"]["S"], state)
        for raw in answer["Items"]
        if (state := _understood(raw, reports))
    ]


def _understood(image: Mapping[str, Any], reports: Reports) -> ScoreState | None:
    if image["boardSeason"]["S"] in NO_SCORES:
        return None
    return readable.understood(lambda raw: score_state(raw)[1], image, reports)
