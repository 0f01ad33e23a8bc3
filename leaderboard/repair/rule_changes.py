"""Changes of rules: what `boards.yml` says of a board that has scores comes to count.

Most rules count from the next write on, by themselves. Two do not: the order, which the keys of the
cache and of the index are made by, and the size of the recorded top. A deploy's last step has them
brought in at once. The minute's function does it after any other deploy: an order only once
`boards.yml` has differed for five minutes, because a deploy that fails goes back by itself.

An order changes by one conditional write of the board-season's item. The life of the cache in the
order before is ended after that, and a rebuild fills one in the new order, as after a flush. Each
step can be done again: where this dies half way, the next run goes on. Seasons that have ended keep
their order; the tops of those that are kept get their new size.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from leaderboard.boards.board_season import BoardSeason
from leaderboard.boards.catalog import Catalog
from leaderboard.boards.rules import Order
from leaderboard.errors import BoardNotFound
from leaderboard.ranking.board_item import BoardItem, BoardRow, with_item_order
from leaderboard.ranking.cached_top import COMPLETE, CachedTop
from leaderboard.ranking.recorder import Recorder

Json = dict[str, Any]

PATIENCE_MS = 5 * 60_000
"""How long an order may differ without a deploy's word: one that fails has gone back by then."""
UNSEEN_MS = 150_000
"""How long no run may have looked for that time to go on: one that fails may be missing."""


class Boards(Protocol):
    def list(self) -> Iterator[list[BoardRow]]: ...

    def read(self, key: str) -> BoardItem | None: ...

    def reorder(self, item: BoardItem, order: Order) -> bool:
        """Let another order count for a board-season; False if its item has moved meanwhile."""

    def remember_shards(self, count: int) -> None:
        """Remember the most write shards that the stage ever had."""


class Cache(Protocol):
    def read(self, board_season: BoardSeason) -> CachedTop | None: ...

    def set_completeness(self, board_season: BoardSeason, life: str, completeness: str) -> bool: ...

    def drop(self, key: str, *, life: str | None = None) -> bool: ...


class Memory(Protocol):
    """What one run tells the next. Every call raises CacheUnavailable."""

    def read_rules(self) -> str | None: ...

    def keep_rules(self, text: str) -> None: ...


class Rebuilds(Protocol):
    def ask(self, board_season: BoardSeason) -> bool:
        """Have a cold ranking filled; raises Unavailable."""


@dataclass(frozen=True, slots=True)
class RuleChangesResult:
    """What a run came to: the board-seasons whose order changed, those whose top was recorded in
    another size, and whether nothing is left to do."""

    reordered: tuple[str, ...] = ()
    resized: tuple[str, ...] = ()
    finished: bool = True


@dataclass(frozen=True)
class RuleChanges:
    catalog: Catalog
    boards: Boards
    cache: Cache
    memory: Memory
    recorder: Recorder
    rebuilds: Rebuilds
    write_shards: int
    now_ms: Callable[[], int]

    def run(self, *, seconds: float, deployed: bool = False) -> RuleChangesResult:
        """Bring in what differs, for that long at most; the next run goes on.

        `deployed`: a deploy has ended well. Raises Unavailable.
        """
        deadline = time.monotonic() + seconds
        known = self._look()
        if known["done"] and not deployed:
            return RuleChangesResult()
        is_settled = known["at"] - known["since"] >= PATIENCE_MS
        reordered: list[str] = []
        resized: list[str] = []
        finished = True
        now = self.now_ms()
        for said in self._kept(now):
            if time.monotonic() >= deadline:
                finished = False
                break
            key = said.key
            item = self.boards.read(key)
            if item is None or not item.is_recorded:
                continue  # its first record has the order and the size of today
            board_season = said if said.is_current(now) else with_item_order(said, item)
            order = board_season.rules.order
            if item.order not in (None, order):
                if not (deployed or is_settled):
                    finished = False
                    board_season = with_item_order(
                        said, item
                    )  # a switch to it may have died half way
                elif self.boards.reorder(item, order):
                    reordered.append(key)
                else:  # recorded meanwhile
                    finished = False
                    continue
            resized += [key] if self._fit(board_season, item) else []
        # Until then a function of the release before may still record a board's first top.
        if finished and is_settled:
            self.memory.keep_rules(json.dumps({**known, "done": True}))
        return RuleChangesResult(tuple(reordered), tuple(resized), finished)

    def _look(self) -> Json:
        """What is kept of these rules: since when each run saw them, and whether all is done.

        It begins anew after other rules, and after a time in which no run looked: a deploy may have
        gone back then and come again, and a cache that failed over may remember an earlier one.
        """
        rules, now = self._rules(), self.now_ms()
        known: Json = json.loads(self.memory.read_rules() or "{}")
        if known.get("rules") != rules or now - known["at"] > UNSEEN_MS:
            # Before it is kept that they were seen: should this fail, the next run does it.
            self.boards.remember_shards(self.write_shards)
            known = {"rules": rules, "since": now, "done": False}
        known["at"] = now
        self.memory.keep_rules(json.dumps(known))
        return known

    def _fit(self, board_season: BoardSeason, item: BoardItem) -> bool:
        """End a life in another order; else record a top that is to have another size.

        So is one recorded that the item has of another life: a failover may have revived a life in
        the order that counts again.
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
        for page in self.boards.list():
            for it in page:
                try:
                    board_season = BoardSeason.parse(it.key, self.catalog.find)
                except BoardNotFound:  # boards.yml no longer has it
                    continue
                if board_season.is_kept(now):
                    yield board_season

    def _rules(self) -> str:
        """All that this looks at: another text, other things to do."""
        of_boards = {name: [it.order, it.top_size] for name, it in self.catalog.rules.items()}
        return json.dumps([of_boards, self.write_shards], sort_keys=True)
