"""What a write does to a score."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, strategies as st

from leaderboard.boards.rules import MAX_SCORE, Action, Board, JudgedPoints, Limits, Operator, Order
from leaderboard.errors import (
    Barred,
    Invalid,
    JudgeFailed,
    RateLimited,
    ScoreLimit,
    TicketEarly,
    TicketExpired,
    TicketInvalid,
    TicketSuperseded,
)
from leaderboard.scoring import decisions
from leaderboard.scoring.decisions import Decision
from leaderboard.scoring.items import BARRED, HIDDEN, UNSCORED_MS, Answer, ScoreItem
from leaderboard.scoring.judges import Completion, Evidence, challenge, digest
from leaderboard.scoring.tickets import ActionTicket
from tests.games import shipping
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
        rules_digest="",
        issued_ms=NOW - 20 * SECOND,
        not_before_ms=NOW - 10 * SECOND,
        expires_ms=NOW + 10 * SECOND,
    )
    return replace(issued, **changes)  # type: ignore[arg-type]


FIXED = Action(10, min_seconds=10, expires_seconds=30)
JUDGED = replace(FIXED, points=JudgedPoints(500, "game.plain:told"))
ASKED = replace(
    JUDGED, points=JudgedPoints(500, "game.plain:echoed"), challenge="game.plain:question"
)
SEED = bytes(range(32))


@pytest.fixture(scope="module", autouse=True)
def _sample_game() -> Iterator[None]:
    with shipping():
        yield


def completed(
    rules: Board,
    item: ScoreItem,
    it: ActionTicket,
    *,
    points: int = 10,
    action: Action | None = None,
    evidence: Evidence | None = None,
    now_ms: int = NOW,
    also: Sequence[tuple[Board, ScoreItem]] = (),
) -> Decision:
    """Complete an action, of fixed points unless it is given, with a ticket of its rules."""
    action = action or replace(FIXED, points=points)
    it = replace(it, seed=SEED)
    if not it.rules_digest:
        it = replace(it, rules_digest=digest(action, challenge(action, name=it.action, seed=SEED)))
    return decisions.complete(rules, item, Completion(it, action, evidence, now_ms), also=also)


def judged(item: ScoreItem, evidence: Any, *, rules: Board | None = None, **how: Any) -> Decision:
    """Complete an action that is judged by what the evidence says."""
    it = how.pop("ticket", None) or ticket()
    action = how.pop("action", JUDGED)
    return completed(rules or board(), item, it, action=action, evidence=Evidence(evidence), **how)


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
    decision = completed(board(operator, order), item, ticket(), points=amount, now_ms=NOW)
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
    assert decision.answer == Answer(40, NOW, changed=True)
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
    first = completed(rules, item_with(30), ticket(), now_ms=NOW)
    later = replace(written(first), user_score=99, updated_ms=NOW + 1)
    again = completed(rules, later, ticket(), now_ms=NOW + 1)
    assert again.replayed
    assert again.item is None
    assert again.answer == first.answer


def test_each_of_the_last_three_tickets_gets_its_answer_again() -> None:
    rules = board()
    item, answers = new_item(), {}
    for number in range(5):
        it = ticket(f"t{number}", issued_ms=NOW + number, not_before_ms=0)
        decision = completed(rules, item, it, now_ms=NOW + number)
        answers[it.ticket], item = decision.answer, written(decision)
    for name in ("t2", "t3", "t4"):
        again = completed(rules, item, ticket(name), now_ms=NOW + 5)
        assert (again.item, again.answer) == (None, answers[name])
    for name in ("t0", "t1"):
        with pytest.raises(TicketSuperseded, match="may have counted"):
            completed(rules, item, ticket(name, issued_ms=NOW), now_ms=NOW + 5)


def test_forgotten_ticket_does_not_count_again_within_one_millisecond() -> None:
    item = new_item()
    for name in ("t1", "t2", "t3", "t4"):
        it = ticket(name, issued_ms=NOW, not_before_ms=NOW)
        if name == "t4":
            with pytest.raises(TicketSuperseded):
                completed(board(), item, it)
        else:
            item = written(completed(board(), item, it))
    later = ticket("t5", issued_ms=NOW + 1, not_before_ms=NOW + 1)
    item = written(completed(board(), item, later, now_ms=NOW + 1))
    assert item.user_score == 40
    with pytest.raises(TicketSuperseded):
        completed(board(), item, ticket("t1", issued_ms=NOW, not_before_ms=NOW), now_ms=NOW + 1)


def test_judge_is_not_asked_about_a_replay_or_an_early_ticket() -> None:
    broken = replace(JUDGED, points=JudgedPoints(500, "game.broken:raises"))
    first = judged(new_item(), 5)
    assert judged(written(first), 5, action=broken).replayed
    with pytest.raises(TicketEarly):
        judged(new_item(), 5, action=broken, ticket=ticket(not_before_ms=NOW + 1))


def test_judge_is_asked_once_however_often_it_is_decided() -> None:
    from game import plain  # type: ignore[attr-defined]  # the sample, which is there now alone

    it = replace(ticket(), rules_digest=digest(JUDGED, None), seed=SEED)
    completion = Completion(it, JUDGED, Evidence(7), NOW)
    before = len(plain.calls)
    for score in (30, 40, 50):  # as after lost races
        decision = decisions.complete(board(), item_with(score), completion)
        assert decision.answer.user_score == score + 7
    assert len(plain.calls) == before + 1
    assert plain.calls[-1]["elapsed_ms"] == 20 * SECOND


def test_replay_is_answered_whatever_the_time_and_the_limits() -> None:
    rules = board(limits=Limits(actions_per_minute=1))
    first = completed(rules, new_item(), ticket(), now_ms=NOW)
    for now_ms in (NOW, NOW + HOUR, NOW - HOUR):
        again = completed(rules, written(first), ticket(), now_ms=now_ms)
        assert again.replayed


def test_ticket_issued_before_the_last_completion_is_superseded() -> None:
    rules = board()
    item = written(completed(rules, new_item(), ticket("t2"), now_ms=NOW))
    with pytest.raises(TicketSuperseded):
        completed(rules, item, ticket("t1", issued_ms=NOW - 1), now_ms=NOW)


def test_ticket_issued_after_the_last_completion_is_good() -> None:
    rules = board()
    item = written(completed(rules, new_item(), ticket("t1"), now_ms=NOW))
    later = ticket("t2", issued_ms=NOW, not_before_ms=NOW)
    decision = completed(rules, item, later, now_ms=NOW + 1)
    assert decision.answer.user_score == 20


def test_ticket_of_before_stays_superseded_once_a_newer_one_was_taken() -> None:
    rules = board()
    item = new_item()
    for name in ("t1", "t2"):
        issued = ticket(name, issued_ms=NOW, not_before_ms=NOW)
        item = written(completed(rules, item, issued, now_ms=NOW))
    with pytest.raises(TicketSuperseded):
        completed(rules, item, ticket("t0"), now_ms=NOW + 1)


def test_tickets_of_other_actions_are_untouched() -> None:
    rules = board()
    item = written(completed(rules, new_item(), ticket("t1"), now_ms=NOW))
    other = ticket("t0", action="level", issued_ms=NOW - MINUTE)
    decision = completed(rules, item, other, now_ms=NOW + 1)
    assert decision.answer.user_score == 20
    assert set(written(decision).completed) == {"quiz", "level"}
    again = completed(rules, written(decision), ticket("t1"), now_ms=NOW + 2)
    assert again.replayed


def test_ticket_is_good_from_its_first_millisecond_to_its_last() -> None:
    it = ticket(not_before_ms=NOW, expires_ms=NOW + 10)
    with pytest.raises(TicketEarly):
        completed(board(), new_item(), it, now_ms=NOW - 1)
    for now_ms in (NOW, NOW + 9):
        assert not completed(board(), new_item(), it, now_ms=now_ms).replayed
    with pytest.raises(TicketExpired):
        completed(board(), new_item(), it, now_ms=NOW + 10)


def test_early_ticket_says_from_when_on_it_is_good() -> None:
    it = ticket(not_before_ms=NOW)
    with pytest.raises(TicketEarly, match=r"2026-11-23T08:15:30\.123Z"):
        completed(board(), new_item(), it, now_ms=NOW - 1)


@pytest.mark.parametrize("of", [{"user_id": "bob"}, {"board": "weekly"}, {"season": "2026-11"}])
def test_ticket_of_another_user_board_or_season_is_refused(of: dict[str, str]) -> None:
    with pytest.raises(TicketInvalid):
        completed(board(), new_item(), ticket(**of), now_ms=NOW)


def test_barred_player_may_not_score() -> None:
    with pytest.raises(Barred):
        completed(board(), item_with(3, standing=BARRED), ticket(), now_ms=NOW)


def test_hidden_player_goes_on_playing() -> None:
    decision = completed(board(), item_with(3, standing=HIDDEN), ticket(), now_ms=NOW)
    assert (written(decision).standing, decision.answer.user_score) == (HIDDEN, 13)


# Points and evidence.


def test_fixed_points_take_no_evidence() -> None:
    for evidence in (10, 0, None, "10"):
        with pytest.raises(Invalid, match="leave the evidence out") as refused:
            judged(new_item(), evidence, action=FIXED)
        assert refused.value.path == "evidence"


def test_judged_points_need_evidence() -> None:
    with pytest.raises(Invalid, match="send it") as refused:
        completed(board(), new_item(), ticket(), action=JUDGED)
    assert refused.value.path == "evidence"


@pytest.mark.parametrize("points", [0, 1, 499, 500])
def test_judged_points_are_what_the_judge_says(points: int) -> None:
    assert judged(new_item(), points).answer == Answer(points, NOW, changed=True)


@pytest.mark.parametrize("points", [-1, 501, MAX_SCORE])
def test_judge_that_says_more_or_less_than_the_rules_counts_nothing(points: int) -> None:
    with pytest.raises(JudgeFailed):
        judged(new_item(), points)


def test_evidence_of_a_wrong_form_is_refused_and_the_ticket_stays_good() -> None:
    for evidence in (None, "nonsense", {"value": 500}):
        with pytest.raises(Invalid) as refused:
            judged(new_item(), evidence)
        assert refused.value.path == "evidence"


def test_evidence_may_have_four_kilobytes() -> None:
    fits = "é" * ((4096 - 2) // 2)
    with pytest.raises(Invalid, match="form"):
        judged(new_item(), fits)
    with pytest.raises(Invalid, match="at most 4 KB as JSON; this has 4097 bytes"):
        judged(new_item(), fits + "e")


def test_board_with_negative_points_takes_them_from_the_judge() -> None:
    rules = board(negative_points=True)
    action = replace(JUDGED, points=JudgedPoints(500, "game.plain:told", min=-500))
    assert judged(item_with(30), -500, rules=rules, action=action).answer.user_score == -470
    with pytest.raises(JudgeFailed):
        judged(item_with(30), -501, rules=rules, action=action)


# Attempts that failed.


def test_failed_attempt_uses_the_ticket_up_and_moves_no_score() -> None:
    decision = judged(item_with(30), "fail")
    assert outcome(decision) == (30, 5, False)
    assert decision.answer == Answer(30, 5, changed=False)
    assert written(decision).version == 41
    # A right answer with the same ticket comes too late.
    again = judged(written(decision), 500)
    assert again.replayed
    assert again.answer == decision.answer


def test_failed_first_attempt_leaves_an_item_without_a_score() -> None:
    decision = judged(new_item(), "fail")
    assert decision.answer == Answer(None, None, changed=False)
    item = written(decision)
    assert (item.user_score, item.updated_ms, item.version) == (None, None, NOW)
    assert item.expires_ms == NOW + UNSCORED_MS
    scored = written(judged(item, 7, ticket=ticket("t2", issued_ms=NOW)))
    assert (scored.user_score, scored.version, scored.expires_ms) == (7, NOW + 1, None)


def test_failed_attempt_counts_in_the_limit_of_actions_and_takes_no_points() -> None:
    rules = board(limits=Limits(actions_per_minute=1, points_per_hour=1))
    item = written(judged(new_item(), "fail", rules=rules))
    with pytest.raises(RateLimited, match="actions"):
        judged(item, 1, rules=rules, ticket=ticket("t2", issued_ms=NOW))
    later = NOW + MINUTE
    it = ticket("t2", issued_ms=NOW, expires_ms=later + 1)
    assert judged(item, 1, rules=rules, ticket=it, now_ms=later).answer.user_score == 1


def test_failed_attempt_is_remembered_on_every_board() -> None:
    weekly = replace(board(Operator.BEST), board="weekly")
    beside = [(weekly, new_item(board="weekly", season="2026-W48"))]
    it = ticket(also={"weekly": "2026-W48"})
    decision = judged(item_with(30), "fail", ticket=it, also=beside)
    (other,) = decision.also
    assert (other.user_score, other.expires_ms) == (None, NOW + UNSCORED_MS)
    assert set(other.completed) == {"global/quiz"}
    # It is what is remembered there that refuses the ticket, should the first board forget it.
    with pytest.raises(TicketSuperseded):
        judged(item_with(30), 500, ticket=it, also=[(weekly, other)])


# Challenges: seeing one is the attempt.


def attempted(
    item: ScoreItem, name: str = "t1", *, rules: Board | None = None, now_ms: int = NOW
) -> ScoreItem:
    return decisions.attempt(rules or board(), item, ticket(name), now_ms=now_ms)


def answered(item: ScoreItem, name: str = "t1", **how: Any) -> Decision:
    """Send in the right answer with the ticket of that name."""
    evidence = {"answer": SEED[4:8].hex()}
    return judged(item, evidence, action=ASKED, ticket=ticket(name, issued_ms=NOW), **how)


def test_attempt_is_what_the_limit_of_actions_counts() -> None:
    rules = board(limits=Limits(actions_per_minute=1))
    item = attempted(new_item(), rules=rules)
    with pytest.raises(RateLimited):
        attempted(item, "t2", rules=rules)
    decision = answered(item, rules=rules)
    assert decision.answer.user_score == 10
    assert written(decision).recovered_us == item.recovered_us


def test_completion_is_charged_on_the_other_boards() -> None:
    rules = board()
    weekly = replace(board(limits=Limits(actions_per_minute=1)), board="weekly")
    beside = new_item(board="weekly", season="all", recovered_us={"actions": (NOW + MINUTE) * 1000})
    it = ticket(issued_ms=NOW, also={"weekly": "all"})
    item = decisions.attempt(rules, new_item(), it, now_ms=NOW)
    evidence = {"answer": SEED[4:8].hex()}
    with pytest.raises(RateLimited, match="'weekly'"):
        judged(item, evidence, action=ASKED, ticket=it, also=[(weekly, beside)])


def test_attempt_leaves_an_item_without_a_score_until_there_is_one() -> None:
    item = attempted(new_item())
    assert (item.user_score, item.version, item.expires_ms) == (None, NOW, NOW + UNSCORED_MS)
    again = attempted(item, "t2", now_ms=NOW + SECOND)
    assert (again.version, again.expires_ms) == (NOW + 1, NOW + SECOND + UNSCORED_MS)
    scored = attempted(item_with(30))
    assert (scored.user_score, scored.updated_ms, scored.version) == (30, 5, 41)
    assert scored.expires_ms is None


def test_attempt_voids_the_ticket_before() -> None:
    item = attempted(attempted(new_item(), "t1"), "t2")
    with pytest.raises(TicketSuperseded, match="may have counted"):
        answered(item, "t1")
    assert answered(item, "t2").answer.user_score == 10


def test_attempt_leaves_other_actions_alone() -> None:
    item = attempted(new_item(), "t1")
    item = decisions.attempt(board(), item, ticket("t2", action="maze"), now_ms=NOW)
    assert item.open == {"quiz": "t1", "maze": "t2"}
    assert answered(item, "t1").answer.user_score == 10


def test_ticket_that_was_never_opened_does_not_count() -> None:
    with pytest.raises(TicketSuperseded):
        answered(new_item())


def test_completed_ticket_is_not_open_any_more() -> None:
    item = written(answered(attempted(new_item())))
    assert item.open == {}
    assert answered(item).replayed


def test_barred_player_sees_no_challenge() -> None:
    with pytest.raises(Barred):
        attempted(new_item(standing=BARRED))


# Rules that a deploy changed.

CHANGED = [
    replace(FIXED, points=11),
    replace(FIXED, min_seconds=11),
    replace(FIXED, expires_seconds=31),
    replace(FIXED, also_on=("weekly",)),
    replace(FIXED, points=JudgedPoints(10, "game.plain:told")),
]


@pytest.mark.parametrize("action", CHANGED)
def test_ticket_of_other_rules_is_refused(action: Action) -> None:
    it = ticket(rules_digest=digest(FIXED, None))
    with pytest.raises(TicketExpired, match="rules of this action have changed"):
        judged(new_item(), 5, action=action, ticket=it)
    assert completed(board(), new_item(), it, action=FIXED).answer.user_score == 10


def test_ticket_of_another_judge_or_range_is_refused() -> None:
    it = ticket(rules_digest=digest(JUDGED, None))
    for points in (
        JudgedPoints(499, "game.plain:told"),
        JudgedPoints(500, "game.plain:echoed"),
        JudgedPoints(500, "game.plain:told", min=1),
    ):
        with pytest.raises(TicketExpired):
            judged(new_item(), 5, action=replace(JUDGED, points=points), ticket=it)


def test_ticket_of_another_challenge_is_refused() -> None:
    """The same rules, whose function asks something else now."""
    it = ticket(rules_digest=digest(ASKED, '{"question":"another"}'), issued_ms=NOW)
    item = decisions.attempt(board(), new_item(), it, now_ms=NOW)
    with pytest.raises(TicketExpired, match="rules of this action have changed"):
        judged(item, {"answer": SEED[4:8].hex()}, action=ASKED, ticket=it)


def test_ticket_of_before_there_was_a_challenge_is_told_that_the_rules_changed() -> None:
    it = ticket(rules_digest=digest(JUDGED, None))
    with pytest.raises(TicketExpired):
        judged(new_item(), 5, action=ASKED, ticket=it)


def test_ticket_of_an_action_that_is_gone_is_refused() -> None:
    with pytest.raises(TicketExpired, match="rules of this action have changed"):
        decisions.complete(
            board(), new_item(), Completion(ticket(rules_digest="r"), None, None, NOW)
        )


def test_replay_needs_no_rules_any_more() -> None:
    first = completed(board(), new_item(), ticket())
    gone = Completion(ticket(rules_digest="r"), None, Evidence("anything"), NOW + HOUR)
    again = decisions.complete(board(), written(first), gone)
    assert again.replayed
    assert again.answer == first.answer


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
        completed(rules, item_with(91), ticket(), now_ms=NOW)
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
        it = ticket(f"t{at}", issued_ms=now_ms + 1, not_before_ms=0, expires_ms=now_ms + 2)
        try:
            item = written(completed(rules, item, it, points=points, now_ms=now_ms))
            waits.append(None)
        except RateLimited as limited:
            waits.append(limited.retry_after_ms)
    return waits


@pytest.mark.parametrize("limit", [1, 2, 7, 30, 600])
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
        it = ticket(f"t{at}", issued_ms=now_ms + 1, not_before_ms=0, expires_ms=now_ms + HOUR)
        try:
            decision = completed(rules, item, it, now_ms=now_ms)
        except RateLimited as limited:
            now_ms += limited.retry_after_ms
            decision = completed(rules, item, it, now_ms=now_ms)
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
    first = completed(rules, new_item(), ticket("t1"), points=100)
    lost = ticket("t2", issued_ms=NOW)
    second = completed(rules, written(first), lost, points=-100)
    third = ticket("t3", issued_ms=NOW)
    with pytest.raises(RateLimited):
        completed(rules, written(second), third, points=1)


def test_trusted_writes_are_not_rate_limited() -> None:
    rules = board(limits=Limits(actions_per_minute=1, points_per_hour=1))
    item = new_item()
    for _ in range(5):
        item = written(decisions.submit(rules, item, amount=5, now_ms=NOW))
    assert item.user_score == 25


def test_trusted_write_keeps_what_the_players_tickets_left() -> None:
    rules = board(limits=Limits(actions_per_minute=1))
    played = written(completed(rules, new_item(), ticket(), now_ms=NOW))
    item = written(decisions.submit(rules, played, amount=5, now_ms=NOW))
    assert (item.completed, item.recovered_us) == (played.completed, played.recovered_us)


# Which error comes first, where several hold.


def all_wrong_but(mended: set[str]) -> Decision:
    """Completes an action in which everything is wrong, less what is mended."""
    taken = completed(board(), new_item(), ticket("t9"))
    item = replace(
        written(taken),
        standing="visible" if "standing" in mended else BARRED,
        open={"quiz": "t0" if "open" in mended else "t5"},
        recovered_us={} if "rate" in mended else {"actions": (NOW + MINUTE) * 1000},
    )
    judge = "told" if "judge" in mended else "nowhere"
    action = Action(JudgedPoints(200, f"game.plain:{judge}"), 1, 2, challenge="game.plain:question")
    asked = challenge(action, name="quiz", seed=SEED)
    it = ticket(
        "t0",
        rules_digest=digest(action, asked) if "rules" in mended else "others",
        issued_ms=NOW if "newest" in mended else NOW - HOUR,
        not_before_ms=NOW if "early" in mended else NOW + 1,
        expires_ms=NOW + 2 if "expired" in mended else NOW,
        also={"weekly": "all"},
        seed=SEED,
    )
    weekly = replace(board(limits=Limits(actions_per_minute=1)), board="weekly")
    beside = new_item(board="weekly", recovered_us=item.recovered_us)
    sent = (Evidence(200) if "form" in mended else Evidence("?")) if "evidence" in mended else None
    return decisions.complete(
        board(limits=Limits(max_score=100)),
        item,
        Completion(it, action, sent, NOW),
        also=[(weekly, beside)],
    )


ORDER = [
    ("standing", Barred),
    ("newest", TicketSuperseded),
    ("rules", TicketExpired),
    ("open", TicketSuperseded),
    ("expired", TicketExpired),
    ("early", TicketEarly),
    ("evidence", Invalid),
    ("rate", RateLimited),
    ("judge", JudgeFailed),
    ("form", Invalid),
    ("", ScoreLimit),
]


@pytest.mark.parametrize("number", range(len(ORDER)))
def test_first_thing_wrong_is_the_one_that_is_named(number: int) -> None:
    with pytest.raises(ORDER[number][1]):
        all_wrong_but({name for name, _ in ORDER[:number]})
