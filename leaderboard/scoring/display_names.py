"""Display names: what the service lets onto a board.

Two names that look alike must be the same name, so nothing invisible passes that does no visible
work. What a character is comes from one pinned Unicode, that of the package `regex`: an interpreter
brings its own, and a laptop's is not the one that is deployed.
"""

from __future__ import annotations

import unicodedata

import regex

from leaderboard.boards.snapshots import MAX_NAME

MAX_MARKS = 3
MAX_STACKED = 5
"""Marks on a letter of the scripts that write letters below and above each other."""

INDIC = r"\p{Deva}\p{Beng}\p{Guru}\p{Gujr}\p{Orya}\p{Taml}\p{Telu}\p{Knda}\p{Mlym}\p{Sinh}"
STACKING = r"\p{Tibt}\p{Mymr}\p{Khmr}\p{Lana}\p{Java}\p{Bali}"

# Parts of names in which characters without a shape of their own pass.
FLAG = r"\p{Regional_Indicator}{2}"
# Tags of any other region are drawn as nothing behind a black flag: England, Scotland, Wales.
SUBDIVISION = (
    r"\U0001F3F4\U000E0067\U000E0062(?:\U000E0065\U000E006E\U000E0067"
    r"|\U000E0073\U000E0063\U000E0074|\U000E0077\U000E006C\U000E0073)\U000E007F"
)
KEYCAP = r"[0-9#*]\uFE0F?\u20E3"
PICTURE = r"\p{Extended_Pictographic}(?:[\uFE0E\uFE0F]|\p{Emoji_Modifier})?"
EMOJI = rf"{FLAG}|{SUBDIVISION}|{KEYCAP}|{PICTURE}(?:\u200D{PICTURE})*"
# As RFC 5892 has it: between letters that would join; behind a virama, before the next letter.
PERSIAN = (
    r"(?<=[\p{Arab}&&[\p{jt=D}\p{jt=L}]]\p{jt=T}*)\u200C"
    r"(?=\p{jt=T}*[\p{Arab}&&[\p{jt=D}\p{jt=R}]])"
)
VIRAMA = rf"(?<=[[{INDIC}]&&\p{{ccc=9}}])[\u200C\u200D](?=[[{INDIC}]&&\p{{L}}])"
RA = r"(?<=\u09B0)\u200D(?=\u09CD\p{L})|(?<=\u0CB0)\u200D(?=\u0CCD\p{L})"
MONGOLIAN = r"(?<=[\p{Mong}&&\p{L}])(?:[\u180B-\u180D\u180F]|\u180E(?=[\p{Mong}&&\p{L}]))"


def _pattern(text: str) -> regex.Pattern[str]:
    return regex.compile(text, regex.V1)


JOINED = _pattern(rf"{EMOJI}|{PERSIAN}|{VIRAMA}|{RA}|{MONGOLIAN}")
INVISIBLE = _pattern(r"\p{Default_Ignorable_Code_Point}")
# Reserved for emoji to come: they pass before this Unicode knows them.
REFUSED = _pattern(
    r"[[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]"
    r"--[\u200C\u200D\u180E\U000E0020-\U000E007F\p{Extended_Pictographic}]]"
)
# Drawn as nothing, whatever their category.
BLANK = r"\u2800\uFFFC\U00013441\U00013442\U00016FE4\U0001D159"
VISIBLE = _pattern(
    rf"[[\p{{L}}\p{{N}}\p{{P}}\p{{S}}\p{{Extended_Pictographic}}]--[{BLANK}\p{{DI}}]]"
)
BLANKS = _pattern(f"[{BLANK}]")
SPACES = _pattern(r"\p{Zs}+")
# A picture that is one anyway does not change with the selector for that; some keyboards send it.
# Emoji to come are such pictures. Past the first plane hardly any system draws the plain form.
REDUNDANT = _pattern(
    r"(?:(?<=[\p{Emoji_Presentation}[\p{Extended_Pictographic}--\p{Emoji}]])\uFE0F"
    r"|(?<=[\p{Extended_Pictographic}&&[\U00010000-\U0010FFFF]])\uFE0E)(?![\uFE0E\uFE0F])"
)
# What older keyboards type for letters that Unicode has had since version 5.1.
TYPED_WITH_A_JOINER = {
    "\u0d23\u0d4d\u200d": "\u0d7a",  # Malayalam: chillu nn, n, rr, l, ll, k
    "\u0d28\u0d4d\u200d": "\u0d7b",
    "\u0d30\u0d4d\u200d": "\u0d7c",
    "\u0d32\u0d4d\u200d": "\u0d7d",
    "\u0d33\u0d4d\u200d": "\u0d7e",
    "\u0d15\u0d4d\u200d": "\u0d7f",
    "\u09a4\u09cd\u200d": "\u09ce",  # Bengali: khanda ta
}
UNCARRIED = _pattern(r"(?:^| )\p{M}")
STACKED = _pattern(rf"[[{STACKING}]&&\p{{L}}][[{STACKING}]&&\p{{M}}]{{1,{MAX_STACKED}}}(?!\p{{M}})")
CROWDED = _pattern(rf"\p{{M}}{{{MAX_MARKS + 1}}}")
CROWDED_APART = _pattern(rf"(?:\p{{Mc}}*[\p{{Mn}}\p{{Me}}]){{{MAX_MARKS + 1}}}")
# What composing would treat in one way here and in another there: these came after Unicode 14, that
# of the oldest interpreter, and compose or are put in order.
YOUNG = _pattern(
    r"[[\u05C8\u05C9\u0897\u1ACF-\u1AF0\U000105C9-\U000105E4\U00010D69-\U00010D6D"
    r"\U00010ECB-\U00010EFF\U00011383-\U000113D0\U00011F41\U00011F42\U0001611E-\U0001612F"
    r"\U00016D67-\U00016D6A\U0001D127\U0001D128\U0001D250-\U0001D281\U0001E08F"
    r"\U0001E4EC-\U0001E4EF\U0001E5EE\U0001E5EF\U0001E6E3-\U0001E6F5]"
    r"&&[\P{ccc=0}\p{dt=canonical}\P{NFC_QC=Y}]]"
)


def clean_name(text: str) -> str:
    """The name as it is kept: NFC, trimmed, spaces folded, 1 to 32 characters.

    Raises ValueError, which says why, for a name that may not stand on a board.
    """
    if len(text) > 20 * MAX_NAME:  # before the work of normalizing: no name shrinks that much
        raise ValueError(f"a name has at most {MAX_NAME} characters")
    if YOUNG.search(text):
        raise ValueError("a name has no marks that are newer than Unicode 14")
    name: str = REDUNDANT.sub("", composed(text))
    if REFUSED.search(name):
        raise ValueError("a name has no control, direction or unassigned characters")
    if not VISIBLE.search(name):
        raise ValueError("a name has at least one visible character")
    if len(name) > MAX_NAME:
        raise ValueError(f"a name has at most {MAX_NAME} characters")
    if INVISIBLE.search(JOINED.sub("", name)) or BLANKS.search(name):
        raise ValueError("a name has invisible characters only where emoji and scripts need them")
    if UNCARRIED.search(name) or _is_crowded(name):
        raise ValueError(f"a letter carries at most {MAX_MARKS} combining marks, a space carries 0")
    return name


def composed(text: str) -> str:
    """A text, or the beginning of one, with its letters as names have them: composed and trimmed,
    each run of spaces as one."""
    name: str = SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip()
    for typed, letter in TYPED_WITH_A_JOINER.items():
        name = name.replace(typed, letter)
    return name


def _is_crowded(name: str) -> bool:
    """Whether a letter carries too many marks, those included that are composed with it.

    Vowels that take width are counted as they are composed: some are three by their parts.
    """
    apart = unicodedata.normalize("NFD", name)
    return bool(
        CROWDED.search(STACKED.sub("", name)) or CROWDED_APART.search(STACKED.sub("", apart))
    )
