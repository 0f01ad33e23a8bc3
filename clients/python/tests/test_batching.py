"""Batches of trusted writes: against a model of the service that fails as the real one may, and
over real HTTP."""

from __future__ import annotations

import asyncio
import json
import random
import threading
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clients.python.tests.servers import SECONDS, Handler, api
from clients.python.tests.servers import Api as Server
from leaderboard_client import (
    Api,
    AsyncApi,
    BatchInterrupted,
    BatchReport,
    BoardNotFound,
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


# The decisions alone


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


# Over HTTP


class BatchServer:
    """Counts each submission once. `script` answers some requests otherwise."""

    def __init__(self, server: Server) -> None:
        server.answer = self.answer
        self.counted: dict[tuple[str, str], int] = {}
        self.sizes: list[int] = []
        self.script: list[Any] = []
        self.at_once = self.most_at_once = 0
        self.lock = threading.Lock()

    def answer(self, handler: Handler) -> None:
        assert handler.headers["Authorization"] == "Bearer t"
        with self.lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            said = self.script.pop(0) if self.script else None
        time.sleep(0.01)
        try:
            self._answer(handler, said)
        finally:
            with self.lock:
                self.at_once -= 1

    def _answer(self, handler: Handler, said: Any) -> None:
        if said is not None and said != "cut":
            handler.reply(*said[:2], **said[2])
            return
        submissions = handler.body["submissions"]
        with self.lock:
            self.sizes.append(len(submissions))
            results = [self._result(it) for it in submissions]
        if said == "cut":
            handler.close_connection = True
            handler.connection.close()
            return
        handler.reply(200, {"results": results})

    def _result(self, it: dict[str, Any]) -> dict[str, Any]:
        if it["score"] < 0:
            return {"status": 422, "code": "invalid", "errors": [{"path": "x", "message": "no"}]}
        key = (it["userId"], it["submissionId"])
        replayed = key in self.counted
        self.counted.setdefault(key, it["score"])
        entry = {"userId": it["userId"], "userName": "x", "userScore": it["score"]}
        entry["scoreUpdatedAt"] = "2026-11-23T08:15:30.123Z"
        return {"status": 200, "entry": entry, "changed": not replayed, "replayed": replayed}


@pytest.fixture
def server() -> Iterator[Server]:
    with api() as server:
        yield server


def write(server: Server, kind: str, source: Any, **options: Any) -> BatchReport:
    options = {"pace": PACE, **options}
    if kind == "sync":
        with Api(server.url, token=lambda: "t") as client:
            return client.write_scores("global", source, **options)

    async def run() -> BatchReport:
        async with AsyncApi(server.url, token=lambda: "t") as client:
            return await client.write_scores("global", source, **options)

    return asyncio.run(asyncio.wait_for(run(), SECONDS))


BOTH = pytest.mark.parametrize("kind", ["sync", "async"])
BUSY = (503, {"code": "unavailable"}, {"Retry_After": "0.05"})
TOO_MANY: tuple[int, Any, dict[str, str]] = (429, {"message": "Too Many Requests"}, {})


@BOTH
def test_batch_of_any_length_goes_out_through_bad_weather_and_counts_once(
    server: Server, kind: str
) -> None:
    model = BatchServer(server)
    model.script = [None, BUSY, "cut", TOO_MANY, None, None, "cut", BUSY]
    heard: list[WriteResult] = []
    handed = [*writes(2500, 500), ScoreWrite(user_id="bad", score=-1)]
    report = write(server, kind, iter(handed), on_result=heard.append)
    assert (report.written, len(report.refused)) == (2500, 1)
    assert report.refused[0].write.user_id == "bad"
    assert (report.refused[0].code, report.refused[0].errors[0].message) == ("invalid", "no")
    assert len(model.counted) == 2500
    assert report.replayed == 2500 - report.changed > 0
    assert max(model.sizes) == MOST_WRITES
    assert 2 <= model.most_at_once <= 8
    assert len(heard) == 2501
    assert heard[0].ok
    assert heard[0].entry is not None


@BOTH
def test_no_writes_are_no_request(server: Server, kind: str) -> None:
    assert write(server, kind, []) == BatchReport()
    assert server.requests == []


@BOTH
def test_refusal_of_the_whole_batch_says_what_is_left(server: Server, kind: str) -> None:
    model = BatchServer(server)
    model.script = [None, (404, {"code": "board_not_found", "detail": "No such board"}, {})]
    with pytest.raises(BatchInterrupted, match="No such board") as raised:
        write(server, kind, writes(250), pace=Pace(most_at_once=1))
    assert isinstance(raised.value.cause, BoardNotFound)
    assert raised.value.report.written == 100
    assert [it.submission_id for it in raised.value.unfinished] == [
        f"s-{number}" for number in range(100, 250)
    ]


@BOTH
def test_service_that_stays_away_is_given_up(server: Server, kind: str) -> None:
    server.answer = lambda handler: handler.reply(503, {"code": "unavailable"})
    pace = Pace(base=0.01, cap=0.05, patience=0.3)
    with pytest.raises(BatchInterrupted) as raised:
        write(server, kind, writes(10), pace=pace)
    assert isinstance(raised.value.cause, Unavailable)
    assert len(raised.value.unfinished) == 10
    assert len(server.requests) > 3


def test_stream_of_writes_goes_out_as_it_comes(server: Server) -> None:
    model = BatchServer(server)
    came = asyncio.Event()

    async def stream() -> AsyncIterator[ScoreWrite]:
        first, *others = writes(150)
        yield first
        # Nothing else comes until the first has arrived.
        await came.wait()
        for it in others:
            yield it

    report = write(server, "async", stream(), on_result=lambda _: came.set())
    assert report.written == 150
    assert model.sizes[0] == 1
    assert model.sizes[1:] in ([100, 49], [49, 100])


def test_failing_source_ends_the_call_and_no_thread_stays(server: Server) -> None:
    BatchServer(server)

    def source() -> Iterator[ScoreWrite]:
        yield from writes(450)
        raise KeyError("file")

    before = threading.active_count()
    for kind in ("sync", "async"):
        with pytest.raises(KeyError):
            write(server, kind, source())
    deadline = time.monotonic() + SECONDS
    # The server has a thread for each connection, which ends with it.
    while threading.active_count() > before:
        assert time.monotonic() < deadline
        time.sleep(0.01)
