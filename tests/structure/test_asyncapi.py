"""The WebSocket's document says what the code does, and is AsyncAPI that others can read."""

from __future__ import annotations

import json
from functools import cache
from typing import Annotated, Any, get_args

import pytest
from hypothesis import assume, given, strategies as st
from jsonschema import Draft7Validator
from pydantic import ValidationError

from handlers import subscriber
from leaderboard.boards.snapshots import Snapshot, encode
from leaderboard.frames import messages
from leaderboard.frames.messages import diff
from leaderboard_client import Timing, frame
from leaderboard_client.board import apply_update, from_snapshot
from leaderboard_client.effects import Send
from leaderboard_client.events import (
    Event,
    Follow,
    MessageReceived,
    SocketLost,
    SocketOpened,
    Tick,
    Unfollow,
)
from leaderboard_client.frame import parse_frame
from leaderboard_client.session import Session
from tests.e2e.described_frames import assert_sent, is_taken, sent, taken
from tests.structure.source import ROOT
from tests.unit.strategies import snapshot_pairs, times
from tools.reference.frames import EXAMPLES, MESSAGES, document, schema_of
from tools.reference.schemas import Incomplete

Json = dict[str, Any]
# The AsyncAPI initiative's own schema of documents.
OFFICIAL = ROOT / "node_modules" / "@asyncapi" / "specs" / "schemas" / "3.0.0.json"


@cache
def official() -> Draft7Validator:
    return Draft7Validator(json.loads(OFFICIAL.read_text(encoding="utf-8")))


def test_document_is_asyncapi_3() -> None:
    assert [f"{it.json_path}: {it.message}" for it in official().iter_errors(document())] == []


def test_official_schema_refuses_what_is_none() -> None:
    spoilt = document()
    spoilt["operations"]["ping"]["action"] = "shout"
    assert not official().is_valid(spoilt)


def test_document_has_every_message_and_no_other() -> None:
    requests = {
        it.model_fields["action"].annotation for it in get_args(get_args(subscriber.Request)[0])
    }
    assert taken() == {get_args(it)[0] for it in requests}
    assert sent() == set(MESSAGES)
    assert set(EXAMPLES) == taken() | sent()


def test_every_reference_leads_somewhere() -> None:
    shown = document()

    def references(value: Any) -> list[str]:
        if isinstance(value, dict):
            own = [value["$ref"]] if "$ref" in value else []
            return own + [it for inner in value.values() for it in references(inner)]
        return (
            [it for inner in value for it in references(inner)] if isinstance(value, list) else []
        )

    found = references(shown)
    assert len(found) > 50
    for reference in found:
        place: Any = shown
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]
    schemas = {f"#/components/schemas/{name}" for name in shown["components"]["schemas"]}
    assert schemas <= set(found), "nothing is described that nothing has"


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_examples_of_what_is_sent_are_as_described(name: str) -> None:
    assert EXAMPLES[name]["type"] == name
    assert_sent(EXAMPLES[name])


@pytest.mark.parametrize("name", ["subscribe", "unsubscribe", "ping"])
def test_examples_of_what_is_taken_are_as_described(name: str) -> None:
    assert is_taken(EXAMPLES[name])


@given(snapshot_pairs(), st.none() | times, times)
def test_whatever_is_recorded_makes_frames_as_described(
    tops: tuple[Snapshot, Snapshot], ends_ms: int | None, published_ms: int
) -> None:
    old, new = tops
    assert_sent(messages.snapshot_json(new, ends_ms=ends_ms, published_ms=published_ms))
    assert_sent(messages.update_json(diff(old, new), published_ms=published_ms))
    assert_sent(messages.current_json(new))
    assert_sent(messages.pong_json(tops, now_ms=published_ms))


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_subscriber_package_understands_every_frame(name: str) -> None:
    assert parse_frame(json.dumps(EXAMPLES[name])) is not None


@given(snapshot_pairs(), times)
def test_subscriber_package_makes_of_frames_what_was_recorded(
    tops: tuple[Snapshot, Snapshot], published_ms: int
) -> None:
    assume(tops[0].version < tops[1].version)
    old, new = (
        parse_frame(encode(messages.snapshot_json(it, ends_ms=None, published_ms=published_ms)))
        for it in tops
    )
    update = parse_frame(encode(messages.update_json(diff(*tops), published_ms=0)))
    assert isinstance(old, frame.Snapshot)
    assert isinstance(new, frame.Snapshot)
    assert isinstance(update, frame.Update)
    applied = apply_update(from_snapshot(old), update)
    assert applied is not None
    assert (applied.entries, applied.version) == (new.entries, new.version)


def test_service_takes_what_the_subscriber_package_sends() -> None:
    session = Session(timing=Timing(), random=lambda: 0.5, sockets=True, http=False)
    told: list[Event] = [
        Follow("global"),
        SocketOpened(1),
        MessageReceived(1, json.dumps(EXAMPLES["snapshot"])),
    ]
    told += [
        Follow("weekly"),
        SocketLost(1),
        Tick(),
        SocketOpened(2),
        Unfollow("global"),
        Tick(),
        Tick(),
    ]
    sent_by_it = [
        effect.message
        for number, event in enumerate(told)
        for effect in session.step(event, number * 4_000)
        if isinstance(effect, Send)
    ]
    assert {it["action"] for it in sent_by_it} == taken()
    assert any("have" in it for it in sent_by_it)
    assert [it for it in sent_by_it if not is_taken(it)] == []


def test_type_that_cannot_be_described_is_told() -> None:
    with pytest.raises(Incomplete, match="bytes"):
        schema_of(bytes, {})
    with pytest.raises(Incomplete, match="Novelty"):
        schema_of(Annotated[str, "Novelty"], {})


# The end-to-end tests hold every frame to the document: what they would let pass.

SENT = EXAMPLES["snapshot"]


@pytest.mark.parametrize(
    "frame",
    [
        {**SENT, "more": 1},
        {**SENT, "version": -1},
        {**SENT, "publishedAt": "2026-11-23T08:15:30Z"},
        {**SENT, "publishedAt": None},
        {**SENT, "entries": [{**SENT["entries"][0], "userScore": "990"}]},
        {**SENT, "entries": [{**SENT["entries"][0], "email": "ada@example.com"}]},
        {name: it for name, it in SENT.items() if name != "endsAt"},
        {**EXAMPLES["update"], "epoch": None},
        {**EXAMPLES["error"], "code": "internal"},
        {**EXAMPLES["pong"], "boards": {"global": {}}},
        {"message": "Internal server error"},
        {"type": "subscribe"},
        [],
    ],
)
def test_frame_that_is_not_described_is_told(frame: Any) -> None:
    with pytest.raises(AssertionError, match="described"):
        assert_sent(frame)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=9,
)
HELD = st.fixed_dictionaries(
    {"epoch": st.none() | st.text(max_size=70), "version": st.integers(-2, 9) | st.booleans()}
)


@given(
    st.fixed_dictionaries(
        {"action": st.sampled_from(["subscribe", "unsubscribe", "ping", "else"]) | JSON},
        optional={"board": st.text(max_size=50) | JSON, "have": HELD | JSON, "more": JSON},
    )
    | JSON
)
def test_service_takes_what_the_document_says_it_takes_and_nothing_else(message: Any) -> None:
    try:
        text = json.dumps(message, ensure_ascii=False)
        text.encode()
        subscriber.REQUEST.validate_json(text)
    except (UnicodeEncodeError, ValidationError):
        assert not is_taken(message)
    else:
        assert is_taken(message)
