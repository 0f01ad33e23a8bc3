"""Random stories of the whole service; `STORIES=5000 pytest …` tells more of them."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from botocore.exceptions import EndpointConnectionError

from local.poller import KillAt
from tests.integration.story import oracle
from tests.integration.story.edges import Rig
from tests.integration.story.story import Plan, Story
from tests.integration.story.world import Audience

STORIES = int(os.environ.get("STORIES", "100"))
FIRST = int(os.environ.get("FIRST_STORY", "0"))
AT_ONCE = 10


@pytest.mark.parametrize("first", range(FIRST, FIRST + STORIES, AT_ONCE))
def test_boards_equal_the_table_whatever_goes_wrong(rig: Rig, first: int) -> None:
    for seed in range(first, min(first + AT_ONCE, FIRST + STORIES)):
        Story(rig, Plan.drawn(str(seed))).tell()


STEPS = 80
"""More than any function takes from its start to its end."""
CRASHES = Plan(
    seed="crashes", boards=oracle.BOARDS[:1], batch_size=2, flushes=1, audits=1, within=0.8
)
CROWDED = replace(
    CRASHES, flushes=0, audits=0, viewers=4, audience=Audience(3, reach=0), removals=0, readers=0
)
"""Frames go by several functions: each post is a step of one of them."""


def lost_answer() -> BaseException:
    return EndpointConnectionError(endpoint_url="lost")


@pytest.mark.parametrize("function", ["score_stream", "board_stream", "rebuild"])
def test_function_that_dies_at_any_of_its_steps_loses_nothing(rig: Rig, function: str) -> None:
    struck = 0
    for nth in range(1, STEPS):
        kill = KillAt(task=f"{function}/*", nth=nth)
        Story(rig, CRASHES, [kill]).tell()
        if not kill.struck:
            break
        struck += 1
    assert 5 < struck < STEPS - 1, "the steps were not all tried"


@pytest.mark.parametrize("function", ["board_stream", "fanout"])
def test_function_that_dies_at_any_post_leaves_no_viewer_behind(rig: Rig, function: str) -> None:
    steps = set()
    for nth in range(1, STEPS):
        kill = KillAt(task=f"{function}/*", nth=nth, times=2)
        story = Story(rig, CROWDED, [kill])
        story.tell()
        if not kill.struck:
            break
        steps |= {what for _, who, what in story.world.scheduler.trace.events if who in kill.struck}
    posting = {"Killed() at before gateway.post", "Killed() at after gateway.post"}
    assert posting <= steps, f"{function} did not die while it posted"
    assert nth < STEPS - 1, "the steps were not all tried"


@pytest.mark.parametrize("nth", [1, 2])
def test_lost_answer_of_a_function_that_posts_leaves_no_viewer_behind(rig: Rig, nth: int) -> None:
    """Before it begins, and after it has ended: its part is posted from here as well."""
    kill = KillAt(
        task="board_stream/*", step="after lambda.*", nth=nth, times=None, error=lost_answer
    )
    Story(rig, CROWDED, [kill]).tell()
    assert kill.struck


@pytest.mark.parametrize("function", ["score_stream", "board_stream", "rebuild"])
def test_answer_of_any_table_that_gets_lost_loses_nothing(rig: Rig, function: str) -> None:
    struck = 0
    for nth in range(1, STEPS):
        kill = KillAt(
            task=f"{function}/*", step="after dynamodb.*", nth=nth, times=2, error=lost_answer
        )
        Story(rig, CRASHES, [kill]).tell()
        if not kill.struck:
            break
        struck += 1
    assert struck > 0
