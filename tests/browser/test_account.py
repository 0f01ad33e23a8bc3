"""What a player does beside playing: a forgotten password, a connection that does not come back by
itself soon enough, two tabs, a clock that is wrong, a name in another script."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.axe import AXE, violations
from tests.browser.conftest import Motion, Visitors
from tests.browser.visitor import Visitor
from tests.e2e.service import PASSWORD, Service
from tests.stack import Running

pytestmark = [pytest.mark.e2e, pytest.mark.browser]

# Of the wait for the next try, once they are many.
SECONDS_LEFT = """() => /Reconnecting in (\\d{2}|[6-9]) s/.exec(
  document.querySelector("#connection-text").innerText)?.[1]"""
NEW_PASSWORD = "Another-Horse-8"
DAY_MS = 86_400_000
WRONG_CLOCK = """
const RealDate = Date;
window.Date = class extends RealDate {
  constructor(...given) { super(...(given.length ? given : [RealDate.now() + OFFSET])); }
  static now() { return RealDate.now() + OFFSET; }
};
"""
# Russian and Kazakh, Greek with its old accents, and Polish.
NAMES = [
    "\u0420\u0430\u0434\u0438\u044f \u049a\u0430\u0437\u0430\u049b",
    "\u0395\u03bb\u03ad\u03bd\u03b7 \u1f08\u03b8\u03ae\u03bd\u03b1",
    "Zo\u00eb \u0141\u00f3d\u017a",
]


@pytest.fixture
def motion() -> Motion:
    return "reduce"


def test_forgotten_password_is_set_anew(visitor: Visitor) -> None:
    page = visitor.page
    visitor.open()
    email = visitor.sign_up()
    visitor.rename("Sam R.")
    expect(page.locator("#message")).to_contain_text("Saved")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Forgot your password?").click()
    # The address that was typed before is kept.
    visitor.fill("forgotten", email=email)
    visitor.submit("forgotten")
    expect(page.locator("#reset-text")).to_contain_text(email)
    visitor.fill("reset", code="123456", newPassword="tooweakforit")
    visitor.submit("reset")
    expect(visitor.failure("reset")).to_contain_text("at least 10 characters")
    visitor.fill("reset", code="123456", newPassword=NEW_PASSWORD)
    visitor.submit("reset")
    expect(page.locator("#player")).to_be_visible()
    expect(page.locator("#message")).to_contain_text("Your new password is set")
    page.get_by_role("button", name="Sign out").click()
    visitor.sign_in(email, PASSWORD)
    expect(visitor.failure("sign-in")).to_contain_text("wrong")
    visitor.sign_in(email, NEW_PASSWORD)
    expect(page.locator("#player")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_where_a_password_is_set_anew(visitors: Visitors, scheme: str) -> None:
    visitor = visitors(scripts=(AXE,), color_scheme=scheme)
    visitor.open()
    visitor.page.get_by_role("button", name="Forgot your password?").click()
    found = {"forgotten": violations(visitor.page)}
    visitor.fill("forgotten", email=f"axe-forgotten-{scheme}@example.com")
    visitor.submit("forgotten")
    expect(visitor.page.locator("#reset")).to_be_visible()
    found["reset"] = violations(visitor.page)
    visitor.fill("reset", code="123456", newPassword="tooweakforit")
    visitor.submit("reset")
    expect(visitor.failure("reset")).to_be_visible()
    found["failure"] = violations(visitor.page)
    assert found == {state: [] for state in found}


def test_nobody_learns_who_has_an_account(visitor: Visitor) -> None:
    visitor.open()
    visitor.page.get_by_role("button", name="Forgot your password?").click()
    visitor.fill("forgotten", email="nobody-at-all@example.com")
    visitor.submit("forgotten")
    expect(visitor.page.locator("#reset")).to_be_visible()
    visitor.fill("reset", code="123456", newPassword=NEW_PASSWORD)
    visitor.submit("reset")
    expect(visitor.failure("reset")).to_contain_text("not the code that was sent")


def test_reconnect_now_does_not_wait(visitors: Visitors, stack: Running) -> None:
    visitor = visitors()
    page = visitor.page
    answers = {"up": True}

    def talk(socket: object) -> None:
        if answers["up"]:
            socket.connect_to_server()  # type: ignore[attr-defined]
            answers["socket"] = socket  # type: ignore[assignment]
        else:
            socket.close()  # type: ignore[attr-defined]

    page.route_web_socket(re.compile("^" + re.escape(stack.addresses["socket"])), talk)
    visitor.open()
    button = page.get_by_role("button", name="Reconnect now")
    expect(button).to_be_hidden()
    page.route(re.compile(r"/boards/[^/]+/top"), lambda it: it.abort())
    answers["up"] = False
    answers["socket"].close()  # type: ignore[attr-defined]
    expect(button).to_be_visible()
    # By now the next try is seconds away.
    left = page.wait_for_function(SECONDS_LEFT, timeout=60_000).json_value()
    answers["up"] = True
    button.click()
    visitor.await_state("live", seconds=int(left) - 1)
    expect(button).to_be_hidden()


def test_two_tabs_are_one_player(visitor: Visitor) -> None:
    visitor.open()
    email = visitor.sign_up()
    other = Visitor(visitor.page.context.new_page(), visitor.url)
    other.open()
    expect(other.page.locator("#player")).to_be_visible()
    visitor.visit()
    other.visit()
    expect(other.result("Visit")).to_contain_text("you have 2")
    visitor.page.get_by_role("button", name="Sign out").click()
    expect(other.page.locator("#visitor")).to_be_visible()
    other.sign_in(email)
    expect(visitor.page.locator("#player")).to_be_visible()
    assert not other.mistakes


@pytest.mark.parametrize("wrong_by", [-DAY_MS, DAY_MS], ids=["slow", "fast"])
def test_clock_that_is_wrong_by_a_day_changes_nothing(visitors: Visitors, wrong_by: int) -> None:
    script = WRONG_CLOCK.replace("OFFSET", str(wrong_by))
    visitor = visitors(scripts=(script,))
    visitor.open("weekly")
    # A season's end is the service's: less than eight days away in either case.
    expect(visitor.page.locator("#season-left")).to_have_text(re.compile(r"^[0-6] d|^\d+ (h|min)"))
    visitor.open("global")
    visitor.sign_up()
    visitor.visit()
    expect(visitor.page.locator("#freshness")).to_contain_text(
        re.compile("just now|[0-9] s ago|[0-9] min")
    )


def test_names_of_other_scripts_have_the_same_face(
    visitor: Visitor, service: Service, board: str
) -> None:
    for number, name in enumerate(NAMES):
        service.write(board, f"u{number}", score=10 - number, userName=name)
    visitor.open(board)
    expect(visitor.rows).to_have_count(3)
    visitor.page.evaluate("() => document.fonts.ready")
    devtools = visitor.page.context.new_cdp_session(visitor.page)
    devtools.send("DOM.enable")
    devtools.send("CSS.enable")
    document = devtools.send("DOM.getDocument", {"depth": -1, "pierce": True})["root"]

    def faces(node: dict[str, object]) -> list[set[str]]:
        children = [*node.get("children", []), *node.get("shadowRoots", [])]  # type: ignore[misc]
        found = [it for child in children for it in faces(child)]
        if node["nodeName"] == "BDI":
            used = devtools.send("CSS.getPlatformFontsForNode", {"nodeId": node["nodeId"]})
            found.append({it["familyName"] for it in used["fonts"]})
        return found

    assert [it for it in faces(document) if it][:3] == [{"Inter"}] * 3
