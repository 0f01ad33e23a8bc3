"""Scores: tickets, completed actions and trusted writes. Gather, decide, write."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace

from leaderboard.boards.board_season import BoardSeason, key_of
from leaderboard.boards.catalog import Catalog
from leaderboard.boards.rules import Action, Board, Operator
from leaderboard.errors import (
    BoardNotFound,
    Invalid,
    Raced,
    Refused,
    SubmissionConflict,
    TicketInvalid,
)
from leaderboard.retries import tries
from leaderboard.scoring import decisions
from leaderboard.scoring.completions import Completion, Evidence
from leaderboard.scoring.decisions import Answer, ScoreItem, refuse
from leaderboard.scoring.gathering import gather, opening_of
from leaderboard.scoring.issuing import action_of, new_ticket
from leaderboard.scoring.ports import SUBMISSION_MS, ItemWrite, ScoreStore, Submission, Write
from leaderboard.scoring.profiles import renamed, unnamed
from leaderboard.scoring.tickets import (
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


@dataclass(frozen=True, slots=True)
class Outcome:
    """A write's answer, with the user's name as it is now."""

    user_id: str
    user_name: str
    answer: Answer
    replayed: bool


@dataclass(frozen=True, slots=True)
class IssuedTicket:
    """A ticket with its action's rules and, as JSON, what the player is asked, if anything."""

    token: str
    ticket: ActionTicket
    action: Action
    challenge: str | None


@dataclass(frozen=True)
class Scores:
    """The writing side of the service."""

    catalog: Catalog
    store: ScoreStore
    keys: Keyring
    now_ms: Callable[[], int]

    def issue(self, *, user_id: str, board: str, action: str) -> IssuedTicket:
        """A ticket to complete an action once.

        Of an action with a challenge, issuing is the attempt: it counts in the board's limit of
        actions, and voids the ticket before. Raises BoardNotFound, ActionNotFound, JudgeFailed,
        and, for an attempt, Barred, RateLimited and BoardLimit; nothing is used up then.
        """
        now = self.now_ms()
        keys = self.keys()
        ticket, asked = new_ticket(
            self.catalog, keys, user_id=user_id, board=board, action=action, now_ms=now
        )
        if asked is not None:
            self._open(ticket, now)
        rules = action_of(self.catalog.find(board), action)
        return IssuedTicket(sign_action(ticket, keys), ticket, rules, asked)

    def _open(self, ticket: ActionTicket, now: int) -> None:
        rules = self.catalog.find(ticket.board)
        key = key_of(ticket.board, ticket.season)
        for _ in tries():
            (item,), profile = gather(self.store, ticket.user_id, [key])
            opened = decisions.attempt(rules, item, ticket, now_ms=now)
            opening = opening_of(self.store, rules, item)
            try:
                self.store.write(Write(rules, opened, item.version, profile, opening=opening))
            except Raced:
                continue
            return
        raise Raced(BUSY)

    def issue_socket(self, *, user_id: str) -> tuple[str, SocketTicket]:
        """A ticket to open one connection as the player. Raises Barred."""
        profile = self.store.read_profile(user_id)
        if profile is not None:
            refuse(profile.standing)
        ticket = SocketTicket(new_id(), user_id, self.now_ms() + SOCKET_TICKET_MS)
        return sign_socket(ticket, self.keys()), ticket

    def complete(
        self, *, user_id: str, board: str, token: str, evidence: Evidence | None = None
    ) -> Outcome:
        """Take an action ticket.

        Raises what `decisions.complete` raises, BoardNotFound and BoardLimit.
        """
        rules = self.catalog.find(board)
        ticket = read_action(token, self.keys(key_id(token)))
        if (ticket.user_id, ticket.board) != (user_id, board):
            raise TicketInvalid(REFUSAL)
        # A board that is no more takes nothing, and is no reason to refuse the others their points.
        also = [self.catalog.find(it) for it in ticket.also if self.catalog.has(it)]
        keys = [key_of(board, ticket.season)]
        keys += [key_of(it.board, ticket.also[it.board]) for it in also]
        # What counts is when the request was accepted: no race moves it past its time or season.
        now = self.now_ms()
        completion = Completion(ticket, rules.actions.get(ticket.action), evidence, now)
        for _ in tries():
            (item, *beside), profile = gather(self.store, user_id, keys)
            counted = list(zip(also, beside, strict=True))
            opening = opening_of(self.store, rules, item)
            decision = decisions.complete(rules, item, completion, also=counted)
            if decision.item is None:
                return Outcome(user_id, item.user_name, decision.answer, replayed=True)
            parts = tuple(
                ItemWrite(other, after, before.version)
                for other, after, before in zip(also, decision.also, beside, strict=True)
            )
            try:
                self.store.write(
                    Write(rules, decision.item, item.version, profile, also=parts, opening=opening)
                )
            except Raced:
                continue
            return Outcome(user_id, item.user_name, decision.answer, replayed=False)
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
        current = BoardSeason.at(rules, now)
        name = user_name or unnamed(user_id).user_name
        for _ in tries():
            try:
                (item,), profile = gather(self.store, user_id, [current.key])
                name = item.user_name
                named = None
                if user_name is not None and user_name != item.user_name:
                    profile = profile or self.store.read_profile(user_id) or unnamed(user_id)
                    after = renamed(profile, user_name, now_ms=now)
                    named = None if after is profile else after
                    item = replace(
                        item,
                        user_name=user_name,
                        standing=after.standing,
                        profile_version=after.version,
                    )
                decision = decisions.submit(rules, item, amount=amount, now_ms=now)
                assert decision.item is not None
                expires_ms = now + SUBMISSION_MS
                season, answer = current.season.season, decision.answer
                submission = Submission(
                    user_id, board, submission_id, digest, season, answer, expires_ms
                )
                self.store.write(
                    Write(rules, decision.item, item.version, profile, named, submission)
                )
            except (Invalid, Refused, Raced) as refusal:
                # Few writes are known already, so only what does not go through asks whether it is.
                known = self.store.read_submission(user_id, board, submission_id)
                if known is not None and known.expires_ms > now:
                    return _replayed(known, digest, name)
                if not isinstance(refusal, Raced):
                    raise
                continue
            return Outcome(user_id, item.user_name, decision.answer, replayed=False)
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
            return BoardSeason.parse(item.key, self.catalog.find).is_current(now)
        except BoardNotFound:  # a board that boards.yml no longer has
            return False


BUSY = "Too many writes to this user's score at once; try again."


def _amount(board: Board, score: int | None, delta: int | None) -> int:
    takes_delta = board.operator is Operator.INCREMENT
    right, wrong = (delta, score) if takes_delta else (score, delta)
    name, other = ("delta", "score") if takes_delta else ("score", "delta")
    if wrong is not None:
        raise Invalid(f"A board with `{board.operator}` takes `{name}`, not `{other}`.", path=other)
    if right is None:
        raise Invalid(f"A board with `{board.operator}` takes `{name}`; send it.", path=name)
    return right


def _replayed(known: Submission, digest: str, user_name: str) -> Outcome:
    if known.digest != digest:
        raise SubmissionConflict("This submissionId was used with another body; take a new one.")
    return Outcome(known.user_id, user_name, known.answer, replayed=True)


def _digest(**body: int | str | None) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
