"""The progress of a rebuild: what a step leaves of it, and how it is handed over."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from leaderboard.errors import Invalid
from leaderboard.repair.rebuild_progress import RebuildProgress, RebuildRequest

PROGRESS = RebuildProgress(
    RebuildRequest(),
    segments=4,
    run="run",
    is_listed=True,
    lives={"a#all": "1", "b#all": "2"},
    began_empty=("a#all",),
    unread={"0": None, "3": {"userId": {"S": "u"}}},
    items=7,
)


def test_completed_ranking_leaves_the_rest_to_be_read() -> None:
    done = PROGRESS.without(["a#all"], lost=False)
    assert done.lives == {"b#all": "2"}
    assert (done.began_empty, done.lost, done.unread) == ((), (), PROGRESS.unread)


def test_nothing_is_read_for_rankings_that_are_all_lost() -> None:
    done = PROGRESS.without(["a#all"], lost=False).without(["b#all"], lost=True)
    assert (done.lost, done.unread) == (("b#all",), {})
    assert done.is_pass_done


def test_ranking_is_lost_once() -> None:
    once = PROGRESS.without(["a#all"], lost=True)
    assert once.without(["a#all"], lost=True) == once


def test_pass_is_not_done_before_it_is_listed() -> None:
    begun = RebuildProgress(RebuildRequest(), 4, "run")
    assert not begun.is_pass_done
    assert begun.share == 0
    assert replace(begun, is_listed=True).is_pass_done


def test_next_pass_keeps_what_counts_for_the_whole() -> None:
    following = PROGRESS.next_pass(RebuildRequest(cold=True), after="b#all")
    assert (following.items, following.run, following.after) == (7, "run", "b#all")
    assert (following.is_listed, following.lives, following.unread) == (False, {}, {})


def test_progress_is_handed_over_as_json() -> None:
    image = json.loads(json.dumps(PROGRESS.to_json()))
    assert RebuildProgress.from_json(image) == PROGRESS


def test_progress_of_another_release_is_refused() -> None:
    image = PROGRESS.to_json()
    for other in ({}, {**image, "left": {}}, {**image, "request": {"boards": []}}):
        with pytest.raises(Invalid, match="Start a new rebuild"):
            RebuildProgress.from_json(other)
