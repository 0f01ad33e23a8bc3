"""The stack that all tests share, and boards and players of their own."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import Any

import pytest
import redis

from tests.e2e import oracle
from tests.e2e.service import Json, Player, Service
from tests.e2e.tables import Tables
from tests.e2e.viewer import Viewer, viewing
from tests.e2e.waiting import await_value
from tests.stack import Running

Settled = Callable[..., None]


@pytest.fixture(scope="session")
def service(stack: Running) -> Service:
    return Service(stack.addresses)


@pytest.fixture(scope="session")
def tables(stack: Running) -> Tables:
    return Tables(stack.addresses)


@pytest.fixture(scope="session")
def cache(stack: Running) -> Iterator[Any]:
    """The stack's cache, by its address."""
    host, _, port = stack.addresses["cache"].rpartition(":")
    with redis.Redis(host=host, port=int(port)) as client:
        yield client


@pytest.fixture(scope="module")
def player(service: Service) -> Player:
    """A player whom the tests of a module share."""
    return service.sign_up()


@pytest.fixture
def board() -> str:
    """A board that nobody has used: `latest`, the highest first."""
    return f"rating-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def viewer(stack: Running) -> Iterator[Viewer]:
    with viewing(stack.addresses) as viewer:
        yield viewer


@pytest.fixture
def viewers(stack: Running) -> Iterator[Callable[..., Viewer]]:
    """Opens as many viewers as a test wants."""
    with ExitStack() as opened:

        def view(query: str = "", *, origin: str | None = None) -> Viewer:
            context: AbstractContextManager[Viewer]
            context = viewing(stack.addresses, query, origin=origin)
            return opened.enter_context(context)

        yield view


@pytest.fixture
def settled(service: Service, tables: Tables) -> Settled:
    """Waits until a board's top is that of the table's items, sorted in a plain list."""

    def settle(board: str, *, order: str = "desc", season: str = "all", size: int = 10) -> None:
        def equal() -> bool:
            expected = oracle.ranking(tables.items("scoresTable"), board, season, order=order)
            entries: list[Json] = service.top(board, f"?season={season}")["entries"]
            return oracle.unmoved(entries) == expected[:size]

        await_value(equal, what=f"the top of {board} is that of the table")

    return settle
