"""What a write does to a user's score: pure decisions over the items that were read.

`complete` decides a player's action ticket, `submit` a trusted write. Both answer with the items to
write, which the store accepts only while they are still those that were read; a lost race reads
the newer items and decides again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from leaderboard.boards.board_season import key_of
from leaderboard.boards.rules import Board, Operator, Order
from leaderboard.errors import (
    Barred,
    Invalid,
    ScoreLimit,
    TicketEarly,
    TicketExpired,
    TicketInvalid,
    TicketSuperseded,
)
from leaderboard.instants import to_text
from leaderboard.scoring.completions import Completion
from leaderboard.scoring.judges import FAILED
from leaderboard.scoring.limits import Usage, charge
from leaderboard.scoring.tickets import REFUSAL, ActionTicket

VISIBLE = "visible"
HIDDEN = "hidden"
BARRED = "barred"
DELETED = "deleted"
UNKNOWN = "unknown"
"""Of a profile whose standing cannot be read; never stored."""
OUT = frozenset({BARRED, DELETED})
"""Who takes no scores and keeps no sockets."""

REMEMBERED = 3
"""Tickets of one action whose answers are remembered."""
UNSCORED_MS = 7 * 86_400_000
"""How long an item without a score stays: as long as a ticket may live, and longer than the stream
keeps a record."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a write came to: the score after it (None: there is none yet), and whether it moved."""

    user_score: int | None
    updated_ms: int | None
    changed: bool


@dataclass(frozen=True, slots=True)
class CompletedTicket:
    """A ticket that an item took for an action, when, and the answer given."""

    ticket: str
    completed_ms: int
    answer: Answer


@dataclass(frozen=True, slots=True)
class Profile:
    """A user's name and standing; version 0 stands for a user who has none yet.

    `renamed_ms` says when the player last took new names, the oldest first. Of a deleted user
    `account` is the sign-in to be deleted, and the profile goes at `expires_ms`.
    """

    user_id: str
    user_name: str
    standing: str = VISIBLE
    version: int = 0
    renamed_ms: tuple[int, ...] = ()
    account: str | None = None
    expires_ms: int | None = None


@dataclass(frozen=True, slots=True)
class ScoreItem:
    """A user's score on one board in one season, as the table keeps it.

    `version` 0 stands for an item that does not exist. An item without a score, a tombstone or one
    of a player who has only tried, goes at `expires_ms`.
    `taken` are per action the newest tickets taken, the newest first; `open` is per action with a
    challenge the one ticket that counts. `paced` holds, per limit, when it has fully recovered
    (microseconds).
    """

    user_id: str
    board: str
    season: str
    user_name: str
    profile_version: int
    standing: str = VISIBLE
    user_score: int | None = None
    updated_ms: int | None = None
    version: int = 0
    taken: Mapping[str, tuple[CompletedTicket, ...]] = field(default_factory=dict)
    open: Mapping[str, str] = field(default_factory=dict)
    paced: Mapping[str, int] = field(default_factory=dict)
    expires_ms: int | None = None

    @property
    def key(self) -> str:
        return key_of(self.board, self.season)

    @property
    def is_new(self) -> bool:
        """Whether the name and the standing must come from the profile."""
        return self.user_score is None


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
        return self.item is None


def attempt(board: Board, item: ScoreItem, ticket: ActionTicket, *, now_ms: int) -> ScoreItem:
    """The item once a ticket with a challenge is issued: that is the attempt.

    It counts in the board's limit of actions, and voids the ticket that was open before. Raises
    Barred and RateLimited; nothing is written then.
    """
    refuse(item.standing)
    (paced,) = charge([Usage(board, item.paced)], None, now_ms=now_ms)
    opened = {**item.open, ticket.action: ticket.ticket}
    return _next(replace(item, paced=paced, open=opened), now_ms=now_ms)


def complete(
    board: Board,
    item: ScoreItem,
    completion: Completion,
    *,
    also: Sequence[tuple[Board, ScoreItem]] = (),
) -> Decision:
    """Decide what completing an action with a ticket does to the player's items.

    `item` is the one of the ticket's board, `also` are the boards that it counts on beside it: each
    by its own operator and within its own limits, all of them or none. A failed attempt is
    remembered on all of them and moves no score.

    Each of the last tickets taken gets its answer again, whatever the time and the evidence. Raises
    TicketInvalid, Barred, TicketSuperseded, TicketExpired, TicketEarly, Invalid, RateLimited,
    ScoreLimit and JudgeFailed; nothing is written then.
    """
    ticket, now_ms = completion.ticket, completion.now_ms
    # Another board knows the action by its own board's name, too: it may have one of that name.
    elsewhere = f"{ticket.board}/{ticket.action}"
    counted = [(board, item, ticket.action), *((*it, elsewhere) for it in also)]
    _refuse_foreign(ticket, counted)
    for _, it, _ in counted:
        refuse(it.standing)
    for earlier in item.taken.get(ticket.action, ()):
        if earlier.ticket == ticket.ticket:
            return Decision(earlier.answer, None)
    _refuse_old(completion, counted)
    completion.require_evidence()
    assert completion.action is not None
    attempted = completion.action.challenge is not None  # then issuing was what counted here
    usages = [
        Usage(rules, it.paced, action=not (attempted and it is item)) for rules, it, _ in counted
    ]
    worth = completion.action.points
    charge(usages, worth if isinstance(worth, int) else None, now_ms=now_ms)
    points = completion.points
    scored = None if points is FAILED else points
    items: list[ScoreItem] = []
    answers: list[Answer] = []
    paced = charge(usages, scored or 0, now_ms=now_ms)
    for (rules, before, action), pace in zip(counted, paced, strict=True):
        if scored is None:
            moved = _next(before, now_ms=now_ms)
        else:
            moved = _moved(rules, before, scored, now_ms=now_ms)
        answers.append(_answer(before, moved))
        taken = (CompletedTicket(ticket.ticket, now_ms, answers[-1]), *before.taken.get(action, ()))
        items.append(
            replace(
                moved,
                paced=pace,
                taken={**before.taken, action: taken[:REMEMBERED]},
                open={name: it for name, it in before.open.items() if name != action},
            )
        )
    return Decision(answers[0], items[0], tuple(items[1:]))


def submit(board: Board, item: ScoreItem, *, amount: int, now_ms: int) -> Decision:
    """Decide a trusted write: `amount` is the delta on increment boards, else the score.

    Raises Invalid, Barred and ScoreLimit; nothing is written then.
    """
    refuse(item.standing)
    moved = _moved(board, item, amount, now_ms=now_ms)
    return Decision(_answer(item, moved), moved)


def refuse(standing: str) -> None:
    """Raises Barred for who may not score."""
    if standing == DELETED:
        raise Barred("This player was deleted.")
    if standing == BARRED:
        raise Barred("This player may not score. Ask those who run the game.")


Counted = tuple[Board, ScoreItem, str]
"""A board that an action counts on, the user's item there, and the action's name there."""


def _refuse_foreign(ticket: ActionTicket, counted: Sequence[Counted]) -> None:
    """Refuse a ticket that is not of these items."""
    seasons = {ticket.board: ticket.season, **ticket.also}
    for board, item, _ in counted:
        if (ticket.user_id, seasons.get(board.board)) != (item.user_id, item.season):
            raise TicketInvalid(REFUSAL)


def _refuse_old(completion: Completion, counted: Sequence[Counted]) -> None:
    """Refuse a ticket whose place, rules or time have passed, or whose time has not come."""
    ticket = completion.ticket
    for _, item, action in counted:
        if _may_have_counted(ticket, item.taken.get(action, ())):
            raise TicketSuperseded(SUPERSEDED)
    if completion.rules != ticket.rules:
        raise TicketExpired("The rules of this action have changed; take a new ticket.")
    (_, item, action), *_ = counted
    assert completion.action is not None
    if completion.action.challenge is not None and item.open.get(action) != ticket.ticket:
        raise TicketSuperseded(SUPERSEDED)
    if completion.now_ms >= ticket.expires_ms:
        raise TicketExpired("This ticket has expired; take a new one.")
    if completion.now_ms < ticket.not_before_ms:
        moment = to_text(ticket.not_before_ms)
        raise TicketEarly(f"This ticket is good from {moment} on; send it again then.")


def _may_have_counted(ticket: ActionTicket, taken: Sequence[CompletedTicket]) -> bool:
    """Whether a ticket was taken already, as far as the newest ones that were taken tell.

    It was issued after all of them were completed, or it is refused. Of those that are forgotten
    none was completed after the oldest that is remembered, nor issued after its own completion.
    """
    if any(ticket.issued_ms < it.completed_ms or ticket.ticket == it.ticket for it in taken):
        return True
    return len(taken) == REMEMBERED and ticket.issued_ms <= taken[-1].completed_ms


SUPERSEDED = (
    "A newer ticket of this action was issued or completed, so this one does not count any more "
    "(it may have counted before). Take a new one."
)


def _refuse_negative(board: Board, delta: int) -> None:
    if delta < 0 and board.operator is Operator.INCREMENT and not board.negative_points:
        raise Invalid(f"{board.board!r} takes no negative points.", path="delta")


def _moved(board: Board, item: ScoreItem, amount: int, *, now_ms: int) -> ScoreItem:
    """The item after the write: one version on, and the time moved only if the score did."""
    _refuse_negative(board, amount)
    score = _combined(board, item.user_score, amount)
    if not board.min_score <= score <= board.limits.max_score:
        raise ScoreLimit(
            f"Scores of {board.board!r} are from {board.min_score} to {board.limits.max_score}; "
            f"this would make {score}."
        )
    changed = score != item.user_score
    return replace(
        _next(item, now_ms=now_ms),
        user_score=score,
        # Never back: a write that was accepted before the last one may be decided after it.
        updated_ms=max(now_ms, item.updated_ms or 0) if changed else item.updated_ms,
        expires_ms=None,
    )


def _next(item: ScoreItem, *, now_ms: int) -> ScoreItem:
    """The item a version on; one without a score stays its whole time from now on."""
    unscored = item.user_score is None
    return replace(
        item,
        version=next_version(item.version, now_ms=now_ms),
        expires_ms=now_ms + UNSCORED_MS if unscored else None,
    )


def next_version(version: int, *, now_ms: int) -> int:
    """One on; a first version is the time, so that none restarts below an old one."""
    return version + 1 if version else now_ms


def _combined(board: Board, score: int | None, amount: int) -> int:
    if board.operator is Operator.INCREMENT:
        return (score or 0) + amount
    if board.operator is Operator.LATEST or score is None:
        return amount
    return max(score, amount) if board.order is Order.DESC else min(score, amount)


def _answer(before: ScoreItem, after: ScoreItem) -> Answer:
    changed = after.user_score != before.user_score
    return Answer(after.user_score, after.updated_ms, changed)
