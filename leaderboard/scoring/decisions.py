"""What a write does to a user's score: pure decisions over the items that were read.

`complete` decides a player's action ticket, `submit` a trusted write. Both answer with the items to
write. The table accepts them only while they are still those that were read. A request that loses
that race reads the newer items and decides again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from leaderboard.boards.rules import Board, Operator, Order
from leaderboard.clock import to_text
from leaderboard.errors import (
    Barred,
    Invalid,
    RateLimited,
    ScoreLimit,
    TicketEarly,
    TicketExpired,
    TicketInvalid,
    TicketSuperseded,
)
from leaderboard.scoring.items import (
    BARRED,
    DELETED,
    UNSCORED_MS,
    Answer,
    Cause,
    CompletedTicket,
    ScoreItem,
    next_version,
    noted_write,
)
from leaderboard.scoring.judges import FAILED, Completion
from leaderboard.scoring.tickets import REFUSAL, ActionTicket

REMEMBERED = 3
"""Completed tickets of one action whose answers are remembered."""

SUPERSEDED = (
    "A newer ticket of this action was issued or completed, so this one does not count any more "
    "(it may have counted before). Take a new one."
)


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer, and the item to write; no item if nothing is to be written (a replay).

    `also` are the items of the other boards that the action counts on, in their order.
    """

    answer: Answer
    item: ScoreItem | None
    also: tuple[ScoreItem, ...] = ()

    @property
    def replayed(self) -> bool:
        """Whether the ticket had this answer before."""
        return self.item is None


@dataclass(frozen=True, slots=True)
class CountedOn:
    """A board that an action counts on, the user's item there, and the action's name there."""

    board: Board
    item: ScoreItem
    action: str


def attempt(board: Board, item: ScoreItem, ticket: ActionTicket, *, now_ms: int) -> ScoreItem:
    """The item once a ticket with a challenge is issued: that is the attempt.

    It counts in the board's limit of actions, and voids the ticket that was open before. Raises
    Barred and RateLimited; nothing is written then.
    """
    refuse(item.standing)
    (recovered_us,) = charge([Usage(board, item.recovered_us)], None, now_ms=now_ms)
    opened = {**item.open, ticket.action: ticket.ticket}
    return _next(replace(item, recovered_us=recovered_us, open=opened), now_ms=now_ms)


def complete(
    board: Board,
    item: ScoreItem,
    completion: Completion,
    *,
    also: Sequence[tuple[Board, ScoreItem]] = (),
) -> Decision:
    """Decide what completing an action with a ticket does to the player's items.

    `item` is the one of the ticket's board. `also` are the boards that the action counts on beside
    it: each by its own operator and within its own limits, all of them or none. A failed attempt is
    remembered on all of them and moves no score.

    Each of the last tickets completed gets its answer again, whatever the time and the evidence.
    Raises TicketInvalid, Barred, TicketSuperseded, TicketExpired, TicketEarly, Invalid,
    RateLimited, ScoreLimit and JudgeFailed; nothing is written then.
    """
    ticket, now_ms = completion.ticket, completion.now_ms
    # Another board knows the action by its own board's name, too: it may have one of that name.
    elsewhere = f"{ticket.board}/{ticket.action}"
    counted = [CountedOn(board, item, ticket.action)]
    counted += [CountedOn(rules, it, elsewhere) for rules, it in also]
    _refuse_foreign(ticket, counted)
    for it in counted:
        refuse(it.item.standing)
    for earlier in item.completed.get(ticket.action, ()):
        if earlier.ticket == ticket.ticket:
            return Decision(earlier.answer, None)
    _refuse_old(completion, counted)
    action = completion.require_evidence()
    attempted = action.challenge is not None  # then issuing was what counted on the ticket's board
    usages = [
        Usage(it.board, it.item.recovered_us, action=not (attempted and it.item is item))
        for it in counted
    ]
    fixed = action.points if isinstance(action.points, int) else None
    charge(usages, fixed, now_ms=now_ms)  # a limit that refuses keeps the judge from being asked
    points = None if completion.points is FAILED else completion.points
    recovered = charge(usages, points or 0, now_ms=now_ms)
    written = []
    for it, recovered_us in zip(counted, recovered, strict=True):
        after = _completed(it, ticket, points, now_ms=now_ms)
        written.append(replace(after, recovered_us=recovered_us))
    return Decision(_answer(item, written[0]), written[0], tuple(written[1:]))


def submit(board: Board, item: ScoreItem, *, amount: int, now_ms: int) -> Decision:
    """Decide a trusted write: `amount` is the delta on increment boards, else the score.

    Raises Invalid, Barred and ScoreLimit; nothing is written then.
    """
    refuse(item.standing)
    scored = _scored(board, item, amount, cause=Cause.TRUSTED_WRITE, now_ms=now_ms)
    return Decision(_answer(item, scored), scored)


def refuse(standing: str) -> None:
    """Raise Barred for a user who may not score."""
    if standing == DELETED:
        raise Barred("This player was deleted.")
    if standing == BARRED:
        raise Barred("This player may not score. Ask those who run the game.")


def _refuse_foreign(ticket: ActionTicket, counted: Sequence[CountedOn]) -> None:
    """Refuse a ticket that was not issued for these items."""
    seasons = {ticket.board: ticket.season, **ticket.also}
    for it in counted:
        if (ticket.user_id, seasons.get(it.board.board)) != (it.item.user_id, it.item.season):
            raise TicketInvalid(REFUSAL)


def _refuse_old(completion: Completion, counted: Sequence[CountedOn]) -> None:
    """Refuse a ticket that was superseded, whose rules changed, or whose time is not now."""
    ticket, action = completion.ticket, completion.action
    for it in counted:
        if _may_have_counted(ticket, it.item.completed.get(it.action, ())):
            raise TicketSuperseded(SUPERSEDED)
    if action is None or completion.rules_digest != ticket.rules_digest:
        raise TicketExpired("The rules of this action have changed; take a new ticket.")
    own = counted[0]
    if action.challenge is not None and own.item.open.get(own.action) != ticket.ticket:
        raise TicketSuperseded(SUPERSEDED)
    if completion.now_ms >= ticket.expires_ms:
        raise TicketExpired("This ticket has expired; take a new one.")
    if completion.now_ms < ticket.not_before_ms:
        moment = to_text(ticket.not_before_ms)
        raise TicketEarly(f"This ticket is good from {moment} on; send it again then.")


def _may_have_counted(ticket: ActionTicket, completed: Sequence[CompletedTicket]) -> bool:
    """Whether a ticket may have counted already, as far as the remembered tickets tell.

    A ticket that was issued after all of them were completed has not. Of the tickets that are
    forgotten, none was completed after the oldest one that is remembered, and none was issued after
    its own completion. So a ticket that was issued after that oldest completion is not one of them.
    """
    if any(ticket.issued_ms < it.completed_ms or ticket.ticket == it.ticket for it in completed):
        return True
    return len(completed) == REMEMBERED and ticket.issued_ms <= completed[-1].completed_ms


def _completed(
    it: CountedOn, ticket: ActionTicket, points: int | None, *, now_ms: int
) -> ScoreItem:
    """A board's item after the ticket, which it remembers; None: the attempt failed."""
    before = it.item
    if points is None:
        after = _next(before, now_ms=now_ms)
    else:
        after = _scored(it.board, before, points, cause=Cause.ACTION, now_ms=now_ms)
    newest = CompletedTicket(ticket.ticket, now_ms, _answer(before, after))
    remembered = (newest, *before.completed.get(it.action, ()))[:REMEMBERED]
    return replace(
        after,
        completed={**before.completed, it.action: remembered},
        open={action: open_ for action, open_ in before.open.items() if action != it.action},
    )


def _scored(board: Board, item: ScoreItem, amount: int, *, cause: Cause, now_ms: int) -> ScoreItem:
    """The item after the write: one version on, and the time moved only if the score did."""
    if amount < 0 and board.operator is Operator.INCREMENT and not board.negative_points:
        raise Invalid(f"{board.board!r} takes no negative points.", path="delta")
    score = _combined(board, item.user_score, amount)
    if not board.min_score <= score <= board.limits.max_score:
        raise ScoreLimit(
            f"Scores of {board.board!r} are from {board.min_score} to {board.limits.max_score}; "
            f"this would make {score}."
        )
    changed = score != item.user_score
    after = _next(item, now_ms=now_ms)
    return replace(
        after,
        user_score=score,
        # Never back: a write that was accepted before the last one may be decided after it.
        updated_ms=max(now_ms, item.updated_ms or 0) if changed else item.updated_ms,
        expires_ms=None,
        last_write=noted_write(
            item, version=after.version, cause=cause, days=board.history_days, now_ms=now_ms
        ),
    )


def _combined(board: Board, score: int | None, amount: int) -> int:
    """The score after an amount, by the board's operator."""
    if board.operator is Operator.INCREMENT:
        return (score or 0) + amount
    if board.operator is Operator.LATEST or score is None:
        return amount
    return max(score, amount) if board.order is Order.DESC else min(score, amount)


def _next(item: ScoreItem, *, now_ms: int) -> ScoreItem:
    """The item a version on; one without a score stays its whole time from now on."""
    unscored = item.user_score is None
    return replace(
        item,
        version=next_version(item.version, now_ms=now_ms),
        expires_ms=now_ms + UNSCORED_MS if unscored else None,
    )


def _answer(before: ScoreItem, after: ScoreItem) -> Answer:
    changed = after.user_score != before.user_score
    return Answer(after.user_score, after.updated_ms, changed)


# Rate limits, by the generic cell rate algorithm: an item remembers one number per limit, the
# moment (microseconds) at which the limit has fully recovered.

MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US


@dataclass(frozen=True, slots=True)
class Usage:
    """What a user has used of a board's limits; `action` says whether one more counts now."""

    board: Board
    recovered_us: Mapping[str, int]
    action: bool = True


def charge(usages: Sequence[Usage], points: int | None, *, now_ms: int) -> list[Mapping[str, int]]:
    """What is used after the action and those points (None: not known yet), board by board.

    Raises RateLimited with the longest wait, if any limit refuses.
    """
    charged: list[Mapping[str, int]] = []
    refusals: list[RateLimited] = []
    for usage in usages:
        limits = usage.board.limits
        costs = [
            ("actions", limits.actions_per_minute, 1 if usage.action else None, MINUTE_US),
            ("points", limits.points_per_hour, points, HOUR_US),
        ]
        recovered_us = dict(usage.recovered_us)
        for name, limit, cost, window in costs:
            if limit is None or cost is None:
                continue
            now = now_ms * 1000
            recovered = max(recovered_us.get(name, 0), now) + max(cost, 0) * window // limit
            over = recovered - now - window
            if over > 0:
                detail = f"Too many {name} on {usage.board.board!r}; wait before the next one."
                refusals.append(RateLimited(detail, retry_after_ms=-(-over // 1000)))
            recovered_us[name] = recovered
        charged.append(recovered_us)
    if refusals:
        raise max(refusals, key=lambda it: it.retry_after_ms)
    return charged
