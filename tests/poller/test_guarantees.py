"""What Lambda promises whatever goes wrong: at least once, in order per key, or given up."""

import random
from typing import Any

from hypothesis import given, settings, strategies as st

from local.poller import (
    Context,
    KillRandomly,
    Mapping,
    Options,
    Scheduler,
    Stream,
    drawn,
    scripted,
    seeded,
)
from local.poller.choice import Choose
from tests.poller.records import failed, numbers, record, users

POISON = "user-3"

options = st.builds(
    Options,
    batch_size=st.integers(1, 7),
    batch_window=st.sampled_from([0, 0, 5]),
    parallelization_factor=st.sampled_from([1, 2, 3, 10]),
    maximum_retry_attempts=st.integers(0, 4),
    maximum_record_age=st.sampled_from([-1, -1, 60]),
    bisect=st.booleans(),
    report_batch_item_failures=st.booleans(),
)


class Story:
    """Writers, a split and two mappings with functions that fail now and then."""

    def __init__(self, choose: Choose, chosen: Options, seed: int) -> None:
        self.kill = KillRandomly(0.03)
        self.written: dict[str, list[str]] = {}
        self.mappings: list[Mapping] = []
        self._mishaps = random.Random(seed)
        with Scheduler(choose, kills=[self.kill], race=2.0) as scheduler:
            self._scheduler = scheduler
            self._stream = Stream(scheduler.clock, partition_key="userId", shards=2)
            self.mappings = [
                Mapping(
                    scheduler,
                    self._stream,
                    self._function,
                    name=name,
                    options=chosen,
                    duplicates=0.1,
                    timeout=5,
                )
                for name in ("first", "second")
            ]
            for name in ("writer 1", "writer 2"):
                scheduler.spawn(name, self._write)
            scheduler.spawn("resharding", self._split)
            scheduler.drain()
            self.trace = scheduler.trace.lines()

    def _write(self) -> None:
        for score in range(12):
            user = f"user-{self._mishaps.randrange(6)}"
            self.written.setdefault(user, []).append(self._stream.append(record(user, score)))
            self._scheduler.step("wrote")
            if self._mishaps.random() < 0.1:
                self._scheduler.clock.sleep(self._mishaps.choice([0.1, 3, 70]))

    def _split(self) -> None:
        self._scheduler.clock.sleep(1)
        self._stream.split(self._stream.shards[0].shard_id)

    def _function(self, event: dict[str, Any], context: Context) -> object:
        for number, user in zip(numbers(event), users(event), strict=True):
            self._scheduler.step(f"apply {number[-4:]}")
            if user == POISON:
                return failed(number)
            if self._mishaps.random() < 0.03:
                raise ConnectionError
            if self._mishaps.random() < 0.03:
                context.clock.sleep(4)
        return None


def _without(numbers: list[str], excluded: list[str]) -> list[str]:
    return [number for number in numbers if number not in set(excluded)]


def _hold(story: Story, chosen: Options) -> None:
    everything = {number for written in story.written.values() for number in written}
    for mapping in story.mappings:
        ledger = mapping.ledger
        assert mapping.idle
        assert ledger.trimmed == []
        assert set(ledger.confirmed) | set(ledger.discarded) == everything
        assert sum(
            document["DDBStreamBatchInfo"]["batchSize"] for document in ledger.failures
        ) == len(ledger.discarded)
        for order in (ledger.settled, _without(ledger.confirmed, ledger.discarded)):
            place = {number: index for index, number in enumerate(order)}
            for written in story.written.values():
                places = [place[number] for number in written if number in place]
                assert places == sorted(places)
        for delivery in ledger.deliveries:
            assert len(delivery.sequence_numbers) <= chosen.batch_size
            assert list(delivery.sequence_numbers) == sorted(delivery.sequence_numbers, key=int)


@settings(max_examples=150, deadline=None)
@given(chosen=options, seed=st.integers(0, 2**32))
def test_each_record_is_done_in_order_per_key_or_given_up(chosen: Options, seed: int) -> None:
    _hold(Story(seeded(seed), chosen, seed), chosen)


@settings(max_examples=60, deadline=None)
@given(chosen=options, choices=st.lists(st.integers(0, 999), max_size=300))
def test_guarantees_hold_for_drawn_choices_too(chosen: Options, choices: list[int]) -> None:
    _hold(Story(scripted(choices), chosen, 7), chosen)


@settings(max_examples=60, deadline=None)
@given(chosen=options, source=st.randoms(use_true_random=False))
def test_guarantees_hold_for_choices_of_hypothesis(chosen: Options, source: random.Random) -> None:
    _hold(Story(drawn(source), chosen, 7), chosen)


@settings(max_examples=25, deadline=None)
@given(chosen=options, seed=st.integers(0, 2**32))
def test_same_seed_gives_same_trace(chosen: Options, seed: int) -> None:
    once, again = (Story(seeded(seed), chosen, seed) for _ in range(2))
    assert once.trace == again.trace
    assert once.kill.struck == again.kill.struck
    for one, other in zip(once.mappings, again.mappings, strict=True):
        assert one.ledger.deliveries == other.ledger.deliveries
        assert one.ledger.failures == other.ledger.failures


def test_mishaps_of_every_kind_occur_in_these_stories() -> None:
    outcomes: set[str] = set()
    again = 0
    for seed in range(30):
        chosen = Options(
            batch_size=4, maximum_retry_attempts=2, report_batch_item_failures=True, bisect=True
        )
        story = Story(seeded(seed), chosen, seed)
        outcomes |= {
            delivery.outcome for mapping in story.mappings for delivery in mapping.ledger.deliveries
        }
        again += sum("lost its checkpoint" in line for line in story.trace)
    assert outcomes == {"success", "partial", "error", "killed", "timed out"}
    assert again > 0
