"""A test double of Lambda's event source mapping for DynamoDB Streams.

It does what local emulators leave out: retries, partial batches, bisecting, parallel shards and
lanes, batch windows, record age, failure documents, crashes and deliveries that come twice; in
virtual time, and such that one seed repeats a run. README.md shows how to use it.

The rules are those of AWS's documents, read in November 2026:
- AWS Lambda Developer Guide: "Using AWS Lambda with Amazon DynamoDB" (4 polls a second, start
  positions, lanes), "Lambda parameters for Amazon DynamoDB event source mappings", "Configuring
  partial batch response with DynamoDB and Lambda", "Retain discarded records for a DynamoDB event
  source in Lambda" (retries, age, bisecting, the failure document), "How Lambda processes records
  from stream and queue-based event sources" (at least once, batching windows, 6 MB payload).
- AWS Compute Blog: "Optimizing batch processing with custom checkpoints in AWS Lambda"; What's New:
  "AWS Lambda supports failure-handling features for Kinesis and DynamoDB event sources", "AWS
  Lambda supports parallelization factor for Kinesis and DynamoDB event sources".
- Amazon DynamoDB Developer Guide: "Change data capture for DynamoDB Streams" (shards, lineage,
  24 hours).
"""

from tests.poller.choice import Choose, drawn, scripted, seeded
from tests.poller.clock import Clock
from tests.poller.failure import LivelockError, StuckError
from tests.poller.invocation import Context
from tests.poller.kill import KillAt, Killed, KillRandomly, TimedOut
from tests.poller.ledger import Delivery, Ledger
from tests.poller.mapping import Mapping
from tests.poller.options import Options
from tests.poller.scheduler import Scheduler
from tests.poller.stepped import stepped
from tests.poller.stream import Stream
from tests.poller.task import Task
from tests.poller.threads import Threads

__all__ = [
    "Choose",
    "Clock",
    "Context",
    "Delivery",
    "KillAt",
    "KillRandomly",
    "Killed",
    "Ledger",
    "LivelockError",
    "Mapping",
    "Options",
    "Scheduler",
    "Stream",
    "StuckError",
    "Task",
    "Threads",
    "TimedOut",
    "drawn",
    "scripted",
    "seeded",
    "stepped",
]
