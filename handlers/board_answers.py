"""Answers of the routes for anyone, as types for the reference."""

from __future__ import annotations

from typing import Annotated, Literal, TypedDict

from pydantic import Field

from handlers.answers import BoardJson, NameJson, OfBoardJson, Total
from leaderboard.boards.snapshots import EntryJson, Instant, TopEntryJson, UserId as RankedId


class BoardsJson(TypedDict):
    """The list of boards."""

    boards: list[BoardJson]


class TopJson(OfBoardJson):
    """The first entries of a board."""

    epoch: Annotated[
        str | None,
        Field(description="Names the counter of versions; null before the first, and past topSize"),
    ]
    version: Annotated[
        int | None,
        Field(ge=0, description="Moves by 1 with each recorded change; null past topSize"),
    ]
    total: Total
    since: Annotated[
        Instant | None,
        Field(description="The midnight (UTC) that `was` is of; null if unknown, and past topSize"),
    ]
    entries: list[TopEntryJson]
    endsAt: Annotated[Instant | None, Field(description="When the season ends")]


class PageJson(OfBoardJson):
    """Entries one after the other."""

    entries: list[EntryJson]
    total: Total
    nextCursor: Annotated[
        str | None, Field(description="To be sent as `cursor` for what follows; null at the end")
    ]


class NeighbourhoodJson(OfBoardJson):
    """A user's entry, and who stands around it."""

    entry: EntryJson
    total: Total
    percentile: Annotated[
        float | None,
        Field(
            gt=0,
            le=100,
            description="100 × (total − place + 1) / total: the share of the ranked users that "
            "stand at this place or below it. Not rounded; the first place alone has 100",
        ),
    ]
    around: Annotated[
        list[EntryJson],
        Field(description="The user and up to `around` on each side, in board order"),
    ]


class FoundJson(OfBoardJson):
    """Those asked for, among themselves."""

    entries: Annotated[
        list[EntryJson],
        Field(description="In board order; `rank` and `place` are those on the whole board"),
    ]
    unranked: Annotated[
        list[RankedId], Field(description="Who has no entry, in the order asked for, each once")
    ]


class UsersJson(TypedDict):
    """Users whose names begin so."""

    users: Annotated[list[NameJson], Field(description="In the order of their names")]


class HealthJson(TypedDict):
    """That the API answers."""

    status: Literal["ok"]
