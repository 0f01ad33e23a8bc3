"""What follows a failed invocation: retries, checkpoints, bisecting, age, the failure document."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.poller import Context, KillAt, Mapping, Options, Scheduler, Stream
from tests.poller.records import failed, numbers, record, users

Response = Callable[[dict[str, Any]], object]


class Function:
    """Remembers its batches and when they came; `answer` decides what it returns."""

    def __init__(self, answer: Response) -> None:
        self.batches: list[str] = []
        self.times: list[float] = []
        self._answer = answer

    def __call__(self, event: dict[str, Any], context: Context) -> object:
        self.batches.append("".join(users(event)))
        self.times.append(context.clock.monotonic())
        return self._answer(event)


def breaks_on(*poison: str) -> Response:
    """Raises if one of these users is in the batch."""

    def answer(event: dict[str, Any]) -> None:
        if set(poison) & set(users(event)):
            message = "poison"
            raise ValueError(message)

    return answer


def reports(*poison: str) -> Response:
    """Reports the records of these users."""

    def answer(event: dict[str, Any]) -> object:
        pairs = zip(users(event), numbers(event), strict=True)
        return failed(*(number for user, number in pairs if user in poison))

    return answer


def run(
    scheduler: Scheduler, stream: Stream, letters: str, answer: Response, **options: int
) -> tuple[Function, Mapping]:
    """Deliver one record for each letter."""
    function = Function(answer)
    mapping = Mapping(scheduler, stream, function, name="f", options=Options(**options))  # type: ignore[arg-type]
    for letter in letters:
        stream.append(record(letter))
    scheduler.drain()
    return function, mapping


def test_failed_batch_is_retried_whole_up_to_the_quota_then_discarded(
    scheduler: Scheduler, stream: Stream
) -> None:
    function, mapping = run(
        scheduler, stream, "abcd", breaks_on("b"), batch_size=2, maximum_retry_attempts=2
    )
    assert function.batches == ["ab", "ab", "ab", "cd"]
    assert len(mapping.ledger.discarded) == 2


def test_no_retries_means_one_invocation(scheduler: Scheduler, stream: Stream) -> None:
    function, _ = run(scheduler, stream, "a", breaks_on("a"), maximum_retry_attempts=0)
    assert function.batches == ["a"]


def test_endless_retries_end_when_the_record_expires(scheduler: Scheduler, stream: Stream) -> None:
    function, mapping = run(scheduler, stream, "ab", breaks_on("a"), batch_size=1)
    assert function.batches[-2:] == ["a", "b"] or mapping.ledger.trimmed
    assert 24 * 3600 - 61 <= function.times[-1] <= 24 * 3600
    assert mapping.ledger.discarded == []
    assert mapping.ledger.failures == []


def test_failed_batch_blocks_what_is_behind_it(scheduler: Scheduler, stream: Stream) -> None:
    attempts = iter([ValueError(), ValueError(), None])

    def answer(event: dict[str, Any]) -> None:
        if users(event) == ["a"]:
            error = next(attempts)
            if error is not None:
                raise error

    function, _ = run(scheduler, stream, "abc", answer, batch_size=1)
    assert function.batches == ["a", "a", "a", "b", "c"]


def test_retries_wait_exponentially_in_virtual_time(scheduler: Scheduler, stream: Stream) -> None:
    function, _ = run(scheduler, stream, "a", breaks_on("a"), maximum_retry_attempts=8)
    waits = [
        later - earlier for earlier, later in zip(function.times, function.times[1:], strict=False)
    ]
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]


def test_partial_response_retries_from_the_lowest_reported_record(
    scheduler: Scheduler, stream: Stream
) -> None:
    once = iter([True])

    def answer(event: dict[str, Any]) -> object:
        third, second = numbers(event)[2], numbers(event)[1]
        return failed(third, second) if next(once, False) else None

    function, mapping = run(
        scheduler, stream, "abcd", answer, report_batch_item_failures=True, batch_size=4
    )
    assert function.batches == ["abcd", "bcd"]
    first, second = mapping.ledger.deliveries
    assert (first.outcome, len(first.confirmed)) == ("partial", 1)
    assert (second.outcome, len(second.confirmed)) == ("success", 3)


def test_retry_from_a_checkpoint_takes_no_newer_records(
    scheduler: Scheduler, stream: Stream
) -> None:
    def answer(event: dict[str, Any]) -> object:
        if users(event) == ["a", "b"]:
            stream.append(record("c"))
            return failed(numbers(event)[1])
        return None

    function, _ = run(scheduler, stream, "ab", answer, report_batch_item_failures=True)
    assert function.batches == ["ab", "b", "c"]


def test_partial_response_is_ignored_unless_it_is_turned_on(
    scheduler: Scheduler, stream: Stream
) -> None:
    function, mapping = run(scheduler, stream, "ab", reports("a"))
    assert function.batches == ["ab"]
    assert len(mapping.ledger.confirmed) == 2


def test_malformed_response_retries_the_whole_batch(scheduler: Scheduler, stream: Stream) -> None:
    function, mapping = run(
        scheduler,
        stream,
        "ab",
        lambda _: failed(""),
        report_batch_item_failures=True,
        maximum_retry_attempts=1,
    )
    assert function.batches == ["ab", "ab"]
    assert [delivery.outcome for delivery in mapping.ledger.deliveries] == ["malformed"] * 2


def test_response_that_is_not_json_is_a_failed_invocation(
    scheduler: Scheduler, stream: Stream
) -> None:
    _, mapping = run(scheduler, stream, "a", lambda _: {1, 2}, maximum_retry_attempts=0)
    assert mapping.ledger.deliveries[0].outcome == "error"
    assert "MarshalError" in mapping.ledger.deliveries[0].detail


def test_partial_failure_uses_up_the_retry_quota(scheduler: Scheduler, stream: Stream) -> None:
    function, mapping = run(
        scheduler,
        stream,
        "abc",
        reports("b"),
        report_batch_item_failures=True,
        maximum_retry_attempts=2,
    )
    assert function.batches == ["abc", "bc", "bc"]
    assert len(mapping.ledger.discarded) == 2


def test_bisecting_isolates_the_poison_in_order(scheduler: Scheduler, stream: Stream) -> None:
    function, mapping = run(
        scheduler,
        stream,
        "abcdefgh",
        breaks_on("f"),
        bisect=True,
        batch_size=8,
        maximum_retry_attempts=1,
    )
    assert function.batches == ["abcdefgh", "abcd", "efgh", "ef", "e", "f", "f", "gh"]
    assert len(mapping.ledger.discarded) == 1


def test_splitting_does_not_use_up_the_retry_quota(scheduler: Scheduler, stream: Stream) -> None:
    function, mapping = run(
        scheduler, stream, "abcd", breaks_on("d"), bisect=True, maximum_retry_attempts=0
    )
    assert function.batches == ["abcd", "ab", "cd", "c", "d"]
    assert len(mapping.ledger.confirmed) == 3


def test_partial_response_with_bisecting_splits_at_the_reported_number(
    scheduler: Scheduler, stream: Stream
) -> None:
    once = iter(["d"])

    def answer(event: dict[str, Any]) -> object:
        return reports(next(once, "none"))(event)

    function, _ = run(
        scheduler,
        stream,
        "abcde",
        answer,
        bisect=True,
        report_batch_item_failures=True,
        maximum_retry_attempts=0,
    )
    assert function.batches == ["abcde", "de"]


def test_exception_is_bisected_in_halves_with_partial_responses_on_too(
    scheduler: Scheduler, stream: Stream
) -> None:
    function, _ = run(
        scheduler,
        stream,
        "abcd",
        breaks_on("a"),
        bisect=True,
        report_batch_item_failures=True,
        maximum_retry_attempts=0,
    )
    assert function.batches == ["abcd", "ab", "a", "b", "cd"]


def test_poison_reported_first_is_isolated_with_bisecting(
    scheduler: Scheduler, stream: Stream
) -> None:
    function, mapping = run(
        scheduler,
        stream,
        "abcd",
        reports("c"),
        bisect=True,
        report_batch_item_failures=True,
        maximum_retry_attempts=1,
    )
    assert function.batches == ["abcd", "cd", "c", "c", "d"]
    assert len(mapping.ledger.discarded) == 1


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
