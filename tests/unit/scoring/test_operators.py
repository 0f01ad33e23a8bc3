"""Operators, orders and ranges, held to an oracle that is written from the contract alone.

The oracle looks at all the amounts that counted and says what they come to; the service knows only
the score before each of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, strategies as st

from leaderboard.boards.rules import MAX_SCORE, Action, Board, Limits, Operator, Order
from leaderboard.errors import Invalid, ScoreLimit, TicketSuperseded
from leaderboard.scoring import decisions
from leaderboard.scoring.items import ScoreItem
from leaderboard.scoring.judges import Completion, digest
from leaderboard.scoring.tickets import ActionTicket

T0 = 1_795_421_730_000

# Small ones collide and meet the edges of small ranges; large ones meet the edges of numbers.
amounts = st.one_of(
    st.integers(-4, 4),
    st.sampled_from([-MAX_SCORE, -MAX_SCORE + 1, MAX_SCORE - 1, MAX_SCORE]),
)


@dataclass(frozen=True)
class Write:
    at: int
    amount: int


@st.composite
def boards(draw: st.DrawFn) -> Board:
    low, high = draw(
        st.sampled_from(
            [(-MAX_SCORE, MAX_SCORE), (0, MAX_SCORE), (-3, 5), (0, 0), (2, 6), (-9, -1)]
        )
    )
    return Board(
        board="board",
        title="Board",
        order=draw(st.sampled_from(Order)),
        operator=draw(st.sampled_from(Operator)),
        limits=Limits(max_score=high),
        min_score=low,
        negative_points=draw(st.booleans()),
    )


@st.composite
def histories(draw: st.DrawFn) -> list[Write]:
    """Writes in time; several may come in one millisecond."""
    now = T0
    found = []
    for _ in range(draw(st.integers(1, 12))):
        now += draw(st.integers(0, 2))
        found.append(Write(now, draw(amounts)))
    return found


# The oracle.


def score_of(board: Board, counted: Sequence[Write]) -> int:
    numbers = [it.amount for it in counted]
    if board.operator is Operator.INCREMENT:
        return sum(numbers)
    if board.operator is Operator.LATEST:
        return numbers[-1]
    return max(numbers) if board.order is Order.DESC else min(numbers)


def reached(board: Board, counted: Sequence[Write]) -> int:
    """When the score of now began to be the score, without a break since."""
    score = score_of(board, counted)
    since = counted[-1].at
    for length in range(len(counted), 0, -1):
        if score_of(board, counted[:length]) != score:
            break
        since = counted[length - 1].at
    return since


def allowed(board: Board, counted: Sequence[Write], write: Write) -> bool:
    adds = board.operator is Operator.INCREMENT
    if adds and write.amount < 0 and not board.negative_points:
        return False
    return board.min_score <= score_of(board, [*counted, write]) <= board.limits.max_score


# The two ways in.


def submitted(board: Board, item: ScoreItem, write: Write) -> decisions.Decision:
    return decisions.submit(board, item, amount=write.amount, now_ms=write.at)


def completed(board: Board, item: ScoreItem, write: Write) -> decisions.Decision:
    ticket = ActionTicket(
        ticket=f"t-{item.version}",
        user_id=item.user_id,
        board=board.board,
        season=item.season,
        action="act",
        rules_digest=digest(worth(write), None),
        issued_ms=write.at + 1,  # so that many may come in one millisecond
        not_before_ms=write.at,
        expires_ms=write.at + 1,
    )
    return decisions.complete(board, item, Completion(ticket, worth(write), None, write.at))


def worth(write: Write) -> Action:
    return Action(write.amount, min_seconds=0, expires_seconds=1)


@pytest.mark.parametrize("way", [submitted, completed])
@given(board=boards(), history=histories())
def test_score_and_its_time_are_what_all_counted_writes_come_to(
    way: object, board: Board, history: list[Write]
) -> None:
    item = ScoreItem("ada", board.board, "all", "Ada", profile_version=1)
    counted: list[Write] = []
    for write in history:
        decide = submitted if way is submitted else completed
        if not allowed(board, counted, write):
            with pytest.raises((ScoreLimit, Invalid)):
                decide(board, item, write)
            continue
        before = item
        decision = decide(board, item, write)
        assert decision.item is not None
        item = decision.item
        counted.append(write)
        assert item.user_score == score_of(board, counted)
        assert item.updated_ms == reached(board, counted)
        assert decision.answer.changed is (item.user_score != before.user_score)
        assert (decision.answer.user_score, decision.answer.updated_ms) == (
            item.user_score,
            item.updated_ms,
        )
        assert item.version == (before.version + 1 if before.version else write.at)


@given(board=boards(), history=histories(), times=st.integers(1, 4))
def test_score_sent_again_and_again_stays_where_it_is(
    board: Board, history: list[Write], times: int
) -> None:
    """Saying a score again is no way to a better place, and none to a worse one."""
    if board.operator is Operator.INCREMENT:
        history = [Write(it.at, 0) for it in history]
    item = ScoreItem("ada", board.board, "all", "Ada", profile_version=1)
    for write in history:
        if not board.min_score <= write.amount <= board.limits.max_score:
            continue
        decision = submitted(board, item, write)
        assert decision.item is not None
        item = decision.item
        for later in range(times):
            again = submitted(board, item, Write(write.at + 1 + later, write.amount))
            assert again.item is not None
            assert not again.answer.changed
            assert (again.item.user_score, again.item.updated_ms) == (
                item.user_score,
                item.updated_ms,
            )
            item = again.item


@given(board=boards(), history=histories(), late=st.integers(1, 3))
def test_write_that_was_accepted_before_the_last_one_moves_no_time_back(
    board: Board, history: list[Write], late: int
) -> None:
    """Two requests at once: the one that was accepted first may be decided last."""
    item = ScoreItem("ada", board.board, "all", "Ada", profile_version=1)
    for number, write in enumerate(history):
        accepted = write.at - late * (number % 2)
        try:
            decision = submitted(board, item, Write(accepted, write.amount))
        except (ScoreLimit, Invalid):
            continue
        assert decision.item is not None
        assert decision.item.updated_ms is not None
        assert decision.item.updated_ms >= (item.updated_ms or 0)
        item = decision.item


@given(rules=st.lists(boards(), min_size=2, max_size=4), history=histories())
def test_action_of_several_boards_counts_by_the_rules_of_each_or_nowhere(
    rules: list[Board], history: list[Write]
) -> None:
    named = [replace(board, board=f"board-{number}") for number, board in enumerate(rules)]
    items = [ScoreItem("ada", it.board, "all", "Ada", profile_version=1) for it in named]
    counted: list[Write] = []
    for number, write in enumerate(history):
        ticket = ActionTicket(
            ticket=f"t-{number}",
            user_id="ada",
            board=named[0].board,
            season="all",
            action="act",
            rules_digest=digest(worth(write), None),
            issued_ms=write.at + 1,  # so that many may come in one millisecond
            not_before_ms=write.at,
            expires_ms=write.at + 1,
            also={it.board: "all" for it in named[1:]},
        )
        completion = Completion(ticket, worth(write), None, write.at)
        also = list(zip(named[1:], items[1:], strict=True))
        if not all(allowed(it, counted, write) for it in named):
            with pytest.raises((ScoreLimit, Invalid)):
                decisions.complete(named[0], items[0], completion, also=also)
            continue
        decision = decisions.complete(named[0], items[0], completion, also=also)
        assert decision.item is not None
        items = [decision.item, *decision.also]
        counted.append(write)
        for board, item in zip(named, items, strict=True):
            assert (item.board, item.user_score) == (board.board, score_of(board, counted))
            assert item.updated_ms == reached(board, counted)
        # Wherever its own board's memory is lost, the others still know the ticket.
        forgetful = replace(items[0], completed={})
        with pytest.raises(TicketSuperseded):
            decisions.complete(
                named[0],
                forgetful,
                completion,
                also=list(zip(named[1:], items[1:], strict=True)),
            )
