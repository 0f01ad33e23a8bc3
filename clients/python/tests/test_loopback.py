"""Addresses on this machine are reached around every proxy."""

from __future__ import annotations

import asyncio

import pytest

from clients.python.tests.messages import snapshot
from clients.python.tests.servers import HURRIED, SECONDS, Api, Gateway, api, run, until
from leaderboard_client import Leaderboard
from leaderboard_client.loopback import is_loopback


@pytest.fixture(params=["upper", "lower", "socks", "others spared"])
def proxied(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy is set, and nothing answers there."""
    names = ["http_proxy", "https_proxy", "all_proxy", "ws_proxy", "wss_proxy"]
    proxy = "http://127.0.0.1:1" if request.param != "socks" else "socks5://127.0.0.1:1"
    for name in [*names, "no_proxy"]:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name in names:
        monkeypatch.setenv(name if request.param == "lower" else name.upper(), proxy)
    if request.param == "others spared":
        monkeypatch.setenv("no_proxy", "example.com")


@pytest.mark.usefixtures("proxied")
def test_loopback_is_followed_around_a_proxy() -> None:
    async def test(server: Gateway) -> None:
        async with Leaderboard(socket=server.url, timing=HURRIED) as leaderboard:
            shown: list[int] = []
            leaderboard.subscribe("global", lambda board, _: shown.append(board.version))
            await until(lambda: shown)

    run(test)


@pytest.mark.usefixtures("proxied")
def test_loopback_is_read_around_a_proxy() -> None:
    async def test(server: Api) -> None:
        shown: list[int] = []
        async with Leaderboard(http=server.url, timing=HURRIED) as leaderboard:
            leaderboard.subscribe("global", lambda board, _: shown.append(board.version))
            await until(lambda: shown)

    with api() as server:
        server.answer = lambda request: request.reply(200, snapshot(1, "ada"))
        asyncio.run(asyncio.wait_for(test(server), SECONDS))


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:4566", True),
        ("ws://127.1.2.3/dev", True),
        ("ws://[::1]:80", True),
        ("http://localhost:80/", True),
        ("ws://a1.execute-api.localhost:4566/dev", True),
        ("https://example.com", False),
        ("https://localhost.example.com", False),
        ("http://10.0.0.1", False),
        ("nothing", False),
    ],
)
def test_loopback_is_known_by_its_addresses(url: str, here: bool) -> None:
    assert is_loopback(url) == here
