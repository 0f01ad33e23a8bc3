"""What follows a failed batch: retries, checkpoints, bisecting."""

from typing import Any

from local.poller import Scheduler, Stream
from tests.poller.functions import breaks_on, reports, run
from tests.poller.records import failed, numbers, record, users


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
    assert set(function.batches) == {"a"}
    assert len(mapping.ledger.trimmed) == 2
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
