"""Batches of trusted writes over real HTTP, by both clients."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from clients.python.tests.servers import SECONDS, Api as Server, Handler
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
from leaderboard_client.api.batching import MOST_WRITES

PACE = Pace(base=0.01, cap=0.05)


def writes(count: int, users: int = 1000) -> list[ScoreWrite]:
    return [
        ScoreWrite(user_id=f"user-{number % users}", score=number, submission_id=f"s-{number}")
        for number in range(count)
    ]


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


@BOTH
def test_wait_beyond_patience_gives_the_batch_up_at_once(server: Server, kind: str) -> None:
    server.answer = lambda handler: handler.reply(429, {}, Retry_After="3600")
    with pytest.raises(BatchInterrupted) as raised:
        write(server, kind, writes(10))
    assert raised.value.retry_after == 3600
    assert len(server.requests) == 1


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
