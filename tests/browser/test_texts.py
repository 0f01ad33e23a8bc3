"""The page's languages: the same messages in each, and a page that speaks the viewer's."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from local.service import ROOT, environment
from tests.browser.axe import AXE, violations
from tests.browser.conftest import Visitors
from tests.browser.played import PlayedBoard, playing
from tests.e2e.service import PASSWORD, Service

WEB = ROOT / "web"
CATALOGS = {it: (it, f"failures_{it}", f"seasons_{it}") for it in ("en", "de")}
# Units, and what both languages write alike.
SAME = {"board.ofPattern", "board.morePattern", "sprint.minus", "sprint.plus", "time.seconds"}
SAME |= {"play.code", "status.live"}

# A word with a capital, or words with the end of a sentence.
SENTENCE = re.compile(r"^[A-Z][a-z]+(?:[ .,:\u2026!?]|$)|[a-z]{2,} [a-z]{2,}[^{}]*[.\u2026!?]$")
# Names that browsers and the sign-in's service give to things.
CODE_WORDS = {"Enter", "Escape", "Bearer ${token}"}
# The texts that are looked up by the code of what happened.
BY_CODE = ("failure.", "trouble.")
# What the page says of several codes, or of none.
OF_NO_CODE = {"page", "manyAttempts", "unconfirmed", "tooOften", "busy"}

Message = str | dict[str, str]


def catalog(language: str) -> dict[str, Message]:
    """The messages of a language, as the page's own modules give them."""
    files = [(WEB / "texts" / f"{name}.js").as_uri() for name in CATALOGS[language]]
    script = (
        "".join(f"const it{n} = await import({json.dumps(file)});" for n, file in enumerate(files))
        + f"console.log(JSON.stringify([{','.join(f'it{n}' for n in range(len(files)))}]"
        ".map((it) => Object.values(it)[0])));"
    )
    told = subprocess.run(
        ["node", "--input-type=module", "--eval", script],  # noqa: S607
        env=environment(),
        check=True,
        capture_output=True,
        text=True,
    )
    messages: dict[str, Message] = {}
    for part in json.loads(told.stdout):
        assert not messages.keys() & part.keys()
        messages |= part
    return messages


def forms(message: Message) -> list[str]:
    return [message] if isinstance(message, str) else list(message.values())


def values(message: Message) -> set[str]:
    return {name for form in forms(message) for name in re.findall(r"\{(\w+)\}", form)}


def modules() -> list[Path]:
    return [it for it in sorted(WEB.rglob("*.js")) if it.parent.name != "texts"]


def test_both_languages_say_the_same_things() -> None:
    english, german = catalog("en"), catalog("de")
    assert list(english) == list(german), "the same keys in the same order"
    for key, message in english.items():
        assert values(message) == values(german[key]), key
        assert isinstance(message, str) == isinstance(german[key], str), key
    untranslated = {key for key, message in english.items() if message == german[key]}
    assert untranslated <= SAME


def test_every_text_that_the_page_names_exists() -> None:
    page = (WEB / "index.html").read_text(encoding="utf-8")
    named = set(re.findall(r'data-(?:text|label|title)="([^"]+)"', page))
    assert len(named) > 30
    assert named <= set(catalog("en"))


def test_page_has_no_text_of_one_language_alone() -> None:
    page = (WEB / "index.html").read_text(encoding="utf-8")
    body = page[page.index("<body>") : page.index("<noscript>")]
    said = re.sub(r"<svg.*?</svg>|<[^>]*>|&nbsp;", " ", body, flags=re.DOTALL).split()
    assert set(said) <= {"#", "\u2013"}


def literals(module: Path) -> set[str]:
    """What stands in quotes in a module, without its comments and what it tells developers."""
    code = re.sub(
        r"/\*.*?\*/|(?<!:)//[^\n]*", "", module.read_text(encoding="utf-8"), flags=re.DOTALL
    )
    code = re.sub(r"new (?:Range|Type)?Error\([^)]*\)|console\.\w+\([^)]*\)", "", code)
    return {it[1:-1] for it in re.findall(r'"[^"\n]*"|`[^`\n]*`', code)}


def test_no_sentence_stands_outside_the_texts() -> None:
    found = {
        f"{module.relative_to(WEB)}: {literal}"
        for module in modules()
        for literal in literals(module)
        if SENTENCE.search(literal) and literal not in CODE_WORDS
    }
    assert len(modules()) > 25
    assert found == set()


def test_every_text_is_used() -> None:
    used = "".join(it.read_text(encoding="utf-8") for it in [*modules(), WEB / "index.html"])
    unused = {key for key in catalog("en") if key not in used and not key.startswith(BY_CODE)}
    assert unused == set()


def test_every_text_of_an_error_has_a_code_that_exists() -> None:
    api = ROOT / "clients" / "javascript" / "src" / "api"
    codes = "".join((api / it).read_text(encoding="utf-8") for it in ("errors.js", "schemas.js"))
    texts = {key.split(".")[1] for key in catalog("en") if key.startswith(BY_CODE)}
    assert {it for it in texts - OF_NO_CODE if f'"{it}"' not in codes} == set()


@pytest.mark.e2e
@pytest.mark.browser
def test_german_viewer_reads_german(visitors: Visitors, service: Service, board: str) -> None:
    service.write(board, "ada", score=9_876, userName="Ada")
    visitor = visitors(locale="de-CH", scripts=(AXE,))
    visitor.open(board)
    page = visitor.page
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.locator("#connection")).to_contain_text("Live")
    # A Swiss reader's own separators.
    expect(visitor.rows.locator(".points")).to_have_text(re.compile("^9['\u2019]876$"))
    assert violations(page) == []
    page.get_by_role("button", name="Konto anlegen", exact=True).click()
    visitor.fill("sign-up", email="texte@example.com", password="zukurzeswort")
    visitor.submit("sign-up")
    expect(visitor.failure("sign-up")).to_contain_text("Das Passwort braucht mindestens 10 Zeichen")
    visitor.fill("sign-up", email="texte@example.com", password=PASSWORD)
    visitor.submit("sign-up")
    expect(page.locator("#confirm-text")).to_contain_text("beliebige sechs Ziffern")
    visitor.fill("confirm", code="123456")
    visitor.submit("confirm")
    expect(page.locator("#message")).to_contain_text("Willkommen!")
    page.get_by_role("button", name="Konto löschen").click()
    expect(page.locator("#leaving")).to_contain_text("lässt sich nicht rückgängig machen")
    assert violations(page) == []


@pytest.mark.e2e
@pytest.mark.browser
@pytest.mark.parametrize(
    ("locale", "asked", "language", "score"),
    [
        ("fr-FR", "", "en", "1\u202f234"),
        ("en-US", "de", "de", "1.234"),
        ("de-DE", "en", "en", "1,234"),
        ("de-AT", "tlh", "de", "1\u00a0234"),
    ],
)
def test_address_chooses_before_the_browser(
    visitors: Visitors,
    service: Service,
    board: str,
    locale: str,
    asked: str,
    language: str,
    score: str,
) -> None:
    service.write(board, "ada", score=1234, userName="Ada")
    visitor = visitors(locale=locale)
    visitor.page.goto(f"{visitor.url}?board={board}&lang={asked}")
    expect(visitor.page.locator("html")).to_have_attribute("lang", language)
    expect(visitor.rows.locator(".points")).to_have_text(score)


VIEWS = {"page": "?board=arena", "wall": "?view=wall&boards=arena", "embed": "?embed=1&board=arena"}


class LowerPart(PlayedBoard):
    """A board that shows places past a thousand, which have separators."""

    def entries(self, season: str | None = None) -> list[dict[str, Any]]:
        return [it | {"place": it["place"] + 1199} for it in super().entries(season)]


@pytest.mark.browser
@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(
    ("locale", "written", "place"),
    [
        ("de-CH", "de-CH", "1['\u2019]200"),
        ("en-IN", "en-IN", "1,200"),
        # English words are not read out as French.
        ("fr-FR", "en", "1,200"),
    ],
)
def test_board_writes_its_own_numbers_in_the_viewers_locale(
    browser: Browser, view: str, locale: str, written: str, place: str
) -> None:
    arena = LowerPart(version=1, seasons={"all": [("ada", 900)]})
    with playing(browser, arena, locale=locale) as (visitor, _):
        visitor.page.goto(visitor.url + VIEWS[view])
        board = visitor.page.locator("live-leaderboard:visible")
        expect(board.locator(".medal")).to_have_text(re.compile(f"^{place}$"))
        expect(board).to_have_attribute("lang", written)
