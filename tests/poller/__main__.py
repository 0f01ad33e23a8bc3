"""Measures the double: `python -m tests.poller` prints invocations a second for some shapes."""

import time

from local.poller import Context, Mapping, Options, Scheduler, Stream, seeded
from tests.poller.records import record


def measure(*, steps: int, shards: int, lanes: int, batch_size: int) -> str:
    """Deliver 4,000 batches to a function that does so many steps."""
    batches = 4_000

    def function(_: dict[str, object], __: Context) -> None:
        for _step in range(steps):
            scheduler.step("work")

    with Scheduler(seeded(1), max_decisions=10_000_000) as scheduler:
        stream = Stream(scheduler.clock, partition_key="userId", shards=shards)
        options = Options(batch_size=batch_size, parallelization_factor=lanes)
        mapping = Mapping(scheduler, stream, function, name="f", options=options)
        for number in range(batches * batch_size):
            stream.append(record(f"user-{number % 500}", number))
        began = time.perf_counter()
        scheduler.drain()
        seconds = time.perf_counter() - began
    invocations = len(mapping.ledger.deliveries) / seconds
    return (
        f"{shards} shards of {lanes} lanes, batches of {batch_size}, {steps} steps:"
        f" {invocations:,.0f} invocations/s, {scheduler.decisions / seconds:,.0f} decisions/s"
    )


if __name__ == "__main__":
    print(measure(steps=0, shards=1, lanes=1, batch_size=1))
    print(measure(steps=4, shards=1, lanes=1, batch_size=1))
    print(measure(steps=4, shards=4, lanes=1, batch_size=1))
    print(measure(steps=4, shards=4, lanes=4, batch_size=1))
    print(measure(steps=10, shards=4, lanes=2, batch_size=10))
