"""Comparison of histories: every score of a board-season beside the lines that explain it, by hand.

A score is explained if its last write has a line with that score, and if each line begins where the
one before ended. A line says until when the one before is kept: so what expired is not missed, nor
is anything from before a board had histories. A line that is on its way is counted apart: the
stream brings a user's lines in their order, and keeps them for a day.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

from leaderboard.boards.seasons import BoardSeason
from leaderboard.history.lines import HistoryLine
from leaderboard.repair.comparison import SHOWN, Suspects
from leaderboard.repair.patience import patiently
from leaderboard.repair.ports import ScoreHistories
from leaderboard.repair.segments import read_segments
from leaderboard.repair.verification import LAG_SECONDS

Json = dict[str, Any]

STREAM_MS = 24 * 3_600_000
"""How long the stream keeps a record: after it nothing brings the line any more."""
BATCH_MS = 15 * 60_000
"""How long a line may be missing before newer ones: a batch writes them in any order, and what
fails is delivered again."""

MISSING_LAST = "the line of the last write is missing"
MISSING = "the line before this one is missing"
GAP = "it does not begin where the line before ends"
OTHER = "it does not say what the score's item says of its last write"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong at the line of a user's write. `may_come`: what is missing is on its way."""

    user_id: str
    version: int
    text: str
    may_come: bool = False


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """A page of the table beside the histories: its scores, and the users who look unexplained."""

    segment: str
    resume_after: Json | None
    items: int
    differing: tuple[str, ...]


@dataclass(frozen=True)
class HistoryComparison:
    """Compares the scores of a whole board-season with their users' histories."""

    histories: ScoreHistories
    segments: int
    now_ms: Callable[[], int]

    def run(self, board_season: BoardSeason, *, seconds: float) -> Json:
        """Every score that its history does not explain, in so many seconds at most.

        Raises Unavailable.
        """
        deadline = time.monotonic() + seconds
        suspects = Suspects()
        items = 0
        unread: dict[str, Json | None] = {str(number): None for number in range(self.segments)}
        pages = read_segments(
            partial(self._compare_page, board_season),
            unread,
            goes_on=lambda: time.monotonic() < deadline,
        )
        for page in pages:
            items += page.items
            suspects.add(page.differing)
            if page.resume_after is None:
                del unread[page.segment]
        users = sorted(suspects.users)
        if users:  # lines that were just being written are there by now
            time.sleep(LAG_SECONDS)
        faults = [it for user_id in users for it in self._look_again(board_season, user_id)]
        lasting = [it for it in faults if not it.may_come]
        wrong = {it.user_id for it in lasting}
        return {
            "histories": items,
            "unexplained": len(wrong) + suspects.uncollected,
            "onTheirWay": len({it.user_id for it in faults} - wrong),
            "shownHistories": [_shown(it) for it in lasting[:SHOWN]],
            "historiesFinished": not unread,
        }

    def _compare_page(
        self, board_season: BoardSeason, segment: str, resume_after: Json | None
    ) -> HistoryPage:
        read = partial(self.histories.read_last_writes, int(segment), self.segments)
        lasts, following = patiently(partial(read, after=resume_after, only=board_season.key))
        differing = tuple(it.user_id for it in lasts if self._faults(it))
        return HistoryPage(segment, following, len(lasts), differing)

    def _look_again(self, board_season: BoardSeason, user_id: str) -> list[Fault]:
        find = partial(self.histories.find_last_write, user_id, board_season.key)
        last = patiently(find)
        return [] if last is None else self._faults(last)

    def _faults(self, last: HistoryLine) -> list[Fault]:
        lines = patiently(lambda: self.histories.read_lines(last.user_id, last.key))
        # After the lines: what has expired by now may have been left out of them.
        return faults_of(last, lines, now_ms=self.now_ms())


def faults_of(last: HistoryLine, lines: Sequence[HistoryLine], *, now_ms: int) -> list[Fault]:
    """What a history has wrong: `last` is what the score's item says, `lines` are newest first.

    The item was read before the lines, so they may have newer ones.
    """
    found: list[Fault] = []
    own = next((it for it in lines if it.write.version == last.write.version), None)
    if own is None:
        if not _has_expired(last.write.expires_s, now_ms):
            overtaken = bool(lines) and lines[0].write.version > last.write.version
            span = BATCH_MS if overtaken else STREAM_MS
            found.append(_fault(last, MISSING_LAST, now_ms, span))
    elif (own.write, own.user_score) != (last.write, last.user_score):
        found.append(Fault(own.user_id, own.write.version, OTHER))
    for later, earlier in pairwise([*lines, None]):
        assert later is not None
        kept_until = later.write.before_expires_s
        if kept_until is None or _has_expired(kept_until, now_ms):
            continue  # the history begins here, as far as anybody knows
        if earlier is None or earlier.write.expires_s != kept_until:
            found.append(_fault(later, MISSING, now_ms, BATCH_MS))
        elif earlier.user_score != later.write.score_before:
            found.append(_fault(later, GAP, now_ms, BATCH_MS))
    return found


def _has_expired(expires_s: int, now_ms: int) -> bool:
    return expires_s * 1000 <= now_ms


def _fault(line: HistoryLine, text: str, now_ms: int, span_ms: int) -> Fault:
    may_come = now_ms - line.write.at_ms < span_ms
    return Fault(line.user_id, line.write.version, text, may_come)


def _shown(it: Fault) -> Json:
    return {"userId": it.user_id, "version": it.version, "fault": it.text}
