"""What the streams deliver at once, and what the functions behind them can take at once."""

from __future__ import annotations

from leaderboard.ranking.ports import BATCH
from tests.structure.template import events


def test_batch_of_scores_is_one_call_of_the_cache() -> None:
    """The recorder splits nothing: the scores of one board may fill a whole batch."""
    (stream,) = events("score_stream", "stream")
    assert stream["batchSize"] <= BATCH
