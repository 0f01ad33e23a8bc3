"""A table's stream: shards of records, each kept for a day.

A record is in the shard that owns the hash of its partition key, behind the earlier ones there; a
shard that is split takes no more records, and its children are to be read after it.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from local.poller.clock import Time

RETENTION_SECONDS = 24 * 60 * 60
_HASHES = 2**32
_ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/table/stream/2026-11-23T08:00:00.000"
# The shortest that DynamoDB hands out: 21 digits. They are compared as numbers, not as text.
_FIRST_SEQUENCE_NUMBER = 100_000_000_000_000_000_000


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """One record in its shard; `body` is its JSON, `arrived_at` in seconds since 1970."""

    number: int
    key: str
    arrived_at: float
    body: str
    size: int

    @property
    def sequence_number(self) -> str:
        """The sequence number as Lambda's event has it."""
        return str(self.number)

    def event(self) -> dict[str, Any]:
        """A fresh copy in Lambda's event form, which its reader may change."""
        copy: dict[str, Any] = json.loads(self.body)
        return copy

    def expired(self, now: float) -> bool:
        """Whether the stream has trimmed it by now."""
        return now - self.arrived_at >= RETENTION_SECONDS


@dataclass(slots=True, eq=False)
class Shard:
    """The records whose hash lies in `low` to `high` (exclusive)."""

    shard_id: str
    parent_id: str | None
    low: int
    high: int
    closed: bool = False
    records: list[StoredRecord] = field(default_factory=list)
    forgotten: int = 0

    @property
    def end(self) -> int:
        """The position behind its newest record."""
        return self.forgotten + len(self.records)

    def since(self, position: int) -> list[StoredRecord]:
        """What it got from that position on."""
        return self.records[position - self.forgotten :]


def _hash(text: str) -> int:
    return int.from_bytes(sha256(text.encode()).digest()[:4])


class Stream:
    """A stream of a table whose partition key is the attribute `partition_key`."""

    def __init__(
        self,
        clock: Time,
        *,
        partition_key: str,
        shards: int = 1,
        arn: str = _ARN,
    ) -> None:
        self.clock = clock
        self.arn = arn
        self.shards: list[Shard] = []
        self._partition_key = partition_key
        self._next_number = _FIRST_SEQUENCE_NUMBER
        self._listeners: list[Callable[[], None]] = []
        for index in range(shards):
            self._open(None, _HASHES * index // shards, _HASHES * (index + 1) // shards)

    def append(self, record: Mapping[str, Any], *, number: int | None = None) -> str:
        """Add a record in Lambda's event form and give its sequence number.

        It must hold `dynamodb.Keys`, and nothing that is not JSON. The stream puts in the sequence
        number, its next unless one is given, and what Lambda's records always have, where the
        caller left that out.
        """
        dynamodb = dict(record["dynamodb"])
        number = self._next_number if number is None else number
        self._next_number = max(self._next_number, number) + 1
        now = self.clock.time()
        dynamodb["SequenceNumber"] = str(number)
        dynamodb.setdefault("ApproximateCreationDateTime", int(now))
        dynamodb.setdefault("SizeBytes", len(json.dumps(dynamodb)))
        defaults = {
            "eventID": sha256(f"{self.arn} {number}".encode()).hexdigest()[:32],
            "eventName": "MODIFY",
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": self.arn.split(":")[3],
            "eventSourceARN": self.arn,
        }
        body = json.dumps({**defaults, **record, "dynamodb": dynamodb}, ensure_ascii=False)
        key = json.dumps(dynamodb["Keys"][self._partition_key], sort_keys=True)
        stored = StoredRecord(number, key, now, body, len(body.encode()))
        self.shard_of(key).records.append(stored)
        self._tell()
        return stored.sequence_number

    def shard_of(self, key: str) -> Shard:
        """The open shard of a partition key, given as the JSON of its attribute value."""
        place = _hash(key)
        return next(
            shard for shard in self.shards if not shard.closed and shard.low <= place < shard.high
        )

    def split(self, shard_id: str, into: int = 2) -> list[Shard]:
        """Close a shard and open its children; `into=1` is the roll of every few hours."""
        parent = next(shard for shard in self.shards if shard.shard_id == shard_id)
        if parent.closed:
            message = f"{shard_id} is closed already"
            raise ValueError(message)
        parent.closed = True
        width = parent.high - parent.low
        children = [
            self._open(
                parent.shard_id,
                parent.low + width * index // into,
                parent.low + width * (index + 1) // into,
            )
            for index in range(into)
        ]
        self._tell()
        return children

    def forget(self) -> None:
        """Keep no record any longer: every lane has read them."""
        for shard in self.shards:
            shard.forgotten += len(shard.records)
            shard.records.clear()

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call the listener after each append and split."""
        self._listeners.append(listener)

    def _open(self, parent_id: str | None, low: int, high: int) -> Shard:
        shard_id = f"shardId-{len(self.shards):020d}-{low:08x}"
        shard = Shard(shard_id, parent_id, low, high)
        self.shards.append(shard)
        return shard

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()


def lane_of(key: str, lanes: int) -> int:
    """The lane of a partition key within its shard; unrelated to which shard that is."""
    return _hash(f"lane {key}") % lanes
