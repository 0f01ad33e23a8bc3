"""Request bodies that try what a parser can take."""

from __future__ import annotations

from typing import Any

import pytest

from handlers.http import MAX_DEPTH, admit
from leaderboard.errors import Invalid


def event(body: str) -> dict[str, Any]:
    return {
        "routeKey": "POST /boards/{board}/tickets",
        "rawQueryString": "",
        "headers": {},
        "pathParameters": {"board": "global"},
        "requestContext": {"stage": "$default", "http": {"method": "POST"}},
        "body": body,
        "isBase64Encoded": False,
    }


def nested(depth: int) -> str:
    """An object that is so many levels deep."""
    return '{"action":' + "[" * (depth - 1) + "]" * (depth - 1) + "}"


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 500, 970, 990, 8000])
def test_body_nested_deeper_than_any_request_is_refused(depth: int) -> None:
    """Python gives up somewhere near a thousand levels: no parser behind this one may get there."""
    with pytest.raises(Invalid) as refused:
        admit(event(nested(depth)))
    assert refused.value.path == "body"


@pytest.mark.parametrize("depth", [2, 3, MAX_DEPTH])
def test_body_as_deep_as_a_request_may_be_is_passed_on(depth: int) -> None:
    assert admit(event(nested(depth)))["body"]
