"""A small voyage for an interpreter that has the package and nothing else of this repository's
tools: `python -m clients.python.tests.elsewhere`, from the repository's folder. It follows boards
through bad weather, and calls, writes and is refused over HTTP, by both clients."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import leaderboard_client
from clients.python.tests.servers import Handler, api
from clients.python.tests.test_voyage import sail_all
from clients.python.tests.weather import bad_weather
from leaderboard_client import Api, AsyncApi, BoardNotFound, ScoreWrite
from leaderboard_client.fields import instant


def answer(handler: Handler) -> None:
    """As the service answers the calls below."""
    if handler.path.endswith("/submissions"):
        count = len(handler.body["submissions"])
        handler.reply(200, {"results": [{"status": 200}] * count})
    else:
        handler.reply(404, {"code": "board_not_found", "detail": "No such board"})


def call() -> None:
    """Both clients, over real HTTP."""
    writes = [ScoreWrite(user_id=f"user-{number}", score=number) for number in range(250)]
    with api() as server:
        server.answer = answer
        with Api(server.url, token=lambda: "t") as client:
            assert client.write_scores("global", writes).written == 250
            said = ""
            try:
                client.top("nowhere")
            except BoardNotFound as error:
                said = str(error)
            assert said == "No such board"

        async def run() -> None:
            async with AsyncApi(server.url, token=lambda: "t") as other:
                assert (await other.write_scores("global", iter(writes))).written == 250

        asyncio.run(run())


def main() -> None:
    """Raises AssertionError if anything is wrong."""
    assert instant("2026-11-23T08:15:30.5Z") == instant("2026-11-23T09:15:30.500000+01:00")
    call()
    with bad_weather() as host:
        shown, wrong = asyncio.run(sail_all(host))
    assert wrong == []
    folder = Path(leaderboard_client.__file__).parent
    version = ".".join(map(str, sys.version_info[:3]))
    print(f"Python {version}: {shown} boards shown, none wrong, by {folder}")


if __name__ == "__main__":
    main()
