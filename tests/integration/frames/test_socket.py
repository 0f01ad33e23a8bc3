"""Frames in process: how they are read, and what an error says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import handlers.subscriber
from leaderboard import wiring
from leaderboard.adapters.aws.clients import client
from leaderboard.boards.snapshots import Score
from leaderboard.frames.ports import MAX_BOARDS
from leaderboard.ranking.score_state import ScoreState
from tests.integration import aws
from tests.integration.capacity import metered
from tests.integration.conftest import Dependencies
from tests.integration.events import CONTEXT, frame

Json = dict[str, Any]
CONNECTION = "c-1="
T0 = 1_795_420_800_000


@pytest.fixture(autouse=True)
def connected(dependencies: Dependencies) -> Dependencies:
    handlers.subscriber.handler(frame(CONNECTION, None, "CONNECT"), CONTEXT)
    return dependencies


def ask(text: str) -> Json:
    body: Json = json.loads(handlers.subscriber.handler(frame(CONNECTION, text), CONTEXT)["body"])
    return body


def have(version: str, epoch: str = "null") -> str:
    members = f'"board":"global","have":{{"epoch":{epoch},"version":{version}}}'
    return f'{{"action":"subscribe",{members}}}'


@pytest.mark.parametrize("version", ["0", "0.0", "-0.0", "0e5"])
def test_version_is_its_value_in_any_spelling(version: str) -> None:
    assert ask(have(version))["type"] == "current"


@pytest.mark.parametrize("version", ["7.0", "7", "70e-1"])
def test_older_version_gets_the_snapshot(version: str) -> None:
    assert ask(have(version))["type"] == "snapshot"


HAVE = '{"action":"subscribe","board":"global","have":%s}'
NAMED = {
    "fraction": (have("7.5"), "have.version"),
    "text": (have('"7"'), "have.version"),
    "truth": (have("true"), "have.version"),
    "negative": (have("-1"), "have.version"),
    "null": (have("null"), "have.version"),
    "huge": (have("1e400"), "have.version"),
    "without end": (have("1E+1000000"), "have.version"),
    "epoch is a number": (have("7", "7"), "have.epoch"),
    "long epoch": (have("7", f'"{"e" * 65}"'), "have.epoch"),
    "half an epoch": (have("7", '"\\ud800"'), "have.epoch"),
    "no version": (HAVE % '{"epoch":null}', "have.version"),
    "no epoch": (HAVE % '{"version":7}', "have.epoch"),
    "have is a list": (HAVE % "[]", "have"),
    "have is a text": (HAVE % '"7"', "have"),
}


UNREADABLE = {NAMED[name][0] for name in ("huge", "without end", "half an epoch")}
"""What is in such a frame is not known, so it names no board."""


@pytest.mark.parametrize(("text", "member"), NAMED.values(), ids=NAMED.keys())
def test_error_names_the_member_and_the_board(text: str, member: str) -> None:
    reply = ask(text)
    assert (reply["type"], reply["code"]) == ("error", "bad_request")
    assert reply["message"].startswith(f"{member}: ")
    assert reply.get("board") == ("global" if text not in UNREADABLE else None)


UNREAD = {
    "a member twice": '{"action":"ping","action":"ping"}',
    "a member twice, deep": '{"action":"ping","x":[{"a":1,"a":1}]}',
    "NaN": '{"action":"ping","x":NaN}',
    "infinity": '{"action":"ping","x":[-Infinity]}',
    "a byte order mark": '\ufeff{"action":"ping"}',
    "half a character": '{"action":"ping","x":"\\ud800"}',
    "half a character, whole": '{"action":"ping","x":"\ud800"}',
    "half a character as a name": '{"action":"ping","\\udc00":1}',
    "too large": '{"action":"ping","x":1e400}',
    "deep": "[" * 2000 + "]" * 2000,
    "no JSON": "{",
    "an array": "[]",
    "null": "null",
}


@pytest.mark.parametrize("text", UNREAD.values(), ids=UNREAD.keys())
def test_frame_that_is_not_the_one_json_is_a_bad_request(text: str) -> None:
    reply = ask(text)
    assert (reply["type"], reply["code"]) == ("error", "bad_request")
    assert reply["message"]
    assert ask('{"action":"ping"}')["type"] == "pong"


@pytest.mark.parametrize("action", ["score", "PING", "$connect", 5, None, ["ping"], {}])
def test_unknown_action_is_named_and_the_known_ones_are_said(action: Any) -> None:
    reply = ask(json.dumps({"action": action, "board": "global"}))
    assert reply["code"] == "bad_request"
    assert reply["message"].startswith("action: ")
    assert all(f'"{it}"' in reply["message"] for it in ("subscribe", "unsubscribe", "ping"))
    assert reply["board"] == "global"


def test_ping_of_many_boards_reads_them_in_one_call() -> None:
    boards = [f"rating-{number}" for number in range(MAX_BOARDS)]
    for board in boards:
        ask(json.dumps({"action": "subscribe", "board": board}))
    for number in (0, 7, 49):
        rank(f"rating-{number}", 1 + number % 3)
    with metered() as spent:
        reply = ask('{"action":"ping"}')
    recorded = {board: it["version"] for board, it in reply["boards"].items() if it["version"]}
    assert reply["boards"].keys() == set(boards)
    assert recorded == {"rating-0": 1, "rating-7": 2, "rating-49": 2}
    # The message is counted, once more if a minute began.
    assert [it for it in spent.calls if it != "UpdateItem"] == ["GetItem", "BatchGetItem"]
    assert spent.reads <= 1 + MAX_BOARDS / 2


def test_ping_leaves_out_a_board_that_cannot_be_read() -> None:
    for board in ("global", "rating-1"):
        ask(json.dumps({"action": "subscribe", "board": board}))
    rank("rating-1", 1)
    client("dynamodb").update_item(
        TableName=aws.BOARDS,
        Key={"boardSeason": {"S": "rating-1#all"}},
        UpdateExpression="SET top = :broken",
        ExpressionAttributeValues={":broken": {"S": "broken"}},
    )
    assert ask('{"action":"ping"}')["boards"].keys() == {"global"}


def test_ping_asks_again_for_what_a_throttled_table_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for board in ("global", "rating-1", "rating-2"):
        ask(json.dumps({"action": "subscribe", "board": board}))
    rank("rating-2", 1)
    real = client("dynamodb").batch_get_item
    asked: list[int] = []

    def one_at_a_time(RequestItems: Json) -> Json:  # noqa: N803 - the SDK's name
        keys = RequestItems[aws.BOARDS]["Keys"]
        asked.append(len(keys))
        answer: Json = real(RequestItems={aws.BOARDS: {"Keys": keys[:1]}})
        left = {"UnprocessedKeys": {aws.BOARDS: {"Keys": keys[1:]}}} if keys[1:] else {}
        return {**answer, **left}

    monkeypatch.setattr(client("dynamodb"), "batch_get_item", one_at_a_time)
    boards = ask('{"action":"ping"}')["boards"]
    assert asked == [3, 2, 1]
    assert {board: it["version"] for board, it in boards.items()} == {
        "global": 0,
        "rating-1": 0,
        "rating-2": 1,
    }


def rank(board: str, changes: int) -> None:
    """Record so many changes of a board's top."""
    recorder = wiring.recorder()
    board_season = wiring.board_season(board)
    for number in range(1, changes + 1):
        score = Score("ada", "Ada", number, T0 + number)
        top = recorder.apply(board_season, [ScoreState("ada", T0 + number, score)]).top
        recorder.record(board_season, top)


def test_board_that_was_taken_out_can_be_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes one of the places that a connection has."""
    for number in range(MAX_BOARDS):
        ask(json.dumps({"action": "subscribe", "board": f"rating-{number}"}))
    file = tmp_path / "boards.yml"
    file.write_text("boards: {global: {}}")
    monkeypatch.setenv("BOARDS_FILE", str(file))
    aws.forget()
    assert "at most 50 boards" in ask('{"action":"subscribe","board":"global"}')["message"]
    left = {"type": "unsubscribed", "board": "rating-7"}
    assert ask('{"action":"unsubscribe","board":"rating-7"}') == left
    assert ask('{"action":"subscribe","board":"global"}')["type"] == "snapshot"
    for board in ("rating-7", "never"):
        reply = ask(json.dumps({"action": "unsubscribe", "board": board}))
        assert reply["code"] == "board_not_found", "it does not follow that"


@pytest.mark.parametrize("action", ["subscribe", "unsubscribe"])
@pytest.mark.parametrize("board", [None, 5, 5.0, True, ["global"], {}])
def test_board_that_is_no_text_is_named(action: str, board: Any) -> None:
    reply = ask(json.dumps({"action": action, "board": board}))
    assert (reply["code"], reply["message"].partition(":")[0]) == ("bad_request", "board")
    assert "board" not in reply
    assert ask(json.dumps({"action": action}))["message"].startswith("board: ")
    assert wiring.subscriptions().followed(CONNECTION) == []
