"""Waiting for what comes by itself: a condition is asked until it holds, within a limit."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

SECONDS = 60.0
"""Far more than anything takes here, so that a busy machine fails no test."""

PAUSES = (0.02, 0.1)
"""Between two questions, in seconds: the first, and the longest. Each costs the processor that the
answer waits for."""

AT_ONCE = 4
"""Requests side by side; the emulator starts a process for each one more."""

Value = TypeVar("Value")


def await_value(ask: Callable[[], Value | None], *, what: str, seconds: float = SECONDS) -> Value:
    """What `ask` answers once that is something true."""
    deadline = time.monotonic() + seconds
    pause, longest = PAUSES
    while not (value := ask()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(pause)
        pause = min(1.25 * pause, longest)
    return value
