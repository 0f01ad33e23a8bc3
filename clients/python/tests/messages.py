"""Frames as the service writes them, of a board `global` in the season `all`."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

SCORED = "2026-11-23T08:15:30.123Z"
PUBLISHED = "2026-11-23T08:15:30.200Z"


def entry(user: str, rank: int | None = 1, score: int = 10) -> Json:
    return {
        "rank": rank,
        "place": rank,
        "userId": user,
        "userName": user.title(),
        "userScore": score,
        "scoreUpdatedAt": SCORED,
        "was": None,
    }


def snapshot(version: int, *users: str, **rest: Any) -> Json:
    return {
        "type": "snapshot",
        "board": "global",
        "season": "all",
        "epoch": "e1",
        "version": version,
        "total": len(users),
        "endsAt": None,
        "entries": [entry(user, rank, 100 - rank) for rank, user in enumerate(users, 1)],
        "publishedAt": PUBLISHED,
        **rest,
    }


def update(start: int, version: int, *, upsert: Any = (), remove: Any = (), **rest: Any) -> Json:
    return {
        "type": "update",
        "board": "global",
        "season": "all",
        "epoch": "e1",
        "from": start,
        "version": version,
        "total": 3,
        "upsert": list(upsert),
        "remove": list(remove),
        "scoredAt": SCORED,
        "publishedAt": PUBLISHED,
        **rest,
    }


def current(version: int, **rest: Any) -> Json:
    return {
        "type": "current",
        "board": "global",
        "season": "all",
        "epoch": "e1",
        "version": version,
        **rest,
    }


def pong(**boards: int) -> Json:
    return {
        "type": "pong",
        "serverTime": PUBLISHED,
        "boards": {
            board: {"season": "all", "epoch": "e1", "version": version}
            for board, version in boards.items()
        },
    }
