"""The model: whatever hypothesis draws, every read equals a sorted list.

`MODEL_SEED=7 MODEL_PLAYS=500 pytest …` plays others than CI does; with `MODEL_SHRINK=0` a failure
is shown as it was found, at once.
"""

from __future__ import annotations

from tests.integration.story.edges import Rig
from tests.integration.story.play import Play, run_plays


def test_every_read_equals_a_sorted_list_whatever_happened(rig: Rig) -> None:
    run_plays(Play, rig)
