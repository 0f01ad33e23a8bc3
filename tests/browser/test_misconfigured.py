"""Mistakes that a stranger's page is set up with: one problem each, which names the remedy."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.browser.conftest import Strangers
from tests.browser.strangers_page import Stranger
from tests.stack import Running

pytestmark = [pytest.mark.e2e, pytest.mark.browser]

# A machine that runs other tests as well; alone it takes a second.
MOST_SECONDS = 6.0
HTML = "<!doctype html><title>A game</title>"
FOLLOW = """async (options) => {
  const { createLeaderboard } = await import("/client/index.js");
  window.problems = [];
  const leaderboard = createLeaderboard(options);
  leaderboard.on("problem", ({ code, message }) => window.problems.push({ code, message }));
  leaderboard.subscribe("global", () => {});
}"""


def problem(
    page: Stranger, options: Mapping[str, str], *, within: float = MOST_SECONDS
) -> dict[str, Any]:
    """The one that the client reports; another one within a second is a mistake."""
    start = time.monotonic()
    page.page.evaluate(FOLLOW, options)
    page.wait_for("() => window.problems.length > 0")
    assert time.monotonic() - start < within
    page.page.wait_for_timeout(1_000)
    (found,) = page.page.evaluate("() => window.problems")
    return dict(found)


def both(stack: Running) -> dict[str, str]:
    return {"http": stack.addresses["http"], "socket": stack.addresses["socket"]}


@pytest.mark.parametrize("names", [("http", "socket"), ("socket",), ("http",)])
def test_refused_origin_names_the_page_and_allowed_origins(
    strangers: Strangers, stack: Running, names: tuple[str, ...]
) -> None:
    options = {name: both(stack)[name] for name in names}
    with strangers(HTML, port=0) as page:
        found = problem(page, options)
    assert found["code"] == "origin_refused"
    assert f"`{page.origin}`" in found["message"]
    assert "`allowedOrigins`" in found["message"]
    assert f"--origin {page.origin}" in found["message"]


def test_address_where_nobody_answers_is_named(strangers: Strangers, stack: Running) -> None:
    with strangers(HTML) as page:
        found = problem(page, both(stack) | {"socket": "ws://127.0.0.1:9/local"})
    assert found["code"] == "socket_blocked"
    assert "Nothing answers at ws://127.0.0.1:9/local" in found["message"]


# The client's tries follow one another at once, and what it asks the service is answered late.
SLOW = """() => {
  Math.random = () => 0;
  const { fetch } = window;
  window.fetch = async (url, init) => {
    if (String(url).endsWith("/health")) await new Promise((resolve) => setTimeout(resolve, 2_500));
    return fetch(url, init);
  };
}"""


@pytest.mark.parametrize("earlier", [False, True])
def test_address_where_nobody_answers_is_named_on_a_slow_machine(
    strangers: Strangers, stack: Running, *, earlier: bool
) -> None:
    """Another client of the page may have loaded the words for it already."""
    with strangers(HTML) as page:
        if earlier:
            page.page.evaluate(
                "async () => { await (await import('/client/loaded.js')).loadRemedies(); }"
            )
        page.page.evaluate(SLOW)
        found = problem(page, both(stack) | {"socket": "ws://127.0.0.1:9/local"})
    assert found["code"] == "socket_blocked"
    assert "Nothing answers at ws://127.0.0.1:9/local" in found["message"]


def test_wrong_path_of_the_socket_is_told_from_a_refused_origin(
    strangers: Strangers, stack: Running
) -> None:
    wrong = stack.addresses["http"].replace("http:", "ws:", 1) + "/nothing"
    with strangers(HTML) as page:
        found = problem(page, both(stack) | {"socket": wrong})
    assert found["code"] == "socket_blocked"
    assert "Check the path of `socket`" in found["message"]


@pytest.mark.parametrize("names", [("http", "socket"), ("socket",)])
def test_content_security_policy_is_named_with_what_to_add(
    strangers: Strangers, stack: Running, names: tuple[str, ...]
) -> None:
    options = {name: both(stack)[name] for name in names}
    with strangers(HTML, policy="connect-src 'self'") as page:
        found = problem(page, options)
    assert found["code"] == "policy_blocked"
    assert "`connect-src`" in found["message"]


@pytest.fixture
def silent() -> Iterator[str]:
    """An address that takes what is sent and never answers: host and port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def test_two_addresses_where_nobody_answers_are_one_problem(strangers: Strangers) -> None:
    options = {"http": "http://127.0.0.1:9", "socket": "ws://127.0.0.1:9/local"}
    with strangers(HTML) as page:
        found = problem(page, options, within=12.0)
    assert found["code"] == "unreachable"
    assert "`http`" in found["message"]
    assert "`socket`" in found["message"]


@pytest.mark.parametrize("names", [("http", "socket"), ("socket",)])
def test_address_that_never_answers_is_named_within_8_seconds(
    strangers: Strangers, stack: Running, silent: str, names: tuple[str, ...]
) -> None:
    wrong = {"http": f"http://{silent}", "socket": f"ws://{silent}/local"}
    options = both(stack) | {name: wrong[name] for name in names}
    with strangers(HTML) as page:
        found = problem(page, options, within=8.0)
    assert found["code"] == ("unreachable" if "http" in names else "socket_blocked")
    assert "`socket`" in found["message"]


def test_two_addresses_of_another_site_are_one_problem(strangers: Strangers) -> None:
    with strangers(HTML) as page:
        host = page.origin.removeprefix("http://")
        found = problem(page, {"http": f"http://{host}/shop", "socket": f"ws://{host}/shop"})
    assert found["code"] in ("http_failed", "socket_blocked")
