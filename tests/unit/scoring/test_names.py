"""Names and ids."""

from __future__ import annotations

import re
import unicodedata
from itertools import combinations

import pytest
import regex
from hypothesis import given, strategies as st

from leaderboard.boards.snapshots import BOARD, MAX_NAME, USER_ID, default_name
from leaderboard.scoring.display_names import YOUNG, clean_name


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
        "می\u200cخواهم",
        "👩\u200d🚀",
        "👨\u200d👩\u200d👧\u200d👦",
        "❤\ufe0f",
        "👍🏽",
        "🇩🇪",
        "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
        "<b>bold</b>",
        "a b",
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


WORDS = [
    "José", "Ångström", "Nguyễn Thị Ánh", "Łukasz", "Þórður", "Ιωάννης", "Ἀχιλλεύς", "Дмитрий",
    "Њеґоš", "Հայկ", "თამარ", "שָׁלוֹם", "שִׁיר", "مُحَمَّد", "عبدُاللّٰه", "فاطمه", "ܡܪܝܐ", "ሰላም", "अर्जुन",
    "ज़ीनत", "हर्षवर्धन", "বাংলা", "ਸਿੰਘ", "ગુજરાતી", "ଓଡ଼ିଆ", "தமிழ்ச்செல்வி", "శ్రీనివాస్",
    "ಕೃಷ್ಣ", "ശ്രീജിത്ത്", "කුමාර", "දෝංකාර", "ಕೋಂ", "ᾧ", "ที่รัก", "น้ำผึ้ง", "ກຸ້ງ", "བསྒྲུབས", "རྒྱུད་སྐྱོང", "လျှို့ဝှက်",
    "မြို့", "ស្រីនាង", "ង៉ាំ", "ᨾᩮᩬᩥᨦ", "ꦏꦿꦾꦺꦴꦁ", "한글", "カタカナ", "ひらがな", "渡邉", "𠮷野",
    "ᏣᎳᎩ", "ᓄᓇᕗᑦ", "ⵜⴰⵎⴰⵣⵉⵖⵜ", "ᠮᠣᠩᠭᠣᠯ", "𞤀𞤣𞤤𞤢𞤥", "ߒߞߏ",
]  # fmt: skip
EMOJI = [
    "1\ufe0f\u20e3", "#\ufe0f\u20e3", "©", "™\ufe0f", "☺\ufe0f", "❤\ufe0e", "👍🏿", "🇺🇳",
    "👩🏽\u200d⚕\ufe0f", "🏳\ufe0f\u200d🌈", "🏴\u200d☠\ufe0f", "❤\ufe0f\u200d🔥",
    "👩\u200d❤\ufe0f\u200d💋\u200d👨", "👨🏻\u200d❤\ufe0f\u200d💋\u200d👨🏿",
    "🧑🏽\u200d🤝\u200d🧑🏿", "👁\ufe0f\u200d🗨\ufe0f", "🕵🏽\u200d♂\ufe0f", "⛹🏻\u200d♀\ufe0f",
    "🧑\u200d🧑\u200d🧒\u200d🧒", "🐻\u200d❄\ufe0f", "🙂\u200d↔\ufe0f", ("🏴\U000e0067\U000e0062"
    "\U000e0065\U000e006e\U000e0067\U000e007f"), "\U0001fad9", "\U0001faee", "\U0001fae8",
    "\U0001faff", "\U0001fc00",  # reserved for emoji to come
]  # fmt: skip
SCRIPTS_WITH_JOINERS = [
    "خانه\u200cها", "دانش\u200cآموز", "نَمی\u200cشَوَد", "क्\u200dष", "क्\u200cष", "र्\u200dय",
    "ශ්\u200dරී", "র\u200d্যাব", "ರ\u200d್ಯಾಂಕ್", "ക്\u200cഷ", "ᠠ\u180b", "ᠠ\u180eᠠ",
]  # fmt: skip


@pytest.mark.parametrize("name", [*WORDS, *EMOJI, *SCRIPTS_WITH_JOINERS])
def test_name_of_any_script_is_kept(name: str) -> None:
    name = unicodedata.normalize("NFC", name)
    assert clean_name(name) == name
    assert clean_name(f"Ada {name} 7") == f"Ada {name} 7"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("രാജന്\u200d", "രാജൻ"),
        ("മോഹന്\u200dലാല്\u200d", "മോഹൻലാൽ"),
        ("ശ്രീകുമാര്\u200d 7", "ശ്രീകുമാർ 7"),
        ("കണ്\u200d", "കൺ"),
        ("അവള്\u200d", "അവൾ"),
        ("വാക്\u200d", "വാൿ"),
        ("শরত্\u200d", "শরৎ"),
    ],
)
def test_letter_that_older_keyboards_type_with_a_joiner_is_the_letter(
    typed: str, kept: str
) -> None:
    """Malayalam's chillus and Bengali's khanda ta end words, and look like the letters."""
    assert clean_name(typed) == clean_name(kept) == kept


INVISIBLE = sorted(
    regex.findall(r"\p{DI}", "".join(map(chr, [*range(0xD800), *range(0xE000, 0x110000)])))
)
BLANK = ["\u2800", "\ufffc", "\U00013441", "\U00013442", "\U00016fe4", "\U0001d159"]


@pytest.mark.parametrize("form", ["{}Ada", "A{}da", "Ada{}", "A{0}{0}da", "{}李", "И{}", "ㅎ{}이"])
def test_nothing_invisible_stands_among_letters(form: str) -> None:
    passed = []
    for character in [*INVISIBLE, *BLANK]:
        try:
            passed.append(clean_name(form.format(character)))
        except ValueError:
            continue
    assert passed == []


@pytest.mark.parametrize(
    "name",
    [
        "👩\u200d",
        "\u200d👩",
        "👩\u200d\u200d🚀",
        "👩\u200dA",
        "👍\ufe0e\ufe0f",
        "😀\ufe0f\ufe0f",
        "1\ufe0f",
        "#\ufe0f1",
        "A\ufe0f\u20e3",
        "🏴\U000e0067\U000e0062",
        # Tags that name no flag are drawn as nothing behind a black one.
        "🏴\U000e0061\U000e0061\U000e0061\U000e007f",
        "🏴\U000e0067\U000e0062\U000e0061\U000e0062\U000e0063\U000e007f",
        "🏴\U000e007f",
        "🚀\U000e0067\U000e0062\U000e0073\U000e007f",
        "می\u200c",
        "\u200cمی",
        "ا\u200cب",  # alef joins nothing: nobody would see it
        "ب\u200dب",
        "می\u200c\u200cخواهم",
        "क\u200dष",
        "क्\u200dA",
        "क्\u200d",
        "ᠠ\u180b\u180b",
        "A\u180e",
        "葛\U000e0100",
        "葛\ufe00",
    ],
)
def test_joiners_and_selectors_pass_only_where_they_do_something(name: str) -> None:
    with pytest.raises(ValueError, match="only where emoji and scripts need them"):
        clean_name(name)


@pytest.mark.parametrize(
    "picture", ["😀", "🦄", "🏔", "♈", "❤", "©", "🀄", "\U0001faff", "\U0001fc00", "\U0001f02c"]
)
def test_selector_that_changes_nothing_is_left_out(picture: str) -> None:
    """Emoji that are coloured anyway, those to come, and the plain form that few systems draw."""
    plain = regex.fullmatch(r"[\p{Emoji}--\p{Emoji_Presentation}]", picture, flags=regex.V1)
    changes = {"\ufe0f": plain is not None, "\ufe0e": picture < "\U00010000"}
    for selector, changed in changes.items():
        kept = picture + selector if changed else picture
        assert clean_name(f"Ada {picture}{selector}") == f"Ada {kept}"


@pytest.mark.parametrize("space", regex.findall(r"\p{Zs}", "".join(map(chr, range(0x3001)))))
def test_spaces_of_every_kind_fold_to_one(space: str) -> None:
    assert clean_name(f"{space}Ada{space}{space} {space}Byron{space}") == "Ada Byron"


@pytest.mark.parametrize("mark", ["\u0301", "\u0489", "\u20dd", "\u0f71", "\u102d", "\u0941"])
@pytest.mark.parametrize("letter", ["q", "a", "e", "ệ"])
def test_letter_carries_three_marks_at_most(letter: str, mark: str) -> None:
    left = 3 - (len(unicodedata.normalize("NFD", letter)) - 1)
    for count in range(left + 1):
        name = unicodedata.normalize("NFC", letter + mark * count)
        assert clean_name(name) == name
    with pytest.raises(ValueError, match="at most 3 combining marks"):
        clean_name(letter + mark * (left + 1))


@pytest.mark.parametrize(
    "name", ["\u0301a", "a \u0301b", "a\u00a0\u0301b", "\u0903a", "ག" + "\u0f71" * 6]
)
def test_mark_stands_on_a_letter_and_stacks_are_bounded(name: str) -> None:
    with pytest.raises(ValueError, match="combining marks"):
        clean_name(name)


def test_what_this_interpreter_may_compose_otherwise_is_refused() -> None:
    """Every mark or composed letter that this interpreter's Unicode does not have."""
    moving = regex.compile(r"[\P{Cn}&&[\P{ccc=0}\p{dt=canonical}\P{NFC_QC=Y}]]", flags=regex.V1)
    for character in map(chr, [*range(0xD800), *range(0xE000, 0x110000)]):
        if unicodedata.category(character) == "Cn" and moving.match(character):
            assert YOUNG.match(character), hex(ord(character))


def test_letters_that_are_newer_than_this_interpreter_pass() -> None:
    assert clean_name("\U00016d40\U00016d43") == "\U00016d40\U00016d43"  # Kirat Rai, Unicode 16


def _bare(name: str) -> str:
    return "".join(regex.findall(r"\P{DI}", name))


ALPHABET = st.sampled_from(
    ["A", "d", "a", "é", "И", "李", "ㅎ", " ", "\u00a0", "\u0301", *INVISIBLE]
)


@given(st.lists(st.text(ALPHABET, min_size=1, max_size=6), min_size=2, max_size=6))
def test_names_that_differ_in_nothing_visible_are_the_same_name(texts: list[str]) -> None:
    names = []
    for text in texts:
        try:
            names.append(clean_name(text))
        except ValueError:
            continue
    for one, other in combinations(names, 2):
        assert _bare(one) != _bare(other) or one == other


@given(st.text(max_size=40) | st.text(st.sampled_from("".join([*WORDS, *EMOJI])), max_size=40))
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
    assert default_name("0aa6f2-bc") == "player-c4e98f"
    assert default_name("x") == "player-2d7116"


def test_ids_of_one_origin_have_names_of_their_own() -> None:
    names = {default_name(f"steam:7656119800000000{number}") for number in range(1, 5)}
    assert len(names) == 4
    assert all(re.fullmatch("player-[0-9a-f]{6}", name) for name in names)


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
