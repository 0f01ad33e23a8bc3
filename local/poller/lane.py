"""One lane of a shard: its queue, its checkpoint, the batches that it retries, its timing.

Without a parallelization factor a shard has one lane. A lane has one invocation at a time, and a
failed batch blocks what is behind it in the lane, and nothing else.
"""

import math
from dataclasses import dataclass, field

from local.poller.batch import Batch, assemble
from local.poller.options import Options
from local.poller.stream import Shard, StoredRecord, lane_of


@dataclass(slots=True, eq=False)
class Lane:
    """Reads every record of its shard whose partition key falls to it. Times since 1970."""

    shard: Shard
    index: int
    name: str
    options: Options
    poll_interval: float
    free_since: float
    seen: int = 0
    queue: list[StoredRecord] = field(default_factory=list)
    position: int = 0
    fresh: list[int] = field(default_factory=list)
    pending: list[Batch] = field(default_factory=list)
    failures: int = 0
    retry_at: float = 0.0
    busy: bool = False

    def read(self) -> None:
        """Take over the records that the shard got since."""
        lanes = self.options.parallelization_factor
        for record in self.shard.since(self.seen):
            if lane_of(record.key, lanes) == self.index:
                self.queue.append(record)
        self.seen = self.shard.end

    def skip_to_end(self) -> None:
        """Begin behind all that is there."""
        self.read()
        self.position = len(self.queue)

    def skip_expired(self, now: float) -> None:
        """Begin at the trim horizon."""
        self.read()
        while self.position < len(self.queue) and self.queue[self.position].expired(now):
            self.position += 1

    @property
    def idle(self) -> bool:
        """Whether it has done all that it has read."""
        return not self.busy and not self.pending and self.position == len(self.queue)

    def due(self) -> float | None:
        """When its next invocation may begin, as things are; None: there is nothing to do."""
        if self.busy or self.idle:
            return None
        if self.pending:
            return self.retry_at
        batch = assemble(self.queue, self.position, self.options.batch_size)
        end = self.position + len(batch.records)
        if self.options.batch_window == 0:
            return self._polled(batch.records[0])
        if len(batch.records) == self.options.batch_size or end < len(self.queue):
            return self._polled(batch.records[-1])
        return self._window_end(batch.records[0])

    def next_batch(self) -> Batch:
        """The batch to invoke with; the lane keeps it in `pending` until it is settled."""
        if not self.pending:
            batch = assemble(self.queue, self.position, self.options.batch_size)
            self.fresh.append(self.position)
            self.position += len(batch.records)
            self.pending.append(batch)
        return self.pending[0]

    def forget(self, batches: int) -> None:
        """Keep nothing from before the last `batches` batches."""
        del self.fresh[:-batches]
        done = self.fresh[0] if self.fresh else self.position
        del self.queue[:done]
        self.position -= done
        self.fresh = [position - done for position in self.fresh]

    def lose_checkpoint(self, batches: int) -> None:
        """Go back to where the last `batches` batches were read from the stream."""
        self.position = self.fresh[-batches]
        del self.fresh[-batches:]

    def _polled(self, record: StoredRecord) -> float:
        waited = max(record.arrived_at - self.free_since, 0.0)
        if self.poll_interval:
            waited = math.ceil(waited / self.poll_interval) * self.poll_interval
        return self.free_since + waited

    def _window_end(self, record: StoredRecord) -> float:
        # The next window begins when an invocation ends; windows without a record follow on.
        window = self.options.batch_window
        waited = max(record.arrived_at - self.free_since, 0.0)
        return self.free_since + (math.floor(waited / window) + 1) * window
