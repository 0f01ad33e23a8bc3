"""A cache that hangs: what reads wait for it, and how soon it is used again."""

from __future__ import annotations

import itertools
import socket
import time
from collections.abc import Iterator

import pytest
from redis.exceptions import (
    ConnectionError as CacheConnectionError,
    OutOfMemoryError,
    RedisError,
    TimeoutError as CacheTimeoutError,
)

import handlers.boards
from leaderboard import wiring
from leaderboard.adapters.valkey.connection import OUTAGE_SECONDS, READ_OUTAGE_SECONDS, Outage
from leaderboard.errors import CacheUnavailable
from tests.integration import aws
from tests.integration.events import CONTEXT, answered, request
from tests.integration.valkey import Valkey


class Clock:
    """The clock of pauses, which can be put forward."""

    def __init__(self) -> None:
        self.passed = 0.0
        self.real = time.monotonic

    def monotonic(self) -> float:
        return self.real() + self.passed


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    it = Clock()
    monkeypatch.setattr("leaderboard.adapters.valkey.connection.time.monotonic", it.monotonic)
    return it


def attempts(outage: Outage, clock: Clock, error: RedisError, *, seconds: int) -> list[float]:
    """When a cache that fails so is asked, with ten requests a second for so long."""
    asked = []

    def ask() -> None:
        with outage.noticed():
            asked.append(clock.passed)
            raise error

    for _ in range(seconds * 10):
        clock.passed += 0.1
        with pytest.raises(CacheUnavailable):
            ask()
    return asked


@pytest.mark.parametrize("kind", [CacheTimeoutError, CacheConnectionError])
def test_pause_grows_while_the_cache_stays_silent_and_ends_with_its_first_answer(
    clock: Clock, kind: type[RedisError]
) -> None:
    outage = Outage(READ_OUTAGE_SECONDS)
    for _ in range(2):
        asked = attempts(outage, clock, kind("silent"), seconds=300)
        pauses = [later - earlier for earlier, later in itertools.pairwise(asked)]
        assert pauses[0] <= OUTAGE_SECONDS + 0.2
        assert max(pauses) <= READ_OUTAGE_SECONDS + 0.2
        assert min(pauses[5:]) >= READ_OUTAGE_SECONDS / 2
        assert len(set(pauses[5:])) > 5, "all environments would ask at once"
        clock.passed += READ_OUTAGE_SECONDS
        with outage.noticed():
            pass


def test_cache_that_answers_with_an_error_is_not_silent(clock: Clock) -> None:
    """One board's broken key must not keep the others from it."""
    outage = Outage(READ_OUTAGE_SECONDS)
    asked = attempts(outage, clock, OutOfMemoryError("full"), seconds=60)
    pauses = [later - earlier for earlier, later in itertools.pairwise(asked)]
    assert max(pauses) <= OUTAGE_SECONDS + 0.2


def test_functions_that_nobody_waits_for_ask_again_after_a_second(clock: Clock) -> None:
    asked = attempts(Outage(), clock, CacheTimeoutError("silent"), seconds=60)
    assert len(asked) >= 50


@pytest.fixture
def silent(stage: None) -> Iterator[str]:  # noqa: ARG001 - its tables
    """The address of a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def test_reads_wait_less_and_less_often_for_a_cache_that_hangs(
    silent: str, cache_server: Valkey, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    monkeypatch.setenv("CACHE_ENDPOINT", silent)
    aws.forget()

    def waited() -> bool:
        began = clock.real()
        event = request("GET /boards/{board}/top", path={"board": "global"})
        answer = answered(handlers.boards.handler(event, CONTEXT))
        assert answer.json["degraded"] is True
        return clock.real() - began > 0.5

    assert waited()
    assert not waited()
    clock.passed += OUTAGE_SECONDS + 0.1
    assert waited()
    clock.passed += OUTAGE_SECONDS + 0.1
    assert not waited()
    clock.passed += OUTAGE_SECONDS
    assert waited()
    # Once it answers, it is used within the longest pause.
    paused = wiring.read_connection().outage.pause
    monkeypatch.setenv("CACHE_ENDPOINT", cache_server.endpoint)
    aws.forget()
    wiring.read_connection().outage.pause = paused
    clock.passed += READ_OUTAGE_SECONDS
    event = request("GET /boards/{board}/top", path={"board": "global"})
    assert "degraded" not in answered(handlers.boards.handler(event, CONTEXT)).json
    assert paused.failures == 0
