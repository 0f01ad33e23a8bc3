"""A scheduler and a stream of one shard, for the double's own tests."""

from collections.abc import Iterator

import pytest

from local.poller import Scheduler, Stream, seeded


@pytest.fixture
def scheduler() -> Iterator[Scheduler]:
    """A scheduler with a fixed seed."""
    with Scheduler(seeded(0)) as scheduler:
        yield scheduler


@pytest.fixture
def stream(scheduler: Scheduler) -> Stream:
    """A stream of a table whose partition key is `userId`."""
    return Stream(scheduler.clock, partition_key="userId")
