"""What a write does to a user's score: pure decisions over the items that were read.

`complete` decides a player's action ticket, `submit` a trusted write. Both answer with the items to
write, which the store accepts only while they are still those that were read; a lost race reads
the newer items and decides again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

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
from leaderboard.instants import to_text
from leaderboard.rules import Board, Operator, Order, Reported
from leaderboard.tickets import REFUSAL, ActionTicket

VISIBLE = "visible"
HIDDEN = "hidden"
BARRED = "barred"
DELETED = "deleted"
UNKNOWN = "unknown"
"""Of a profile whose standing cannot be read; never stored."""
OUT = frozenset({BARRED, DELETED})
"""Who takes no scores and keeps no sockets."""

MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US


@dataclass(frozen=True, slots=True)
class Answer:
    """What a write came to: the score after it, and whether it moved."""

    user_name: str
    user_score: int
    updated_ms: int
    changed: bool


@dataclass(frozen=True, slots=True)
class Taken:
    """The newest ticket that an item took for one action, when, and the answer given."""

    ticket: str
    completed_ms: int
    answer: Answer


@dataclass(frozen=True, slots=True)
class Profile:
    """A user's name and standing; version 0 stands for a user who has none yet.

    Of a deleted user `account` is the sign-in to be deleted, and the profile goes at `expires_ms`.
    """

    user_id: str
    user_name: str
    standing: str = VISIBLE
    version: int = 0
    account: str | None = None
    expires_ms: int | None = None


@dataclass(frozen=True, slots=True)
class ScoreItem:
    """A user's score on one board in one season, as the table keeps it.

    `version` 0 stands for an item that does not exist. An item without a score is a tombstone,
    which goes at `expires_ms`.
    `paced` holds, per limit, when it has fully recovered (microseconds).
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
    taken: Mapping[str, Taken] = field(default_factory=dict)
    paced: Mapping[str, int] = field(default_factory=dict)
    expires_ms: int | None = None

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


def complete(
    board: Board,
    item: ScoreItem,
    ticket: ActionTicket,
    *,
    value: int | None,
    now_ms: int,
    also: Sequence[tuple[Board, ScoreItem]] = (),
    check: Callable[[int], bool] | None = None,
) -> Decision:
    """Decide what completing an action with a ticket does to the player's items.

    `item` is the one of the ticket's board, `also` are the boards that it counts on beside it: each
    by its own operator and within its own limits, all of them or none. `check` judges the points.

    The newest ticket taken gets its first answer again, whatever the time. Raises Invalid (the
    value), TicketInvalid, TicketSuperseded, TicketExpired, TicketEarly, Barred, RateLimited,
    ScoreLimit and what the check raises; nothing is written then.
    """
    if (ticket.user_id, ticket.board, ticket.season) != (item.user_id, board.board, item.season):
        raise TicketInvalid(REFUSAL)
    refuse(item.standing)
    points = _points(board, ticket, value)
    newest = item.taken.get(ticket.action)
    if newest and newest.ticket == ticket.ticket:
        return Decision(newest.answer, None)
    _refuse_superseded(item, ticket.action, ticket)
    if now_ms >= ticket.expires_ms:
        raise TicketExpired("This ticket has expired; take a new one.")
    if now_ms < ticket.not_before_ms:
        moment = to_text(ticket.not_before_ms)
        raise TicketEarly(f"This ticket is good from {moment} on; send it again then.")
    if check and not check(points):
        raise Invalid("This value cannot have been reached in this time.", path="value")
    # Another board knows the action by its own board's name, too: it may have one of that name.
    counted = [(board, item, ticket.action)]
    for other, beside in also:
        if (ticket.user_id, ticket.also.get(other.board)) != (beside.user_id, beside.season):
            raise TicketInvalid(REFUSAL)
        action = f"{ticket.board}/{ticket.action}"
        refuse(beside.standing)
        _refuse_superseded(beside, action, ticket)
        _refuse_negative(other, points, path="value")
        counted.append((other, beside, action))
    paced = _paced(counted, points=points, now_ms=now_ms)
    items: list[ScoreItem] = []
    answers: list[Answer] = []
    for (rules, before, action), pace in zip(counted, paced, strict=True):
        moved = _moved(rules, before, points, now_ms=now_ms)
        answers.append(_answer(before, moved))
        taken = {**before.taken, action: Taken(ticket.ticket, now_ms, answers[-1])}
        items.append(replace(moved, taken=taken, paced=pace))
    return Decision(answers[0], items[0], tuple(items[1:]))


def submit(board: Board, item: ScoreItem, *, amount: int, now_ms: int) -> Decision:
    """Decide a trusted write: `amount` is the delta on increment boards, else the score.

    Raises Invalid, Barred and ScoreLimit; nothing is written then.
    """
    refuse(item.standing)
    _refuse_negative(board, amount, path="delta")
    moved = _moved(board, item, amount, now_ms=now_ms)
    return Decision(_answer(item, moved), moved)


def refuse(standing: str) -> None:
    """Raises Barred for who may not score."""
    if standing == DELETED:
        raise Barred("This player was deleted.")
    if standing == BARRED:
        raise Barred("This player may not score. Ask those who run the game.")


def _refuse_superseded(item: ScoreItem, action: str, ticket: ActionTicket) -> None:
    """Refuse a ticket of before the action's last completion, or that one itself."""
    newest = item.taken.get(action)
    if newest and (ticket.issued_ms < newest.completed_ms or newest.ticket == ticket.ticket):
        raise TicketSuperseded(
            "This ticket is older than the last completion of its action; take a new one."
        )


def _refuse_negative(board: Board, points: int, *, path: str) -> None:
    if points < 0 and board.operator is Operator.INCREMENT and not board.negative_points:
        raise Invalid(f"{board.board!r} takes no negative points.", path=path)


def _points(board: Board, ticket: ActionTicket, value: int | None) -> int:
    if not isinstance(ticket.points, Reported):
        if value is not None:
            raise Invalid("This action has fixed points: leave the value out.", path="value")
        # Of a ticket that is older than what the board's rules say now.
        _refuse_negative(board, ticket.points, path="value")
        return ticket.points
    if value is None:
        raise Invalid("This action needs the value that was reached.", path="value")
    lowest = -ticket.points.max if board.negative_points else 0
    if not lowest <= value <= ticket.points.max:
        raise Invalid(f"The value is from {lowest} to {ticket.points.max}.", path="value")
    return value


def _moved(board: Board, item: ScoreItem, amount: int, *, now_ms: int) -> ScoreItem:
    """The item after the write: one version on, and the time moved only if the score did."""
    score = _combined(board, item.user_score, amount)
    if not board.min_score <= score <= board.limits.max_score:
        raise ScoreLimit(
            f"Scores of {board.board!r} are from {board.min_score} to {board.limits.max_score}; "
            f"this would make {score}."
        )
    changed = score != item.user_score
    return replace(
        item,
        user_score=score,
        # Never back: a write that was accepted before the last one may be decided after it.
        updated_ms=max(now_ms, item.updated_ms or 0) if changed else item.updated_ms,
        version=next_version(item.version, now_ms=now_ms),
        expires_ms=None,
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
    assert after.user_score is not None
    assert after.updated_ms is not None
    return Answer(
        user_name=after.user_name,
        user_score=after.user_score,
        updated_ms=after.updated_ms,
        changed=after.user_score != before.user_score,
    )


def _paced(
    counted: Sequence[tuple[Board, ScoreItem, str]], *, points: int, now_ms: int
) -> list[Mapping[str, int]]:
    """Charge every board's rate limits; the longest wait is what a refusal says."""
    charged: list[Mapping[str, int]] = []
    refusals: list[RateLimited] = []
    for board, item, _ in counted:
        try:
            charged.append(_pace(board, item.paced, points=points, now_ms=now_ms))
        except RateLimited as refusal:
            refusals.append(refusal)
    if refusals:
        raise max(refusals, key=lambda it: it.retry_after_ms)
    return charged


def _pace(board: Board, paced: Mapping[str, int], *, points: int, now_ms: int) -> Mapping[str, int]:
    """Charge the board's rate limits (generic cell rate algorithm: one number per limit)."""
    charged: dict[str, int] = {}
    costs = (
        ("actions", board.limits.actions_per_minute, 1, MINUTE_US),
        ("points", board.limits.points_per_hour, max(points, 0), HOUR_US),
    )
    waits: list[tuple[int, str]] = []
    for name, limit, cost, window in costs:
        if limit is None:
            continue
        now = now_ms * 1000
        recovered = max(paced.get(name, 0), now) + cost * window // limit
        over = recovered - now - window
        if over > 0:
            waits.append((-(-over // 1000), name))
        charged[name] = recovered
    if waits:
        wait, name = max(waits)
        raise RateLimited(
            f"Too many {name} on {board.board!r}; wait before the next one.", retry_after_ms=wait
        )
    return charged
