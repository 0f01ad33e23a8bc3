"""Which texts are frames, and which are not."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given, strategies as st

from clients.python.tests.messages import current, entry, pong, snapshot, update
from leaderboard_client.fields import instant
from leaderboard_client.frame import (
    Current,
    Place,
    Pong,
    Refusal,
    Snapshot,
    Unsubscribed,
    Update,
    parse_frame,
    parse_top,
)

ANN = entry("ann")


def parse(value: Any) -> Any:
    return parse_frame(json.dumps(value))


def test_frames_of_the_contract_are_taken() -> None:
    taken = parse(snapshot(41, "ann", "bob"))
    assert isinstance(taken, Snapshot)
    assert [it.user_id for it in taken.entries] == ["ann", "bob"]
    assert isinstance(parse(snapshot(0, epoch=None)), Snapshot)
    taken = parse(update(41, 43, upsert=[ANN], remove=["bob"]))
    assert isinstance(taken, Update)
    assert (taken.start, taken.version, taken.remove) == (41, 43, ("bob",))
    assert isinstance(parse(current(41)), Current)
    assert parse({"type": "unsubscribed", "board": "global"}) == Unsubscribed(board="global")
    refusal = {"type": "error", "code": "bad_request", "message": "No", "requestId": "r"}
    assert parse(refusal) == Refusal(code="bad_request", message="No", board=None, request_id="r")


def test_pong_holds_the_services_time_and_the_places_that_can_be_read() -> None:
    message = pong(constructor=1)
    message["boards"]["bad"] = {"version": "1"}
    taken = parse(message)
    assert taken == Pong(
        server_time=instant(message["serverTime"]),
        boards={"constructor": Place("all", "e1", 1)},
    )
    assert math.isnan(parse({"type": "pong"}).server_time)


def test_unknown_fields_are_ignored_and_unknown_frames_give_none() -> None:
    assert parse(snapshot(1, "ann", novelty=1)) == parse(snapshot(1, "ann"))
    assert parse({"type": "novelty", "board": "global"}) is None
    assert parse({"message": "Internal server error", "connectionId": "c="}) is None


@pytest.mark.parametrize(
    "text", ["", "{", "null", "17", "[]", '"snapshot"', "[" * 100_000, "NaN", None, b"{}", 7]
)
def test_text_that_is_not_a_frame_gives_none(text: object) -> None:
    assert parse_frame(text) is None


DAMAGED = [
    snapshot(-1),
    snapshot(1.5),  # type: ignore[arg-type]
    snapshot(True),
    snapshot(2**53),
    snapshot(1, epoch=None),
    snapshot(1, season=7),
    snapshot(1, entries=None),
    snapshot(1, entries=[None]),
    snapshot(1, entries=[{**ANN, "userId": 7}]),
    snapshot(1, entries=[{**ANN, "userScore": "9"}]),
    snapshot(1, entries=[{**ANN, "userName": None}]),
    snapshot(1, entries=[{**ANN, "rank": "1"}]),
    snapshot(1, entries=[{**ANN, "rank": 0}]),
    snapshot(1, entries=[ANN, ANN]),
    snapshot(1, total="2"),
    snapshot(1, endsAt="soon"),
    snapshot(1, endsAt=7),
    snapshot(1, board=None),
    update(2, 2),
    update(3, 2),
    update(1, 2, remove=[7]),
    {**update(1, 2), "remove": None},
    {**update(1, 2), "upsert": {}},
    update(1, 2, epoch=None),
    current("1"),  # type: ignore[arg-type]
    {"type": "error", "message": "no code"},
    {"type": "unsubscribed"},
    {"type": ["snapshot"]},
]


@pytest.mark.parametrize("frame", DAMAGED)
def test_damaged_frame_gives_none(frame: Any) -> None:
    assert parse(frame) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
FRAMES = [snapshot(41, "ann"), update(1, 2, upsert=[ANN]), current(4), pong(a=1), *DAMAGED]


@given(st.sampled_from(FRAMES), st.data())
def test_no_frame_however_damaged_raises(frame: dict[str, Any], data: st.DataObject) -> None:
    key = data.draw(st.sampled_from(sorted(frame)))
    parse({**frame, key: data.draw(JSON)})


def test_top_over_http_is_a_snapshot_without_the_time_it_was_published() -> None:
    body = {
        name: it for name, it in snapshot(41, "ann").items() if name not in ("type", "publishedAt")
    }
    top = parse_top({**body, "degraded": True}, "global")
    assert top is not None
    assert (top.version, top.published_at) == (41, None)


@pytest.mark.parametrize(
    "body",
    [
        {**snapshot(41), "epoch": None, "version": None},
        snapshot(41, board="weekly"),
        "<html>",
        None,
    ],
)
def test_top_without_a_version_or_of_another_board_gives_none(body: Any) -> None:
    assert parse_top(body, "global") is None
