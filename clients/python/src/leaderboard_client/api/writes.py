"""Trusted writes: what a game's server hands in, and what became of it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from leaderboard_client.api.answers import ScoreEntry
from leaderboard_client.errors import ErrorPlace, LeaderboardError


def new_submission_id() -> str:
    """A name for a write that has none."""
    return str(uuid.uuid4())


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreWrite:
    """One trusted write: `delta` on `increment` boards, `score` on `best` and `latest` ones."""

    user_id: str
    score: int | None = None
    delta: int | None = None
    user_name: str | None = None
    submission_id: str = field(default_factory=new_submission_id)
    """Names the write: sent again under the same name, it counts once. Give one of your own, such
    as the match's id, if your program may run a batch again."""

    def json(self) -> dict[str, object]:
        """As the service reads it."""
        values = {
            "userId": self.user_id,
            "submissionId": self.submission_id,
            "score": self.score,
            "delta": self.delta,
            "userName": self.user_name,
        }
        return {name: it for name, it in values.items() if it is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteResult:
    """What became of one write of a batch."""

    write: ScoreWrite
    status: int
    """200, or that of a request of its own that was refused."""
    entry: ScoreEntry | None = None
    changed: bool = False
    replayed: bool = False
    code: str | None = None
    """Why it was refused; None if it was not."""
    detail: str | None = None
    errors: tuple[ErrorPlace, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the service took it."""
        return self.status == 200


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchReport:
    """What became of the writes that were handed in."""

    written: int = 0
    """How many the service took."""
    changed: int = 0
    """How many of those moved a score."""
    replayed: int = 0
    """How many had been written before, so that nothing was written now."""
    refused: tuple[WriteResult, ...] = ()
    """Each that failed alone, with its reason."""


class BatchInterrupted(LeaderboardError):
    """A batch was given up: the service took nothing for too long (then `cause` says what it said),
    or refuses all of it. Run the rest again with the same submission ids: each counts once."""

    code = "batch_interrupted"

    def __init__(
        self, cause: LeaderboardError, report: BatchReport, unfinished: tuple[ScoreWrite, ...]
    ) -> None:
        """
        - `report`: what is done
        - `unfinished`: writes that were taken from the iterable, and of which nobody knows
        """
        super().__init__(
            f"The batch was given up after {report.written} writes: {cause}",
            status=cause.status,
            request_id=cause.request_id,
            retry_after=cause.retry_after,
            errors=cause.errors,
        )
        self.cause = cause
        self.report = report
        self.unfinished = unfinished
