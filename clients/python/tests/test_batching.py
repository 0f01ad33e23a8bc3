"""The decisions of a batch: against a model of the service that fails as the real one may."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from typing import Any

from hypothesis import given, settings, strategies as st

from leaderboard_client import (
    Pace,
    ScoreWrite,
    Unavailable,
    WriteResult,
)
from leaderboard_client.api.answers import BatchAnswer, ItemAnswer
from leaderboard_client.api.batching import MOST_BYTES, MOST_WRITES, Batching
from leaderboard_client.errors import ConnectionFailed, LeaderboardError

PACE = Pace(base=0.01, cap=0.05)


def writes(count: int, users: int = 1000) -> list[ScoreWrite]:
    return [
        ScoreWrite(user_id=f"user-{number % users}", score=number, submission_id=f"s-{number}")
        for number in range(count)
    ]


class ModelService:
    """Takes batches as the service does: counts each submission once, and now and then fails."""

    def __init__(self, chance: random.Random, trouble: float) -> None:
        self.chance = chance
        self.trouble = trouble
        self.counted: dict[str, list[str]] = defaultdict(list)
        self.flying: set[str] = set()

    def take(self, batch: tuple[ScoreWrite, ...]) -> BatchAnswer | LeaderboardError:
        assert 0 < len(batch) <= MOST_WRITES
        body = {"submissions": [it.json() for it in batch]}
        assert len(json.dumps(body, separators=(",", ":"), ensure_ascii=False)) <= MOST_BYTES
        if self.chance.random() < self.trouble / 2:
            return Unavailable("not done", status=503, retry_after=self.chance.choice((None, 1.0)))
        stuck: set[str] = set()
        results = []
        for it in batch:
            if it.user_id in stuck or self.chance.random() < self.trouble / 4:
                stuck.add(it.user_id)
                results.append(ItemAnswer(status=503, code="unavailable"))
            elif it.score is not None and it.score % 97 == 13:
                results.append(ItemAnswer(status=422, code="invalid"))
            else:
                replayed = it.submission_id in self.counted[it.user_id]
                if not replayed:
                    self.counted[it.user_id].append(it.submission_id)
                results.append(ItemAnswer(status=200, changed=not replayed, replayed=replayed))
        # Done, but nobody hears of it.
        if self.chance.random() < self.trouble / 2:
            return ConnectionFailed("cut")
        return BatchAnswer(results=tuple(results))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    count=st.integers(0, 1500),
    users=st.integers(1, 400),
    trouble=st.sampled_from([0.0, 0.1, 0.6]),
)
def test_each_write_counts_once_and_those_of_a_user_in_their_order(
    seed: int, count: int, users: int, trouble: float
) -> None:
    chance = random.Random(seed)
    service = ModelService(chance, trouble)
    handed = writes(count, users)
    source = iter(handed)
    now = 0.0
    batching = Batching(Pace(patience=10_000), now)
    flying: list[tuple[ScoreWrite, ...]] = []
    results: list[WriteResult] = []
    for _ in range(100_000):
        while batching.wants:
            if write := next(source, None):
                batching.offer(write)
            else:
                batching.end()
        while batch := batching.next(now):
            # No user is in two batches at once.
            here = {it.user_id for it in batch}
            assert not here & {it.user_id for other in flying for it in other}
            flying.append(batch)
        if batching.done:
            break
        assert len(flying) <= 8
        if flying:
            answered = flying.pop(chance.randrange(len(flying)))
            now += 0.1
            results += batching.take(answered, service.take(answered), now)
        else:
            wait = batching.wait(now)
            assert wait is not None
            now += wait
    report = batching.report
    refused = [it for it in handed if it.score is not None and it.score % 97 == 13]
    assert {it.write.submission_id for it in report.refused} == {it.submission_id for it in refused}
    assert report.written == count - len(refused)
    assert sorted(it.write.submission_id for it in results) == sorted(
        it.submission_id for it in handed
    )
    for user_id, counted in service.counted.items():
        due = [it.submission_id for it in handed if it.user_id == user_id and it not in refused]
        assert counted == due


def test_as_much_is_under_way_as_the_service_takes() -> None:
    batching = Batching(Pace(most_at_once=4), 0.0)
    source = iter(writes(10_000, 10_000))

    def fly(now: float) -> list[tuple[ScoreWrite, ...]]:
        found: list[tuple[ScoreWrite, ...]] = []
        while True:
            while batching.wants:
                batching.offer(next(source))
            if not (batch := batching.next(now)):
                return found
            found.append(batch)

    def done(batch: tuple[ScoreWrite, ...]) -> BatchAnswer:
        return BatchAnswer(results=tuple(ItemAnswer(status=200) for _ in batch))

    sizes = []
    flying = fly(0.0)
    for _ in range(8):
        sizes.append(len(flying))
        batch = flying.pop(0)
        batching.take(batch, done(batch), 0.0)
        flying += fly(0.0)
    assert sizes == [1, 2, 3, 4, 4, 4, 4, 4]
    busy = Unavailable("busy", status=503, retry_after=7.0)
    batching.take(flying.pop(0), busy, 10.0)
    assert fly(10.0) == []
    # Half of what was under way comes back before anything new goes out.
    batching.take(*_answered(flying, done), 10.0)
    batching.take(*_answered(flying, done), 10.0)
    assert fly(16.9) == []
    assert len(fly(17.0)) >= 1


def _answered(flying: list[Any], done: Any) -> tuple[Any, Any]:
    batch = flying.pop(0)
    return batch, done(batch)


def test_write_that_always_fails_does_not_hold_up_the_others() -> None:
    batching = Batching(PACE, 0.0)
    for it in writes(3):
        batching.offer(it)
    batching.end()
    now, tries = 0.0, 0
    while not batching.done:
        now += 1.0
        if batch := batching.next(now):
            results = [
                ItemAnswer(status=500 if it.score == 1 else 200, code="internal") for it in batch
            ]
            tries += 1
            batching.take(batch, BatchAnswer(results=tuple(results)), now)
    assert tries == 3
    assert (batching.report.written, len(batching.report.refused)) == (2, 1)


def test_write_larger_than_a_batch_is_refused_alone() -> None:
    batching = Batching(PACE, 0.0)
    result = batching.offer(ScoreWrite(user_id="a", score=1, user_name="x" * 70_000))
    assert result is not None
    assert (result.status, result.code) == (413, "body_too_large")
    # Large ones go out in more batches.
    for number in range(3):
        batching.offer(ScoreWrite(user_id=f"{number}", score=1, user_name="x" * 40_000))
    batching.end()
    assert len(batching.next(0.0)) == 1
