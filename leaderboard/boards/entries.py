"""Entries as JSON, in every frame and every answer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Annotated, TypedDict

from leaderboard import clock
from leaderboard.boards import snapshots

# The name after the type is that of what the reference says of such a value.
Instant = Annotated[str, "Instant"]
UserId = Annotated[str, "UserId"]
UserName = Annotated[str, "UserName"]
Score = Annotated[int, "Score"]
Rank = Annotated[int, "Rank"]
CompetitionRank = Annotated[int, "CompetitionRank"]


class EntryJson(TypedDict):
    """A user's line on a board. `scoreUpdatedAt` is when this score was reached: it moves only when
    the score does."""

    rank: Rank | None
    place: CompetitionRank | None
    userId: UserId
    userName: UserName
    userScore: Score
    scoreUpdatedAt: Instant


class TopEntryJson(EntryJson):
    """A user's line in a board's top. `was` is the rank in the top at `since`, null if the user was
    not in it."""

    was: Rank | None


def entry_json(entry: snapshots.Entry) -> EntryJson:
    """An entry as clients see it."""
    return {
        "rank": entry.rank,
        "place": entry.place,
        "userId": entry.user_id,
        "userName": entry.user_name,
        "userScore": entry.user_score,
        "scoreUpdatedAt": clock.to_text(entry.updated_ms),
    }


def entries_json(entries: Iterable[snapshots.Entry]) -> list[EntryJson]:
    """Entries as clients see them, in the order given."""
    return [entry_json(entry) for entry in entries]


def top_json(
    entries: Iterable[snapshots.Entry], day: snapshots.DayStart | None
) -> list[TopEntryJson]:
    """Entries of a top as clients see them, with their ranks when the day began."""
    ranks = day.ranks if day else {}
    return [{**entry_json(it), "was": ranks.get(it.user_id)} for it in entries]


def since_json(day: snapshots.DayStart | None) -> Instant | None:
    """When the day began that the entries of a top say their ranks of."""
    return clock.text_of(day.at_ms if day else None)


def encode(message: Mapping[str, object]) -> str:
    """One frame or answer: compact, UTF-8 without escapes."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))
