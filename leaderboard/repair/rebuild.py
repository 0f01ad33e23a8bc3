"""Rebuild: fill rankings from the table, beside live records.

The same version check as for live records decides what counts, so order does not matter. A rebuild
is bound to the lives of the cache that it fills, and ends by recording. It reads the whole table
once, in segments side by side, for one board-season or for many; out of time it hands over where it
stands, and whoever takes that goes on.
"""

from __future__ import annotations

import secrets
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from random import SystemRandom
from threading import Lock
from typing import Any, Protocol, TypeVar

from leaderboard.boards.board_season import BoardSeason, key_of
from leaderboard.boards.catalog import Catalog
from leaderboard.errors import BoardNotFound, Invalid, Unavailable
from leaderboard.ranking.board_item import BoardItem, BoardRow
from leaderboard.ranking.cached_top import COMPLETE, CachedTop
from leaderboard.ranking.ports import RankingCache
from leaderboard.ranking.recorder import Recorder
from leaderboard.ranking.score_state import ScoreState
from leaderboard.repair.sweep import Sweep, SweepResult

Json = dict[str, Any]
Answer = TypeVar("Answer")

LIVES = 3
"""How many lives of the cache one rebuild may see lost before it gives up."""
CHUNK = 50_000
"""Records that a segment gathers before they are filled, sorted: some 25 MB."""
SIDE_BY_SIDE = 8
"""Segments that are read, and boards that are finished, at the same time."""
BOARDS_AT_ONCE = 2000
"""Board-seasons that one pass over the table fills: what fits an asynchronous event."""
FLUSH_SECONDS = 5.0
"""How long records may wait for a chunk to become full, and a rebuild be silent."""
TELL_SECONDS = 10.0
"""Between two words on how far it is."""
PARTS = 500
"""Invocations that one rebuild may take: far more than any table needs."""
PATIENCE_SECONDS = 60.0
"""How long a table or cache that does not answer is asked again."""
CHANCE = SystemRandom()


@dataclass(frozen=True, slots=True)
class ScanPage:
    """Some of a segment: the records by board-season, and where it goes on (None: at its end)."""

    records: Sequence[tuple[str, ScoreState]]
    position: Json | None


class ScoreScan(Protocol):
    def read_page(
        self, segment: int, segments: int, *, after: Json | None, only: str | None
    ) -> ScanPage:
        """A page of a segment of the table, read consistently; of one board-season alone.

        Tombstones are included. Raises Unavailable.
        """


class BoardList(Protocol):
    def open(self, key: str) -> bool: ...

    def list(self) -> Iterator[list[BoardRow]]: ...

    def read(self, key: str) -> BoardItem | None: ...


class DroppingCache(RankingCache, Protocol):
    def drop(self, key: str, *, life: str | None = None) -> bool: ...


class Claim(Protocol):
    """Who rebuilds for all: it spares work, and nothing is wrong if two do."""

    def hold(self, run: str) -> None:
        """Say that the run is alive; raises CacheUnavailable."""

    def finish(self, run: str) -> bool:
        """The run is over; whether somebody asked for another meanwhile."""


@dataclass(frozen=True, slots=True)
class RebuildRequest:
    """What is to be rebuilt: one board-season, all that are `cold`, or every live one.

    `cold` names the one that somebody missed, beside which all others that are cold are filled.
    `fresh` forgets the rankings first, for a table that was restored.
    """

    board: str | None = None
    season: str | None = None
    cold: bool = False
    fresh: bool = False
    unrecorded: bool = False
    run: str = ""


@dataclass
class RebuildProgress:
    """Where a rebuild stands; as JSON the event that goes on with it.

    `lives` are those that it fills, by board-season; `left` the segments not read to their end,
    each with where it goes on; `after` the last board-season of the pass before, and `until` the
    last of this one where there are more.
    """

    order: RebuildRequest
    segments: int
    run: str
    lives: dict[str, str] = field(default_factory=dict)
    partial: list[str] = field(default_factory=list)
    left: dict[str, Json | None] = field(default_factory=dict)
    swept: dict[str, Json | None] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    after: str = ""
    until: str | None = None
    unlisted: bool = False
    begun: bool = False
    finished: bool = False
    tries: int = 1
    parts: int = 1
    items: int = 0
    taken: int = 0
    removed: int = 0
    boards: int = 0
    moved: int = 0

    def to_json(self) -> Json:
        return asdict(self)

    @classmethod
    def from_json(cls, image: Json) -> RebuildProgress:
        try:
            return cls(**{**image, "order": RebuildRequest(**image["order"])})
        except (KeyError, TypeError) as error:
            raise Invalid("This is not where a rebuild stands.", path="standing") from error

    @property
    def share(self) -> float:
        """How much of the pass is read, from 0 to 1."""
        return 1 - len(self.left) / self.segments if self.begun else 0.0


Tell = Callable[[RebuildProgress], None]


@dataclass(frozen=True)
class Rebuild:
    catalog: Catalog
    scores: ScoreScan
    cache: DroppingCache
    recorder: Recorder
    boards: BoardList
    claim: Claim
    strangers: Sweep
    segments: int
    now_ms: Callable[[], int]

    def begin(self, order: RebuildRequest) -> RebuildProgress:
        """Where a rebuild stands that has done nothing.

        Raises BoardNotFound, and Invalid for a season that is none.
        """
        if order.board is not None:
            rules = self.catalog.find(order.board)
            asked = BoardSeason.asked(
                rules, order.season or None, now_ms=self.now_ms(), future=True
            )
            order = replace(order, season=asked.season.season)
        return RebuildProgress(order, self.segments, order.run or secrets.token_hex(8))

    def go_on(
        self, standing: RebuildProgress, *, seconds: float, tell: Tell = lambda _: None
    ) -> RebuildProgress:
        """Work for that long at most; where it stands then, `finished` or not.

        Raises Unavailable when the tables or the cache do not answer for a minute, or the cache
        was lost again and again: it may be tried again from the same standing.
        """
        deadline = time.monotonic() + seconds
        while True:
            work = _Work(self, standing, deadline, tell)
            if not work.run():
                standing.parts += 1
                if standing.parts > PARTS:
                    raise Unavailable("The rebuild does not come to an end.")
                return standing
            following = self._next(standing)
            if following is None:
                standing.finished = True
                return standing
            standing = following
            if time.monotonic() >= deadline:
                return standing

    def _next(self, done: RebuildProgress) -> RebuildProgress | None:
        """The next pass: over the next board-seasons, over those that were lost, over new ones."""
        totals = {
            name: getattr(done, name)
            for name in ("items", "taken", "removed", "boards", "moved", "parts")
        }
        several = done.order.board is None or done.order.cold
        if done.lost and done.tries >= LIVES:
            raise Unavailable(f"The cache was lost {LIVES} times while {done.lost[0]} was rebuilt.")
        if done.until is not None:
            return RebuildProgress(
                done.order,
                done.segments,
                done.run,
                after=done.until,
                lost=done.lost,
                unlisted=done.unlisted,
                tries=done.tries,
                **totals,
            )
        if done.lost:
            order = RebuildRequest(cold=True) if several else done.order
            return RebuildProgress(order, done.segments, done.run, tries=done.tries + 1, **totals)
        if done.unlisted:
            order = RebuildRequest(unrecorded=True)
            return RebuildProgress(order, done.segments, done.run, tries=done.tries, **totals)
        if several and patiently(lambda: self.claim.finish(done.run)):
            return RebuildProgress(RebuildRequest(cold=True), done.segments, done.run, **totals)
        return None


class _Work:
    """One invocation's work on one pass."""

    def __init__(
        self, parts: Rebuild, standing: RebuildProgress, deadline: float, tell: Tell
    ) -> None:
        self.parts = parts
        self.standing = standing
        self.deadline = deadline
        self.tell = tell
        self.lock = Lock()
        self.touched: dict[str, float] = {}
        self.beat_at = self.told_at = time.monotonic()
        self.unlisted: set[str] = set()
        self.ended = 0

    @property
    def several(self) -> bool:
        order = self.standing.order
        return order.board is None or order.cold

    def run(self) -> bool:
        """Whether the pass is done."""
        standing = self.standing
        if not standing.begun:
            self._beat()
            self._begin()
            standing.begun = True
        with ThreadPoolExecutor(min(SIDE_BY_SIDE, standing.segments)) as pool:
            list(pool.map(self._read_segment, list(standing.left)))
        self._open_unlisted()  # the next invocation does not know what this one has seen
        if standing.left:
            return False
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            list(pool.map(self._end, list(standing.lives)))
        return not standing.lives

    # Which lives are filled.

    def _begin(self) -> None:
        """Begin, or join, the life of each board-season of the pass."""
        standing, order = self.standing, self.standing.order
        wanted = sorted(key for key in self._keys() if key > standing.after)
        if len(wanted) > BOARDS_AT_ONCE:
            wanted = wanted[:BOARDS_AT_ONCE]
            standing.until = wanted[-1]
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            tops = list(pool.map(self._join, wanted))
        for key, top in zip(wanted, tops, strict=True):
            if top is None:
                continue
            if top.completeness == COMPLETE and order.cold:
                continue
            standing.lives[key] = top.life
            if top.completeness != COMPLETE:  # it began empty: nobody in it is a stranger
                standing.partial.append(key)
        # Where there is nothing to fill, there is nothing to read.
        is_all = order.board is None and not order.cold
        segments = standing.segments if standing.lives or is_all else 0
        standing.left = {str(number): None for number in range(segments)}

    def _keys(self) -> set[str]:
        order = self.standing.order
        keys = set[str]()
        if order.board is not None:
            assert order.season is not None  # `begin` has named it
            keys.add(key_of(order.board, order.season))
        if self.several:
            for page in patiently(lambda: list(self.parts.boards.list())):
                for it in page:
                    if order.cold and it.revision == 0:  # its first score begins it, complete
                        continue
                    if order.unrecorded and it.revision > 0:
                        continue
                    if self._live(it.key):
                        keys.add(it.key)
        return keys

    def _join(self, key: str) -> CachedTop | None:
        board_season = self._board_season(key)
        order = self.standing.order
        if order.cold:
            top = patiently(lambda: self.parts.cache.read(board_season))
            if top is not None and top.completeness == COMPLETE:
                # An earlier try may have died between the two; perhaps no score comes for days.
                recorded = patiently(lambda: self.parts.recorder.record(board_season, top))
                with self.lock:
                    self.standing.moved += recorded.moved
                if not recorded.rebuild:  # else it was of another order, and is over
                    return top
        if order.fresh:
            patiently(lambda: self.parts.cache.drop(board_season.key))
        return patiently(lambda: self.parts.recorder.begin_life(board_season, []).top)

    def _board_season(self, key: str) -> BoardSeason:
        return BoardSeason.parse(key, self.parts.catalog.find)

    def _live(self, key: str) -> bool:
        """Whether a board-season is one of boards.yml, and not past what is kept."""
        try:
            return self._board_season(key).is_kept(self.parts.now_ms())
        except BoardNotFound:
            return False

    # Reading and filling.

    def _read_segment(self, segment: str) -> None:
        """Fill what a segment has, from where it stands to its end or until time is up."""
        standing = self.standing
        only = None if self.several else next(iter(standing.lives), None)
        position = standing.left[segment]
        chunk: dict[str, list[ScoreState]] = defaultdict(list)
        size, since = 0, time.monotonic()
        while True:
            read = partial(self.parts.scores.read_page, int(segment), standing.segments)
            page = patiently(partial(read, after=position, only=only))
            for key, record in page.records:
                if key in standing.lives:
                    chunk[key].append(record)
                    size += 1
                else:
                    self._note(key)
            position = page.position
            now = time.monotonic()
            if not standing.lives and standing.lost:  # nothing is left to be filled
                position = None
            ends = position is None or now >= self.deadline
            if ends or size >= CHUNK or now - since >= FLUSH_SECONDS:
                for key, records in chunk.items():
                    self._fill(key, records)
                chunk.clear()
                size, since = 0, now
                with self.lock:
                    if position is None:
                        del standing.left[segment]
                    else:
                        standing.left[segment] = position
            self._beat()
            if ends:
                return

    def _note(self, key: str) -> None:
        """A board-season of the table that has no item, or none yet: it is opened in the end."""
        standing, order = self.standing, self.standing.order
        if order.board is not None or order.cold or order.unrecorded or key in self.unlisted:
            return
        ours = standing.after < key and (standing.until is None or key <= standing.until)
        if ours and key not in standing.lost and self._live(key):
            self.unlisted.add(key)

    def _fill(self, key: str, records: Sequence[ScoreState]) -> None:
        life = self.standing.lives.get(key)
        if life is None:
            return
        board_season = self._board_season(key)
        taken = patiently(lambda: self.parts.cache.fill(board_season, records, life=life))
        with self.lock:
            self.touched[key] = time.monotonic()
            if taken is None:
                self._lose(key)
            else:
                self.standing.items += len(records)
                self.standing.taken += taken

    def _lose(self, key: str) -> None:
        """A life that is over: what was filled is gone with it."""
        if self.standing.lives.pop(key, None) is not None:
            self.standing.lost.append(key)

    def _beat(self) -> None:
        """Say that the rebuild is alive, so that nobody starts another, and how far it is."""
        now = time.monotonic()
        with self.lock:
            if now - self.beat_at < FLUSH_SECONDS and self.standing.begun:
                return
            self.beat_at = now
            silent = [
                key
                for key in self.standing.partial
                if key in self.standing.lives and now - self.touched.get(key, 0) >= FLUSH_SECONDS
            ]
            tells = now - self.told_at >= TELL_SECONDS
            if tells:
                self.told_at = now
        if self.several:
            patiently(lambda: self.parts.claim.hold(self.standing.run))
        for key in silent:
            self._fill(key, [])
        if tells:
            self.tell(self.standing)

    # The end.

    def _open_unlisted(self) -> None:
        """Give board-seasons that the table has and nobody recorded an item, and a pass after."""
        for key in sorted(self.unlisted):
            if patiently(partial(self.parts.boards.open, key)):
                self.standing.unlisted = True

    def _end(self, key: str) -> None:
        """Take the ranking for whole, rid it of strangers, and record its top."""
        standing, parts = self.standing, self.parts
        life = standing.lives.get(key)
        if life is None or (self.ended and time.monotonic() >= self.deadline):
            return None
        self.ended += 1
        board_season = self._board_season(key)
        if not patiently(lambda: parts.cache.set_completeness(board_season, life, COMPLETE)):
            return self._over(key)
        if key not in standing.partial:
            mended = patiently(
                lambda: parts.strangers.mend(
                    board_season, life, begin=standing.swept.get(key), until=self.deadline
                )
            )
            if not self._swept(key, mended):
                return None
        top = patiently(lambda: parts.cache.read(board_season))
        if top is None or top.life != life:
            return self._over(key)
        recorded = patiently(lambda: parts.recorder.record(board_season, top))
        if recorded.rebuild:
            return self._over(key)
        if not self._live(key):  # rebuilt by hand, for its record
            patiently(lambda: parts.cache.drop(board_season.key))
        with self.lock:
            del standing.lives[key]
            standing.boards += 1
            standing.moved += recorded.moved
        self._beat()
        return None

    def _swept(self, key: str, mended: SweepResult) -> bool:
        """Whether the ranking is the table's; if it cannot be mended, it is filled anew."""
        board_season = self._board_season(key)
        with self.lock:
            self.standing.removed += mended.removed
            if mended.position is not None:
                self.standing.swept[key] = mended.position
                return False
            if mended.life_is_over:
                self._lose(key)
                return False
        if mended.is_broken:
            patiently(lambda: self.parts.cache.drop(board_season.key))
            self._over(key)
            return False
        return True

    def _over(self, key: str) -> None:
        with self.lock:
            self._lose(key)


def patiently(call: Callable[[], Answer]) -> Answer:
    """The answer of something that may be down for a while; raises Unavailable after a minute."""
    until = time.monotonic() + PATIENCE_SECONDS
    pause = 0.05
    while True:
        try:
            return call()
        except Unavailable:
            if time.monotonic() + pause >= until:
                raise
            time.sleep(pause * CHANCE.uniform(0.5, 1))
            pause = min(pause * 2, 5.0)
