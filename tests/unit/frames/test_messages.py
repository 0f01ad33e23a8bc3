"""The frames of the protocol."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from leaderboard.boards.rules import MAX_SCORE
from leaderboard.boards.snapshots import (
    DayStart,
    Entry,
    Score,
    Snapshot,
    encode,
    entry_json,
    ranked,
)
from leaderboard.frames import messages
from leaderboard.frames.messages import Update

PUBLISHED = 1_795_421_730_123
ADA = Entry(1, 1, "ada", "Ada", 990, PUBLISHED - 123)
ADA_JSON = {
    "rank": 1,
    "place": 1,
    "userId": "ada",
    "userName": "Ada",
    "userScore": 990,
    "scoreUpdatedAt": "2026-11-23T08:15:30.000Z",
}
DAY = DayStart(1_795_392_000_000, {"ada": 4})
SNAPSHOT = Snapshot("global", "all", "k3v9", 41, 1204, (ADA,), DAY)


def test_snapshot_has_the_contracts_shape() -> None:
    assert messages.snapshot_json(SNAPSHOT, ends_ms=None, published_ms=PUBLISHED) == {
        "type": "snapshot",
        "board": "global",
        "season": "all",
        "epoch": "k3v9",
        "version": 41,
        "total": 1204,
        "endsAt": None,
        "since": "2026-11-23T00:00:00.000Z",
        "entries": [{**ADA_JSON, "was": 4}],
        "publishedAt": "2026-11-23T08:15:30.123Z",
    }


def test_snapshot_of_a_season_says_when_it_ends() -> None:
    weekly = replace(SNAPSHOT, board="weekly", season="2026-W48")
    message = messages.snapshot_json(weekly, ends_ms=1_795_996_800_000, published_ms=PUBLISHED)
    assert message["endsAt"] == "2026-11-30T00:00:00.000Z"


def test_snapshot_of_a_board_without_scores_has_no_epoch() -> None:
    empty = Snapshot.empty("global#all")
    message = messages.snapshot_json(empty, ends_ms=None, published_ms=PUBLISHED)
    assert (message["epoch"], message["version"], message["entries"]) == (None, 0, [])


def test_update_has_the_contracts_shape() -> None:
    update = Update("global", "all", "k3v9", 41, 43, 1205, (ADA,), ("bob",), PUBLISHED - 123, DAY)
    assert messages.update_json(update, published_ms=PUBLISHED) == {
        "type": "update",
        "board": "global",
        "season": "all",
        "epoch": "k3v9",
        "from": 41,
        "version": 43,
        "total": 1205,
        "since": "2026-11-23T00:00:00.000Z",
        "upsert": [{**ADA_JSON, "was": 4}],
        "remove": ["bob"],
        "scoredAt": "2026-11-23T08:15:30.000Z",
        "publishedAt": "2026-11-23T08:15:30.123Z",
    }


def test_current_names_the_state_alone() -> None:
    assert messages.current_json(SNAPSHOT) == {
        "type": "current",
        "board": "global",
        "season": "all",
        "epoch": "k3v9",
        "version": 41,
    }


def test_pong_names_the_place_of_each_board() -> None:
    empty = Snapshot.empty("weekly#2026-W48")
    assert messages.pong_json([SNAPSHOT, empty], now_ms=PUBLISHED) == {
        "type": "pong",
        "serverTime": "2026-11-23T08:15:30.123Z",
        "boards": {
            "global": {"season": "all", "epoch": "k3v9", "version": 41},
            "weekly": {"season": "2026-W48", "epoch": None, "version": 0},
        },
    }


def test_error_names_a_board_only_where_there_is_one() -> None:
    error = messages.error_json("bad_request", "Send an object.", request_id="r1")
    assert error == {
        "type": "error",
        "code": "bad_request",
        "message": "Send an object.",
        "requestId": "r1",
    }
    named = messages.error_json("board_not_found", "No.", request_id="r1", board="nope")
    assert named["board"] == "nope"


def test_unknown_rank_is_null() -> None:
    entry = entry_json(replace(ADA, rank=None, place=None))
    assert (entry["rank"], entry["place"]) == (None, None)


def test_frame_is_compact_utf_8_without_escapes() -> None:
    named = replace(ADA, user_name="Zoë 👩\u200d🚀 Ω")
    frame = encode(entry_json(named))
    assert "Zoë 👩\u200d🚀 Ω" in frame
    assert "\\u" not in frame
    assert ": " not in frame
    assert ", " not in frame


@given(st.text(st.characters(exclude_categories=["C"]), max_size=40))
def test_frame_of_any_name_is_read_as_it_was_meant(name: str) -> None:
    entry = entry_json(replace(ADA, user_name=name))
    frame = encode(entry).encode()
    assert json.loads(frame) == entry
    assert b"\\u" not in frame.replace(rb"\\", b"")


@given(st.sampled_from([-MAX_SCORE, MAX_SCORE, 2**53 - 2]))
def test_scores_are_exact_in_a_frame(score: int) -> None:
    frame = encode(entry_json(replace(ADA, user_score=score)))
    assert f'"userScore":{score},' in frame


# How large a frame is at most: see the contract's limits of names, ids and tops.


@pytest.mark.parametrize("character", ["\U0001f680", '"', "\\", "\u0800", "\u2028"])
def test_largest_snapshot_fits_a_frame(character: str) -> None:
    entries = ranked(
        Score(f"{number:064d}", character * 32, -MAX_SCORE, PUBLISHED) for number in range(100)
    )
    largest = Snapshot("b" * 48, "2026-11-23", "f" * 8, MAX_SCORE, MAX_SCORE, entries)
    message = messages.snapshot_json(largest, ends_ms=PUBLISHED, published_ms=PUBLISHED)
    size = len(encode(message).encode())
    assert size < messages.MAX_FRAME, f"{size - messages.MAX_FRAME} bytes too many"
