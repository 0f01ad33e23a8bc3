"""Folded names: display names as a search compares them, without case and diacritics.

Each character folds by itself, so the beginning of a name folds to the beginning of the folded
name. What is typed is folded in the same way: `mu` and `mü` both find `Müller`, and `mü` finds
`Muller`, too. Folded names are stored. A release that folds otherwise, or runs on a newer Unicode,
fills the index again (docs/operations.md).
"""

from __future__ import annotations

import unicodedata

import regex

from leaderboard.boards.snapshots import MAX_NAME
from leaderboard.scoring.display_names import REFUSED, composed

LONGEST = 200
"""Characters of a folded name. A key of an index has 1,024 bytes, and a ligature may fold to 18
characters; hardly any name is cut."""
# What draws nothing, and the marks of scripts in which a letter without its marks is still read as
# that letter. Vowels of India and South-East Asia are marks, too, and stay.
DROPPED = regex.compile(
    r"[\p{Default_Ignorable_Code_Point}"
    r"[\p{Mn}&&[\p{Zinh}\p{Latn}\p{Grek}\p{Cyrl}\p{Hebr}\p{Arab}\p{Syrc}]]]",
    regex.V1,
)
# Letters whose stroke is no mark in Unicode, as keyboards without them type them.
PLAIN = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ŧ": "t", "\u0131": "i", "æ": "ae", "œ": "oe"}
)


def fold_name(name: str) -> str:
    """A name, or the beginning of one, as it is compared; empty if it is marks alone."""
    return "".join(_fold(it) for it in composed(name))[:LONGEST]


def fold_beginning(text: str) -> str:
    """What a person typed to find names, as it is compared.

    Raises ValueError, which says why, for a text with which no name can begin.
    """
    # The first test comes before the work of normalizing: no name shrinks that much.
    if len(text) > 20 * MAX_NAME or len(composed(text)) > MAX_NAME:
        raise ValueError(f"a name has at most {MAX_NAME} characters")
    if REFUSED.search(composed(text)):
        raise ValueError("a name has no control, direction or unassigned characters")
    folded = fold_name(text)
    if not folded:
        raise ValueError("send the beginning of a name: at least one letter, digit or sign")
    return folded


def _fold(character: str) -> str:
    apart = unicodedata.normalize("NFKD", character)
    if apart.startswith(" "):  # a space, or a mark that stands alone, such as an acute
        return character
    plain = DROPPED.sub("", apart).casefold()
    folded: str = DROPPED.sub("", unicodedata.normalize("NFKD", plain))
    return folded.translate(PLAIN)
