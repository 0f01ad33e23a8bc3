"""Calls by the sync and the async client, to a server whose answers a test decides."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable
from typing import Any

from clients.python.tests.servers import SECONDS, Api as Server, Handler
from leaderboard_client import Api, AsyncApi, Retrying

HASTY = Retrying(base=0.01, cap=0.02, patience=2.0)
PROFILE = {"userId": "ada", "userName": "Ada"}
Script = Callable[[Handler], None]
Do = Callable[[Any], Any]


class Asker:
    """Makes a client of one kind, and lets it do something."""

    def __init__(self, kind: type[Api] | type[AsyncApi]) -> None:
        self.kind = kind

    def do(self, server: Server, what: Do, **options: Any) -> Any:
        """What a call returns, or what an iterator gives."""
        options = {"retrying": HASTY, **options}
        if self.kind is Api:
            with Api(server.url, **options) as client:
                found = what(client)
                return list(found) if inspect.isgenerator(found) else found
        return asyncio.run(asyncio.wait_for(self._do_async(server, what, options), SECONDS))

    async def _do_async(self, server: Server, what: Do, options: dict[str, Any]) -> Any:
        async with AsyncApi(server.url, **options) as client:
            found = what(client)
            if isinstance(found, AsyncIterator):
                return [it async for it in found]
            return await found


def in_turn(*answers: Script) -> Script:
    """Each request gets the next answer; the last one stays."""
    left = list(answers)

    def answer(handler: Handler) -> None:
        now = left.pop(0) if len(left) > 1 else left[0]
        now(handler)

    return answer


def replying(status: int, body: Any, **headers: str) -> Script:
    return lambda handler: handler.reply(status, body, **headers)


def hang_up(handler: Handler) -> None:
    handler.close_connection = True
    handler.connection.close()


def rename(client: Any) -> Any:
    return client.rename("Ada")


def ticket(client: Any) -> Any:
    return client.ticket("global", "visit")
