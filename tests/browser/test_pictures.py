"""What the board looks like when much happens on it: pictured at every width, light and dark, and
each picture checked for what sticks out and, at two widths, by axe."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import AXE, violations
from tests.browser.played import PlayedBoard, PlayedService, Score, playing
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser

SIZES = {360: 740, 1280: 800, 1920: 1080, 3840: 2160}
SCHEMES = ("light", "dark")
# Between them nothing changes but the room: axe takes the longest of all that is done here.
AXE_WIDTHS = (360, 1280)

NAMES = (
    "Ada Lovelace",
    "Bo",
    "Chidi",
    "Dilnoza",
    "Emre",
    "Fatima",
    "Goran",
    "Hana",
    "Ines",
    "Joao",
)
FIRST, SECOND = "2026-11-23", "2026-11-24"
DAY = 86_400

MOVES = """() => document.querySelector("#live").shadowRoot.getAnimations().filter((it) =>
  it.id === "journey" && it.playState === "running" && it.currentTime > 200).length > 3"""
TRAVELS = """() => document.querySelector("#live").shadowRoot.getAnimations().some(
  (it) => it.id === "journey" && it.playState === "running")"""
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def ladder(first: int = 4200, step: int = 310) -> list[Score]:
    """Ten players, the first of them with so many points."""
    return [(name.lower(), first - step * number) for number, name in enumerate(NAMES)]


def all_time(scores: list[Score] | None = None, **rules: object) -> PlayedBoard:
    names = {name.lower(): name for name in (*NAMES, "W" * 32)}
    seasons = {"all": ladder() if scores is None else scores}
    return PlayedBoard(
        version=1,
        names=names,
        seasons=seasons,
        scored=time.time() - 20,
        **rules,  # type: ignore[arg-type]
    )


def daily() -> PlayedBoard:
    board = all_time(season=FIRST, ends=time.time() + DAY)
    board.seasons = {FIRST: ladder()}
    return board


def nothing_more(_: Visitor, __: PlayedService) -> None:
    """The board as it is."""


def lose(visitor: Visitor, service: PlayedService) -> None:
    """The second falls below others."""
    ranked = sorted(service.boards["arena"].seasons["all"], key=lambda it: -it[1])
    user, score = ranked[1]
    service.set("arena", [*ranked[:1], (user, score - 780), *ranked[2:]])
    line = visitor.rows.filter(has_text=f"{score - 780:,}")
    expect(line.locator("bdi")).to_have_text(service.boards["arena"].names[user])
    expect(line.locator(".gain")).to_have_attribute("data-note", "\N{MINUS SIGN}780")
    visitor.page.wait_for_function(f"() => !({TRAVELS})()")


def burst(visitor: Visitor, service: PlayedService) -> None:
    """Everybody changes places, and is on the way."""
    now = dict(service.boards["arena"].seasons["all"])
    gains = {user: 700 * (number * 7 % 10) for number, user in enumerate(sorted(now, key=now.get))}  # type: ignore[arg-type]
    service.set("arena", [(user, score + gains[user]) for user, score in now.items()])
    visitor.page.wait_for_function(MOVES)


def count_down(visitor: Visitor, service: PlayedService) -> None:
    """The end is put off when it comes near."""
    board = service.boards["arena"]
    if not 3 < float(board.ends or 0) - time.time() < 10:
        board.ends, board.ends_in = None, 9
        visitor.open("arena")
    expect(visitor.page.locator("#countdown")).to_be_visible()


def end_season(visitor: Visitor, service: PlayedService) -> None:
    """Ends it once: the winners stay."""
    if service.boards["arena"].season == FIRST:
        service.turn("arena", SECOND, [("emre", 40), ("bo", 20)], ends=time.time() + DAY)
    expect(visitor.page.locator("#steps li")).to_have_count(3)
    expect(visitor.rows).to_have_count(2)


def go_offline(visitor: Visitor, service: PlayedService) -> None:
    visitor.page.context.set_offline(True)
    service.hang_up()
    expect(visitor.page.locator("#stale")).to_be_visible()


@dataclass(frozen=True, slots=True)
class Scene:
    """A board, and what happens on it before each picture."""

    board: Callable[[], PlayedBoard]
    happen: Callable[[Visitor, PlayedService], None]
    player: str | None = None
    # Whether the picture on a phone shows what is below its window too.
    is_whole: bool = False


SCENES = {
    "loss": Scene(all_time, lose, player="bo"),
    "burst": Scene(all_time, burst, player="emre"),
    "times": Scene(
        lambda: all_time(ladder(61_074, -4_321), order="asc", operator="best", kind="duration"),
        nothing_more,
        player="chidi",
    ),
    "ratings": Scene(lambda: all_time(ladder(2_390, 17), operator="latest"), nothing_more),
    "large": Scene(
        lambda: all_time([("w" * 32, 2_000_000_000), *ladder(1_999_999_999, 98_765_432)[1:]]),
        nothing_more,
        player="w" * 32,
    ),
    "hundred": Scene(
        lambda: all_time(
            [(f"player {number}", 1_000_000 - number * 7_919) for number in range(100)],
            top_size=100,
        ),
        nothing_more,
        is_whole=True,
    ),
    "last-seconds": Scene(daily, count_down),
    "podium": Scene(daily, end_season, player="bo"),
    "offline": Scene(all_time, go_offline),
}


def show(page: Page, width: int, scheme: str) -> None:
    page.set_viewport_size({"width": width, "height": SIZES[width]})
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", SCENES)
def test_scene_fits_every_width(browser: Browser, screenshots: Path, name: str) -> None:
    scene = SCENES[name]
    board = scene.board()
    overflow: dict[str, int] = {}
    found: dict[str, list[str]] = {}
    with playing(browser, board, player=scene.player, scripts=(AXE,)) as (visitor, service):
        page = visitor.page
        visitor.open("arena")
        expect(visitor.rows).to_have_count(min(board.top_size, len(board.entries())))
        for width in SIZES:
            for scheme in SCHEMES:
                picture = f"{name}-{width}-{scheme}"
                show(page, width, scheme)
                scene.happen(visitor, service)
                file = screenshots / f"{picture}.png"
                page.screenshot(path=file, full_page=scene.is_whole and width == min(SIZES))
                overflow[picture] = page.evaluate(OVERFLOW)
                if width in AXE_WIDTHS:
                    found[picture] = violations(page)
    assert overflow == dict.fromkeys(overflow, 0)
    assert found == {picture: [] for picture in found}
