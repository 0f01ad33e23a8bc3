"""Submissions: trusted writes of the game's servers, one by one or many in a batch.

A batch does users side by side, and each user's writes one after the other.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace

from leaderboard.boards.catalog import Catalog
from leaderboard.boards.rules import Board, Operator
from leaderboard.boards.seasons import BoardSeason
from leaderboard.errors import (
    Invalid,
    LeaderboardError,
    Raced,
    Refused,
    SubmissionConflict,
    Unavailable,
)
from leaderboard.retries import carried, tries
from leaderboard.scoring import decisions
from leaderboard.scoring.items import SUBMISSION_MS, Profile, ScoreItem, Submission, Write, unnamed
from leaderboard.scoring.ports import ScoreStore
from leaderboard.scoring.profiles import renamed
from leaderboard.scoring.scores import BUSY, Outcome, gather

WORKERS = 8
"""Users of a batch at a time: fewer than the connections that the tables' client keeps."""

LATER = "Not confirmed in time. Send it again; it will count only once."


@dataclass(frozen=True, slots=True)
class TrustedWrite:
    """One trusted write of a batch, as it was asked for."""

    user_id: str
    submission_id: str
    score: int | None = None
    delta: int | None = None
    user_name: str | None = None


Result = Outcome | LeaderboardError


@dataclass(frozen=True)
class Submissions:
    """What the game's servers do: they write scores of any user."""

    catalog: Catalog
    store: ScoreStore
    now_ms: Callable[[], int]

    def submit(
        self,
        *,
        user_id: str,
        board: str,
        submission_id: str,
        score: int | None = None,
        delta: int | None = None,
        user_name: str | None = None,
        accepted_ms: int | None = None,
    ) -> Outcome:
        """One trusted write: `delta` on increment boards, `score` on the others.

        It counts for the season in which it was accepted: now, unless `accepted_ms` says otherwise.
        Idempotent by `submission_id`, per user and board and whatever the season, for at least 24
        hours. Raises BoardNotFound, Invalid, Barred, ScoreLimit, and SubmissionConflict (a known id
        with another body).
        """
        rules = self.catalog.find(board)
        amount = _amount(rules, score=score, delta=delta)
        digest = _digest(score=score, delta=delta, user_name=user_name)
        now = self.now_ms() if accepted_ms is None else accepted_ms
        current, name = BoardSeason.at(rules, now), user_name or unnamed(user_id).user_name
        for _ in tries():
            try:
                (item,), profile = gather(self.store, user_id, [current.key])
                name = item.user_name
                named = None
                if user_name is not None and user_name != item.user_name:
                    item, profile, named = self._named(item, profile, user_name, now_ms=now)
                decision = decisions.submit(rules, item, amount=amount, now_ms=now)
                assert decision.item is not None
                submission = Submission(
                    user_id=user_id,
                    board=board,
                    submission_id=submission_id,
                    digest=digest,
                    season=current.season.season,
                    answer=decision.answer,
                    expires_ms=now + SUBMISSION_MS,
                )
                write = Write(
                    board=rules,
                    item=decision.item,
                    read_version=item.version,
                    profile=profile,
                    renamed=named,
                    submission=submission,
                )
                self.store.write(write)
            except (Invalid, Refused, Raced) as refusal:
                # Few writes are known already, so only what does not go through asks whether it is.
                known = self.store.read_submission(user_id, board, submission_id)
                if known is not None and known.expires_ms > now:
                    return _replayed(known, digest, name)
                if not isinstance(refusal, Raced):
                    raise
                continue
            return Outcome(user_id, item.user_name, decision.answer, replayed=False)
        raise Raced(BUSY)

    def _named(
        self, item: ScoreItem, profile: Profile | None, user_name: str, *, now_ms: int
    ) -> tuple[ScoreItem, Profile, Profile | None]:
        """The item with a new name, the profile as it was read, and what to write in its place."""
        before = profile or self.store.read_profile(item.user_id) or unnamed(item.user_id)
        after = renamed(before, user_name, now_ms=now_ms)
        named = replace(
            item,
            user_name=user_name,
            standing=after.standing,
            profile_version=after.version,
        )
        return named, before, None if after is before else after

    def submit_all(
        self, board: str, wanted: Sequence[TrustedWrite], *, seconds: float
    ) -> list[Result]:
        """Do trusted writes on one board; the result of each, in their order.

        All count for the season in which the batch was accepted. One that is refused stops no
        other. One that could not be done stops its user's later ones, so that sending the batch
        again keeps each user's order. What is not done in that many seconds is Unavailable, whether
        or not it comes to be done, and may be sent again. Raises BoardNotFound.
        """
        self.catalog.find(board)
        accepted_ms = self.now_ms()
        deadline = time.monotonic() + seconds
        results: list[Result] = [Unavailable(LATER)] * len(wanted)

        def write(numbers: Sequence[int]) -> None:
            for number in numbers:
                if time.monotonic() >= deadline:
                    return
                it = wanted[number]
                try:
                    results[number] = self.submit(
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
        # Nobody waits for a call that hangs: the answer has to leave before the time is over.
        pool.shutdown(wait=False, cancel_futures=True)
        for future in done:
            future.result()
        return list(results)


def _by_user(wanted: Sequence[TrustedWrite]) -> list[list[int]]:
    """The numbers of each user's writes, in their order."""
    numbers: dict[str, list[int]] = {}
    for number, it in enumerate(wanted):
        numbers.setdefault(it.user_id, []).append(number)
    return list(numbers.values())


def _amount(board: Board, *, score: int | None, delta: int | None) -> int:
    """The one of both that the board takes. Raises Invalid."""
    takes_delta = board.operator is Operator.INCREMENT
    right, wrong = (delta, score) if takes_delta else (score, delta)
    name, other = ("delta", "score") if takes_delta else ("score", "delta")
    if wrong is not None:
        raise Invalid(f"A board with `{board.operator}` takes `{name}`, not `{other}`.", path=other)
    if right is None:
        raise Invalid(f"A board with `{board.operator}` takes `{name}`; send it.", path=name)
    return right


def _replayed(known: Submission, digest: str, user_name: str) -> Outcome:
    """The first answer again. Raises SubmissionConflict for another body."""
    if known.digest != digest:
        raise SubmissionConflict("This submissionId was used with another body; take a new one.")
    return Outcome(known.user_id, user_name, known.answer, replayed=True)


def _digest(**body: int | str | None) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
