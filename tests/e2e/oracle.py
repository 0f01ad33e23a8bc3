"""What a board must show: the table's items, sorted as the contract says, in a plain list."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Json = dict[str, Any]


def ranking(items: Iterable[Json], board: str, season: str, *, order: str = "desc") -> list[Json]:
    """All entries of a board, best first; who is hidden or barred has none."""
    scored = [
        it
        for it in items
        if it["boardSeason"] == f"{board}#{season}"
        and "userScore" in it
        and it.get("standing", "visible") == "visible"
    ]
    sign = -1 if order == "desc" else 1
    scored.sort(key=lambda it: (sign * it["userScore"], it["scoreUpdatedAt"], it["userId"]))
    entries: list[Json] = []
    for rank, it in enumerate(scored, start=1):
        # As many places down as there are better scores: 1, 2, 2, 4.
        better = sum(sign * other["userScore"] < sign * it["userScore"] for other in scored)
        entries.append(
            {
                "rank": rank,
                "place": better + 1,
                "userId": it["userId"],
                "userName": it["userName"],
                "userScore": int(it["userScore"]),
                "scoreUpdatedAt": it["scoreUpdatedAt"],
            }
        )
    return entries


def unmoved(entries: Iterable[Json]) -> list[Json]:
    """Entries of a top without their ranks of midnight, which may pass while a test runs."""
    return [{name: it[name] for name in it if name != "was"} for it in entries]
