"""The cache that hangs, is away or is full, and what brings boards back after it."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.e2e.service import Json, Service
from tests.e2e.tables import Tables
from tests.e2e.waiting import await_value


@contextmanager
def hanging(cache: Any) -> Iterator[None]:
    """The cache takes connections and answers nothing, as a machine that is lost does."""
    pid = cache.info("server")["process_id"]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextmanager
def refusing(cache: Any) -> Iterator[None]:
    """The cache closes its connections and takes none, as one that restarts does."""
    port = cache.config_get("port")["port"]
    # This connection is kept, for opening the others' way again.
    with cache.client() as kept:
        kept.config_set("port", 0)
        kept.execute_command("CLIENT KILL TYPE normal SKIPME yes")
        try:
            yield
        finally:
            kept.config_set("port", port)


@contextmanager
def full(cache: Any) -> Iterator[None]:
    """The cache has no memory left: it can be read, and takes no writes."""
    cache.config_set("maxmemory", 1)
    try:
        yield
    finally:
        cache.config_set("maxmemory", 0)


OUTAGES = {"hanging": hanging, "refusing": refusing}


def rebuild(tables: Tables, board: str) -> Json:
    """What an operator may do after a long outage."""
    answer = tables.client("lambda").invoke(
        FunctionName="leaderboard-local-rebuild", Payload=json.dumps({"board": board}).encode()
    )
    assert "FunctionError" not in answer
    done: Json = json.load(answer["Payload"])
    return done


def await_recovery(service: Service, board: str) -> None:
    """Every function asks the cache again, which it does not for a moment after an outage."""
    scores = iter(range(1, 10_000))

    def well() -> bool:
        service.write(board, "probe", score=next(scores))
        top = service.top(board)
        return bool(top["entries"]) and "degraded" not in top

    # A failed batch waits twice as long each time, and what is behind it waits too.
    await_value(well, what="scores show again", seconds=60)
