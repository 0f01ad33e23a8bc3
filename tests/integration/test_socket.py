"""Frames in process: how they are read, and what an error says."""

from __future__ import annotations

import json
from typing import Any

import pytest

import handlers.socket
from leaderboard import wiring
from tests.integration.conftest import Dependencies
from tests.integration.events import CONTEXT, frame

Json = dict[str, Any]
CONNECTION = "c-1="


@pytest.fixture(autouse=True)
def connected(dependencies: Dependencies) -> Dependencies:
    handlers.socket.handler(frame(CONNECTION, None, "CONNECT"), CONTEXT)
    return dependencies


def ask(text: str) -> Json:
    body: Json = json.loads(handlers.socket.handler(frame(CONNECTION, text), CONTEXT)["body"])
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


@pytest.mark.parametrize("action", ["subscribe", "unsubscribe"])
@pytest.mark.parametrize("board", [None, 5, 5.0, True, ["global"], {}])
def test_board_that_is_no_text_is_named(action: str, board: Any) -> None:
    reply = ask(json.dumps({"action": action, "board": board}))
    assert (reply["code"], reply["message"].partition(":")[0]) == ("bad_request", "board")
    assert "board" not in reply
    assert ask(json.dumps({"action": action}))["message"].startswith("board: ")
    assert wiring.subscriptions().followed(CONNECTION) == []
