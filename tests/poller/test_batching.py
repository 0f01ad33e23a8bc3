"""How records become batches: size, payload, window, start position, polling."""

from typing import Any

import pytest

from local.poller import Context, Mapping, Options, Scheduler, Stream, scripted
from local.poller.batch import PAYLOAD_BYTES
from tests.poller.records import record, users


class Listener:
    """A function that remembers its events and when they came, in seconds since the start."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.events: list[dict[str, Any]] = []
        self.times: list[float] = []

    def __call__(self, event: dict[str, Any], context: Context) -> None:
        self.events.append(event)
        self.batches.append(users(event))
        self.times.append(round(context.clock.monotonic(), 3))


@pytest.fixture
def listener() -> Listener:
    """A function that listens."""
    return Listener()


def test_batch_holds_at_most_batch_size_records_in_order(
    scheduler: Scheduler, stream: Stream, listener: Listener
) -> None:
    Mapping(scheduler, stream, listener, name="f", options=Options(batch_size=2))
    for user in "abcde":
        stream.append(record(user))
    scheduler.drain()
    assert listener.batches == [["a", "b"], ["c", "d"], ["e"]]


def test_batch_ends_before_payload_passes_6_mb(
    scheduler: Scheduler, stream: Stream, listener: Listener
) -> None:
    Mapping(scheduler, stream, listener, name="f", options=Options(batch_size=100))
    for number in range(40):
        stream.append(record(str(number), padding=390_000))
    scheduler.drain()
    assert [len(batch) for batch in listener.batches] == [16, 16, 8]
    assert 16 * 390_000 < PAYLOAD_BYTES < 17 * 390_000


def test_records_have_the_form_of_lambdas_events(
    scheduler: Scheduler, stream: Stream, listener: Listener
) -> None:
    Mapping(scheduler, stream, listener, name="f")
    number = stream.append(record("a", 7))
    scheduler.drain()
    (entry,) = listener.events[0]["Records"]
    assert entry["dynamodb"]["SequenceNumber"] == number
    assert entry["dynamodb"]["NewImage"]["userScore"] == {"N": "7"}
    assert entry["dynamodb"]["ApproximateCreationDateTime"] == int(scheduler.clock.start)
    assert entry["eventSourceARN"] == stream.arn
    assert {"eventID", "eventName", "eventVersion", "eventSource", "awsRegion"} <= set(entry)


def test_record_that_is_not_json_is_refused(stream: Stream) -> None:
    with pytest.raises(TypeError):
        stream.append({**record("a"), "extra": b"bytes"})


def test_function_that_changes_its_event_changes_no_later_delivery(
    scheduler: Scheduler, stream: Stream
) -> None:
    seen: list[list[str]] = []

    def function(event: dict[str, Any], _: Context) -> None:
        seen.append(users(event))
        event["Records"][0]["dynamodb"]["Keys"]["userId"]["S"] = "changed"
        if len(seen) == 1:
            raise ValueError

    Mapping(scheduler, stream, function, name="f")
    stream.append(record("a"))
    scheduler.drain()
    assert seen == [["a"], ["a"]]


def test_trim_horizon_reads_what_was_there_before_the_mapping(
    scheduler: Scheduler, stream: Stream, listener: Listener
) -> None:
    stream.append(record("before"))
    Mapping(scheduler, stream, listener, name="f")
    stream.append(record("after"))
    scheduler.drain()
    assert listener.batches == [["before", "after"]]


def test_latest_skips_what_was_there_before_the_mapping(
    scheduler: Scheduler, stream: Stream, listener: Listener
) -> None:
    stream.append(record("before"))
    options = Options(starting_position="LATEST")
    Mapping(scheduler, stream, listener, name="f", options=options)
    stream.append(record("after"))
    scheduler.drain()
    assert listener.batches == [["after"]]


def test_trim_horizon_is_a_day_back(
    scheduler: Scheduler, stream: Stream, listener: Listener
) -> None:
    stream.append(record("old"))
    scheduler.clock.advance(2)
    stream.append(record("young"))
    scheduler.clock.advance(24 * 3600 - 1)
    mapping = Mapping(scheduler, stream, listener, name="f")
    scheduler.drain()
    assert listener.batches == [["young"]]
    assert mapping.ledger.trimmed == []


def test_outage_of_a_day_loses_records_without_a_failure_document(
    scheduler: Scheduler, stream: Stream, listener: Listener
) -> None:
    mapping = Mapping(scheduler, stream, listener, name="f")
    mapping.enabled = False
    lost = stream.append(record("old"))
    scheduler.clock.advance(24 * 3600)
    stream.append(record("young"))
    scheduler.drain()
    assert listener.batches == []
    mapping.enabled = True
    scheduler.drain()
    assert listener.batches == [["young"]]
    assert mapping.ledger.trimmed == [lost]
    assert mapping.ledger.failures == []


def test_batch_window_gathers_until_it_ends(
    scheduler: Scheduler, stream: Stream, listener: Listener
) -> None:
    Mapping(scheduler, stream, listener, name="f", options=Options(batch_window=10))

    def writer() -> None:
        for user in "abc":
            stream.append(record(user))
            scheduler.clock.sleep(4)

    scheduler.spawn("writer", writer)
    scheduler.drain()
    assert (listener.batches, listener.times) == ([["a", "b", "c"]], [10.0])


def test_full_batch_does_not_wait_for_the_window(
    scheduler: Scheduler, stream: Stream, listener: Listener
) -> None:
    options = Options(batch_window=10, batch_size=2)
    Mapping(scheduler, stream, listener, name="f", options=options)
    for user in "abc":
        stream.append(record(user))
    scheduler.drain()
    assert listener.batches == [["a", "b"], ["c"]]
    assert listener.times == [0.0, 10.0]


def test_full_payload_does_not_wait_for_the_window(
    scheduler: Scheduler, stream: Stream, listener: Listener
) -> None:
    Mapping(scheduler, stream, listener, name="f", options=Options(batch_window=10))
    for number in range(17):
        stream.append(record(str(number), padding=390_000))
    scheduler.drain()
    assert [len(batch) for batch in listener.batches] == [16, 1]
    assert listener.times == [0.0, 10.0]


def test_next_window_begins_when_an_invocation_ends(scheduler: Scheduler, stream: Stream) -> None:
    began: list[float] = []

    def slow(_: dict[str, Any], context: Context) -> None:
        began.append(context.clock.monotonic())
        stream.append(record("more")) if len(began) == 1 else None
        context.clock.sleep(3)

    Mapping(scheduler, stream, slow, name="f", options=Options(batch_window=10))
    stream.append(record("a"))
    scheduler.drain()
    assert began == [10.0, 23.0]


def test_idle_shard_is_polled_at_the_interval(
    scheduler: Scheduler, stream: Stream, listener: Listener
) -> None:
    Mapping(scheduler, stream, listener, name="f", poll_interval=0.25)

    def writer() -> None:
        scheduler.clock.sleep(0.3)
        stream.append(record("a"))
        scheduler.clock.sleep(0.1)
        stream.append(record("b"))

    scheduler.spawn("writer", writer)
    scheduler.drain()
    assert (listener.batches, listener.times) == ([["a", "b"]], [0.5])


def test_concurrency_limit_throttles_without_using_up_retries() -> None:
    with Scheduler(scripted([1, 2, 3, 1, 2] * 50)) as scheduler:
        running = most = 0

        def function(_: dict[str, Any], __: Context) -> None:
            nonlocal running, most
            running += 1
            most = max(most, running)
            scheduler.step("work")
            running -= 1

        wide = Stream(scheduler.clock, partition_key="userId", shards=8)
        options = Options(maximum_retry_attempts=0)
        mapping = Mapping(scheduler, wide, function, name="f", options=options, concurrency=2)
        for number in range(40):
            wide.append(record(str(number)))
        scheduler.drain()
        assert most == 2
        assert len(mapping.ledger.confirmed) == 40


@pytest.mark.parametrize(
    "wrong",
    [
        {"batch_size": 0},
        {"batch_size": 10_001},
        {"parallelization_factor": 11},
        {"batch_window": 301},
        {"maximum_record_age": 59},
        {"maximum_retry_attempts": 10_001},
        {"starting_position": "AT_TIMESTAMP"},
    ],
)
def test_options_that_aws_refuses_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="AWS refuses"):
        Options(**wrong)


def test_options_are_read_from_serverless_yml() -> None:
    options = Options.from_serverless(
        {
            "type": "dynamodb",
            "arn": {"Fn::GetAtt": ["Scores", "StreamArn"]},
            "batchSize": 500,
            "maximumRetryAttempts": 3,
            "bisectBatchOnFunctionError": True,
            "functionResponseType": "ReportBatchItemFailures",
        }
    )
    assert options == Options(
        batch_size=500, maximum_retry_attempts=3, bisect=True, report_batch_item_failures=True
    )
    assert Options.from_serverless({"type": "dynamodb"}).batch_size == 10
    with pytest.raises(ValueError, match="tumblingWindowInSeconds"):
        Options.from_serverless({"tumblingWindowInSeconds": 5})


def test_options_are_read_from_a_deployed_mapping_as_from_serverless_yml() -> None:
    stream = {
        "type": "dynamodb",
        "arn": "arn",
        "startingPosition": "TRIM_HORIZON",
        "batchSize": 7,
        "batchWindow": 2,
        "parallelizationFactor": 3,
        "functionResponseType": "ReportBatchItemFailures",
        "maximumRetryAttempts": 4,
        "maximumRecordAgeInSeconds": 600,
        "bisectBatchOnFunctionError": True,
    }
    deployed = {
        "UUID": "1",
        "StartingPosition": "TRIM_HORIZON",
        "BatchSize": 7,
        "MaximumBatchingWindowInSeconds": 2,
        "ParallelizationFactor": 3,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "MaximumRetryAttempts": 4,
        "MaximumRecordAgeInSeconds": 600,
        "BisectBatchOnFunctionError": True,
    }
    assert Options.from_deployed(deployed) == Options.from_serverless(stream)


def test_lane_keeps_no_more_than_may_be_delivered_again(
    scheduler: Scheduler, stream: Stream
) -> None:
    mapping = Mapping(scheduler, stream, lambda *_: None, name="f", options=Options(batch_size=1))
    for _ in range(50):
        stream.append(record("a"))
        scheduler.drain()
        stream.forget()
    assert stream.shards[0].records == []
    assert len(mapping.ledger.confirmed) == 50
    assert [len(lane.queue) for lane in mapping.lanes] == [3]
