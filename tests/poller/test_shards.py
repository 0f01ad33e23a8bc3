"""Shards, lineage and lanes: what runs at the same time, and what keeps its order."""

from typing import Any

import pytest

from local.poller import Context, Mapping, Options, Scheduler, Stream, seeded
from tests.poller.records import record, users


def test_sequence_numbers_rise_and_look_like_dynamodbs(stream: Stream) -> None:
    numbers = [stream.append(record("a")) for _ in range(20)]
    assert [int(number) for number in numbers] == sorted({int(number) for number in numbers})
    assert all(21 <= len(number) <= 40 for number in numbers)


def test_partition_key_decides_the_shard(scheduler: Scheduler) -> None:
    stream = Stream(scheduler.clock, partition_key="userId", shards=4)
    for number in range(200):
        stream.append(record(f"user-{number % 50}", number))
    owners: dict[str, set[str]] = {}
    for shard in stream.shards:
        assert shard.records
        for stored in shard.records:
            owners.setdefault(stored.key, set()).add(shard.shard_id)
    assert len(owners) == 50
    assert all(len(shards) == 1 for shards in owners.values())


def _overlaps(stream: Stream, scheduler: Scheduler, factor: int) -> tuple[int, bool]:
    """The most invocations at a time, and whether one key was ever in two of them."""
    running: list[set[str]] = []
    most, shared = 0, False

    def function(event: dict[str, Any], _: Context) -> None:
        nonlocal most, shared
        keys = set(users(event))
        shared = shared or any(keys & others for others in running)
        running.append(keys)
        most = max(most, len(running))
        for _step in range(3):
            scheduler.step("work")
        running.remove(keys)

    options = Options(batch_size=2, parallelization_factor=factor)
    Mapping(scheduler, stream, function, name="f", options=options)
    for number in range(200):
        # Of a number of users that shares no divisor with that of lanes: no count tells them apart.
        stream.append(record(f"user-{number % 23}", number))
    scheduler.drain()
    return most, shared


def test_one_shard_without_factor_has_one_invocation_at_a_time(
    scheduler: Scheduler, stream: Stream
) -> None:
    assert _overlaps(stream, scheduler, factor=1) == (1, False)


def test_shards_run_in_parallel_even_without_factor(scheduler: Scheduler) -> None:
    stream = Stream(scheduler.clock, partition_key="userId", shards=3)
    assert _overlaps(stream, scheduler, factor=1) == (3, False)


def test_lanes_of_a_shard_run_in_parallel_and_never_share_a_key(
    scheduler: Scheduler, stream: Stream
) -> None:
    assert _overlaps(stream, scheduler, factor=4) == (4, False)


def test_poison_in_one_lane_holds_up_no_other(scheduler: Scheduler, stream: Stream) -> None:
    def function(event: dict[str, Any], _: Context) -> None:
        if "user-0" in users(event):
            raise ValueError

    options = Options(parallelization_factor=4, batch_size=1)
    mapping = Mapping(scheduler, stream, function, name="f", options=options)
    poison = stream.append(record("user-0"))
    others = [stream.append(record(f"user-{number}")) for number in range(1, 30)]
    scheduler.run(until=lambda: scheduler.clock.monotonic() > 1)
    done = set(mapping.ledger.confirmed)
    lane = next(entry.lane for entry in mapping.ledger.deliveries if entry.outcome == "error")
    blocked = [number for number in others if number not in done]
    assert poison not in done
    assert 0 < len(blocked) < len(others)
    lanes = {entry.lane for entry in mapping.ledger.deliveries if entry.outcome == "success"}
    assert lanes == {0, 1, 2, 3} - {lane}


@pytest.mark.parametrize("seed", range(10))
def test_children_of_a_split_shard_are_read_after_it_is_drained(seed: int) -> None:
    with Scheduler(seeded(seed)) as scheduler:
        stream = Stream(scheduler.clock, partition_key="userId")
        parent = stream.shards[0].shard_id
        failures = iter([ValueError(), ValueError()])

        def function(_: dict[str, Any], __: Context) -> None:
            scheduler.step("work")
            error = next(failures, None)
            if error is not None:
                raise error

        options = Options(batch_size=3, parallelization_factor=2)
        mapping = Mapping(scheduler, stream, function, name="f", options=options)
        for number in range(40):
            if number == 20:
                children = stream.split(parent)
            stream.append(record(f"user-{number % 10}", number))
        scheduler.drain()

        order = [entry.shard_id for entry in mapping.ledger.deliveries]
        last_of_parent = max(index for index, shard in enumerate(order) if shard == parent)
        assert set(order[last_of_parent + 1 :]) == {child.shard_id for child in children}
        assert parent not in order[last_of_parent + 1 :]
        assert len(mapping.ledger.confirmed) == 40


def test_closed_shard_takes_no_more_records(stream: Stream) -> None:
    parent = stream.shards[0]
    (child,) = stream.split(parent.shard_id, into=1)
    stream.append(record("a"))
    assert (len(parent.records), len(child.records)) == (0, 1)
    assert child.parent_id == parent.shard_id
    with pytest.raises(ValueError, match="closed already"):
        stream.split(parent.shard_id)


def test_latest_reads_children_of_shards_it_knew_from_their_start(
    scheduler: Scheduler, stream: Stream
) -> None:
    seen: list[str] = []

    def function(event: dict[str, Any], _: Context) -> None:
        seen.extend(users(event))

    stream.append(record("before"))
    options = Options(starting_position="LATEST")
    Mapping(scheduler, stream, function, name="f", options=options)
    stream.split(stream.shards[0].shard_id)
    stream.append(record("after"))
    scheduler.drain()
    assert seen == ["after"]
