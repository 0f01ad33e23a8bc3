"""Cursors: what was given out comes back, and nothing else is taken."""

from __future__ import annotations

import base64

import pytest
from hypothesis import assume, given, strategies as st

from leaderboard.boards.order import TIME_DIGITS
from leaderboard.boards.rules import MAX_SCORE
from leaderboard.errors import Invalid
from leaderboard.ranking.listings import Position
from leaderboard.reading import cursors
from tests.unit.strategies import user_ids

POSITION = Position(990, 1_795_420_800_000, "ada.b:c")
positions = st.builds(
    Position,
    st.integers(-MAX_SCORE, MAX_SCORE),
    st.integers(0, 10**TIME_DIGITS - 1),
    user_ids,
)


def given_out(position: Position = POSITION) -> str:
    return cursors.to_text(position, key="global#all")


def taken(text: str, *, key: str = "global#all") -> Position:
    return cursors.from_text(text, key=key)


def refused(text: str, **bound: str) -> None:
    with pytest.raises(Invalid, match="Start again without") as caught:
        taken(text, **bound)
    assert caught.value.path == "cursor"


@given(positions)
def test_cursor_comes_back_as_the_position_that_it_was_made_of(position: Position) -> None:
    text = given_out(position)
    assert taken(text) == position
    assert len(text) <= cursors.MAX_CHARACTERS


@given(positions)
def test_cursor_needs_no_escaping_in_a_query(position: Position) -> None:
    assert set(given_out(position)) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    )


@given(positions, st.sampled_from(["weekly", "globa", "global2"]))
def test_cursor_of_another_board_is_refused(position: Position, board: str) -> None:
    refused(given_out(position), key=f"{board}#all")


def test_cursor_of_another_season_is_refused() -> None:
    text = cursors.to_text(POSITION, key="weekly#2026-W47")
    assert taken(text, key="weekly#2026-W47") == POSITION
    refused(text, key="weekly#2026-W48")


def test_cursor_that_was_cut_is_refused() -> None:
    text = given_out()
    for length in range(len(text)):
        refused(text[:length])
        refused(text[length + 1 :])
    refused(text + "A")
    refused(text + "=")
    refused(text + text)


@given(positions, st.data())
def test_cursor_with_another_character_is_refused(position: Position, data: st.DataObject) -> None:
    text = given_out(position)
    at = data.draw(st.integers(0, len(text) - 1))
    character = data.draw(st.sampled_from("ABCxyz019-_+/=. \n\x00é"))
    assume(text[at] != character)
    refused(text[:at] + character + text[at + 1 :])


@given(st.text(max_size=200))
def test_text_that_is_no_cursor_is_refused(text: str) -> None:
    refused(text)


def forged(content: str) -> str:
    """What somebody makes who knows the format, and has read how the digest is made."""
    import hashlib

    digest = hashlib.sha256(f"1 global#all {content}".encode()).digest()[:9]
    return "1" + base64.urlsafe_b64encode(digest + content.encode()).decode().rstrip("=")


def test_forged_cursor_of_a_position_that_may_be_is_a_cursor_like_any_other() -> None:
    assert forged("990.1795420800000.ada.b:c") == given_out()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "..",
        "1.2",
        "x.1.ada",
        "1.x.ada",
        "1.5.2.ada b",
        "01.1.ada",
        "+1.1.ada",
        " 1.1.ada",
        "1_0.1.ada",
        "-0.1.ada",
        "1.01.ada",
        "1.-1.ada",
        "1.1.",
        "1.1.a b",
        "1.1.a#b",
        "1.1.ada\n",
        f"1.1.{'x' * 65}",
        f"1.{10**TIME_DIGITS}.ada",
        f"{MAX_SCORE + 1}.1.ada",
        f"{-MAX_SCORE - 1}.1.ada",
        f"{'9' * 5000}.1.ada",
        "\u0661.1.ada",
    ],
)
def test_forged_cursor_of_a_position_that_cannot_be_is_refused(content: str) -> None:
    refused(forged(content))
