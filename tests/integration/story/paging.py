"""Somebody pages through a board while its scores move."""

from __future__ import annotations

from typing import Any

from leaderboard import wiring
from leaderboard.errors import Unavailable
from tests.integration import aws
from tests.integration.story import oracle, tables
from tests.integration.story.world import World

Json = dict[str, Any]


def page_through(world: World, rules: oracle.Rules, *, limit: int) -> None:
    """Who did not move meanwhile is shown once and in order; who was off the board is not."""
    before = _still(world, rules)
    found: list[str] = []
    cursor: str | None = None
    while cursor is not None or not found:
        try:
            board_season = wiring.board_season(rules.board, rules.season)
            page = wiring.reads().entries(board_season, cursor=cursor, limit=limit)
        except Unavailable:
            return
        found += [it["userId"] for it in page["entries"]]
        cursor = page["nextCursor"]
        if cursor is None:
            break
    if world.failed_over or rules.key in world.turning:
        return
    after = _still(world, rules)
    unmoved = [line for user, line in before.items() if after.get(user, ...) == line and line]
    gone = {user for user, line in before.items() if line is None and after.get(user, ...) is None}
    unmoved.sort(key=lambda line: oracle.place_before(world.in_force(rules), line))
    expected = [line.user_id for line in unmoved]
    shown = [user for user in found if user in expected]
    assert shown == expected, f"{found} has to show {expected} once, in order"
    assert not gone & set(found), f"{found} shows {gone}"


def _still(world: World, rules: oracle.Rules) -> dict[str, oracle.Line | None]:
    """What the table has of those whose every record was delivered for good."""
    settled = world.settled_versions(rules.key)
    return {
        item["userId"]["S"]: oracle.line_of(item)
        for item in tables.items(aws.SCORES)
        if item["boardSeason"]["S"] == rules.key
        and settled.get(item["userId"]["S"]) == int(item["version"]["N"])
    }
