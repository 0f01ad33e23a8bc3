"""Random stories of the whole service; `STORIES=5000 pytest …` tells more of them."""

from __future__ import annotations

import os

import pytest

from tests.integration.story.edges import Rig
from tests.integration.story.story import Plan, Story

STORIES = int(os.environ.get("STORIES", "200"))
FIRST = int(os.environ.get("FIRST_STORY", "0"))
AT_ONCE = 10


@pytest.mark.parametrize("first", range(FIRST, FIRST + STORIES, AT_ONCE))
def test_boards_equal_the_table_whatever_goes_wrong(rig: Rig, first: int) -> None:
    for seed in range(first, min(first + AT_ONCE, FIRST + STORIES)):
        Story(rig, Plan.drawn(str(seed))).tell()
