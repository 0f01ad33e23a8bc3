"""Moderation, decided: reasons, histories, tombstones."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from leaderboard.boards.rules import Board
from leaderboard.errors import Barred, RateLimited
from leaderboard.scoring.acts import MAX_ACTS, MAX_ACTS_BYTES, Act, ActLog, clean_reason
from leaderboard.scoring.decisions import submit
from leaderboard.scoring.items import (
    BARRED,
    DELETED,
    HIDDEN,
    UNSCORED_MS,
    VISIBLE,
    Answer,
    CompletedTicket,
    Profile,
    ScoreItem,
    unnamed,
)
from leaderboard.scoring.profiles import chosen_name, renamed
from leaderboard.scoring.tombstones import DAY_MS, USER_MS, deleted, erased, removed, with_profile

NOW = 1_795_421_730_123
ANSWER = Answer(40, NOW - 5, changed=True)
ITEM = ScoreItem(
    user_id="ada",
    board="global",
    season="all",
    user_name="Ada",
    profile_version=7,
    user_score=40,
    updated_ms=NOW - 5,
    version=90,
    completed={"quiz": (CompletedTicket("t1", NOW - 5, ANSWER),)},
    recovered_us={"actions": 3},
)
PROFILE = Profile("ada", "Ada", version=8)


def act(number: int, *, reason: str = "why") -> Act:
    return Act(HIDDEN, "client", NOW + number, reason)


@pytest.mark.parametrize(
    ("text", "reason"),
    [(" a ", "a"), ("x" * 500, "x" * 500), ("<b>", "<b>"), ("é 🃏 👩‍👩‍👧", "é 🃏 👩‍👩‍👧")],
)
def test_reason_is_kept_trimmed(text: str, reason: str) -> None:
    assert clean_reason(text) == reason


@pytest.mark.parametrize(
    "text", ["", " \u3000 ", "x" * 501, "a\nb", "a\x00b", "a\x7fb", "a\ud800", "a\u2028b"]
)
def test_what_is_no_reason(text: str) -> None:
    with pytest.raises(ValueError, match="a reason has"):
        clean_reason(text)


def test_history_keeps_the_newest_acts() -> None:
    history = ActLog("ada")
    for number in range(MAX_ACTS + 5):
        history = history.with_act(act(number))
    assert [it.at_ms - NOW for it in history.acts] == [*range(MAX_ACTS + 4, 4, -1)]
    assert history.version == NOW + MAX_ACTS + 4


def test_history_of_the_longest_reasons_fits_an_item() -> None:
    history = ActLog("ada")
    for number in range(MAX_ACTS):
        history = history.with_act(act(number, reason="\U0001f0cf" * 500))
    assert len(history.acts) > 100
    assert sum(it.size for it in history.acts) <= MAX_ACTS_BYTES
    assert history.acts[0].at_ms == NOW + MAX_ACTS - 1


@pytest.mark.parametrize(
    ("changes", "same"),
    [({}, True), ({"at_ms": 1}, True), *(({name: "x"}, False) for name in ("standing", "by"))],
)
def test_act_that_was_sent_again_is_known(changes: dict[str, object], same: bool) -> None:
    history = ActLog("ada").with_act(act(0)).with_act(act(1))
    assert history.ends_with(replace(act(2), **changes)) is same  # type: ignore[arg-type]
    assert not ActLog("ada").ends_with(act(0))


def test_tombstone_keeps_what_replays_are_known_by() -> None:
    stone = removed(ITEM, history_days=90, now_ms=NOW)
    assert (stone.user_score, stone.updated_ms, stone.user_name) == (None, None, "")
    assert stone.version == ITEM.version + 1
    assert stone.expires_ms == NOW + UNSCORED_MS
    assert (stone.completed, stone.recovered_us) == (ITEM.completed, ITEM.recovered_us)
    assert stone.is_new


def test_next_score_goes_on_from_the_tombstone() -> None:
    stone = removed(ITEM, history_days=90, now_ms=NOW)
    item = submit(Board("global", "Global"), stone, amount=5, now_ms=NOW + 1).item
    assert item is not None
    assert (item.user_score, item.version, item.expires_ms) == (5, ITEM.version + 2, None)


def test_tombstone_of_a_deleted_player_has_no_name_anywhere() -> None:
    stone = erased(ITEM, profile_version=9, now_ms=NOW)
    assert "Ada" not in str(stone)
    assert (stone.standing, stone.profile_version) == (DELETED, 9)
    assert stone.completed["quiz"][0].ticket == "t1"


def test_deleted_player_outlives_every_ticket() -> None:
    gone = deleted(PROFILE, account="account", now_ms=NOW)
    assert (gone.standing, gone.version, gone.account) == (DELETED, 9, "account")
    assert gone.expires_ms == NOW + USER_MS
    # A ticket of seven days, taken with the last access token, an hour after the deletion.
    assert USER_MS > 7 * DAY_MS + 3_600_000
    assert "Ada" not in str(gone)


def test_player_who_is_not_known_may_be_deleted() -> None:
    assert deleted(unnamed("ada"), account="ada", now_ms=NOW).version == NOW


def test_deleted_player_gets_no_name() -> None:
    with pytest.raises(Barred):
        renamed(replace(PROFILE, standing=DELETED), "Ada", now_ms=NOW)


def test_barred_player_may_rename() -> None:
    assert renamed(replace(PROFILE, standing=BARRED), "Eve", now_ms=NOW).standing == BARRED


items = st.builds(
    replace,
    st.just(ITEM),
    standing=st.sampled_from([VISIBLE, HIDDEN, BARRED, DELETED]),
    profile_version=st.integers(0, 9),
    user_score=st.none() | st.just(4),
)
profiles = st.builds(
    replace,
    st.just(PROFILE),
    standing=st.sampled_from([VISIBLE, HIDDEN, BARRED, DELETED]),
    user_name=st.sampled_from(["Ada", "Eve"]),
    version=st.integers(1, 9),
)


@given(item=items, profile=profiles)
def test_item_is_with_profile_once_and_never_back(item: ScoreItem, profile: Profile) -> None:
    changed = with_profile(item, profile, now_ms=NOW)
    if item.profile_version >= profile.version:
        assert changed is None
        return
    if changed is None:  # a tombstone waits for its next score
        assert item.user_score is None
        assert profile.standing != DELETED
        return
    assert (changed.version, changed.profile_version) == (item.version + 1, profile.version)
    assert with_profile(changed, profile, now_ms=NOW) is None
    if profile.standing == DELETED:
        assert changed.user_score is None
        assert changed.expires_ms is not None
    else:
        assert (changed.user_name, changed.standing) == (profile.user_name, profile.standing)
        assert (changed.user_score, changed.updated_ms) == (item.user_score, item.updated_ms)
        assert changed.completed == item.completed


def test_five_new_names_an_hour_and_the_next_when_the_oldest_is_an_hour_old() -> None:
    profile = PROFILE
    for number in range(5):
        profile = chosen_name(profile, f"Name {number}", now_ms=NOW + number)
    with pytest.raises(RateLimited) as refused:
        chosen_name(profile, "Name 5", now_ms=NOW + 10)
    assert refused.value.retry_after_ms == 3_600_000 - 10
    assert chosen_name(profile, "Name 4", now_ms=NOW + 10) is profile
    with pytest.raises(RateLimited):
        chosen_name(profile, "Name 5", now_ms=NOW + 3_599_999)
    after = chosen_name(profile, "Name 5", now_ms=NOW + 3_600_000)
    assert after.renamed_ms == (NOW + 1, NOW + 2, NOW + 3, NOW + 4, NOW + 3_600_000)


def test_names_taken_by_a_clock_that_was_ahead_lock_no_name() -> None:
    ahead = replace(PROFILE, renamed_ms=tuple(NOW + 3_600_000 + it for it in range(5)))
    assert chosen_name(ahead, "Ann", now_ms=NOW).renamed_ms == (NOW,)
