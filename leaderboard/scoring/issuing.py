"""Issuing: what a new action ticket is good for, and when."""

from __future__ import annotations

from leaderboard.boards.catalog import Catalog
from leaderboard.boards.rules import Action, Board
from leaderboard.boards.seasons import BoardSeason
from leaderboard.errors import ActionNotFound
from leaderboard.scoring.judges import challenge, digest
from leaderboard.scoring.tickets import ActionTicket, SigningKeys, new_id, seed_of


def new_ticket(
    catalog: Catalog, keys: SigningKeys, *, user_id: str, board: str, action: str, now_ms: int
) -> tuple[ActionTicket, str | None]:
    """A ticket to complete an action once, and what the player is asked (JSON), if anything.

    It belongs to the season that it becomes good in, on every board that it counts on, and ends
    with the first of them, so that one ticket can never count in two seasons. Raises BoardNotFound,
    ActionNotFound and JudgeFailed.
    """
    rules = catalog.find(board)
    it = action_of(rules, action)
    not_before = now_ms + it.min_seconds * 1000
    counted = [BoardSeason.at(catalog.find(name), not_before) for name in (board, *it.also_on)]
    ends = [one.season.ends_ms for one in counted if one.season.ends_ms is not None]
    own, *also = counted
    ticket = new_id()
    seed = seed_of(ticket, keys.secrets[keys.current])
    asked = challenge(it, name=action, seed=seed)
    issued = ActionTicket(
        ticket=ticket,
        user_id=user_id,
        board=board,
        season=own.season.season,
        action=action,
        rules_digest=digest(it, asked),
        issued_ms=now_ms,
        not_before_ms=not_before,
        expires_ms=min([now_ms + it.expires_seconds * 1000, *ends]),
        also={one.board: one.season.season for one in also},
        seed=seed,
    )
    return issued, asked


def action_of(board: Board, action: str) -> Action:
    """A board's action of that name; raises ActionNotFound."""
    try:
        return board.actions[action]
    except KeyError:
        known = ", ".join(board.actions) or "none"
        raise ActionNotFound(
            f"Board {board.board!r} has no action {action[:48]!r}; it has: {known}."
        ) from None
