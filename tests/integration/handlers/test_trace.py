"""How far a reader walks who follows one score from its POST to the frame at a viewer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import handlers.board_stream
import handlers.score_stream
import handlers.scores
import handlers.subscriber
from leaderboard.adapters.aws.clients import client
from tests.integration import aws
from tests.integration.conftest import Dependencies
from tests.integration.events import CONTEXT, answered, frame, request, stream_record
from tests.integration.sink import listening
from tools.trace import REPORT, Trace, report

Json = dict[str, Any]

BOARDS = """
boards:
  global: {frameInterval: 1, actions: {visit: {points: 1, minSeconds: 0, expiresSeconds: 60}}}
"""
PATH = {"board": "global"}
MOST_FILES = 43
MOST_LINES = 2100


@pytest.fixture(autouse=True)
def _boards(dependencies: Dependencies, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert dependencies.down == set()
    (tmp_path / "boards.yml").write_text(BOARDS)
    monkeypatch.setenv("BOARDS_FILE", str(tmp_path / "boards.yml"))


def test_one_score_runs_through_few_files_and_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    ticket("nobody")  # makes the client of the secret, which is moto's
    aws.forget()
    with listening() as viewers:
        monkeypatch.setenv("AWS_ENDPOINT_URL", viewers.endpoint)
        handlers.subscriber.handler(frame("viewer=", None, "CONNECT"), CONTEXT)
        subscribe = {"action": "subscribe", "board": "global"}
        handlers.subscriber.handler(frame("viewer=", subscribe), CONTEXT)
        follow("first", 1)  # builds the parts of the service, which happens once an environment
        trace = Trace()
        follow("second", 2, trace)
        assert [it["type"] for it in viewers.frames("viewer=")] == ["snapshot", "update"]
    functions = trace.functions()
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(report(functions) + "\n", encoding="utf-8")
    assert len({it.file for it in functions}) <= MOST_FILES, report(functions)
    assert sum(it.lines for it in functions) <= MOST_LINES, report(functions)


def ticket(user: str) -> str:
    body = {"action": "visit"}
    event = request("POST /boards/{board}/tickets", path=PATH, body=body, user=user)
    issued: str = answered(handlers.scores.handler(event, CONTEXT)).json["ticket"]
    return issued


def follow(user: str, number: int, trace: Trace | None = None) -> None:
    """One score of a user, from the POST to the frame; only that is traced."""
    body = {"ticket": ticket(user)}
    complete = request("POST /boards/{board}/scores", path=PATH, body=body, user=user)
    score = {"userId": {"S": user}, "boardSeason": {"S": "global#all"}}
    board = {"boardSeason": {"S": "global#all"}}
    before = item(aws.BOARDS, board)
    trace = trace or Trace()
    with trace.running():
        answer = answered(handlers.scores.handler(complete, CONTEXT))
    assert answer.status == 200, answer.text
    records = [stream_record(number, score, item(aws.SCORES, score))]
    with trace.running():
        handlers.score_stream.handler({"Records": records}, CONTEXT)
    records = [stream_record(number, board, item(aws.BOARDS, board), before)]
    with trace.running():
        handlers.board_stream.handler({"Records": records}, CONTEXT)


def item(table: str, key: Json) -> Json | None:
    found: Json | None = client("dynamodb").get_item(TableName=table, Key=key).get("Item")
    return found
