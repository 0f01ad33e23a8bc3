"""Runs ministack behind the guard, with its streams driven by `local.poller`:
`python -m local.emulator`, configured by its environment."""

from __future__ import annotations

import os

import ministack.app

from local.emulator.calls import Calls
from local.emulator.guard import Guard
from local.emulator.triggers import Triggers


def main() -> None:
    port = int(os.environ["GATEWAY_PORT"])
    calls = Calls(
        ministack.app.app,
        host=f"127.0.0.1:{port}",
        access_key_id="test",
        region=os.environ["MINISTACK_REGION"],
    )
    ministack.app.app = Guard(Triggers(ministack.app.app, calls), port=port)
    ministack.app.main()


if __name__ == "__main__":
    main()
