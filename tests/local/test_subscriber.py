"""The subscriber keeps to the contract's rules for clients."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.subscriber import Follower, Message

BOARD = "global"


def entry(user: str, score: int, rank: int = 0) -> dict[str, Any]:
    return {"userId": user, "userName": user, "userScore": score, "rank": rank, "place": rank}


def snapshot(version: int, *users: str, epoch: str = "e1", season: str = "all") -> Message:
    return {
        "type": "snapshot",
        "board": BOARD,
        "season": season,
        "epoch": epoch,
        "version": version,
        "total": len(users),
        "endsAt": None,
        "entries": [entry(user, 100 - rank, rank) for rank, user in enumerate(users, 1)],
    }


def update(
    start: int, version: int, *, upsert: Any = (), remove: Any = (), epoch: str = "e1"
) -> Message:
    return {
        "type": "update",
        "board": BOARD,
        "season": "all",
        "epoch": epoch,
        "from": start,
        "version": version,
        "total": 3,
        "upsert": list(upsert),
        "remove": list(remove),
        "scoredAt": "2026-11-23T08:15:30.123Z",
        "publishedAt": "2026-11-23T08:15:30.200Z",
    }


def pong(version: int, *, epoch: str = "e1") -> Message:
    boards = {BOARD: {"season": "all", "epoch": epoch, "version": version}}
    return {"type": "pong", "serverTime": "2026-11-23T08:15:30.123Z", "boards": boards}


def following(*messages: Message) -> Follower:
    follower = Follower(BOARD)
    for message in messages:
        follower.take(message)
    return follower


def users(follower: Follower) -> list[str]:
    assert follower.top is not None
    return [entry["userId"] for entry in follower.top.entries]


def test_new_follower_asks_for_the_snapshot() -> None:
    follower = Follower(BOARD)
    assert follower.is_behind
    assert follower.question() == {"action": "subscribe", "board": BOARD}


def test_snapshot_is_shown_as_it_is() -> None:
    follower = following(snapshot(3, "ada", "bob"))
    assert users(follower) == ["ada", "bob"]
    assert not follower.is_behind


def test_empty_board_of_the_seasons_beginning_comes_too_late() -> None:
    empty = {**snapshot(0), "epoch": None}
    follower = following(empty, snapshot(1, "ada"), empty)
    assert users(follower) == ["ada"]
    assert not follower.is_behind


def test_empty_board_of_a_new_season_is_shown() -> None:
    follower = following(
        snapshot(4, "ada", season="2026-W47"), {**snapshot(0, season="2026-W48"), "epoch": None}
    )
    assert users(follower) == []
    assert not follower.is_behind


def test_update_from_the_held_version_is_applied() -> None:
    follower = following(snapshot(3, "ada", "bob", "cyd"))
    assert follower.take(
        update(3, 5, upsert=[entry("dan", 100, 1), entry("ada", 99, 2)], remove=["bob"])
    )
    assert follower.top is not None
    assert users(follower) == ["dan", "ada", "cyd"]
    assert follower.top.version == 5
    assert follower.top.scored_at == "2026-11-23T08:15:30.123Z"
    assert not follower.is_behind


def test_empty_update_moves_the_version_alone() -> None:
    follower = following(snapshot(3, "ada"), update(3, 5))
    assert users(follower) == ["ada"]
    assert follower.top is not None
    assert follower.top.version == 5


def test_update_before_any_snapshot_asks_for_one() -> None:
    follower = following(update(3, 4))
    assert follower.top is None
    assert follower.is_behind


def test_gap_asks_for_the_snapshot_with_what_is_held() -> None:
    follower = following(snapshot(3, "ada"), update(4, 5))
    assert follower.is_behind
    assert follower.question()["have"] == {"epoch": "e1", "version": 3}


def test_snapshot_older_than_an_update_seen_meanwhile_is_shown_and_asked_for_again() -> None:
    follower = following(snapshot(3, "ada"), update(5, 6), snapshot(5, "bob"))
    assert users(follower) == ["bob"]
    assert follower.is_behind
    follower.take(snapshot(6, "cyd"))
    assert users(follower) == ["cyd"]
    assert not follower.is_behind


def test_other_epoch_asks_for_the_snapshot_which_replaces_what_is_held() -> None:
    follower = following(snapshot(9, "ada"), update(1, 2, epoch="e2"))
    assert follower.is_behind
    follower.take(snapshot(2, "bob", epoch="e2"))
    assert users(follower) == ["bob"]
    assert not follower.is_behind


@pytest.mark.parametrize(
    "old",
    [update(2, 3), update(3, 5), snapshot(5, "old"), snapshot(4, "old")],
    ids=["older update", "same update", "same snapshot", "older snapshot"],
)
def test_what_is_already_held_is_ignored(old: Message) -> None:
    follower = following(snapshot(5, "ada"))
    assert not follower.take(old)
    assert users(follower) == ["ada"]
    assert not follower.is_behind


def test_older_season_is_ignored_and_a_newer_one_replaces() -> None:
    follower = following(snapshot(8, "ada", season="2026-W48"))
    assert not follower.take(snapshot(9, "old", season="2026-W47"))
    assert users(follower) == ["ada"]
    assert follower.take(snapshot(1, "bob", season="2026-W49", epoch="e9"))
    assert users(follower) == ["bob"]
    assert not follower.is_behind


def test_pong_with_another_version_asks_until_it_is_settled() -> None:
    follower = following(snapshot(5, "ada"), pong(6))
    assert follower.is_behind
    follower.take(snapshot(6, "bob"))
    assert not follower.is_behind


def test_pong_that_knows_nothing_of_the_board_asks_again() -> None:
    follower = following(snapshot(5, "ada"), {"type": "pong", "serverTime": "", "boards": {}})
    assert follower.is_behind
    current = {"type": "current", "board": BOARD, "season": "all", "epoch": "e1", "version": 5}
    follower.take(current)
    assert not follower.is_behind


def test_messages_of_other_boards_and_of_other_kinds_change_nothing() -> None:
    follower = following(snapshot(5, "ada"))
    assert not follower.take({**snapshot(9, "bob"), "board": "weekly"})
    assert not follower.take({"type": "error", "code": "rate_limited", "board": BOARD})
    assert not follower.take({"type": "hello from a later release"})
    assert users(follower) == ["ada"]
    assert not follower.is_behind


STATES = [snapshot(version, *f"abc{version}") for version in range(1, 8)]


def change(start: int, version: int) -> Message:
    """The update between two of the states."""
    before = {entry["userId"]: entry for entry in STATES[start - 1]["entries"]}
    after = {entry["userId"]: entry for entry in STATES[version - 1]["entries"]}
    return update(
        start,
        version,
        upsert=[entry for user, entry in after.items() if before.get(user) != entry],
        remove=[user for user in before if user not in after],
    )


@given(
    st.lists(
        st.one_of(
            st.sampled_from(STATES),
            st.tuples(st.integers(1, 7), st.integers(1, 7))
            .filter(lambda pair: pair[0] < pair[1])
            .map(lambda pair: change(*pair)),
        )
    )
)
def test_whatever_arrives_in_whatever_order_only_recorded_tops_are_shown(
    messages: list[Message],
) -> None:
    follower = Follower(BOARD)
    held = 0
    for message in messages:
        follower.take(message)
        if follower.top is None:
            continue
        assert follower.top.version >= held
        held = follower.top.version
        assert list(follower.top.entries) == STATES[held - 1]["entries"]
    newest = max((message["version"] for message in messages), default=0)
    assert follower.is_behind == (held == 0 or held < newest)
