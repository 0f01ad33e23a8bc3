"""A double of Lambda's event source mapping for DynamoDB Streams.

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

from local.poller.choice import Choose, drawn, scripted, seeded
from local.poller.clock import Clock
from local.poller.failure import LivelockError, StuckError
from local.poller.invocation import Context
from local.poller.kill import KillAt, Killed, KillRandomly, TimedOut
from local.poller.ledger import Ledger, StreamDelivery
from local.poller.mapping import Mapping
from local.poller.options import Options
from local.poller.scheduler import Scheduler
from local.poller.stepped import stepped
from local.poller.stream import Stream
from local.poller.task import Task
from local.poller.threads import Threads

__all__ = [
    "Choose",
    "Clock",
    "Context",
    "KillAt",
    "KillRandomly",
    "Killed",
    "Ledger",
    "LivelockError",
    "Mapping",
    "Options",
    "Scheduler",
    "Stream",
    "StreamDelivery",
    "StuckError",
    "Task",
    "Threads",
    "TimedOut",
    "drawn",
    "scripted",
    "seeded",
    "stepped",
]
