"""Moderation in the table `user-score`: standings, removals and deletions, each one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from leaderboard import clock
from leaderboard.adapters.aws.clients import client, translated
from leaderboard.adapters.dynamodb import readable
from leaderboard.adapters.dynamodb.readable import Item, if_version, plain, typed
from leaderboard.adapters.dynamodb.score_items import (
    MODERATION,
    OPENED,
    PROFILE,
    key_of_item,
    remains_of_score,
    score_image,
    typed_score,
)
from leaderboard.adapters.dynamodb.scores import ScoreTable
from leaderboard.scoring.acts import Act, ActLog
from leaderboard.scoring.items import Profile, ScoreItem, next_version


@dataclass(frozen=True)
class ModerationTable:
    """A user's history is an item beside the profile (sort key `moderation`).

    An item that cannot be read is reported; what is left of it can be moderated all the same.
    """

    scores: ScoreTable

    @property
    def table(self) -> str:
        """The name of the table of scores, which has the profiles and the histories, too."""
        return self.scores.scores_table

    def read(self, user_id: str, key: str) -> ScoreItem | None:
        item = self.scores.read_item(user_id, key)
        if item is None:
            return None
        read = readable.understood(typed_score, typed(item), self.scores.reports)
        return read or remains_of_score(item)

    def read_profile(self, user_id: str) -> Profile | None:
        item = self.scores.read_item(user_id, PROFILE)
        return None if item is None else self.scores.profile_or_remains(item)

    def read_history(self, user_id: str) -> ActLog:
        item = self.scores.read_item(user_id, MODERATION)
        if item is None:
            return ActLog(user_id)
        read = readable.understood(
            lambda raw: _history(plain(raw)), typed(item), self.scores.reports
        )
        return read or _remains(item)

    def write_standing(
        self, profile: Profile, *, read_version: int, history: ActLog, read_history: int
    ) -> None:
        update = self.scores.profile_update(
            profile, read_version=read_version, standingSet=_act_image(history.acts[0])
        )
        self._transact({"Update": update}, self._put_history(history, read_history))

    def write_removal(
        self,
        tombstone: ScoreItem,
        *,
        read_version: int,
        profile_version: int,
        history: ActLog | None,
        read_history: int,
    ) -> None:
        put = {
            "TableName": self.table,
            "Item": typed(score_image(tombstone)),
            **if_version("version", read_version),
        }
        check = {
            "TableName": self.table,
            "Key": key_of_item(tombstone.user_id, PROFILE),
            **if_version("version", profile_version),
        }
        recorded = [] if history is None else [self._put_history(history, read_history)]
        self._transact({"Put": put}, {"ConditionCheck": check}, *recorded)

    def write_deletion(self, profile: Profile, *, read_version: int, history: ActLog) -> None:
        assert profile.expires_ms is not None
        expires = profile.expires_ms // 1000
        put = {
            "TableName": self.table,
            "Item": typed(
                {
                    "userId": profile.user_id,
                    "boardSeason": PROFILE,
                    "standing": profile.standing,
                    "version": profile.version,
                    "account": profile.account,
                    "expiresAt": expires,
                }
            ),
            **if_version("version", read_version),
        }
        opened = self._forget_opened(profile.user_id, expires)
        if not history.version:
            none = {"TableName": self.table, "Key": key_of_item(profile.user_id, MODERATION)}
            unwritten = {"ConditionCheck": {**none, **if_version("version", 0)}}
            self._transact({"Put": put}, opened, unwritten)
            return
        version = next_version(history.version, now_ms=clock.machine_ms())
        emptied = self._put_history(
            ActLog(profile.user_id, version=version), history.version, expiresAt=expires
        )
        self._transact({"Put": put}, opened, emptied)

    def _forget_opened(self, user_id: str, expires: int) -> Item:
        """The write that forgets the boards that a player opened; without any it only checks."""
        key = key_of_item(user_id, OPENED)
        if self.scores.read_item(user_id, OPENED) is None:
            return {
                "ConditionCheck": {"TableName": self.table, "Key": key, **if_version("userId", 0)}
            }
        return {"Put": {"TableName": self.table, "Item": {**key, **typed({"expiresAt": expires})}}}

    def _put_history(self, history: ActLog, read_version: int, **beside: Any) -> Item:
        image = {
            "userId": history.user_id,
            "boardSeason": MODERATION,
            "acts": [*(_act_image(act) for act in history.acts), *history.unread],
            "version": history.version,
            **beside,
        }
        return {
            "Put": {
                "TableName": self.table,
                "Item": typed(image),
                **if_version("version", read_version),
            }
        }

    def _transact(self, *writes: Item) -> None:
        with translated():
            client("dynamodb").transact_write_items(TransactItems=list(writes))


def _history(item: Item) -> ActLog:
    acts = tuple(_act(it) for it in item["acts"])
    return ActLog(readable.text(item["userId"]), acts, readable.version(item))


def _remains(item: Item) -> ActLog:
    """A history with the acts of it that can be read, and the others as they are stored."""
    stored = item.get("acts")
    acts = list(stored) if isinstance(stored, list) else [] if stored is None else [stored]
    read = [(it, readable.attempted(_act, it)) for it in acts]
    return ActLog(
        item["userId"],
        tuple(act for _, act in read if act is not None),
        readable.version_or_garbled(item),
        unread=tuple(it for it, act in read if act is None),
    )


def _act(image: Item) -> Act:
    return Act(
        readable.text(image["standing"]),
        readable.text(image["by"]),
        readable.instant(image["at"]),
        readable.text(image["reason"]),
    )


def _act_image(act: Act) -> Item:
    return {
        "standing": act.standing,
        "by": act.by,
        "at": clock.to_text(act.at_ms),
        "reason": act.reason,
    }
