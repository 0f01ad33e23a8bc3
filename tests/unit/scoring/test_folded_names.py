# ruff: noqa: RUF001 - letters that look like others are what this is about
"""Folding: what the search takes for the same, and that a beginning stays a beginning."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given, strategies as st

from leaderboard.boards.snapshots import MAX_NAME
from leaderboard.scoring.display_names import clean_name
from leaderboard.scoring.folded_names import LONGEST, fold_beginning, fold_name
from tests.unit.scoring.test_names import EMOJI, SCRIPTS_WITH_JOINERS, WORDS

FOLDED = [
    it
    for it in map(chr, (*range(0xD800), *range(0xE000, 0x110000)))
    if unicodedata.normalize("NFKD", it) != it or it.upper() != it or it.casefold() != it
]
"""Every character with which folding may do something, marks aside."""


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("mu", "Müller"),
        ("mü", "Müller"),
        ("mu\u0308", "Müller"),
        ("MÜ", "müller"),
        ("mü", "Muller"),
        ("strass", "Straße"),
        ("STRASSE", "straße"),
        ("straße", "STRASSE"),
        ("ẞ", "SSW"),
        ("istanbul", "İstanbul"),
        ("ISPARTA", "ısparta"),
        ("lukasz", "Łukasz"),
        ("ang", "Ångström"),
        ("nguyen thi anh", "Nguyễn Thị Ánh"),
        ("aegir", "Ægir"),
        ("οδυσσευσ", "Ὀδυσσεύς"),
        ("дмитрии", "Дмитрий"),
        ("شلو", "شَلُو"),
        ("שלום", "שָׁלוֹם"),
        ("ا", "أحمد"),
        ("ㅎ", "한글"),
        ("하", "한글"),
        ("カ", "ｶﾅ"),
        ("ada", "ＡＤＡ"),
        ("ⅳ", "IV"),
        ("❤", "❤\ufe0f"),
        ("👩", "👩\u200d🚀"),
        ("خانهها", "خانه\u200cها"),
        ("രാജന്\u200d", "രാജൻ"),
        ("ada  by", "Ada Byron"),
        (" ada", "Ada"),
        ("*", "*star"),
        ("%", "%_"),
        ("´", "´tick"),
        ("#", "#1\ufe0f\u20e3"),
    ],
)
def test_beginning_finds_name(typed: str, name: str) -> None:
    assert fold_name(name).startswith(fold_beginning(typed))


@pytest.mark.parametrize(
    ("typed", "name"),
    [("b", "ab"), ("mue", "Müller"), ("*", "a"), ("%", "a"), ("_", "a"), ("का", "कि"), (".", "a")],
)
def test_beginning_does_not_find_name(typed: str, name: str) -> None:
    assert not fold_name(name).startswith(fold_beginning(typed))


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "at least one letter"),
        ("  ", "at least one letter"),
        ("\u0301", "at least one letter"),
        ("\u0301\u0308", "at least one letter"),
        ("\u200d", "at least one letter"),
        ("a\x00", "no control"),
        ("a\nb", "no control"),
        ("a\x1fb", "no control"),
        ("\u202ea", "direction"),
        ("\ud800", "no control"),
        ("a" * (MAX_NAME + 1), "at most 32"),
        ("a" * 10_000, "at most 32"),
    ],
)
def test_text_with_which_no_name_begins_is_refused(typed: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        fold_beginning(typed)


def test_name_of_the_most_characters_may_be_typed_apart() -> None:
    name = "é" * MAX_NAME
    assert fold_beginning(unicodedata.normalize("NFD", name)) == "e" * MAX_NAME


def test_longest_key_fits_an_index() -> None:
    longest = max((fold_name(it) for it in FOLDED), key=lambda it: len(it.encode()))
    assert len(longest) == 18  # ﷺ, a sentence in one character
    for name in ("ﷺ" * MAX_NAME, "\U0001f600" * MAX_NAME, "\U0002a6df" * MAX_NAME):
        folded = fold_name(name)
        assert len(folded) <= LONGEST
        assert len(folded.encode()) + 1 + 64 <= 1024
        assert folded.startswith(fold_beginning(name[:20]))


def test_every_character_folds_like_its_other_case_and_once_and_for_all() -> None:
    """The iota below a letter is left out: it is a mark, and a letter as a capital."""
    for it in FOLDED:
        folded = fold_name(it)
        assert fold_name(folded) == folded, hex(ord(it))
        for other in (it.upper(), it.lower()):
            if len(other) == 1 and folded:
                assert fold_name(other) == folded, hex(ord(it))


LETTERS = st.text(st.sampled_from("".join([*WORDS, *EMOJI, *SCRIPTS_WITH_JOINERS])), max_size=32)


@given(st.text(max_size=32) | LETTERS, st.integers(1, 32))
@example("ﷺ" * 32, 31)
@example("Å" * 32, 32)
def test_every_beginning_of_an_accepted_name_finds_it(text: str, length: int) -> None:
    try:
        name = clean_name(text)
    except ValueError:
        return
    typed = name[:length]
    folded = fold_name(name)
    assert folded.startswith(fold_name(typed))
    for form in ("NFC", "NFD"):
        for cased in (typed, typed.lower()):
            again = fold_name(unicodedata.normalize(form, cased))
            assert folded.startswith(again)
    if fold_name(typed):
        assert fold_beginning(typed) == fold_name(typed)
