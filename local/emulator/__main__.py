"""Runs ministack behind the guard, with its streams driven by `local.poller`:
`python -m local.emulator`, configured by its environment, on a socket that is open already."""

from __future__ import annotations

import asyncio
import os
import resource
from typing import Any

import ministack.app
from hypercorn.asyncio import serve
from hypercorn.config import Config

from local.emulator.calls import Calls
from local.emulator.guard import Guard
from local.emulator.triggers import Triggers

KEEP_ALIVE_SECONDS = 75.0


def main() -> None:
    port = int(os.environ["GATEWAY_PORT"])
    calls = Calls(
        ministack.app.app,
        host=f"127.0.0.1:{port}",
        access_key_id="test",
        region=os.environ["MINISTACK_REGION"],
    )
    # A browser and each function keep connections: more than the usual limit of open files.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    config = Config()
    config.bind = [f"fd://{os.environ['LISTENING_SOCKET']}"]
    config.keep_alive_timeout = KEEP_ALIVE_SECONDS
    # ASGI as one class of messages: the server's own types have one for each.
    guarded: Any = Guard(Triggers(ministack.app.app, calls), port=port)
    asyncio.run(serve(guarded, config))


if __name__ == "__main__":
    main()
