"""The rankings in Valkey. Each call is one script, which runs as a whole and alone."""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from leaderboard.adapters.valkey.connection import DOWN, Script, ValkeyConnection, script
from leaderboard.adapters.valkey.encoding import (
    COMPLETENESS,
    CacheKeys,
    found_of,
    hint_text,
    known_ranks_of,
    listing_of,
    packed_states,
    state_of,
    top_of,
)
from leaderboard.adapters.valkey.rebuild_claim import REBUILD_SILENCE_SECONDS
from leaderboard.boards import order
from leaderboard.boards.rules import Order
from leaderboard.boards.seasons import BoardSeason
from leaderboard.errors import CacheUnavailable
from leaderboard.ranking.listings import KnownRank, Listing, Position
from leaderboard.ranking.score_state import ScoreState
from leaderboard.ranking.tops import (
    COMPLETE,
    NEW,
    TOTAL_MS,
    ApplyResult,
    CachedTop,
    Hint,
    RankingPage,
)

FILL_AT_ONCE = 350
"""States a call of a rebuild: more take longer each, beside others that want to be answered."""
ORDERS_TRIED = 3
"""How often a script may say that the ranking is kept in another order: it changed meanwhile."""

APPLY = script("lost.lua", "member.lua", "top.lua", "apply_states.lua", "apply.lua")
FILL = script("lost.lua", "member.lua", "apply_states.lua", "fill.lua")
DUMP = script("lost.lua", "member.lua", "dump.lua")
READ = script("lost.lua", "top.lua", "read.lua")
LIST = script("lost.lua", "member.lua", "listing.lua", "list.lua")
AROUND = script("lost.lua", "member.lua", "listing.lua", "around.lua")
FIND = script("lost.lua", "member.lua", "listing.lua", "find.lua")
KNOWN_RANKS = script("lost.lua", "member.lua", "listing.lua", "known_ranks.lua")
REMEMBER_RECORDED = script("remember_recorded.lua")
SET_COMPLETENESS = script("set_completeness.lua")
DROP = script("drop.lua")

Values = Sequence[str | bytes | int]


@dataclass(frozen=True)
class ValkeyRanking:
    """The ranking of each board-season. Every call raises CacheUnavailable."""

    connection: ValkeyConnection

    def apply(
        self, board_season: BoardSeason, states: Sequence[ScoreState], *, start: str | None = None
    ) -> ApplyResult:
        kept_in, answer = self._in_order(
            APPLY,
            board_season,
            lambda kept_in: (
                board_season.rules.top_size,
                secrets.token_hex(8),
                secrets.token_hex(8) if start else "",
                COMPLETENESS[start] if start else "",
                REBUILD_SILENCE_SECONDS,
                packed_states(kept_in, states),
                TOTAL_MS,
            ),
        )
        if not answer:
            return ApplyResult(None)
        due, applied, top = answer
        return ApplyResult(top_of(kept_in, top), applied, due == 1)

    def fill(
        self, board_season: BoardSeason, states: Iterable[ScoreState], *, life: str
    ) -> int | None:
        in_order = sorted(states, key=partial(_number, board_season.rules.order))
        newer = 0
        for start in range(0, max(len(in_order), 1), FILL_AT_ONCE):
            some = in_order[start : start + FILL_AT_ONCE]
            answer = self._fill(board_season, some, life)
            if not answer:
                return None
            newer += answer[0]
        return newer

    def _fill(self, board_season: BoardSeason, some: Sequence[ScoreState], life: str) -> Any:
        def values(kept_in: Order) -> Values:
            # Packed only now: while the server works for one thread, another packs its own.
            packed = packed_states(kept_in, some)
            return (board_season.rules.top_size, secrets.token_hex(8), life, packed)

        return self._in_order(FILL, board_season, values)[1]

    def dump(
        self, board_season: BoardSeason, *, life: str, cursor: str | None = None, limit: int = 1000
    ) -> RankingPage | None:
        """About so many of a ranking's users, in no order; None if the life is over.

        Who is known from the first call to the last is in at least one answer.
        """
        kept_in, answer = self._in_order(DUMP, board_season, lambda _: (life, cursor or "0", limit))
        if not answer:
            return None
        following, flat = answer
        users = zip(flat[::3], flat[1::3], flat[2::3], strict=True)
        states = tuple(state_of(kept_in, *it) for it in users)
        return RankingPage(None if following == b"0" else following.decode(), states)

    def drop(self, key: str, *, partial: bool = True, life: str | None = None) -> bool:
        """Forget a board-season: the ranking's life is over.

        With `partial` false a ranking stays that a rebuild is to fill, since it may have taken what
        is recorded nowhere yet. With a `life` any other one stays. The answer is whether it is
        gone.
        """
        keys = CacheKeys.of(key)
        done = self.connection.run(DROP, [*keys.ranking, keys.kept_top], int(partial), life or "")
        return bool(done == 1)

    def read(self, board_season: BoardSeason, *, size: int | None = None) -> CachedTop | None:
        """The top; with a `size` so many of it, even if nothing is left to record."""
        always = 0 if size is None else 1
        kept_in, answer = self._in_order(
            READ, board_season, lambda _: (size or board_season.rules.top_size, always)
        )
        return top_of(kept_in, answer)

    def list(
        self, board_season: BoardSeason, *, after: Position | None, limit: int
    ) -> Listing | None:
        def values(kept_in: Order) -> Values:
            if after is None:
                return (limit, "", "")
            position = order.member(after.updated_ms, after.user_id)
            return (limit, order.signed(kept_in, after.user_score), position)

        return listing_of(*self._in_order(LIST, board_season, values))

    def around(self, board_season: BoardSeason, user_id: str, *, reach: int) -> Listing | None:
        packed = order.pack(user_id)
        return listing_of(*self._in_order(AROUND, board_season, lambda _: (packed, reach)))

    def find(self, board_season: BoardSeason, user_ids: Sequence[str]) -> Listing | None:
        packed = [order.pack(it) for it in dict.fromkeys(user_ids)]
        return found_of(*self._in_order(FIND, board_season, lambda _: packed))

    def known_ranks(
        self, board_season: BoardSeason, user_ids: Sequence[str]
    ) -> dict[str, KnownRank] | None:
        packed = [order.pack(it) for it in user_ids]
        answer = self._in_order(KNOWN_RANKS, board_season, lambda _: packed)[1]
        return known_ranks_of(user_ids, answer) if answer else None

    def remember_recorded(self, board_season: BoardSeason, top: CachedTop, hint: Hint) -> None:
        self.connection.run(
            REMEMBER_RECORDED,
            [CacheKeys.of(board_season.key).state],
            top.life,
            top.change_id,
            hint_text(hint),
            hint.total,
            hint.revision,
        )

    def set_completeness(
        self, board_season: BoardSeason, life: str, completeness: str, *, only_new: bool = False
    ) -> bool:
        done = self.connection.run(
            SET_COMPLETENESS,
            [CacheKeys.of(board_season.key).state],
            life,
            COMPLETENESS[NEW] if only_new else "",
            COMPLETENESS[completeness],
            secrets.token_hex(8) if completeness == COMPLETE else "",
        )
        return bool(done == 1)

    def release(self, board_season: BoardSeason) -> None:
        """Give back the claim on a board's rebuild that could not be started."""
        self.connection.command("HDEL", CacheKeys.of(board_season.key).state, "filledAt")

    def _in_order(
        self, script: Script, board_season: BoardSeason, values: Callable[[Order], Values]
    ) -> tuple[Order, Any]:
        """The order that the ranking is kept in, and a script's answer.

        That order is the one in which its life began, whatever the rules say by now: so releases
        that differ agree. A script that is called with another order answers the right one.
        """
        kept_in = board_season.rules.order
        keys = CacheKeys.of(board_season.key).ranking
        for _ in range(ORDERS_TRIED):
            answer = self.connection.run(script, keys, kept_in, *values(kept_in))
            if not isinstance(answer, bytes):
                return kept_in, answer
            kept_in = Order(answer.decode())
        raise CacheUnavailable(DOWN)


def _number(board_order: Order, state: ScoreState) -> float:
    """What brings states close to the order when sorted by it; ties cost little in any."""
    score = state.score
    return math.inf if score is None else order.signed(board_order, score.user_score)
