"""Images of the table of scores, as its stream delivers them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leaderboard.adapters.dynamodb.score_items import NO_SCORES, PROFILE, score_state
from leaderboard.ranking.score_image import ProfileImage, ScoreImage
from leaderboard.scoring.items import OUT


def read_image(image: Mapping[str, Any]) -> ScoreImage | ProfileImage | None:
    """The score or the profile in a typed image; None for a user's other items.

    Raises KeyError, TypeError and ValueError for an image that is not understood.
    """
    sort_key = image["boardSeason"]["S"]
    if sort_key == PROFILE:
        is_leaving = image.get("standing", {}).get("S") in OUT
        return ProfileImage(image["userId"]["S"], is_leaving)
    if sort_key in NO_SCORES:
        return None
    return ScoreImage(*score_state(image))
