"""What a write does to a score."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.errors import (
    Barred,
    Invalid,
    LeaderboardError,
    RateLimited,
    ScoreLimit,
    TicketEarly,
    TicketExpired,
    TicketInvalid,
    TicketSuperseded,
)
from leaderboard.rules import MAX_SCORE, Board, Limits, Operator, Order, Reported
from leaderboard.scoring import decisions
from leaderboard.scoring.decisions import BARRED, HIDDEN, Answer, Decision, ScoreItem
from leaderboard.tickets import ActionTicket
from tests.unit import strategies

NOW = 1_795_421_730_123
SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE


def board(
    operator: Operator = Operator.INCREMENT, order: Order = Order.DESC, **rules: object
) -> Board:
    return Board("global", "All-time", order, operator, **rules)  # type: ignore[arg-type]


def new_item(**changes: object) -> ScoreItem:
    item = ScoreItem(
        user_id="ada", board="global", season="all", user_name="Ada", profile_version=7
    )
    return replace(item, **changes)  # type: ignore[arg-type]


def item_with(score: int, **changes: object) -> ScoreItem:
    return new_item(**{"user_score": score, "updated_ms": 5, "version": 40} | changes)


def ticket(name: str = "t1", **changes: object) -> ActionTicket:
    issued = ActionTicket(
        ticket=name,
        user_id="ada",
        board="global",
        season="all",
        action="quiz",
        points=10,
        issued_ms=NOW - 20 * SECOND,
        not_before_ms=NOW - 10 * SECOND,
        expires_ms=NOW + 10 * SECOND,
    )
    return replace(issued, **changes)  # type: ignore[arg-type]


def written(decision: Decision) -> ScoreItem:
    assert decision.item is not None
    return decision.item


def outcome(decision: Decision) -> tuple[int | None, int | None, bool]:
    """The score written, when it was reached, and whether the answer says that it changed."""
    item = written(decision)
    return item.user_score, item.updated_ms, decision.answer.changed


# Operator and order: what a write of an amount makes of the score that is there.

CASES = [
    # operator, order, score before, amount, score after
    (Operator.INCREMENT, Order.DESC, None, 10, 10),
    (Operator.INCREMENT, Order.DESC, 30, 10, 40),
    (Operator.INCREMENT, Order.DESC, 30, 0, 30),
    (Operator.INCREMENT, Order.ASC, 30, 10, 40),
    (Operator.BEST, Order.DESC, None, 10, 10),
    (Operator.BEST, Order.DESC, 30, 40, 40),
    (Operator.BEST, Order.DESC, 30, 30, 30),
    (Operator.BEST, Order.DESC, 30, 20, 30),
    (Operator.BEST, Order.DESC, -30, -20, -20),
    (Operator.BEST, Order.ASC, None, 10, 10),
    (Operator.BEST, Order.ASC, 30, 20, 20),
    (Operator.BEST, Order.ASC, 30, 30, 30),
    (Operator.BEST, Order.ASC, 30, 40, 30),
    (Operator.LATEST, Order.DESC, None, 10, 10),
    (Operator.LATEST, Order.DESC, 30, 10, 10),
    (Operator.LATEST, Order.DESC, 30, 30, 30),
    (Operator.LATEST, Order.ASC, 30, 40, 40),
]


@pytest.mark.parametrize(("operator", "order", "before", "amount", "after"), CASES)
def test_trusted_write_follows_operator_and_order(
    operator: Operator, order: Order, before: int | None, amount: int, after: int
) -> None:
    item = new_item() if before is None else item_with(before)
    decision = decisions.submit(board(operator, order), item, amount=amount, now_ms=NOW)
    changed = before != after
    assert outcome(decision) == (after, NOW if changed else 5, changed)


@pytest.mark.parametrize(("operator", "order", "before", "amount", "after"), CASES)
def test_completed_action_follows_operator_and_order(
    operator: Operator, order: Order, before: int | None, amount: int, after: int
) -> None:
    item = new_item() if before is None else item_with(before)
    decision = decisions.complete(
        board(operator, order), item, ticket(points=amount), value=None, now_ms=NOW
    )
    changed = before != after
    assert outcome(decision) == (after, NOW if changed else 5, changed)


@given(strategies.orders, st.sampled_from(Operator), strategies.scores, strategies.scores)
def test_time_moves_only_with_the_score(
    order: Order, operator: Operator, before: int, amount: int
) -> None:
    rules = board(operator, order, negative_points=True)
    try:
        decision = decisions.submit(rules, item_with(before), amount=amount, now_ms=NOW)
    except ScoreLimit:
        assert operator is Operator.INCREMENT
        return
    item = written(decision)
    assert (item.updated_ms == NOW) is (item.user_score != before) is decision.answer.changed
    assert (item.updated_ms == 5) is (item.user_score == before)


def test_answer_is_the_item_that_is_written() -> None:
    decision = decisions.submit(board(), item_with(30), amount=10, now_ms=NOW)
    assert decision.answer == Answer("Ada", 40, NOW, changed=True)
    assert not decision.replayed


def test_unchanged_score_is_still_a_new_version() -> None:
    decision = decisions.submit(board(Operator.BEST), item_with(30), amount=20, now_ms=NOW)
    assert written(decision).version == 41


# Versions.


def test_first_version_is_the_time() -> None:
    assert written(decisions.submit(board(), new_item(), amount=1, now_ms=NOW)).version == NOW


def test_later_versions_go_up_by_one() -> None:
    assert written(decisions.submit(board(), item_with(1), amount=1, now_ms=NOW)).version == 41


def test_score_after_a_tombstone_continues_its_version() -> None:
    tombstone = new_item(version=NOW + 5)
    item = written(decisions.submit(board(), tombstone, amount=3, now_ms=NOW))
    assert (item.version, item.user_score, item.updated_ms) == (NOW + 6, 3, NOW)


# Action tickets.


def test_ticket_that_was_taken_gets_its_first_answer_again() -> None:
    rules = board()
    first = decisions.complete(rules, item_with(30), ticket(), value=None, now_ms=NOW)
    later = replace(written(first), user_score=99, updated_ms=NOW + 1)
    again = decisions.complete(rules, later, ticket(), value=None, now_ms=NOW + 1)
    assert again.replayed
    assert again.item is None
    assert again.answer == first.answer


def test_replay_is_answered_whatever_the_time_and_the_limits() -> None:
    rules = board(limits=Limits(actions_per_minute=1))
    first = decisions.complete(rules, new_item(), ticket(), value=None, now_ms=NOW)
    for now_ms in (NOW, NOW + HOUR, NOW - HOUR):
        again = decisions.complete(rules, written(first), ticket(), value=None, now_ms=now_ms)
        assert again.replayed


def test_ticket_issued_before_the_last_completion_is_superseded() -> None:
    rules = board()
    item = written(decisions.complete(rules, new_item(), ticket("t2"), value=None, now_ms=NOW))
    with pytest.raises(TicketSuperseded):
        decisions.complete(rules, item, ticket("t1", issued_ms=NOW - 1), value=None, now_ms=NOW)


def test_ticket_issued_after_the_last_completion_is_good() -> None:
    rules = board()
    item = written(decisions.complete(rules, new_item(), ticket("t1"), value=None, now_ms=NOW))
    later = ticket("t2", issued_ms=NOW, not_before_ms=NOW)
    decision = decisions.complete(rules, item, later, value=None, now_ms=NOW + 1)
    assert decision.answer.user_score == 20


def test_ticket_of_before_stays_superseded_once_a_newer_one_was_taken() -> None:
    rules = board()
    item = new_item()
    for name in ("t1", "t2"):
        issued = ticket(name, issued_ms=NOW, not_before_ms=NOW)
        item = written(decisions.complete(rules, item, issued, value=None, now_ms=NOW))
    with pytest.raises(TicketSuperseded):
        decisions.complete(rules, item, ticket("t1"), value=None, now_ms=NOW + 1)


def test_tickets_of_other_actions_are_untouched() -> None:
    rules = board()
    item = written(decisions.complete(rules, new_item(), ticket("t1"), value=None, now_ms=NOW))
    other = ticket("t0", action="level", issued_ms=NOW - MINUTE)
    decision = decisions.complete(rules, item, other, value=None, now_ms=NOW + 1)
    assert decision.answer.user_score == 20
    assert set(written(decision).taken) == {"quiz", "level"}
    again = decisions.complete(rules, written(decision), ticket("t1"), value=None, now_ms=NOW + 2)
    assert again.replayed


def test_ticket_is_good_from_its_first_millisecond_to_its_last() -> None:
    it = ticket(not_before_ms=NOW, expires_ms=NOW + 10)
    with pytest.raises(TicketEarly):
        decisions.complete(board(), new_item(), it, value=None, now_ms=NOW - 1)
    for now_ms in (NOW, NOW + 9):
        assert not decisions.complete(board(), new_item(), it, value=None, now_ms=now_ms).replayed
    with pytest.raises(TicketExpired):
        decisions.complete(board(), new_item(), it, value=None, now_ms=NOW + 10)


def test_early_ticket_says_from_when_on_it_is_good() -> None:
    it = ticket(not_before_ms=NOW)
    with pytest.raises(TicketEarly, match=r"2026-11-23T08:15:30\.123Z"):
        decisions.complete(board(), new_item(), it, value=None, now_ms=NOW - 1)


@pytest.mark.parametrize("of", [{"user_id": "bob"}, {"board": "weekly"}, {"season": "2026-11"}])
def test_ticket_of_another_user_board_or_season_is_refused(of: dict[str, str]) -> None:
    with pytest.raises(TicketInvalid):
        decisions.complete(board(), new_item(), ticket(**of), value=None, now_ms=NOW)


def test_barred_player_may_not_score() -> None:
    with pytest.raises(Barred):
        decisions.complete(board(), item_with(3, standing=BARRED), ticket(), value=None, now_ms=NOW)


def test_hidden_player_goes_on_playing() -> None:
    decision = decisions.complete(
        board(), item_with(3, standing=HIDDEN), ticket(), value=None, now_ms=NOW
    )
    assert (written(decision).standing, decision.answer.user_score) == (HIDDEN, 13)


# Points.


def test_fixed_points_take_no_value() -> None:
    for value in (10, 0, 500):
        with pytest.raises(Invalid) as refused:
            decisions.complete(board(), new_item(), ticket(), value=value, now_ms=NOW)
        assert refused.value.path == "value"


def test_reported_points_need_a_value() -> None:
    with pytest.raises(Invalid) as refused:
        decisions.complete(
            board(), new_item(), ticket(points=Reported(500)), value=None, now_ms=NOW
        )
    assert refused.value.path == "value"


@pytest.mark.parametrize("value", [0, 1, 499, 500])
def test_reported_points_are_taken_up_to_the_cap(value: int) -> None:
    decision = decisions.complete(
        board(), new_item(), ticket(points=Reported(500)), value=value, now_ms=NOW
    )
    assert decision.answer.user_score == value


@pytest.mark.parametrize("value", [-1, 501, MAX_SCORE])
def test_reported_points_past_the_cap_are_refused(value: int) -> None:
    with pytest.raises(Invalid, match="from 0 to 500"):
        decisions.complete(
            board(), new_item(), ticket(points=Reported(500)), value=value, now_ms=NOW
        )


def test_board_with_negative_points_takes_them_as_reported() -> None:
    rules = board(negative_points=True)
    it = ticket(points=Reported(500))
    decision = decisions.complete(rules, item_with(30), it, value=-500, now_ms=NOW)
    assert decision.answer.user_score == -470
    with pytest.raises(Invalid, match="from -500 to 500"):
        decisions.complete(rules, item_with(30), it, value=-501, now_ms=NOW)


def test_trusted_write_of_a_negative_delta_needs_the_boards_leave() -> None:
    with pytest.raises(Invalid) as refused:
        decisions.submit(board(), item_with(30), amount=-1, now_ms=NOW)
    assert refused.value.path == "delta"
    allowed = decisions.submit(board(negative_points=True), item_with(30), amount=-1, now_ms=NOW)
    assert allowed.answer.user_score == 29


@pytest.mark.parametrize("operator", [Operator.BEST, Operator.LATEST])
def test_negative_scores_need_no_leave(operator: Operator) -> None:
    decision = decisions.submit(board(operator), new_item(), amount=-5, now_ms=NOW)
    assert decision.answer.user_score == -5


def test_barred_user_gets_no_trusted_write() -> None:
    with pytest.raises(Barred):
        decisions.submit(board(), item_with(3, standing=BARRED), amount=1, now_ms=NOW)


# Limits of the score.


@pytest.mark.parametrize("operator", Operator)
def test_score_may_reach_its_limits_and_not_pass_them(operator: Operator) -> None:
    rules = board(operator, min_score=-5, negative_points=True, limits=Limits(max_score=100))
    for reached in (100, -5):
        decision = decisions.submit(rules, new_item(), amount=reached, now_ms=NOW)
        assert decision.answer.user_score == reached
    for past in (101, -6):
        with pytest.raises(ScoreLimit, match="from -5 to 100"):
            decisions.submit(rules, new_item(), amount=past, now_ms=NOW)


def test_increment_past_the_limit_is_refused_whole() -> None:
    rules = board(limits=Limits(max_score=100))
    with pytest.raises(ScoreLimit, match="would make 101"):
        decisions.complete(rules, item_with(91), ticket(), value=None, now_ms=NOW)
    assert decisions.submit(rules, item_with(91), amount=9, now_ms=NOW).answer.user_score == 100


def test_no_board_goes_beyond_what_numbers_hold_exactly() -> None:
    at_the_end = item_with(MAX_SCORE)
    with pytest.raises(ScoreLimit):
        decisions.submit(board(), at_the_end, amount=1, now_ms=NOW)
    with pytest.raises(ScoreLimit):
        decisions.submit(board(negative_points=True), item_with(-MAX_SCORE), amount=-1, now_ms=NOW)


# Rate limits.


def completions(rules: Board, times: list[int], *, points: int = 1) -> list[int | None]:
    """Complete one action at each of the times; the milliseconds to wait where refused."""
    item = new_item()
    waits: list[int | None] = []
    for at, now_ms in enumerate(times):
        it = ticket(
            f"t{at}", points=points, issued_ms=now_ms, not_before_ms=0, expires_ms=now_ms + 1
        )
        try:
            item = written(decisions.complete(rules, item, it, value=None, now_ms=now_ms))
            waits.append(None)
        except RateLimited as limited:
            waits.append(limited.retry_after_ms)
    return waits


@pytest.mark.parametrize("limit", [1, 2, 7, 30, 60_000])
def test_a_minutes_actions_may_come_at_once_and_no_more(limit: int) -> None:
    rules = board(limits=Limits(actions_per_minute=limit))
    waits = completions(rules, [NOW] * (limit + 1))
    assert waits[:limit] == [None] * limit
    wait = waits[limit]
    assert wait is not None
    assert abs(wait - MINUTE / limit) <= 1


def test_retry_after_is_when_the_next_action_is_good_and_not_sooner() -> None:
    rules = board(limits=Limits(actions_per_minute=7))
    refused = completions(rules, [NOW] * 8)[-1]
    assert refused is not None
    assert completions(rules, [NOW] * 7 + [NOW + refused])[-1] is None
    assert completions(rules, [NOW] * 7 + [NOW + refused - 1])[-1] == 1


def test_limit_recovers_fully_after_a_quiet_minute() -> None:
    rules = board(limits=Limits(actions_per_minute=3))
    assert completions(rules, [NOW] * 3 + [NOW + MINUTE] * 3) == [None] * 6


@given(st.integers(1, 20), st.lists(st.integers(0, 20_000), min_size=1, max_size=60))
def test_no_minute_sees_more_than_the_limit_twice_over(limit: int, pauses: list[int]) -> None:
    """The bucket is full at the start of a minute at best, and fills once more during it."""
    rules = board(limits=Limits(actions_per_minute=limit))
    times = [NOW + sum(pauses[: at + 1]) for at in range(len(pauses))]
    waits = completions(rules, times)
    accepted = [now for now, wait in zip(times, waits, strict=True) if wait is None]
    for start in accepted:
        assert sum(start <= it < start + MINUTE for it in accepted) <= 2 * limit


@given(st.integers(1, 20), st.lists(st.integers(0, 20_000), min_size=1, max_size=40))
def test_whoever_waits_as_told_is_let_in(limit: int, pauses: list[int]) -> None:
    rules = board(limits=Limits(actions_per_minute=limit))
    item, now_ms = new_item(), NOW
    for at, pause in enumerate(pauses):
        now_ms += pause
        it = ticket(f"t{at}", issued_ms=now_ms, not_before_ms=0, expires_ms=now_ms + HOUR)
        try:
            decision = decisions.complete(rules, item, it, value=None, now_ms=now_ms)
        except RateLimited as limited:
            now_ms += limited.retry_after_ms
            decision = decisions.complete(rules, item, it, value=None, now_ms=now_ms)
        item = written(decision)


def test_refused_action_costs_nothing() -> None:
    rules = board(limits=Limits(actions_per_minute=1))
    waits = completions(rules, [NOW, NOW + SECOND, NOW + 2 * SECOND, NOW + MINUTE])
    assert waits == [None, 59 * SECOND, 58 * SECOND, None]


def test_points_an_hour_are_limited_by_their_sum() -> None:
    rules = board(limits=Limits(points_per_hour=100))
    waits = completions(rules, [NOW, NOW, NOW, NOW + 36 * 60 * SECOND], points=40)
    assert waits == [None, None, 12 * MINUTE, None]


def test_points_below_zero_neither_use_nor_refill_the_hour() -> None:
    rules = board(negative_points=True, limits=Limits(points_per_hour=100))
    first = decisions.complete(rules, new_item(), ticket("t1", points=100), value=None, now_ms=NOW)
    lost = ticket("t2", points=-100, issued_ms=NOW)
    second = decisions.complete(rules, written(first), lost, value=None, now_ms=NOW)
    third = ticket("t3", points=1, issued_ms=NOW)
    with pytest.raises(RateLimited):
        decisions.complete(rules, written(second), third, value=None, now_ms=NOW)


def test_trusted_writes_are_not_rate_limited() -> None:
    rules = board(limits=Limits(actions_per_minute=1, points_per_hour=1))
    item = new_item()
    for _ in range(5):
        item = written(decisions.submit(rules, item, amount=5, now_ms=NOW))
    assert item.user_score == 25


def test_trusted_write_keeps_what_the_players_tickets_left() -> None:
    rules = board(limits=Limits(actions_per_minute=1))
    played = written(decisions.complete(rules, new_item(), ticket(), value=None, now_ms=NOW))
    item = written(decisions.submit(rules, played, amount=5, now_ms=NOW))
    assert (item.taken, item.paced) == (played.taken, played.paced)


# Which error comes first, where several hold.


def all_wrong_but(mended: set[str]) -> tuple[ScoreItem, ActionTicket, int | None]:
    """A completion that is wrong in every way, less the ways that are mended."""
    taken = decisions.complete(board(), new_item(), ticket("t9"), value=None, now_ms=NOW)
    item = replace(
        written(taken),
        standing="visible" if "standing" in mended else BARRED,
        paced={} if "rate" in mended else {"actions": (NOW + MINUTE) * 1000},
    )
    it = ticket(
        "t0",
        points=200,
        issued_ms=NOW if "newest" in mended else NOW - HOUR,
        not_before_ms=NOW if "early" in mended else NOW + 1,
        expires_ms=NOW + 2 if "expired" in mended else NOW,
    )
    return item, it, None if "value" in mended else 5


@pytest.mark.parametrize(
    ("mended", "error"),
    [
        (set(), Barred),
        ({"standing"}, Invalid),
        ({"standing", "value"}, TicketSuperseded),
        ({"standing", "value", "newest"}, TicketExpired),
        ({"standing", "value", "newest", "expired"}, TicketEarly),
        ({"standing", "value", "newest", "expired", "early"}, RateLimited),
        ({"standing", "value", "newest", "expired", "early", "rate"}, ScoreLimit),
    ],
)
def test_first_thing_wrong_is_the_one_that_is_named(
    mended: set[str], error: type[LeaderboardError]
) -> None:
    item, it, value = all_wrong_but(mended)
    rules = board(limits=Limits(actions_per_minute=1, max_score=100))
    with pytest.raises(error):
        decisions.complete(rules, item, it, value=value, now_ms=NOW)
