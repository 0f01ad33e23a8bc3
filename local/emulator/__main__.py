"""Runs ministack behind the guard: `python -m local.emulator`, configured by its environment."""

from __future__ import annotations

import os

import ministack.app

from local.emulator.guard import Guard

if __name__ == "__main__":
    ministack.app.app = Guard(ministack.app.app, port=int(os.environ["GATEWAY_PORT"]))
    ministack.app.main()
