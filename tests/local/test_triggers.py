"""Streams of the emulator, delivered to functions as their event source mappings say."""

from __future__ import annotations

import io
import json
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import boto3
import pytest

from local.servers import Emulator, await_condition

pytestmark = pytest.mark.e2e

TABLE = "things"
WAIT_SECONDS = 60.0
# Notes each batch in a file; what it is told to do with a record is in the record.
CODE = """\
import json, os, time

def handler(event, context):
    records = event["Records"]
    images = [it["dynamodb"]["NewImage"] for it in records]
    began = time.time()
    asked = {it["do"]["S"] for it in images if "do" in it}
    if any(it.startswith("sleep") for it in asked):
        time.sleep(1.5)
    mended = os.path.exists(os.environ["NOTES"] + ".mended")
    failed = [
        {"itemIdentifier": record["dynamodb"]["SequenceNumber"]}
        for record, image in zip(records, images)
        if image.get("do", {}).get("S") == "report" and not mended
    ]
    note = {"things": [it["thing"]["S"] for it in images], "began": began, "ended": time.time()}
    with open(os.environ["NOTES"], "a") as file:
        file.write(json.dumps(note) + "\\n")
    print("noted")
    if "raise" in asked and not mended:
        raise ValueError("asked to")
    return {"batchItemFailures": failed}
"""


@dataclass(frozen=True, slots=True)
class Bench:
    """An emulator with a table, and a function behind its stream."""

    session: boto3.Session
    endpoint: str
    notes: Path

    def client(self, name: str) -> Any:
        client: Any = self.session.client  # its overloads know names, and no variable
        return client(name, endpoint_url=self.endpoint)

    def put(self, *things: str, do: str | None = None) -> None:
        for thing in things:
            # A write that changes nothing makes no record.
            item = {"thing": {"S": thing}, "unique": {"S": str(uuid.uuid4())}}
            item |= {"do": {"S": do}} if do else {}
            self.client("dynamodb").put_item(TableName=TABLE, Item=item)

    def connect(self, **options: object) -> str:
        """Maps the stream to the function, as the stage `local` is deployed: disabled for the
        emulator. Returns the queue of what is given up."""
        queue: str = self.client("sqs").create_queue(QueueName="failures")["QueueUrl"]
        table = self.client("dynamodb").describe_table(TableName=TABLE)["Table"]
        self.client("lambda").create_event_source_mapping(
            FunctionName="notes",
            EventSourceArn=table["LatestStreamArn"],
            StartingPosition="TRIM_HORIZON",
            Enabled=False,
            FunctionResponseTypes=["ReportBatchItemFailures"],
            DestinationConfig={
                "OnFailure": {"Destination": "arn:aws:sqs:us-east-1:000000000000:failures"}
            },
            **options,
        )
        return queue

    def mend(self) -> None:
        Path(f"{self.notes}.mended").touch()

    def noted(self) -> list[dict[str, Any]]:
        lines = self.notes.read_text().splitlines() if self.notes.exists() else []
        return [json.loads(line) for line in lines]

    def batches(self) -> list[str]:
        return ["".join(it["things"]) for it in self.noted()]

    def await_(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + WAIT_SECONDS
        while not condition():
            assert time.monotonic() < deadline, self.noted()
            time.sleep(0.02)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    emulator = Emulator(tmp_path, port=0, region="us-east-1")
    try:
        await_condition(emulator.is_ready, what="The emulator did not answer")
        session = boto3.Session(
            aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1"
        )
        bench = Bench(session, emulator.endpoint, tmp_path / "notes")
        bench.client("dynamodb").create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "thing", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "thing", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as written:
            written.writestr("notes.py", CODE)
        bench.client("lambda").create_function(
            FunctionName="notes",
            Runtime="python3.13",
            Role="arn:aws:iam::000000000000:role/notes",
            Handler="notes.handler",
            Code={"ZipFile": archive.getvalue()},
            Environment={"Variables": {"NOTES": str(bench.notes)}},
            Timeout=10,
        )
        yield bench
    finally:
        emulator.stop()


def test_what_a_function_reports_comes_again_and_what_was_before_it_does_not(
    bench: Bench,
) -> None:
    # One partition key's records are in order; the second fails until it is mended.
    bench.put("a")
    bench.put("a", do="report")
    bench.put("a")
    bench.connect(BatchSize=10)
    bench.await_(lambda: len(bench.batches()) >= 2)
    bench.mend()
    bench.await_(lambda: len(bench.batches()) >= 3)
    assert bench.batches() == ["aaa", "aa", "aa"]


def test_batch_that_fails_is_halved_and_the_record_at_fault_is_given_up(bench: Bench) -> None:
    bench.put("a")
    bench.put("a", do="raise")
    bench.put("a")
    bench.put("a")
    queue = bench.connect(BatchSize=10, BisectBatchOnFunctionError=True, MaximumRetryAttempts=0)
    bench.await_(lambda: len(bench.batches()) == 5)
    assert bench.batches() == ["aaaa", "aa", "a", "a", "aa"]
    (message,) = bench.client("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=10)["Messages"]
    document = json.loads(message["Body"])
    assert document["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert document["DDBStreamBatchInfo"]["batchSize"] == 1


def test_window_gathers_records_into_one_batch(bench: Bench) -> None:
    bench.connect(BatchSize=10, MaximumBatchingWindowInSeconds=3)
    bench.put("a")
    bench.put("a")
    bench.await_(lambda: bool(bench.batches()))
    assert bench.batches() == ["aa"]


@pytest.mark.parametrize("lanes", [1, 10])
def test_slow_batch_holds_up_its_own_shard_and_lane_alone(bench: Bench, lanes: int) -> None:
    things = [f"<{number}>" for number in range(12)]
    bench.connect(BatchSize=1, ParallelizationFactor=lanes)
    bench.put(*things, do="sleep")
    bench.await_(lambda: len(bench.noted()) == len(things))
    spans = sorted((it["began"], it["ended"]) for it in bench.noted())
    assert any(later[0] < earlier[1] for earlier, later in pairwise(spans))


def test_one_lane_is_never_run_twice_at_a_time(bench: Bench) -> None:
    bench.connect(BatchSize=1)
    for _ in range(4):
        bench.put("a", do="sleep")
    bench.await_(lambda: len(bench.noted()) == 4)
    spans = [(it["began"], it["ended"]) for it in bench.noted()]
    assert all(later[0] >= earlier[1] for earlier, later in pairwise(spans))
