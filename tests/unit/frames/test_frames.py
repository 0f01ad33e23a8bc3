"""What a change of a board's item sends: nothing, an update, or the snapshot."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from leaderboard.boards.boards_file import parse
from leaderboard.boards.snapshots import DayStart, Score, Snapshot, encode, ranked, top_json
from leaderboard.frames import messages
from leaderboard.frames.broadcast import Broadcaster
from leaderboard.frames.changes import Change
from leaderboard.frames.messages import Frame
from leaderboard.ranking.tops import BoardItem
from tests.unit import strategies

NOW = 1_795_421_730_123
CATALOG = parse({"boards": {"b": {"topSize": 100}, "weekly": {"schedule": "weekly"}}})
# Nothing is posted here, so nobody is asked who listens.
UNUSED: Any = None
BROADCASTER = Broadcaster(CATALOG, UNUSED, UNUSED, posts_per_second=5000, now_ms=lambda: NOW)


def frame_of(old: Snapshot | None, new: Snapshot) -> Frame | None:
    before = None if old is None else BoardItem(old, revision=1, life="l")
    return BROADCASTER.frame(Change(before, BoardItem(new, revision=2, life="l")))


def body_of(frame: Frame | None) -> dict[str, Any]:
    assert frame is not None
    body: dict[str, Any] = json.loads(frame.body)
    assert body["type"] == frame.kind
    assert body["version"] == frame.version
    return body


def top(version: int, *names: str, epoch: str = "e") -> Snapshot:
    scores = (Score(name, name, 100 - at, at) for at, name in enumerate(names))
    return Snapshot("b", "all", epoch, version, len(names), ranked(scores))


def applied(held: Snapshot, body: dict[str, Any]) -> list[dict[str, Any]]:
    """What a viewer makes of a frame, by the contract alone."""
    if body["type"] == "snapshot":
        return list(body["entries"])
    assert body["from"] == held.version
    entries: dict[str, Any] = {it["userId"]: it for it in top_json(held.entries, held.day)}
    for user_id in body["remove"]:
        del entries[user_id]
    entries.update((entry["userId"], entry) for entry in body["upsert"])
    return sorted(entries.values(), key=lambda entry: int(entry["rank"]))


def test_first_frame_ever_is_a_snapshot() -> None:
    body = body_of(frame_of(None, top(1, "ada")))
    assert (body["type"], body["version"]) == ("snapshot", 1)


def test_change_within_an_epoch_is_an_update() -> None:
    body = body_of(frame_of(top(1, *"abcdefgh"), top(2, *"abcdefgx")))
    assert (body["type"], body["from"], body["version"]) == ("update", 1, 2)
    assert [entry["userId"] for entry in body["upsert"]] == ["x"]
    assert body["remove"] == ["h"]


def test_lost_counter_is_followed_by_a_snapshot() -> None:
    body = body_of(frame_of(top(7, "ada"), top(1, "ada", epoch="f")))
    assert (body["type"], body["epoch"], body["version"]) == ("snapshot", "f", 1)


def test_first_frame_of_a_day_is_a_snapshot_with_the_ranks_of_midnight() -> None:
    yesterday = replace(top(1, *"abcdefgh"), day=DayStart(0, {"a": 1}))
    today = replace(top(2, *"bacdefgx"), day=DayStart(86_400_000, {"a": 1, "b": 2}))
    body = body_of(frame_of(yesterday, today))
    assert (body["type"], body["since"]) == ("snapshot", "1970-01-02T00:00:00.000Z")
    moved = [(it["userId"], it["rank"], it["was"]) for it in body["entries"]]
    assert moved[:3] == [("b", 1, 2), ("a", 2, 1), ("c", 3, None)]


def test_update_says_the_ranks_of_midnight_too() -> None:
    day = DayStart(86_400_000, {"h": 8, "x": 9})
    old, new = (replace(it, day=day) for it in (top(1, *"abcdefgh"), top(2, *"abcdefgx")))
    body = body_of(frame_of(old, new))
    assert (body["type"], body["since"]) == ("update", "1970-01-02T00:00:00.000Z")
    assert [(it["userId"], it["rank"], it["was"]) for it in body["upsert"]] == [("x", 8, 9)]


def test_unmoved_version_sends_nothing() -> None:
    assert frame_of(top(3, "ada"), replace(top(3, "ada"), total=9)) is None


def test_top_that_came_back_moves_the_version_alone() -> None:
    body = body_of(frame_of(top(3, "ada", "bob"), top(5, "ada", "bob")))
    assert (body["from"], body["version"], body["upsert"], body["remove"]) == (3, 5, [], [])


def test_update_that_would_be_larger_is_sent_as_the_snapshot() -> None:
    body = body_of(frame_of(top(1, *"abcdefgh"), top(2, *"stuvwxyz")))
    assert body["type"] == "snapshot"


def test_board_that_is_no_more_sends_nothing() -> None:
    assert frame_of(None, replace(top(1, "ada"), board="gone")) is None


def test_season_of_another_schedule_sends_nothing() -> None:
    assert frame_of(None, replace(top(1, "ada"), board="weekly", season="all")) is None


def test_snapshot_says_when_its_season_ends() -> None:
    weekly = replace(top(1, "ada"), board="weekly", season="2026-W48")
    assert body_of(frame_of(None, weekly))["endsAt"] == "2026-11-30T00:00:00.000Z"


@given(strategies.snapshot_pairs())
def test_viewer_ends_with_the_newer_top_whatever_is_sent(
    pair: tuple[Snapshot, Snapshot],
) -> None:
    old, new = pair
    if new.version == old.version:  # one counter never numbers two tops alike
        new = replace(new, version=old.version + 1)
    body = body_of(frame_of(old, new))
    assert applied(old, body) == top_json(new.entries, new.day)
    assert body["total"] == new.total


@given(strategies.snapshot_pairs())
def test_frame_is_never_larger_than_the_snapshot(pair: tuple[Snapshot, Snapshot]) -> None:
    old, new = pair
    new = replace(new, version=old.version + 1)
    frame = frame_of(old, new)
    assert frame is not None
    snapshot = messages.snapshot_json(new, ends_ms=None, published_ms=NOW)
    assert len(frame.body) <= len(encode(snapshot).encode())


@pytest.mark.parametrize("kept", [0, 50, 99])
def test_largest_change_fits_a_frame(kept: int) -> None:
    """A hundred new entries and a hundred removals, with the longest ids and names there are."""

    def largest(version: int, first: int) -> Snapshot:
        scores = (
            Score(f"{first + number:064d}", "\U0001f680" * 32, -(2**53) + 1, NOW)
            for number in range(100)
        )
        return Snapshot("b", "all", "f" * 8, version, 10**9, ranked(scores))

    frame = frame_of(largest(1, 0), largest(2, 100 - kept))
    assert frame is not None
    assert len(frame.body) < messages.MAX_FRAME


def test_frame_knows_its_newest_score() -> None:
    first, second = top(1, *"abcdefgh"), top(2, *"abcdefgx")
    frame = frame_of(first, second)
    assert frame is not None
    assert frame.scored_ms == messages.diff(first, second).scored_ms == 7


def test_update_of_the_total_alone_is_empty_and_says_nothing_of_freshness() -> None:
    first = top(1, *"abcdefgh")
    frame = frame_of(first, replace(first, version=2, total=101))
    assert frame is not None
    body = body_of(frame)
    assert (body["from"], body["total"], body["upsert"], body["remove"]) == (1, 101, [], [])
    assert frame.scored_ms is None
