"""Changes of rules: what `boards.yml` says of a board that has scores comes to count.

Most rules count from the next write on, by themselves. Two do not: the order, which the keys of the
cache and of the index are made by, and the size of the recorded top. A deploy's last step has them
brought in at once. The minute's function does it after any other deploy: an order only once
`boards.yml` has differed for five minutes, because a deploy that fails goes back by itself.

An order changes by one conditional write of the board-season's item. The life of the cache in the
order before is ended after that, and a rebuild fills one in the new order, as after a flush. Each
step can be repeated: where this dies half way, the next run resumes. Seasons that have ended keep
their order; the tops of those that are kept get their new size.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace

from leaderboard.boards.catalog import Catalog
from leaderboard.boards.seasons import BoardSeason
from leaderboard.ranking.ports import RankingCache, Rebuilds
from leaderboard.ranking.recorder import Recorder
from leaderboard.ranking.tops import COMPLETE, BoardItem, with_item_order
from leaderboard.repair.kept_seasons import kept_board_season
from leaderboard.repair.ports import RuleStore, RunMemory, ShardMemory

PATIENCE_MS = 5 * 60_000
"""How long an order may differ without a deploy's word: one that fails has gone back by then."""
UNSEEN_MS = 150_000
"""How long no run may have looked for that time to go on: one that fails may be missing."""


@dataclass(frozen=True, slots=True)
class RuleChangesResult:
    """What a run came to: the board-seasons whose order changed, those whose top was recorded in
    another size, and whether nothing is left to do."""

    reordered: tuple[str, ...] = ()
    resized: tuple[str, ...] = ()
    finished: bool = True


@dataclass(frozen=True, slots=True)
class SeenRules:
    """Which rules the runs have seen: since when (ms), when last, and whether all of it is done."""

    rules: str
    since: int
    done: bool
    at: int

    @property
    def is_settled(self) -> bool:
        """Whether they have been the same for so long that no deploy takes them back."""
        return self.at - self.since >= PATIENCE_MS


@dataclass(frozen=True, slots=True)
class BoardChange:
    """What came of one board-season; `finished`: nothing of it is left to do."""

    reordered: bool = False
    resized: bool = False
    finished: bool = True


@dataclass(frozen=True)
class RuleChanges:
    """Brings in orders and top sizes that differ from what was recorded."""

    catalog: Catalog
    boards: RuleStore
    cache: RankingCache
    memory: RunMemory
    recorder: Recorder
    rebuilds: Rebuilds
    stage: ShardMemory
    now_ms: Callable[[], int]

    def run(self, *, seconds: float, deployed: bool = False) -> RuleChangesResult:
        """Bring in what differs, for that long at most; the next run does the rest.

        `deployed`: a deploy has ended well. Raises Unavailable.
        """
        deadline = time.monotonic() + seconds
        seen = self._see_rules()
        if seen.done and not deployed:
            return RuleChangesResult()
        may_change = deployed or seen.is_settled
        reordered: list[str] = []
        resized: list[str] = []
        finished = True
        for board_season in self._kept(self.now_ms()):
            if time.monotonic() >= deadline:
                finished = False
                break
            change = self._bring_in(board_season, may_change=may_change)
            reordered += [board_season.key] if change.reordered else []
            resized += [board_season.key] if change.resized else []
            finished = finished and change.finished
        # Until then a function of the release before may still record a board's first top.
        if finished and seen.is_settled:
            self._remember(replace(seen, done=True))
        return RuleChangesResult(tuple(reordered), tuple(resized), finished)

    def _see_rules(self) -> SeenRules:
        """What the runs have seen, with this one.

        It begins again after other rules, and after a time in which no run looked: a deploy may
        have gone back then and come again, and a cache that failed over may remember an earlier
        one.
        """
        rules, now = self._rules(), self.now_ms()
        text = self.memory.read_rules()
        seen = _seen_rules(text) if text else None
        if seen is None or seen.rules != rules or now - seen.at > UNSEEN_MS:
            # Before it is remembered that they were seen: should this fail, the next run does it.
            self.stage.remember_shards()
            seen = SeenRules(rules=rules, since=now, done=False, at=now)
        seen = replace(seen, at=now)
        self._remember(seen)
        return seen

    def _remember(self, seen: SeenRules) -> None:
        self.memory.keep_rules(json.dumps(asdict(seen)))

    def _bring_in(self, wanted: BoardSeason, *, may_change: bool) -> BoardChange:
        """Let the order and the top size of boards.yml count for one board-season.

        `may_change`: another order may count by now. A season that has ended keeps its order.
        """
        item = self.boards.read(wanted.key)
        if item is None or not item.is_recorded:
            return BoardChange()  # its first record has the order and the size of today
        in_item_order = with_item_order(wanted, item)
        if not wanted.is_current(self.now_ms()):
            wanted = in_item_order
        if item.order in (None, wanted.rules.order):
            return BoardChange(resized=self._adjust_ranking(wanted, item))
        if not may_change:  # an earlier change to the order of the item may have died half way
            return BoardChange(resized=self._adjust_ranking(in_item_order, item), finished=False)
        if not self.boards.change_order(item, wanted.rules.order):
            return BoardChange(finished=False)  # it was recorded meanwhile
        return BoardChange(reordered=True, resized=self._adjust_ranking(wanted, item))

    def _adjust_ranking(self, board_season: BoardSeason, item: BoardItem) -> bool:
        """End a life in another order, or record a top that is to have another size.

        A top is also recorded where the item's is of another life: a failover may have revived a
        life in the order that counts again. The answer is whether a top was recorded.
        """
        top = self.cache.read(board_season)
        if top is None or top.completeness != COMPLETE:
            self.rebuilds.ask(board_season)  # which records the top as well
            return False
        if top.order != board_season.rules.order:
            self.cache.drop(board_season.key, life=top.life)
            self.rebuilds.ask(board_season)
            return False
        size = min(board_season.rules.top_size, top.total)
        if item.life == top.life and len(item.snapshot.entries) == size:
            return False
        self.cache.set_completeness(board_season, top.life, COMPLETE)  # names its top as a change
        changed = self.cache.read(board_season)
        outcome = self.recorder.record(board_season, changed)
        if outcome.rebuild:  # its order changed meanwhile
            self.rebuilds.ask(board_season)
        return outcome.recorded

    def _kept(self, now: int) -> Iterator[BoardSeason]:
        """The board-seasons that have an item, and whose rankings the cache keeps."""
        for page in self.boards.list_all():
            for row in page:
                board_season = kept_board_season(row.key, catalog=self.catalog, now_ms=now)
                if board_season is not None:
                    yield board_season

    def _rules(self) -> str:
        """All that this looks at: another text, other things to do."""
        of_boards = {name: [it.order, it.top_size] for name, it in self.catalog.rules.items()}
        return json.dumps([of_boards, self.stage.write_shards], sort_keys=True)


def _seen_rules(text: str) -> SeenRules | None:
    """What an earlier run remembered; None if another release did, in another form."""
    try:
        return SeenRules(**json.loads(text))
    except (TypeError, ValueError):
        return None
