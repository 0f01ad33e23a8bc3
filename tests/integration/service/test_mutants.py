"""The stories can fail: each broken variant of the product is caught by one of its first stories.

A few in every run; all of them with `MUTANTS=all`.
"""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from tests.integration.story import mutants
from tests.integration.story.edges import Rig
from tests.integration.story.mutants import MUTANTS, Break
from tests.integration.story.story import Story

ALWAYS = {
    mutants.apply_without_version_check,
    mutants.mark_as_recorded_unconditionally,
    mutants.miss_the_loss_of_the_members,
    mutants.miss_the_loss_of_the_users,
    mutants.record_without_compare_and_set,
    mutants.treat_a_missing_state_as_empty,
    mutants.build_snapshots_from_the_ranking,
    mutants.end_a_rebuild_without_a_record,
}
CHOSEN = [it for it in MUTANTS if it in ALWAYS or os.environ.get("MUTANTS") == "all"]
MOST = int(os.environ.get("MUTANT_STORIES", "150"))


@pytest.mark.parametrize("broken", CHOSEN, ids=lambda broken: broken.__name__)
def test_stories_catch(broken: Break, rig: Rig) -> None:
    for number in range(MOST):
        plan = replace(MUTANTS[broken], seed=f"{broken.__name__} {number}")
        with pytest.MonkeyPatch.context() as patch:
            broken(patch)
            try:
                Story(rig, plan).tell()
            except AssertionError:
                return
    pytest.fail(f"{MOST} stories did not notice")


@pytest.mark.parametrize("broken", CHOSEN, ids=lambda broken: broken.__name__)
def test_sound_code_passes_stories_like_those(broken: Break, rig: Rig) -> None:
    for number in range(2):
        Story(rig, replace(MUTANTS[broken], seed=f"sound {number}")).tell()
