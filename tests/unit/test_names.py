"""Names and ids."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.names import BOARD, MAX_NAME, USER_ID, clean_name, default_name


@pytest.mark.parametrize(
    "name",
    [
        "Ada",
        "x",
        "7",
        "Zoë Ωmega",
        "李小龍",
        "محمد",
        "עברית",
        "ก็",
        "नमस्ते",
        "می\u200cخواهم",  # noqa: RUF001 - Persian is written with the non-joiner
        "👩\u200d🚀",
        "👨\u200d👩\u200d👧\u200d👦",
        "❤\ufe0f",
        "👍🏽",
        "🇩🇪",
        "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
        "<b>bold</b>",
        "a  b",
        "'; DROP TABLE users",
        "…",
    ],
)
def test_name_is_kept_as_it_is(name: str) -> None:
    assert clean_name(name) == name


def test_name_is_composed() -> None:
    assert clean_name("Zoe\u0308") == "Zoë"


def test_name_is_trimmed_at_both_ends() -> None:
    assert clean_name("  Ada Lovelace \t\n\u00a0\u3000") == "Ada Lovelace"


@pytest.mark.parametrize(
    "name",
    [
        "a\x00b",
        "a\x1bb",
        "a\nb",
        "a\tb",
        "a\x7fb",
        "a\x85b",
        "a\u2028b",
        "a\u2029b",
        "a\u200eb",
        "a\u200fb",
        "a\u061cb",
        "a\u202eb",
        "a\u202ab",
        "a\u2066b",
        "a\u2069b",
        "a\u200bb",
        "a\ufeffb",
        "a\u00adb",
        "a\u2060b",
        "a\ue000b",
        "a\ud800b",
        "a\U000f0000b",
        "a\uffffb",
        "a\U000e0001b",
    ],
)
def test_control_direction_and_unassigned_characters_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no control, direction or unassigned"):
        clean_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "\u3000\u00a0",
        "\u200d",
        "\u200c\u200d\u200c",
        "\u0301",
        "\ufe0f",
        "\U000e0067\U000e007f",
        # Letters and symbols that are drawn as nothing.
        "\u115f",
        "\u1160",
        "\u3164",
        "\uffa0",
        "\u2800",
        "\u3164 \u2800\u200d",
    ],
)
def test_name_with_nothing_to_see_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="at least one visible character"):
        clean_name(name)


@pytest.mark.parametrize("character", ["a", "é", "李", "🚀"])
def test_name_has_32_characters_at_most(character: str) -> None:
    assert clean_name(character * 32) == character * 32
    with pytest.raises(ValueError, match="at most 32 characters"):
        clean_name(character * 33)


def test_characters_are_counted_after_composing_and_trimming() -> None:
    assert len(clean_name("e\u0301" * 32)) == 32
    assert len(clean_name(" " * 20 + "a" * 32 + " " * 20)) == 32


def test_ten_thousand_characters_are_refused_without_reading_them() -> None:
    with pytest.raises(ValueError, match="at most 32 characters"):
        clean_name("\u0301" * 10_000)


@given(st.text(max_size=40))
def test_clean_name_is_clean(text: str) -> None:
    try:
        name = clean_name(text)
    except ValueError:
        return
    assert clean_name(name) == name
    assert 1 <= len(name) <= MAX_NAME
    assert unicodedata.is_normalized("NFC", name)
    assert name == name.strip()
    name.encode()


def test_name_of_a_player_who_picked_none_is_never_an_address() -> None:
    assert default_name("0aa6f2-bc") == "player-0aa6f2"
    assert default_name("x") == "player-x"


@pytest.mark.parametrize("user_id", ["a", "A-Z_0.9:x", "x" * 64])
def test_user_id_is_allowed(user_id: str) -> None:
    assert USER_ID.fullmatch(user_id)


@pytest.mark.parametrize(
    "user_id", ["", "x" * 65, "a#b", "a@b.c", "a\n", "\na", "a b", "a/b", "é", "a\x00", "٣"]
)
def test_user_id_is_refused(user_id: str) -> None:
    assert not USER_ID.fullmatch(user_id)


@pytest.mark.parametrize("board", ["a", "rating-chess", "2048", "x" * 48])
def test_board_id_is_allowed(board: str) -> None:
    assert BOARD.fullmatch(board)


@pytest.mark.parametrize("board", ["", "x" * 49, "Global", "a_b", "a*", "a#b", "a\n", "a.b", "é"])
def test_board_id_is_refused(board: str) -> None:
    assert not BOARD.fullmatch(board)
