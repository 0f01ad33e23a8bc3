"""Comparison: a whole ranking beside the table, both ways, by hand.

`verification` looks at tops alone, each minute. Here everybody whom the table has is looked up in
the ranking, and everybody whom the ranking has in the table. Scores move meanwhile, so a user who
differs is looked up again in the end, in both; only who differs then is counted.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from leaderboard import clock
from leaderboard.boards.seasons import BoardSeason
from leaderboard.boards.snapshots import Entry, Score
from leaderboard.errors import Unavailable
from leaderboard.ranking.tops import COMPLETE, CachedTop
from leaderboard.repair.patience import patiently
from leaderboard.repair.ports import USERS_AT_ONCE, RepairCache, ScoreReader
from leaderboard.repair.segments import read_segments
from leaderboard.repair.verification import LAG_SECONDS

Json = dict[str, Any]

SHOWN = 100
"""Differences that are named; all of them are counted."""
SUSPECTS = 100_000
"""Users that are looked up again; past it they count at once."""


@dataclass(frozen=True, slots=True)
class ComparedPage:
    """A page of the table beside the ranking: its items, and the users who differ."""

    segment: str
    resume_after: Json | None
    items: int
    differing: tuple[str, ...]


@dataclass
class Suspects:
    """The users who differed at the first look. One thread collects them."""

    users: set[str] = field(default_factory=set)
    uncollected: int = 0

    def add(self, users: Sequence[str]) -> None:
        """Add users. Past SUSPECTS they are only counted."""
        for user_id in users:
            if len(self.users) < SUSPECTS:
                self.users.add(user_id)
            elif user_id not in self.users:
                self.uncollected += 1


@dataclass(frozen=True)
class RankingComparison:
    """Compares a whole ranking with the table."""

    scores: ScoreReader
    cache: RepairCache
    segments: int

    def run(self, board_season: BoardSeason, *, seconds: float) -> Json:
        """Every difference between a ranking and the table, in so many seconds at most.

        `strayMembers` are those that the ranking's order has and its users do not; null if time
        ran out, or users came or went meanwhile. Raises Unavailable, also when the ranking is cold
        or is lost meanwhile.
        """
        deadline = time.monotonic() + seconds
        top = self._read_whole(board_season)
        suspects = Suspects()
        items, all_read = self._compare_table(board_season, suspects, deadline)
        ranked, all_listed = self._compare_ranking(board_season, top.life, suspects, deadline)
        finished = all_read and all_listed
        after = self.cache.read(board_season)
        strays = after.total - ranked if after and after.total == top.total else 0
        count, shown = self._confirm(board_season, suspects)
        return {
            "board": board_season.board,
            "season": board_season.season.season,
            "items": items,
            "ranked": ranked,
            "differences": count + suspects.uncollected,
            "strayMembers": max(strays, 0) if finished else None,
            "shown": shown,
            "finished": finished,
        }

    def _read_whole(self, board_season: BoardSeason) -> CachedTop:
        top = self.cache.read(board_season)
        if top is None or top.completeness != COMPLETE:
            raise Unavailable(
                f"The ranking of {board_season.key} is being filled. Compare it again in a few "
                "minutes, once its rebuild has ended."
            )
        return top

    def _compare_table(
        self, board_season: BoardSeason, suspects: Suspects, deadline: float
    ) -> tuple[int, bool]:
        """Everybody whom the table has: how many, and whether there was time for all."""
        items = 0
        unread: dict[str, Json | None] = {str(number): None for number in range(self.segments)}
        pages = read_segments(
            partial(self._compare_page, board_season),
            unread,
            goes_on=lambda: time.monotonic() < deadline,
        )
        for page in pages:
            items += page.items
            suspects.add(page.differing)
            if page.resume_after is None:
                del unread[page.segment]
        return items, not unread

    def _compare_page(
        self, board_season: BoardSeason, segment: str, resume_after: Json | None
    ) -> ComparedPage:
        read = partial(self.scores.read_page, int(segment), self.segments)
        page = patiently(partial(read, after=resume_after, only=board_season.key))
        states = [state for _, state in page.states]
        differing: list[str] = []
        for start in range(0, len(states), USERS_AT_ONCE):
            some = states[start : start + USERS_AT_ONCE]
            entries = self._entries(board_season, [it.user_id for it in some])
            differing += [
                it.user_id for it in some if not _are_equal(it.score, entries.get(it.user_id))
            ]
        return ComparedPage(segment, page.resume_after, len(states), tuple(differing))

    def _compare_ranking(
        self, board_season: BoardSeason, life: str, suspects: Suspects, deadline: float
    ) -> tuple[int, bool]:
        """Everybody whom the ranking has: how many, and whether there was time for all."""
        cursor: str | None = None
        ranked = 0
        while time.monotonic() < deadline:
            dump = partial(self.cache.dump, board_season, life=life)
            page = patiently(partial(dump, cursor=cursor))
            if page is None:
                raise Unavailable(_lost(board_season))
            states = {it.user_id: it for it in page.states}
            users = list(states)
            for start in range(0, len(users), USERS_AT_ONCE):
                some = users[start : start + USERS_AT_ONCE]
                scores = self._scores(board_season, some)
                suspects.add([it for it in some if states[it].score != scores.get(it)])
            ranked += sum(it.score is not None for it in states.values())
            cursor = page.cursor
            if cursor is None:
                return ranked, True
        return ranked, False

    def _confirm(self, board_season: BoardSeason, suspects: Suspects) -> tuple[int, list[Json]]:
        """How many still differ once what was on its way has arrived; and some of them."""
        count, shown = 0, list[Json]()
        users = sorted(suspects.users)
        if users:
            time.sleep(LAG_SECONDS)
        for start in range(0, len(users), USERS_AT_ONCE):
            some = users[start : start + USERS_AT_ONCE]
            entries = self._entries(board_season, some)
            scores = self._scores(board_season, some)
            for user_id in some:
                score, entry = scores.get(user_id), entries.get(user_id)
                if not _are_equal(score, entry):
                    count += 1
                    if len(shown) < SHOWN:
                        shown.append(_difference(user_id, score, entry))
        return count, shown

    def _entries(self, board_season: BoardSeason, users: Sequence[str]) -> dict[str, Entry]:
        listing = patiently(lambda: self.cache.find(board_season, users))
        if listing is None:
            raise Unavailable(_lost(board_season))
        return {it.user_id: it for it in listing.entries}

    def _scores(self, board_season: BoardSeason, users: Sequence[str]) -> dict[str, Score | None]:
        states = patiently(lambda: self.scores.read_states(board_season.key, users))
        return {it.user_id: it.score for it in states}


def _lost(board_season: BoardSeason) -> str:
    return (
        f"The ranking of {board_season.key} was lost while it was compared. It is filled again by "
        "itself; compare it once its rebuild has ended."
    )


def _are_equal(score: Score | None, entry: Entry | None) -> bool:
    if score is None or entry is None:
        return score is None and entry is None
    return (score.user_name, score.user_score, score.updated_ms) == (
        entry.user_name,
        entry.user_score,
        entry.updated_ms,
    )


def _difference(user_id: str, score: Score | None, entry: Entry | None) -> Json:
    return {
        "userId": user_id,
        "table": None if score is None else _shown(score),
        "ranking": None if entry is None else _shown(entry),
    }


def _shown(it: Score | Entry) -> Json:
    return {
        "userName": it.user_name,
        "userScore": it.user_score,
        "scoreUpdatedAt": clock.text_of(it.updated_ms),
    }
