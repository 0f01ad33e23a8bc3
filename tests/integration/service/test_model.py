"""The model: whatever hypothesis draws, every read equals a sorted list.

`MODEL_SEED=7 MODEL_PLAYS=500 pytest …` plays others than CI does; with `MODEL_SHRINK=0` a failure
is shown as it was found, at once.
"""

from __future__ import annotations

from tests.integration.story.edges import Rig
from tests.integration.story.play import Play, run_plays
from tests.integration.story.world import Audience


def test_every_read_equals_a_sorted_list_whatever_happened(rig: Rig) -> None:
    run_plays(Play, rig)


def test_failover_just_before_a_season_leaves_does_not_stay_on_record(rig: Rig) -> None:
    """The minute's function records what the failover made older, and midnight forestalls an
    audit: what hypothesis found once, in fewer steps."""
    Play.rig = rig
    play = Play()
    play.begin(shards=1, batch_size=None, rebuild_seconds=None, audience=Audience())
    play.write(writes=[("ann", "day", 1, None)])
    play.wait_for_midnight(before=1)
    play.wait(seconds=2, number=0)
    play.lag()
    play.flush()
    play.write(writes=[("ann", "rating-1", 6, "Ann")])
    play.wait_for_midnight(before=1)
    play.fail_over()
    play.minute()
    play.teardown()
