"""Every read of the service, asked over HTTP and held to the oracle's sorted list."""

from __future__ import annotations

from typing import Any

import handlers.boards
from tests.integration.events import CONTEXT, Answer, answered, request
from tests.integration.story import oracle
from tests.integration.story.world import Recorded

Json = dict[str, Any]


def get(route: str, query: Json | None = None, **path: str) -> Answer:
    return answered(handlers.boards.handler(request(route, path=path, query=query or {}), CONTEXT))


def compare(rules: oracle.Rules, expected: list[Json], recorded: Recorded | None) -> None:
    """All that anyone may ask of one board-season."""
    for limit in (None, 1, rules.top_size):
        _recorded_top(rules, recorded, limit)
    for limit in (rules.top_size + 1, 100):
        _longer_top(rules, expected, limit)


def _recorded_top(rules: oracle.Rules, recorded: Recorded | None, limit: int | None) -> None:
    query = {"season": rules.season, **({} if limit is None else {"limit": limit})}
    body = _found(get("GET /boards/{board}/top", query, board=rules.board), rules)
    entries = recorded.entries if recorded else []
    assert body["entries"] == entries[: limit or rules.top_size], f"{body} is not {recorded}"
    version = (recorded.epoch, recorded.version) if recorded else (None, 0)
    assert (body["epoch"], body["version"]) == version, f"{body} is not {recorded}"
    assert body["total"] == (recorded.total if recorded else 0)


def _longer_top(rules: oracle.Rules, expected: list[Json], limit: int) -> None:
    query = {"season": rules.season, "limit": limit}
    body = _found(get("GET /boards/{board}/top", query, board=rules.board), rules)
    assert body["entries"] == expected[:limit], f"{rules.key} to {limit}: {body}"
    assert body["total"] == len(expected)
    assert (body["epoch"], body["version"]) == (None, None)


def _found(answer: Answer, rules: oracle.Rules) -> Json:
    assert answer.status == 200, answer.text
    body: Json = answer.json
    assert (body["board"], body["season"]) == (rules.board, rules.season)
    return body
