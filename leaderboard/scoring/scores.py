"""Scores of players: tickets for actions, and completed actions. Gather, decide, write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from leaderboard.boards.catalog import Catalog
from leaderboard.boards.rules import Action, Board
from leaderboard.boards.seasons import BoardSeason, key_of, split_key
from leaderboard.errors import BoardLimit, BoardNotFound, Raced, TicketInvalid
from leaderboard.retries import tries
from leaderboard.scoring import decisions
from leaderboard.scoring.issuing import action_of, new_ticket
from leaderboard.scoring.items import (
    Answer,
    BoardOpening,
    ItemWrite,
    Profile,
    ScoreItem,
    Write,
    unnamed,
)
from leaderboard.scoring.judges import Completion, Evidence
from leaderboard.scoring.ports import Keyring, ScoreStore
from leaderboard.scoring.tickets import (
    REFUSAL,
    SOCKET_TICKET_MS,
    ActionTicket,
    SocketTicket,
    key_id,
    new_id,
    read_action,
    sign_action,
    sign_socket,
)

BUSY = "Too many writes to this user's score at once; try again."


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
    """What players do: they take tickets for actions and complete them."""

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
            self._write_attempt(ticket, now)
        rules = action_of(self.catalog.find(board), action)
        return IssuedTicket(sign_action(ticket, keys), ticket, rules, asked)

    def _write_attempt(self, ticket: ActionTicket, now: int) -> None:
        rules = self.catalog.find(ticket.board)
        key = key_of(ticket.board, ticket.season)
        for _ in tries():
            (item,), profile = gather(self.store, ticket.user_id, [key])
            opened = decisions.attempt(rules, item, ticket, now_ms=now)
            opening = opening_of(self.store, rules, item)
            try:
                self.store.write(
                    Write(
                        board=rules,
                        item=opened,
                        read_version=item.version,
                        profile=profile,
                        opening=opening,
                    )
                )
            except Raced:
                continue
            return
        raise Raced(BUSY)

    def issue_socket(self, *, user_id: str) -> tuple[str, SocketTicket]:
        """A ticket to open one connection as the player. Raises Barred."""
        profile = self.store.read_profile(user_id)
        if profile is not None:
            decisions.refuse(profile.standing)
        ticket = SocketTicket(new_id(), user_id, self.now_ms() + SOCKET_TICKET_MS)
        return sign_socket(ticket, self.keys()), ticket

    def complete(
        self, *, user_id: str, board: str, token: str, evidence: Evidence | None = None
    ) -> Outcome:
        """Complete an action with its ticket: read the player's items, decide, write them.

        Raises what `decisions.complete` raises, BoardNotFound and BoardLimit.
        """
        rules = self.catalog.find(board)
        ticket = read_action(token, self.keys(key_id(token)))
        if (ticket.user_id, ticket.board) != (user_id, board):
            raise TicketInvalid(REFUSAL)
        # A board that was deleted counts nothing, and is no reason to refuse the others their
        # points.
        also = [self.catalog.find(it) for it in ticket.also if self.catalog.has(it)]
        keys = [key_of(board, ticket.season)]
        keys += [key_of(it.board, ticket.also[it.board]) for it in also]
        # What counts is when the request was accepted: no race moves it past its time or season.
        now = self.now_ms()
        completion = Completion(ticket, rules.actions.get(ticket.action), evidence, now)
        for _ in tries():
            (item, *beside), profile = gather(self.store, user_id, keys)
            opening = opening_of(self.store, rules, item)
            counted = list(zip(also, beside, strict=True))
            decision = decisions.complete(rules, item, completion, also=counted)
            if decision.item is None:
                return Outcome(user_id, item.user_name, decision.answer, replayed=True)
            others = tuple(
                ItemWrite(board=other, item=after, read_version=before.version)
                for (other, before), after in zip(counted, decision.also, strict=True)
            )
            write = Write(
                board=rules,
                item=decision.item,
                read_version=item.version,
                profile=profile,
                also=others,
                opening=opening,
            )
            try:
                self.store.write(write)
            except Raced:
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


def gather(
    store: ScoreStore, user_id: str, keys: Sequence[str]
) -> tuple[list[ScoreItem], Profile | None]:
    """A user's items to decide on, by the keys of their board-seasons, in that order.

    An item that has no score yet takes its name and standing from the profile. Then the profile
    comes along: the write holds only while it is the same.
    """
    if len(keys) == 1:
        item = store.read(user_id, keys[0])
        if item is not None and not item.is_new:
            return [item], None
        found, known = store.read_profile(user_id), [item]
    else:
        found, known = store.read_several(user_id, keys)
    profile = found or unnamed(user_id)
    items: list[ScoreItem] = []
    for key, stored in zip(keys, known, strict=True):
        board, season = split_key(key)
        item = stored or ScoreItem(user_id, board, season, user_name="", profile_version=0)
        if item.is_new:
            item = replace(
                item,
                user_name=profile.user_name,
                standing=profile.standing,
                profile_version=profile.version,
            )
        items.append(item)
    return items, profile if any(it.is_new for it in items) else None


def opening_of(store: ScoreStore, board: Board, item: ScoreItem) -> BoardOpening | None:
    """The board as one more of its pattern that the player opens; None if it is not one more.

    A player who has an item there has opened it before. Raises Barred, and BoardLimit where the
    player has opened as many boards as the pattern allows.
    """
    if board.pattern is None or board.boards_per_player is None or item.version:
        return None
    decisions.refuse(item.standing)
    opened = store.read_opened(item.user_id, board.pattern)
    if board.board in opened:
        return None
    if len(opened) >= board.boards_per_player:
        raise BoardLimit(
            f"A player may open at most {board.boards_per_player} boards of {board.pattern!r}; "
            "play on one that you opened."
        )
    return BoardOpening(board.pattern, board.board, board.boards_per_player)
