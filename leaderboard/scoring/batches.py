"""Batches of trusted writes: users side by side, each user's writes one after the other."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass

from leaderboard.errors import LeaderboardError, Unavailable
from leaderboard.retries import carried
from leaderboard.scoring.scores import Outcome, Scores

WORKERS = 8
"""Users at a time: fewer than the connections that the tables' client keeps."""

LATER = "Not confirmed in time. Send it again; it will count only once."


@dataclass(frozen=True, slots=True)
class TrustedWrite:
    """One trusted write as it was asked for."""

    user_id: str
    submission_id: str
    score: int | None = None
    delta: int | None = None
    user_name: str | None = None


Result = Outcome | LeaderboardError


def submit_all(
    scores: Scores, board: str, wanted: Sequence[TrustedWrite], *, seconds: float
) -> list[Result]:
    """Do trusted writes on one board; what came of each, in their order.

    All count for the season in which the batch was accepted. One that is refused stops no other.
    One that could not be done stops its user's later ones, so that sending the batch again keeps
    each user's order. What is not done in that many seconds is Unavailable, whether or not it
    comes to be done, and may be sent again. Raises BoardNotFound.
    """
    scores.catalog.find(board)
    accepted_ms = scores.now_ms()
    deadline = time.monotonic() + seconds
    results: list[Result] = [Unavailable(LATER)] * len(wanted)

    def write(numbers: Sequence[int]) -> None:
        for number in numbers:
            if time.monotonic() >= deadline:
                return
            it = wanted[number]
            try:
                results[number] = scores.submit(
                    user_id=it.user_id,
                    board=board,
                    submission_id=it.submission_id,
                    score=it.score,
                    delta=it.delta,
                    user_name=it.user_name,
                    accepted_ms=accepted_ms,
                )
            except Unavailable as error:
                results[number] = error
                return
            except LeaderboardError as error:
                results[number] = error

    # The longest first: a user's writes cannot be shared out.
    users = sorted(_by_user(wanted), key=len, reverse=True)
    pool = ThreadPoolExecutor(max(1, min(WORKERS, len(users))))
    in_time = carried(write)
    writing = [pool.submit(in_time, numbers) for numbers in users]
    done, _ = wait(writing, timeout=max(0.0, seconds))
    # Nobody waits for a call that hangs: the answer has to be out before the function's time is.
    pool.shutdown(wait=False, cancel_futures=True)
    for it in done:
        it.result()
    return list(results)


def _by_user(wanted: Sequence[TrustedWrite]) -> list[list[int]]:
    """The numbers of each user's writes, in their order."""
    numbers: dict[str, list[int]] = {}
    for number, it in enumerate(wanted):
        numbers.setdefault(it.user_id, []).append(number)
    return list(numbers.values())
