"""Which writes go into which batch, when, and how many batches are under way. No I/O, no clock.

Writes wait in their order. A batch takes from the front as many as the service allows. The writes
of one user keep their order: while some of them are under way, that user's later ones wait. The
number of batches under way grows by one with each that the service takes, and halves when it says
that it cannot keep up; so the service is given as much as it takes, and no more. What it could not
do comes back to the front, under the same submission ids.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from leaderboard_client.api.answers import BatchAnswer, ItemAnswer
from leaderboard_client.api.asking import AGAIN, UNKNOWN
from leaderboard_client.api.exchange import json_body
from leaderboard_client.api.writes import BatchInterrupted, BatchReport, ScoreWrite, WriteResult
from leaderboard_client.errors import ConnectionFailed, LeaderboardError

MOST_WRITES = 100
MOST_BYTES = 64 * 1024
TRIES_AFTER_ERRORS = 3
FRAME_BYTES = len(json_body({"submissions": []}))
LOOKAHEAD = 4 * MOST_WRITES
"""Writes that wait at most: enough to fill a batch while some users are under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How much of a batch is under way at once, and how long a silent service is borne. Times are
    seconds."""

    most_at_once: int = 8
    """Batches under way at most."""
    base: float = 0.5
    """The pause after the service could not keep up; doubled as long as it cannot."""
    cap: float = 15.0
    patience: float = 120.0
    """Without a single write taken, until the batch is given up."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    write: ScoreWrite
    size: int


@dataclass(slots=True)
class _Tally:
    written: int = 0
    changed: int = 0
    replayed: int = 0
    refused: list[WriteResult] = field(default_factory=list)


class Batching:
    """The writes of one call, from the iterable to their results."""

    def __init__(self, pace: Pace, now: float) -> None:
        self._pace = pace
        self._waiting: deque[_Waiting] = deque()
        self._ended = False
        self._flying: set[str] = set()
        self._batches = 0
        self._at_once = 1
        self._troubles = 0
        self._resume_at = now
        self._moved_at = now
        self._tally = _Tally()
        self._errors: dict[tuple[str, str], int] = {}
        self._failure: LeaderboardError | None = None

    @property
    def wants(self) -> bool:
        """Whether to hand in more writes."""
        return not self._ended and self._failure is None and len(self._waiting) < LOOKAHEAD

    def offer(self, write: ScoreWrite) -> WriteResult | None:
        """Takes a write. One that is too large for any batch is refused here."""
        size = len(json_body(write.json()))
        if FRAME_BYTES + size > MOST_BYTES:
            return self._refuse(write, _TOO_LARGE)
        self._waiting.append(_Waiting(write, size))
        return None

    def end(self) -> None:
        """There are no more writes."""
        self._ended = True

    @property
    def done(self) -> bool:
        """Whether nothing is left to do."""
        idle = self._batches == 0
        return idle and (self._failure is not None or (self._ended and not self._waiting))

    def next(self, now: float, *, hurry: bool = False) -> tuple[ScoreWrite, ...]:
        """The next batch to send now; empty if there is none yet.

        `hurry`: a batch that is not full may go, since no more writes come at present.
        """
        if self._failure or self._batches >= self._at_once or now < self._resume_at:
            return ()
        chosen, is_full = self._chosen()
        if not chosen or not (is_full or hurry or not self.wants):
            return ()
        taken = set(map(id, chosen))
        self._waiting = deque(it for it in self._waiting if id(it) not in taken)
        batch = tuple(it.write for it in chosen)
        self._flying |= {it.user_id for it in batch}
        self._batches += 1
        return batch

    def _chosen(self) -> tuple[list[_Waiting], bool]:
        """The next batch as it would be now, and whether no more goes into it."""
        chosen: list[_Waiting] = []
        size = FRAME_BYTES
        for it in self._waiting:
            if it.write.user_id in self._flying:
                continue
            # The comma between two of them counts, too.
            size += it.size + 1
            if len(chosen) == MOST_WRITES or size > MOST_BYTES:
                return chosen, True
            chosen.append(it)
        return chosen, len(chosen) == MOST_WRITES

    def wait(self, now: float) -> float | None:
        """Seconds until `next` may have a batch; None if only an answer can change that."""
        if not self._waiting or self._batches >= self._at_once or self._failure:
            return None
        return max(0.0, self._resume_at - now)

    def take(
        self, batch: Sequence[ScoreWrite], outcome: BatchAnswer | LeaderboardError, now: float
    ) -> list[WriteResult]:
        """What came of a batch; returns the results that are final."""
        self._batches -= 1
        self._flying -= {it.user_id for it in batch}
        if isinstance(outcome, LeaderboardError):
            self._fail(batch, outcome, now)
            return []
        if len(outcome.results) != len(batch):
            outcome = BatchAnswer(results=(ItemAnswer(status=503),) * len(batch))
        final, again = [], []
        for write, result in zip(batch, outcome.results, strict=True):
            if result.status in AGAIN or (result.status in UNKNOWN and self._may_repeat(write)):
                again.append(write)
            elif result.status == 200:
                final.append(self._count(write, result))
            else:
                final.append(self._refuse(write, result))
        if final:
            self._moved_at = now
        self._back(again)
        if again:
            self._slow_down(now, None)
            self._check_patience(now, ConnectionFailed("The service takes no writes at present."))
        else:
            self._troubles = 0
            self._at_once = min(self._pace.most_at_once, self._at_once + 1)
        return final

    def _may_repeat(self, write: ScoreWrite) -> bool:
        """Whether a write that hit a bug of the service is tried again. It must not hold up the
        others for ever."""
        key = (write.user_id, write.submission_id)
        self._errors[key] = self._errors.get(key, 0) + 1
        return self._errors[key] < TRIES_AFTER_ERRORS

    @property
    def report(self) -> BatchReport:
        """What is done. Raises BatchInterrupted if the batch was given up."""
        tally = self._tally
        report = BatchReport(
            written=tally.written,
            changed=tally.changed,
            replayed=tally.replayed,
            refused=tuple(tally.refused),
        )
        if self._failure:
            left = tuple(it.write for it in self._waiting)
            raise BatchInterrupted(self._failure, report, left) from self._failure
        return report

    def _fail(self, batch: Sequence[ScoreWrite], error: LeaderboardError, now: float) -> None:
        """A whole batch got no result."""
        self._back(batch)
        passing = isinstance(error, ConnectionFailed) or error.status in AGAIN | UNKNOWN
        if not passing:
            self._failure = self._failure or error
            return
        self._slow_down(now, error.retry_after)
        self._check_patience(now, error)

    def _check_patience(self, now: float, error: LeaderboardError) -> None:
        # A wait that is asked for may be longer than that already.
        if max(now, self._resume_at) - self._moved_at > self._pace.patience:
            self._failure = self._failure or error

    def _slow_down(self, now: float, retry_after: float | None) -> None:
        self._at_once = max(1, self._at_once // 2)
        pause = min(self._pace.cap, self._pace.base * 2.0 ** min(self._troubles, 10))
        self._troubles += 1
        self._resume_at = max(self._resume_at, now + max(pause, retry_after or 0.0))

    def _back(self, writes: Sequence[ScoreWrite]) -> None:
        """To the front, in their order."""
        sized = [_Waiting(it, len(json_body(it.json()))) for it in writes]
        self._waiting.extendleft(reversed(sized))

    def _count(self, write: ScoreWrite, result: ItemAnswer) -> WriteResult:
        self._tally.written += 1
        self._tally.changed += result.changed
        self._tally.replayed += result.replayed
        return _result(write, result)

    def _refuse(self, write: ScoreWrite, result: ItemAnswer) -> WriteResult:
        refused = _result(write, result)
        self._tally.refused.append(refused)
        return refused


_TOO_LARGE = ItemAnswer(
    status=413, code="body_too_large", detail=f"A batch has at most {MOST_BYTES:,} bytes."
)


def _result(write: ScoreWrite, answer: ItemAnswer) -> WriteResult:
    return WriteResult(
        write=write,
        status=answer.status,
        entry=answer.entry,
        changed=answer.changed,
        replayed=answer.replayed,
        code=answer.code,
        detail=answer.detail,
        errors=answer.errors,
    )
