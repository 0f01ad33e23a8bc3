"""Answers in bytes: compressed for who accepts that, and without a body for HEAD."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest

import handlers.boards
from leaderboard import wiring
from leaderboard.boards.snapshots import Score
from leaderboard.ranking.score_state import ScoreState
from tests.integration.conftest import Dependencies
from tests.integration.events import CONTEXT, answered, request

Json = dict[str, Any]
T0 = 1_795_420_800_000

pytestmark = pytest.mark.usefixtures("dependencies")


def scored(count: int) -> None:
    """So many users with scores on the board, recorded."""
    board_season = wiring.board_season("global")
    records = [
        ScoreState(f"user-{it}", T0, Score(f"user-{it}", f"User {it}", it, T0))
        for it in range(count)
    ]
    recorder = wiring.recorder()
    recorder.record(board_season, recorder.apply(board_season, records).top)


def test_reference_is_small_and_may_be_kept() -> None:
    accepting = request("GET /openapi.json", headers={"accept-encoding": "gzip, br"})
    answer = handlers.boards.handler(accepting, CONTEXT)
    packed = base64.b64decode(answer["body"])
    whole = answered(handlers.boards.handler(request("GET /openapi.json"), CONTEXT))
    assert gzip.decompress(packed).decode() == whole.text
    assert len(packed) < 16_000
    assert "\n" not in whole.text.strip()
    assert whole.headers["cache-control"] == "public, max-age=60"


ACCEPTING = ["gzip", "gzip, deflate, br", "br;q=1.0, GZIP;q=0.5", "*", "deflate, *;q=0.1"]
REFUSING = [None, "", "identity", "br", "gzip;q=0", "gzip;q=0.000, *", "x-gzip2", "*;q=0"]


def asked(route: str, accept: str | None, **options: Any) -> Json:
    headers = {} if accept is None else {"accept-encoding": accept}
    event = request(route, path={"board": "global"}, headers=headers, **options)
    answer: Json = handlers.boards.handler(event, CONTEXT)
    return answer


@pytest.mark.parametrize("accept", ACCEPTING)
def test_large_answer_is_compressed_for_who_accepts_it(accept: str) -> None:
    scored(14)
    for route in ("GET /boards/{board}/entries", "GET /boards/{board}/top", "GET /boards"):
        plain = answered(asked(route, None))
        answer = asked(route, accept)
        assert answer["isBase64Encoded"] is True
        headers = answered(answer).headers
        assert (headers["content-encoding"], headers["vary"]) == ("gzip", "Accept-Encoding")
        packed = base64.b64decode(answer["body"])
        assert gzip.decompress(packed).decode() == plain.text
        assert len(packed) < len(plain.text) / 2
        # The same content in other bytes has no strong tag.
        assert headers.get("etag", "W/").startswith("W/")


@pytest.mark.parametrize("accept", REFUSING)
def test_large_answer_is_plain_for_who_does_not_accept_gzip(accept: str | None) -> None:
    scored(14)
    answer = asked("GET /boards/{board}/entries", accept)
    assert answer["isBase64Encoded"] is False
    headers = answered(answer).headers
    assert "content-encoding" not in headers
    assert headers["vary"] == "Accept-Encoding"
    assert len(json.loads(answer["body"])["entries"]) == 14


def test_small_answer_is_never_compressed() -> None:
    for query in ("", "season=none"):
        answer = asked("GET /boards/{board}/top", "gzip", query=query)
        assert answer["isBase64Encoded"] is False
        json.loads(answer["body"])


def test_tag_of_a_compressed_answer_gets_a_304() -> None:
    scored(14)
    tag = answered(asked("GET /boards/{board}/top", "gzip")).headers["etag"]
    held = request("GET /boards/{board}/top", path={"board": "global"})
    held["headers"] |= {"if-none-match": tag, "accept-encoding": "gzip"}
    again = answered(handlers.boards.handler(held, CONTEXT))
    assert (again.status, again.text) == (304, "")


@pytest.mark.parametrize("route", ["/boards", "/boards/{board}/top", "/health"])
def test_head_answers_what_get_does_without_the_body(route: str) -> None:
    scored(3)
    got, head = (answered(asked(f"{method} {route}", None)) for method in ("GET", "HEAD"))
    assert (got.status, head.status) == (200, 200)
    assert (head.text, head.headers) == ("", got.headers)
    assert got.text


def test_head_of_an_unknown_board_is_404_without_a_body() -> None:
    event = request("HEAD /boards/{board}/top", path={"board": "nothing"})
    answer = answered(handlers.boards.handler(event, CONTEXT))
    assert (answer.status, answer.text) == (404, "")


def test_head_of_a_known_top_is_a_304() -> None:
    scored(3)
    tag = answered(asked("HEAD /boards/{board}/top", None)).headers["etag"]
    held = request("HEAD /boards/{board}/top", path={"board": "global"})
    held["headers"] |= {"if-none-match": tag}
    assert handlers.boards.handler(held, CONTEXT)["statusCode"] == 304


def test_health_touches_nothing(dependencies: Dependencies) -> None:
    dependencies.down |= {"cache", "dynamodb", "secretsmanager", "sqs", "lambda"}
    answer = answered(asked("GET /health", None))
    assert (answer.status, answer.json) == (200, {"status": "ok"})
    assert answer.headers["cache-control"] == "no-store"
