"""Profiles in the table `user-score`: written once, then copied to each of the user's scores."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from leaderboard import clock
from leaderboard.adapters.aws.clients import client, translated
from leaderboard.adapters.dynamodb.readable import Item, if_version, typed
from leaderboard.adapters.dynamodb.score_items import remains_of_score, score_image
from leaderboard.adapters.dynamodb.scores import ScoreTable
from leaderboard.boards.rules import Board
from leaderboard.boards.seasons import split_key
from leaderboard.retries import carried
from leaderboard.scoring.items import DELETED, VISIBLE, Profile, next_version
from leaderboard.scoring.tombstones import erased, with_profile

INDEXED = frozenset({"boardSeasonShard", "boardOrder"})
"""The keys of the index, which an item has while it is on its board."""
SIDE_BY_SIDE = 8
"""Scores of a user that are written at once."""


@dataclass(frozen=True)
class ProfileTable:
    """The profiles of the table of scores."""

    scores: ScoreTable

    def read_profile(self, user_id: str) -> Profile | None:
        return self.scores.read_profile(user_id)

    def write_profile(self, profile: Profile, *, read_version: int) -> None:
        update = self.scores.profile_update(profile, read_version=read_version)
        with translated():
            client("dynamodb").update_item(**update)

    def copy_profile(
        self,
        user_id: str,
        find: Callable[[str], Board | None],
        only: Callable[[str], bool] | None = None,
    ) -> int:
        """Copy a user's profile to the scores that have an older one; answers how many had.

        `find` gives a board's rules, None for a board that was deleted. Items of such a board are
        only taken off it, for they cannot be put in order; so are items that cannot be read, after
        all others. Only an older profile is replaced, so copies may race; raises Raced when a
        score moved meanwhile.
        """
        own = self.scores.read_all(user_id)
        if own.profile is None:
            return 0
        profile = self.scores.profile_of(own.profile)
        puts = []
        for item in own.scores:
            if only is not None and not only(item.key):
                continue
            board = find(item.board)
            changed = with_profile(item, profile, now_ms=clock.machine_ms())
            if changed is not None and (board is not None or changed.standing != VISIBLE):
                puts.append(self.scores.put_of(board, changed, read_version=item.version))
        if len(puts) <= SIDE_BY_SIDE:
            for put in puts:
                self._write(put)
        else:  # of years, say
            with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
                list(pool.map(carried(self._write), puts))
        broken = [it for it in own.broken if only is None or _is_due(it["boardSeason"], find, only)]
        removals = [it for it in (self._removal(item, profile) for item in broken) if it]
        for put in removals:
            self._write(put)
        return len(puts) + len(removals)

    def _removal(self, item: Item, profile: Profile) -> Item | None:
        """The put that takes a broken item off its board; None for a user who may be shown.

        A deleted player's item becomes a tombstone. Of others only the standing changes: whoever
        mends the item needs the rest.
        """
        now = clock.machine_ms()
        known = remains_of_score(item)
        if profile.standing == DELETED:
            stone = erased(known, profile_version=profile.version, now_ms=now)
            changed = {**score_image(stone), "boardSeason": item["boardSeason"]}
        elif profile.standing == VISIBLE:
            return None
        elif item.get("standing") == profile.standing and not INDEXED & set(item):
            return None  # it is off already
        else:
            changed = {
                **{name: it for name, it in item.items() if name not in INDEXED},
                "standing": profile.standing,
                "profileVersion": profile.version,
                "version": next_version(known.version, now_ms=now),
            }
        return {
            "TableName": self.scores.scores_table,
            "Item": typed(changed),
            **if_version("version", known.version),
        }

    def _write(self, put: Item) -> None:
        with translated():
            client("dynamodb").put_item(**put)


def _is_due(key: str, find: Callable[[str], Board | None], only: Callable[[str], bool]) -> bool:
    """Whether a broken item is one of those chosen. So is one whose key names no season of a board:
    no other call would choose it."""
    board, season = split_key(key)
    return not season or find(board) is None or only(key)
