"""Frames that are none of the protocol: each gets its error, and the connection goes on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import repeat

import pytest

from tests.e2e.service import Service, is_moment
from tests.e2e.tables import Tables
from tests.e2e.viewer import Viewer, viewing
from tests.stack import Running

pytestmark = pytest.mark.e2e

LIMIT = 4 * 1024


def have(text: str) -> str:
    return f'{{"action":"subscribe","board":"global","have":{text}}}'


NONE_OF_THE_PROTOCOL: dict[str, str | bytes] = {
    "nothing": "",
    "spaces": "   ",
    "no JSON": "{",
    "two objects": '{"action":"ping"}{"action":"ping"}',
    "array": "[]",
    "array of requests": '[{"action":"ping"}]',
    "number": "5",
    "string": '"ping"',
    "null": "null",
    "true": "true",
    "empty object": "{}",
    "no action": '{"board":"global"}',
    "unknown action": '{"action":"score"}',
    "route of the gateway": '{"action":"$connect"}',
    "its other route": '{"action":"$disconnect"}',
    "its default": '{"action":"$default"}',
    "number as action": '{"action":5}',
    "null as action": '{"action":null}',
    "list as action": '{"action":["ping"]}',
    "object as action": '{"action":{"action":"ping"}}',
    "other case": '{"action":"PING"}',
    "no board": '{"action":"subscribe"}',
    "number as board": '{"action":"subscribe","board":5}',
    "list as board": '{"action":"subscribe","board":["global"]}',
    "have is a number": have("5"),
    "have is empty": have("{}"),
    "have without epoch": have('{"version":1}'),
    "version is a text": have('{"epoch":"e","version":"1"}'),
    "version is a fraction": have('{"epoch":"e","version":1.5}'),
    "version is negative": have('{"epoch":"e","version":-1}'),
    "version is NaN": have('{"epoch":"e","version":NaN}'),
    "member twice": '{"action":"ping","action":"ping"}',
    "byte order mark": '\ufeff{"action":"ping"}',
    "half a character": '{"action":"subscribe","board":"global\\ud800"}',
    "half a character to leave": '{"action":"unsubscribe","board":"\\udc00"}',
    "deep arrays": "[" * 2000 + "]" * 2000,
    "deep arrays without end": "[" * 4000,
    "deep objects": '{"a":' * 650 + "1" + "}" * 650,
    "binary that is no text": b"\xff\xfe\x00",
    "binary array": b"[1]",
}

UNKNOWN_BOARDS = [
    "nope",
    "",
    "rating-*",
    "RATING-x",
    "global#all",
    "rating-a/b",
    "rating-a\nb",
    "rating-\u202eb",
    "rating-" + "x" * 42,
    "__proto__",
    " global",
]


# Far below the messages that a connection may send in a minute; each test sends two.
TESTS_A_VIEWER = 20


@pytest.fixture(scope="module")
def viewers_in_turn(stack: Running) -> Iterator[Iterator[Viewer]]:
    """Viewers that follow a board, and keep on doing so whatever they send; all stay till the
    end, so that none of their rows goes while a test looks."""
    with ExitStack() as opened:

        def in_turn() -> Iterator[Viewer]:
            while True:
                viewer = opened.enter_context(viewing(stack.addresses))
                viewer.subscribe("rating-frames")
                yield from repeat(viewer, TESTS_A_VIEWER)

        yield in_turn()


@pytest.fixture
def following(viewers_in_turn: Iterator[Viewer]) -> Viewer:
    return next(viewers_in_turn)


@pytest.fixture
def undisturbed(following: Viewer, tables: Tables) -> Iterator[Viewer]:
    """Afterwards nothing was written, and the connection follows its board as before."""
    with tables.unchanged(), tables.no_connection():
        yield following
    pong = following.ping()
    assert set(pong["boards"]) == {"rating-frames"}


def assert_error(reply: dict[str, object], code: str) -> None:
    assert reply["type"] == "error"
    assert reply["code"] == code
    for name in ("message", "requestId"):
        assert reply[name]
        assert isinstance(reply[name], str)


@pytest.mark.parametrize("name", NONE_OF_THE_PROTOCOL)
def test_what_is_none_of_the_protocol_is_a_bad_request(undisturbed: Viewer, name: str) -> None:
    assert_error(undisturbed.ask(NONE_OF_THE_PROTOCOL[name]), "bad_request")


@pytest.mark.parametrize("action", ["subscribe", "unsubscribe"])
@pytest.mark.parametrize("board", UNKNOWN_BOARDS)
def test_board_that_is_none_is_not_found(undisturbed: Viewer, action: str, board: str) -> None:
    assert_error(undisturbed.ask({"action": action, "board": board}), "board_not_found")


def test_error_about_a_board_names_it(undisturbed: Viewer) -> None:
    reply = undisturbed.ask({"action": "subscribe", "board": "nope"})
    assert reply["board"] == "nope"


def ping_of(size: int, filling: str = "x") -> str:
    frame = json.dumps({"action": "ping", "filling": ""}, ensure_ascii=False)
    room = size - len(frame.encode())
    each = len(filling.encode())
    text = filling * (room // each) + "x" * (room % each)
    return json.dumps({"action": "ping", "filling": text}, ensure_ascii=False)


@pytest.mark.parametrize("filling", ["x", "é", "🎲"])
def test_frame_of_4_kb_is_taken(undisturbed: Viewer, filling: str) -> None:
    frame = ping_of(LIMIT, filling)
    assert len(frame.encode()) == LIMIT
    assert undisturbed.ask(frame)["type"] == "pong"


@pytest.mark.parametrize(
    "frame",
    [
        ping_of(LIMIT + 1),
        ping_of(LIMIT + 1, "é"),
        ping_of(30_000),
        "x" * (LIMIT + 1),
        "[" * (LIMIT + 1),
        b"\xff" * (LIMIT + 1),
    ],
    ids=["one byte", "one byte of UTF-8", "30 KB", "no JSON", "deep", "binary"],
)
def test_frame_past_4_kb_is_too_large(undisturbed: Viewer, frame: str | bytes) -> None:
    assert_error(undisturbed.ask(frame), "message_too_large")


@pytest.mark.parametrize(
    "message",
    [
        {"action": "ping", "more": 1},
        {"action": "ping", "board": "global"},
        {"action": "ping", "have": "anything"},
    ],
)
def test_what_the_protocol_does_not_know_beside_it_is_ignored(
    undisturbed: Viewer, message: dict[str, object]
) -> None:
    assert undisturbed.ask(message)["type"] == "pong"


def test_pong_has_the_services_time(undisturbed: Viewer) -> None:
    assert is_moment(undisturbed.ping()["serverTime"])


def test_connection_that_sent_all_this_still_gets_updates(
    following: Viewer, service: Service
) -> None:
    service.write("rating-frames", "ada", score=7)
    frame = following.receive_until(lambda it: it["type"] == "snapshot", what="the first frame")
    assert [it["userScore"] for it in frame["entries"]] == [7]


def test_errors_of_one_viewer_reach_no_other(viewers: Callable[..., Viewer], board: str) -> None:
    noisy, quiet = viewers(), viewers()
    quiet.subscribe(board)
    noisy.subscribe(board)
    for frame in NONE_OF_THE_PROTOCOL.values():
        noisy.ask(frame)
    quiet.ping()
    assert [it["type"] for it in quiet.frames] == ["snapshot", "pong"]
