"""A batch on its way through a function, and what becomes of it when the function fails."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from local.poller.options import Options
from local.poller.response import Verdict
from local.poller.stream import StoredRecord

PAYLOAD_BYTES = 6 * 1024 * 1024
_ENVELOPE_BYTES = len('{"Records":[]}')


def short(sequence_number: str) -> str:
    """The end of a sequence number, which tells it from its neighbours."""
    return f"…{sequence_number[-6:]}"


@dataclass(frozen=True, slots=True)
class Batch:
    """Records that go to the function together; `retries` counts what the quota counts."""

    records: tuple[StoredRecord, ...]
    retries: int = 0
    invocations: int = 0

    @property
    def sequence_numbers(self) -> list[str]:
        """The sequence numbers of its records, in order."""
        return [record.sequence_number for record in self.records]

    def span(self) -> str:
        """How many records of which numbers, for the trace."""
        numbers = self.sequence_numbers
        return f"{len(numbers)} records {short(numbers[0])} to {short(numbers[-1])}"


def assemble(records: Sequence[StoredRecord], start: int, batch_size: int) -> Batch:
    """Take as many records as the batch size and the payload limit allow, and at least one."""
    size = _ENVELOPE_BYTES
    end = start
    while end < len(records) and end - start < batch_size:
        size += records[end].size + 1
        if size > PAYLOAD_BYTES and end > start:
            break
        end += 1
    return Batch(tuple(records[start:end]))


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What follows a failure: batches to invoke again, in order, or one to give up."""

    again: tuple[Batch, ...] = ()
    discarded: Batch | None = None


def after_failure(batch: Batch, verdict: Verdict, options: Options) -> Aftermath:
    """Decide as Lambda does; `verdict.failed_from` is not None.

    A split does not consume the retry quota. Where AWS says nothing: a retry from a checkpoint
    within the batch consumes it like any other, unless the split at that number makes it free; and
    a report that names the first record cannot be split there, so it counts as a whole failure.
    """
    first = verdict.failed_from or 0
    rest = replace(batch, records=batch.records[first:])
    if options.bisect and first > 0:
        return Aftermath(again=(rest,))
    if options.bisect and len(rest.records) > 1:
        middle = len(rest.records) // 2
        halves = (rest.records[:middle], rest.records[middle:])
        return Aftermath(again=tuple(replace(rest, records=half) for half in halves))
    if options.maximum_retry_attempts == -1 or rest.retries < options.maximum_retry_attempts:
        return Aftermath(again=(replace(rest, retries=rest.retries + 1),))
    return Aftermath(discarded=rest)
