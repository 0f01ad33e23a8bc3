"""Age, failure documents, crashes and lost checkpoints."""

from typing import Any

import pytest

from local.poller import Context, KillAt, Mapping, Options, Scheduler, Stream
from tests.poller.functions import Function, breaks_on, reports, run
from tests.poller.records import record, users


def test_record_past_the_maximum_age_is_discarded_and_its_neighbours_go_on(
    scheduler: Scheduler, stream: Stream
) -> None:
    def writer() -> None:
        stream.append(record("a"))
        scheduler.clock.sleep(50)
        stream.append(record("b"))

    function = Function(breaks_on("a"))
    options = Options(maximum_record_age=60, batch_size=1)
    mapping = Mapping(scheduler, stream, function, name="f", options=options)
    scheduler.spawn("writer", writer)
    scheduler.drain()
    assert function.batches[-1] == "b"
    assert function.times[-2] <= 60
    assert [entry["requestContext"]["condition"] for entry in mapping.ledger.failures] == [
        "RecordAgeExceeded"
    ]


def test_only_the_records_that_are_too_old_leave_a_batch(
    scheduler: Scheduler, stream: Stream
) -> None:
    function = Function(lambda _: None)
    options = Options(maximum_record_age=60)
    mapping = Mapping(scheduler, stream, function, name="f", options=options)
    old = stream.append(record("a"))
    scheduler.clock.advance(30)
    stream.append(record("b"))
    scheduler.clock.advance(31)
    scheduler.drain()
    assert function.batches == ["b"]
    assert mapping.ledger.discarded == [old]
    assert mapping.ledger.failures[0]["requestContext"]["approximateInvokeCount"] == 0
    assert mapping.ledger.failures[0]["responseContext"] is None


def test_failure_document_tells_where_the_records_were_and_not_what_they_were(
    scheduler: Scheduler, stream: Stream
) -> None:
    _, mapping = run(scheduler, stream, "ab", breaks_on("b"), maximum_retry_attempts=1)
    first, last = mapping.ledger.discarded
    (document,) = mapping.ledger.failures
    request_id = document["requestContext"].pop("requestId")
    assert len(request_id) == 36
    assert document == {
        "requestContext": {
            "functionArn": "arn:aws:lambda:us-east-1:123456789012:function:f",
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": 2,
        },
        "responseContext": {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": "Unhandled",
        },
        "version": "1.0",
        "timestamp": "2026-11-23T08:00:01.000Z",
        "DDBStreamBatchInfo": {
            "shardId": stream.shards[0].shard_id,
            "startSequenceNumber": first,
            "endSequenceNumber": last,
            "approximateArrivalOfFirstRecord": "2026-11-23T08:00:00Z",
            "approximateArrivalOfLastRecord": "2026-11-23T08:00:00Z",
            "batchSize": 2,
            "streamArn": stream.arn,
        },
    }


def test_reported_failure_is_no_function_error_in_the_document(
    scheduler: Scheduler, stream: Stream
) -> None:
    _, mapping = run(
        scheduler,
        stream,
        "a",
        reports("a"),
        report_batch_item_failures=True,
        maximum_retry_attempts=0,
    )
    assert mapping.ledger.failures[0]["responseContext"]["functionError"] is None


def test_killed_invocation_fails_its_whole_batch(scheduler: Scheduler, stream: Stream) -> None:
    applied: list[str] = []
    scheduler.kills.append(KillAt(task="f/*", step="apply b"))

    def answer(event: dict[str, Any]) -> None:
        for user in users(event):
            scheduler.step(f"apply {user}")
            applied.append(user)

    function, mapping = run(scheduler, stream, "abc", answer, report_batch_item_failures=True)
    assert function.batches == ["abc", "abc"]
    assert applied == ["a", "a", "b", "c"]
    assert [delivery.outcome for delivery in mapping.ledger.deliveries] == ["killed", "success"]


def test_invocation_past_its_timeout_is_killed_and_retried(
    scheduler: Scheduler, stream: Stream
) -> None:
    remaining: list[int] = []

    def slow(_: dict[str, Any], context: Context) -> None:
        remaining.append(context.get_remaining_time_in_millis())
        context.clock.sleep(100 if len(remaining) == 1 else 4)
        remaining.append(context.get_remaining_time_in_millis())

    mapping = Mapping(scheduler, stream, slow, name="f", timeout=10)
    stream.append(record("a"))
    scheduler.drain()
    assert remaining == [10_000, 10_000, 6_000]
    first, second = mapping.ledger.deliveries
    assert (first.outcome, first.ended_at - first.began_at) == ("timed out", 10)
    assert second.outcome == "success"


def test_assertion_in_a_function_ends_the_run(scheduler: Scheduler, stream: Stream) -> None:
    def answer(_: dict[str, Any]) -> None:
        raise AssertionError("an invariant broke")

    with pytest.raises(AssertionError, match="an invariant broke"):
        run(scheduler, stream, "a", answer)


def test_lost_checkpoint_delivers_confirmed_batches_again(
    scheduler: Scheduler, stream: Stream
) -> None:
    function = Function(lambda _: None)
    mapping = Mapping(
        scheduler, stream, function, name="f", options=Options(batch_size=1), duplicates=0.5
    )
    for letter in "abcdefgh":
        stream.append(record(letter))
    scheduler.drain()
    assert len(function.batches) > 8
    assert len(mapping.ledger.confirmed) == 8
    for earlier, later in zip(function.batches, function.batches[1:], strict=False):
        assert ord(later) <= ord(earlier) + 1
