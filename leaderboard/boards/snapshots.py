"""Who is ranked and how: ids and default names, scores, entries and their JSON, and snapshots."""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, TypedDict

from leaderboard import clock
from leaderboard.boards.seasons import key_of, split_key

USER_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
BOARD = re.compile(r"[a-z0-9-]{1,48}")
UNPICKED = "player-"
MAX_NAME = 32
"""Characters of a display name. It keeps the largest frame below API Gateway's 32 KB."""


def default_name(user_id: str) -> str:
    """The name of a player who has not chosen one: `player-` and six characters of a digest.

    It is never an e-mail address. A digest, because ids of one origin often begin alike. The cache
    computes it again, so another form needs another format number there.
    """
    return UNPICKED + sha256(user_id.encode()).hexdigest()[:6]


@dataclass(frozen=True, slots=True)
class Score:
    """A user's score on one board in one season, without its rank."""

    user_id: str
    user_name: str
    user_score: int
    updated_ms: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A user's line. `rank` is the position, None where unknown; `place` the competition rank."""

    rank: int | None
    place: int | None
    user_id: str
    user_name: str
    user_score: int
    updated_ms: int


@dataclass(frozen=True, slots=True)
class DayStart:
    """The top as it stood when a day began: `at_ms` is that midnight (UTC), `ranks` are by user."""

    at_ms: int
    ranks: Mapping[str, int]

    def without(self, users: Container[str]) -> DayStart:
        """The day with nothing of these users."""
        left = {user: rank for user, rank in self.ranks.items() if user not in users}
        return DayStart(self.at_ms, left)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The recorded top of one board and season. Version 0 has no epoch and no entries.

    `day`: what its entries have moved since; None where that is not known.
    """

    board: str
    season: str
    epoch: str | None
    version: int
    total: int
    entries: tuple[Entry, ...]
    day: DayStart | None = None

    @classmethod
    def empty(cls, key: str) -> Snapshot:
        """The top of a board-season that has no scores yet, by its key."""
        board, season = split_key(key)
        return cls(board=board, season=season, epoch=None, version=0, total=0, entries=())

    @property
    def key(self) -> str:
        """The key of its board-season."""
        return key_of(self.board, self.season)


def ranked(scores: Iterable[Score], *, rank: int = 1, place: int = 1) -> tuple[Entry, ...]:
    """Entries of scores that are in board order without a gap: ranks 1, 2, 3, 4, places 1, 2, 2, 4.

    The first entry gets `rank` and `place`.
    """
    entries: list[Entry] = []
    for at, it in enumerate(scores, start=rank):
        if entries and entries[-1].user_score != it.user_score:
            place = at
        entries.append(Entry(at, place, it.user_id, it.user_name, it.user_score, it.updated_ms))
    return tuple(entries)


# Entries as JSON, in every frame and every answer

# The name after the type is that of what the reference says of such a value.
Instant = Annotated[str, "Instant"]
UserId = Annotated[str, "UserId"]
UserName = Annotated[str, "UserName"]
UserScore = Annotated[int, "Score"]
Rank = Annotated[int, "Rank"]
CompetitionRank = Annotated[int, "CompetitionRank"]


class EntryJson(TypedDict):
    """A user's line on a board. `scoreUpdatedAt` is when this score was reached: it moves only when
    the score does."""

    rank: Rank | None
    place: CompetitionRank | None
    userId: UserId
    userName: UserName
    userScore: UserScore
    scoreUpdatedAt: Instant


class TopEntryJson(EntryJson):
    """A user's line in a board's top. `was` is the rank in the top at `since`, null if the user was
    not in it."""

    was: Rank | None


def entry_json(entry: Entry) -> EntryJson:
    """An entry as clients see it."""
    return {
        "rank": entry.rank,
        "place": entry.place,
        "userId": entry.user_id,
        "userName": entry.user_name,
        "userScore": entry.user_score,
        "scoreUpdatedAt": clock.to_text(entry.updated_ms),
    }


def entries_json(entries: Iterable[Entry]) -> list[EntryJson]:
    """Entries as clients see them, in the order given."""
    return [entry_json(entry) for entry in entries]


def top_json(entries: Iterable[Entry], day: DayStart | None) -> list[TopEntryJson]:
    """Entries of a top as clients see them, with their ranks when the day began."""
    ranks = day.ranks if day else {}
    return [{**entry_json(it), "was": ranks.get(it.user_id)} for it in entries]


def since_json(day: DayStart | None) -> Instant | None:
    """When the day began that the entries of a top say their ranks of."""
    return clock.text_of(day.at_ms if day else None)


def encode(message: Mapping[str, object]) -> str:
    """One frame or answer: compact, UTF-8 without escapes."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))
