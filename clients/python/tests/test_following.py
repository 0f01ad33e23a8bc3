"""The contract's rules for clients, one by one and at random, without a connection."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from clients.python.tests.messages import current, entry, snapshot, update
from clients.python.tests.witness import line
from leaderboard_client.following import Following
from leaderboard_client.frame import Current, Snapshot, Update, parse_frame

Json = dict[str, Any]


def take(following: Following, *messages: Json) -> Following:
    for message in messages:
        frame = parse_frame(json.dumps(message))
        match frame:
            case Snapshot():
                following.snapshot(frame, now=1, read_after=0)
            case Update():
                following.update(frame, 1)
            case Current():
                following.name(frame, 1)
            case _:
                raise AssertionError(message)
    return following


def after(*messages: Json) -> Following:
    return take(Following(), *messages)


def users(following: Following) -> list[str]:
    assert following.held
    return [it.user_id for it in following.held.entries]


def version(following: Following) -> int:
    assert following.held
    return following.held.version


def test_snapshot_is_shown_as_it_is() -> None:
    following = after(snapshot(3, "ada", "bob"))
    assert users(following) == ["ada", "bob"]
    assert not following.behind


def test_update_from_the_held_version_is_applied() -> None:
    upsert = [entry("dan", 1, 200), entry("ada", 2, 99)]
    following = after(snapshot(3, "ada", "bob", "cyd"), update(3, 5, upsert=upsert, remove=["bob"]))
    assert users(following) == ["dan", "ada", "cyd"]
    assert version(following) == 5
    assert not following.behind


def test_entries_say_their_ranks_at_the_midnight_that_the_board_names() -> None:
    since = "2026-11-23T00:00:00.000Z"
    following = after(
        snapshot(3, since=since, entries=[{**entry("ada", 1, 99), "was": 2}, entry("bob", 2, 98)]),
        update(3, 4, since=since, upsert=[{**entry("dan", 3, 97), "was": None}]),
    )
    assert following.held
    assert following.held.since == since
    assert [it.was for it in following.held.entries] == [2, None, None]


def test_empty_update_moves_the_version_alone() -> None:
    following = after(snapshot(3, "ada"), update(3, 5, scoredAt=None))
    assert (users(following), version(following)) == (["ada"], 5)
    assert following.held
    assert following.held.scored_at == entry("ada")["scoreUpdatedAt"]


def test_update_before_any_snapshot_waits_for_it() -> None:
    following = after(update(3, 4, upsert=[entry("bob")]))
    assert following.held is None
    assert following.behind
    take(following, snapshot(3))
    assert users(following) == ["bob"]


def test_gap_is_known_until_the_snapshot_is_there() -> None:
    following = after(snapshot(3, "ada"), update(4, 5))
    assert following.behind
    assert version(following) == 3
    take(following, snapshot(5, "bob"))
    assert not following.behind


def test_updates_that_changed_places_are_put_in_order() -> None:
    following = after(snapshot(1, "ada"), update(4, 5), update(2, 4), update(1, 2))
    assert version(following) == 5
    assert not following.behind


def test_snapshot_older_than_an_update_seen_is_shown_and_still_behind() -> None:
    following = after(snapshot(3, "ada"), update(5, 6), snapshot(4, "bob"))
    assert users(following) == ["bob"]
    assert following.behind


@pytest.mark.parametrize(
    "old", [update(2, 3), update(3, 5), snapshot(5, "old"), snapshot(4, "old"), current(4)]
)
def test_what_is_already_held_is_ignored(old: Json) -> None:
    following = after(snapshot(5, "ada"), old)
    assert users(following) == ["ada"]
    assert not following.behind


def test_other_epoch_is_doubtful_until_a_later_published_snapshot_of_it() -> None:
    following = after(snapshot(9, "ada"), update(1, 2, epoch="e2"))
    assert following.behind
    later = "2026-11-23T08:15:31.000Z"
    take(following, snapshot(2, "bob", epoch="e2", publishedAt=later))
    assert users(following) == ["bob"]
    assert not following.behind
    take(following, snapshot(12, "ada"))
    assert users(following) == ["bob"]


def test_older_season_is_ignored_and_a_newer_one_replaces() -> None:
    following = after(snapshot(8, "ada", season="2026-W48"))
    take(following, snapshot(9, "old", season="2026-W47"))
    assert users(following) == ["ada"]
    take(following, snapshot(0, season="2026-W49", epoch=None))
    assert users(following) == []
    take(following, snapshot(1, "bob", season="2026-W49", epoch="e9"))
    assert users(following) == ["bob"]
    assert not following.behind


def test_update_that_would_give_two_users_one_rank_is_not_shown() -> None:
    following = after(snapshot(1, "ada", "bob"), update(1, 2, upsert=[entry("dan", 1, 5)]))
    assert version(following) == 1
    assert following.behind


def test_current_that_names_another_version_means_to_ask() -> None:
    assert after(snapshot(5, "ada"), current(6)).behind


STATES = [snapshot(number, *f"abc{number}") for number in range(1, 8)]


def change(start: int, end: int) -> Json:
    """The update between two of the states."""
    before = {it["userId"]: it for it in STATES[start - 1]["entries"]}
    now = {it["userId"]: it for it in STATES[end - 1]["entries"]}
    return update(
        start,
        end,
        upsert=[it for user, it in now.items() if before.get(user) != it],
        remove=[user for user in before if user not in now],
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
    messages: list[Json],
) -> None:
    following = Following()
    held = 0
    for message in messages:
        take(following, message)
        if following.held is None:
            continue
        assert following.held.version >= held
        held = following.held.version
        assert [line(it) for it in following.held.entries] == STATES[held - 1]["entries"]
    newest = max((message["version"] for message in messages), default=0)
    assert following.behind == (held == 0 or held < newest)
