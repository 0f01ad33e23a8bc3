"""Scores: tickets, completed actions and trusted writes. Gather, decide, write."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from leaderboard import checks
from leaderboard.attempts import attempts
from leaderboard.catalog import Catalog
from leaderboard.errors import (
    ActionNotFound,
    BoardNotFound,
    Invalid,
    Raced,
    Refused,
    SubmissionConflict,
    TicketInvalid,
)
from leaderboard.profiles import renamed, unnamed
from leaderboard.rules import Action, Board, Operator
from leaderboard.scoring import decisions
from leaderboard.scoring.decisions import Answer, Profile, ScoreItem, refuse
from leaderboard.seasons import season_at
from leaderboard.tickets import (
    REFUSAL,
    SOCKET_TICKET_MS,
    ActionTicket,
    Keyring,
    SocketTicket,
    key_id,
    new_id,
    read_action,
    sign_action,
    sign_socket,
)

SUBMISSION_MS = 48 * 3_600_000
"""How long a trusted write is remembered: past the 24 hours that are promised."""


@dataclass(frozen=True, slots=True)
class Submission:
    """A trusted write as it is remembered: what was asked (a digest) and what was answered."""

    user_id: str
    board: str
    submission_id: str
    digest: str
    season: str
    answer: Answer
    expires_ms: int


@dataclass(frozen=True, slots=True)
class Part:
    """A score item to write if it is still at `read_version`."""

    board: Board
    item: ScoreItem
    read_version: int


@dataclass(frozen=True, slots=True)
class Write:
    """One atomic write: the score item if it is still at `read_version`, and what goes with it.

    `profile` must still be the one that was read; `renamed` is written in its place. `submission`
    must not be there yet. `also` are the user's scores on other boards.
    """

    board: Board
    item: ScoreItem
    read_version: int
    profile: Profile | None = None
    renamed: Profile | None = None
    submission: Submission | None = None
    also: tuple[Part, ...] = ()

    @property
    def parts(self) -> tuple[Part, ...]:
        return (Part(self.board, self.item, self.read_version), *self.also)


class ScoreStore(Protocol):
    """The tables of scores and submissions. Reads are consistent."""

    def read(self, user_id: str, board: str, season: str) -> ScoreItem | None: ...

    def read_profile(self, user_id: str) -> Profile | None: ...

    def read_several(
        self, user_id: str, places: Sequence[tuple[str, str]]
    ) -> tuple[Profile | None, list[ScoreItem | None]]:
        """The profile and the items of those boards and seasons, in one trip."""

    def read_submission(
        self, user_id: str, board: str, submission_id: str
    ) -> Submission | None: ...

    def write(self, write: Write) -> None:
        """Raises Raced, with nothing written, if something is not as it was read."""

    def read_user(self, user_id: str) -> tuple[Profile | None, list[ScoreItem]]:
        """The profile and every item with a score."""


@dataclass(frozen=True, slots=True)
class Outcome:
    user_id: str
    answer: Answer
    replayed: bool


@dataclass(frozen=True, slots=True)
class IssuedTicket:
    token: str
    ticket: ActionTicket


@dataclass(frozen=True)
class Scores:
    """The writing side of the service."""

    catalog: Catalog
    store: ScoreStore
    keys: Keyring
    now_ms: Callable[[], int]

    def issue(self, *, user_id: str, board: str, action: str) -> IssuedTicket:
        """A ticket to complete an action once.

        It belongs to the season that it becomes good in, on every board that it counts on, and
        ends with the first of them, so that one ticket can never count in two seasons. Raises
        BoardNotFound and ActionNotFound.
        """
        rules = self.catalog.find(board)
        it = _action(rules, action)
        now = self.now_ms()
        not_before = now + it.min_seconds * 1000
        season = season_at(rules.schedule, not_before)
        also = {
            other: season_at(self.catalog.find(other).schedule, not_before) for other in it.also_on
        }
        ends = [one.ends_ms for one in (season, *also.values()) if one.ends_ms is not None]
        ticket = ActionTicket(
            ticket=new_id(),
            user_id=user_id,
            board=board,
            season=season.season,
            action=action,
            points=it.points,
            issued_ms=now,
            not_before_ms=not_before,
            expires_ms=min([now + it.expires_seconds * 1000, *ends]),
            also={other: one.season for other, one in also.items()},
        )
        return IssuedTicket(sign_action(ticket, self.keys()), ticket)

    def issue_socket(self, *, user_id: str) -> tuple[str, SocketTicket]:
        """A ticket to open one connection as the player. Raises Barred."""
        profile = self.store.read_profile(user_id)
        if profile is not None:
            refuse(profile.standing)
        ticket = SocketTicket(new_id(), user_id, self.now_ms() + SOCKET_TICKET_MS)
        return sign_socket(ticket, self.keys()), ticket

    def complete(self, *, user_id: str, board: str, token: str, value: int | None) -> Outcome:
        """Take an action ticket. Raises what `decisions.complete` raises, and BoardNotFound."""
        rules = self.catalog.find(board)
        ticket = read_action(token, self.keys(key_id(token)))
        if (ticket.user_id, ticket.board) != (user_id, board):
            raise TicketInvalid(REFUSAL)
        if ticket.action not in rules.actions:  # one that boards.yml no longer has
            raise TicketInvalid(REFUSAL)
        # A board that is no more takes nothing, and is no reason to refuse the others their points.
        also = [self.catalog.find(it) for it in ticket.also if self.catalog.has(it)]
        places = [(board, ticket.season), *((it.board, ticket.also[it.board]) for it in also)]
        # What counts is when the request was accepted: no race moves it past its time or season.
        now = self.now_ms()
        check = _check(rules.actions[ticket.action], ticket, now)
        for _ in attempts():
            (item, *beside), profile = self._gather(user_id, places)
            decision = decisions.complete(
                rules,
                item,
                ticket,
                value=value,
                now_ms=now,
                also=list(zip(also, beside, strict=True)),
                check=check,
            )
            if decision.item is None:
                return Outcome(user_id, decision.answer, replayed=True)
            parts = tuple(
                Part(other, after, before.version)
                for other, after, before in zip(also, decision.also, beside, strict=True)
            )
            try:
                self.store.write(Write(rules, decision.item, item.version, profile, also=parts))
            except Raced:
                continue
            return Outcome(user_id, decision.answer, replayed=False)
        raise Raced(BUSY)

    def submit(
        self,
        *,
        user_id: str,
        board: str,
        submission_id: str,
        score: int | None = None,
        delta: int | None = None,
        user_name: str | None = None,
        accepted_ms: int | None = None,
    ) -> Outcome:
        """One trusted write: `delta` on increment boards, `score` on the others.

        It counts for the season in which it was accepted: now, unless `accepted_ms` says otherwise.
        Idempotent by `submission_id`, per user and board, for at least 24 hours; a season that
        turns in between does not count it again. Raises BoardNotFound, Invalid, Barred,
        ScoreLimit, and SubmissionConflict for a known id with another body.
        """
        rules = self.catalog.find(board)
        amount = _amount(rules, score, delta)
        digest = _digest(score=score, delta=delta, user_name=user_name)
        now = self.now_ms() if accepted_ms is None else accepted_ms
        season = season_at(rules.schedule, now).season
        for _ in attempts():
            try:
                (item,), profile = self._gather(user_id, [(board, season)])
                named = None
                if user_name is not None and user_name != item.user_name:
                    profile = profile or self.store.read_profile(user_id) or unnamed(user_id)
                    named = renamed(profile, user_name, now_ms=now)
                    item = replace(
                        item,
                        user_name=user_name,
                        standing=named.standing,
                        profile_version=named.version,
                    )
                decision = decisions.submit(rules, item, amount=amount, now_ms=now)
                assert decision.item is not None
                expires_ms = now + SUBMISSION_MS
                submission = Submission(
                    user_id, board, submission_id, digest, season, decision.answer, expires_ms
                )
                self.store.write(
                    Write(rules, decision.item, item.version, profile, named, submission)
                )
            except (Invalid, Refused, Raced) as refusal:
                # Few writes are known already, so only what does not go through asks whether it is.
                known = self.store.read_submission(user_id, board, submission_id)
                if known is not None and known.expires_ms > now:
                    return _replayed(known, digest)
                if not isinstance(refusal, Raced):
                    raise
                continue
            return Outcome(user_id, decision.answer, replayed=False)
        raise Raced(BUSY)

    def of(self, user_id: str) -> tuple[str, list[ScoreItem]]:
        """A player's name and scores on every board: current seasons first, then newest first."""
        profile, items = self.store.read_user(user_id)
        now = self.now_ms()
        current: list[ScoreItem] = []
        past: list[ScoreItem] = []
        for item in sorted(items, key=lambda it: it.board):
            (current if self._is_current(item, now) else past).append(item)
        past.sort(key=lambda it: it.season, reverse=True)
        return (profile or unnamed(user_id)).user_name, current + past

    def _is_current(self, item: ScoreItem, now: int) -> bool:
        try:
            return season_at(self.catalog.find(item.board).schedule, now).season == item.season
        except BoardNotFound:  # a board that boards.yml no longer has
            return False

    def _gather(
        self, user_id: str, places: Sequence[tuple[str, str]]
    ) -> tuple[list[ScoreItem], Profile | None]:
        """The items to decide on and, where a name comes from the profile, that profile."""
        if len(places) > 1:
            found, known = self.store.read_several(user_id, places)
        else:
            known = [self.store.read(user_id, *places[0])]
            found = None
            if known[0] is None or known[0].is_new:
                found = self.store.read_profile(user_id)
        profile = found or unnamed(user_id)
        items: list[ScoreItem] = []
        for (board, season), item in zip(places, known, strict=True):
            if item is not None and not item.is_new:
                items.append(item)
                continue
            first = item or ScoreItem(
                user_id=user_id, board=board, season=season, user_name="", profile_version=0
            )
            items.append(
                replace(
                    first,
                    user_name=profile.user_name,
                    standing=profile.standing,
                    profile_version=profile.version,
                )
            )
        return items, profile if any(it.is_new for it in items) else None


BUSY = "Too many writes to this user's score at once; try again."


def _action(board: Board, action: str) -> Action:
    try:
        return board.actions[action]
    except KeyError:
        known = ", ".join(board.actions) or "none"
        raise ActionNotFound(
            f"Board {board.board!r} has no action {action[:48]!r}; it has: {known}."
        ) from None


def _check(action: Action, ticket: ActionTicket, now_ms: int) -> Callable[[int], bool] | None:
    """The action's check, of which only the points are not known yet."""
    if action.check is None:
        return None
    call = partial(
        checks.passes, action.check, action=ticket.action, elapsed_ms=now_ms - ticket.issued_ms
    )
    return lambda points: call(value=points)


def _amount(board: Board, score: int | None, delta: int | None) -> int:
    takes_delta = board.operator is Operator.INCREMENT
    right, wrong = (delta, score) if takes_delta else (score, delta)
    name, other = ("delta", "score") if takes_delta else ("score", "delta")
    if wrong is not None:
        raise Invalid(f"A board with {board.operator} takes a {name}, no {other}.", path=other)
    if right is None:
        raise Invalid(f"A board with {board.operator} takes a {name}.", path=name)
    return right


def _replayed(known: Submission, digest: str) -> Outcome:
    if known.digest != digest:
        raise SubmissionConflict("This submissionId was used with another body; take a new one.")
    return Outcome(known.user_id, known.answer, replayed=True)


def _digest(**body: int | str | None) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
