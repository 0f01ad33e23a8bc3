"""The tables `user-score` and `submissions`: what the writing of scores reads and writes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from leaderboard.adapters.aws.clients import client, translated
from leaderboard.adapters.dynamodb import readable
from leaderboard.adapters.dynamodb.batches import read_batch
from leaderboard.adapters.dynamodb.name_keys import name_keys
from leaderboard.adapters.dynamodb.readable import Item, if_version, plain, shard_of, typed
from leaderboard.adapters.dynamodb.reports import Reports
from leaderboard.adapters.dynamodb.score_items import (
    NO_SCORES,
    OPENED,
    PROFILE,
    answer_image,
    answer_of,
    key_of_item,
    profile,
    profile_update,
    remains_of_profile,
    score_image,
    score_item,
    shown_score,
    typed_score,
)
from leaderboard.boards import order
from leaderboard.boards.rules import Board, Order
from leaderboard.boards.seasons import BoardSeason, split_key
from leaderboard.scoring.items import (
    SUBMISSION_MS,
    VISIBLE,
    BoardOpening,
    Profile,
    ScoreItem,
    Submission,
    Write,
)


@dataclass
class UserItems:
    """A user's items: the profile as it is stored, the scores, and those that cannot be read."""

    profile: Item | None = None
    scores: list[ScoreItem] = field(default_factory=list)
    broken: list[Item] = field(default_factory=list)


@dataclass(frozen=True)
class ScoreTable:
    """The table of scores with its index, and the table of trusted writes remembered.

    What asks for one item raises Unreadable for one that cannot be read; what asks for all of a
    user's leaves such an item out. Either way it is reported.
    """

    scores_table: str
    submissions_table: str
    write_shards: Callable[[], int]
    reports: Reports = field(default_factory=Reports)
    order: Callable[[BoardSeason], Order] = lambda board_season: board_season.rules.order

    def read(self, user_id: str, key: str) -> ScoreItem | None:
        item = self.read_item(user_id, key)
        return None if item is None else self._score(item)

    def read_profile(self, user_id: str) -> Profile | None:
        item = self.read_item(user_id, PROFILE)
        return None if item is None else self.profile_of(item)

    def read_several(
        self, user_id: str, keys: Sequence[str]
    ) -> tuple[Profile | None, list[ScoreItem | None]]:
        wanted = [key_of_item(user_id, it) for it in (PROFILE, *keys)]
        rows = map(plain, read_batch(self.scores_table, wanted, consistent=True))
        found: dict[str, Item] = {row["boardSeason"]: row for row in rows}
        first, *others = (found.get(it) for it in (PROFILE, *keys))
        return (
            None if first is None else self.profile_of(first),
            [None if it is None else self._score(it) for it in others],
        )

    def read_user(self, user_id: str) -> tuple[Profile | None, list[ScoreItem]]:
        own = self.read_all(user_id)
        # What an item remembers of tickets may be broken, and its score still be shown.
        shown = (readable.attempted(shown_score, it) for it in own.broken)
        items = [*own.scores, *(it for it in shown if it is not None)]
        return (
            None if own.profile is None else self.profile_or_remains(own.profile),
            [item for item in items if item.user_score is not None],
        )

    def read_submission(self, user_id: str, board: str, submission_id: str) -> Submission | None:
        with translated():
            raw = client("dynamodb").get_item(
                TableName=self.submissions_table,
                Key={"submission": {"S": _submission_key(user_id, board, submission_id)}},
                ConsistentRead=True,
            )
        if "Item" not in raw:
            return None

        def submission(item: Item) -> Submission:
            return Submission(
                user_id=user_id,
                board=board,
                submission_id=submission_id,
                digest=readable.text(item["digest"]),
                season=readable.text(item["season"]),
                answer=answer_of(item["answer"]),
                expires_ms=readable.whole(item["expiresAt"]) * 1000,
            )

        what = f"What was answered to submission {submission_id!r}"
        return readable.required(submission, plain(raw["Item"]), self.reports, what=what)

    def read_opened(self, user_id: str, pattern: str) -> frozenset[str]:
        item = self.read_item(user_id, OPENED)
        return frozenset(item.get(pattern, ())) if item else frozenset()

    def write(self, write: Write) -> None:
        puts = [self.put_of(it.board, it.item, read_version=it.read_version) for it in write.items]
        others: list[Item] = []
        if write.profile is not None:
            others.append(self._profile_part(write.profile, write.renamed))
        if write.submission is not None:
            others.append({"Put": self._submission_put(write.submission)})
        if write.opening is not None:
            others.append({"Update": self._opening_update(write.item.user_id, write.opening)})
        with translated():
            if others or len(puts) > 1:
                client("dynamodb").transact_write_items(
                    TransactItems=[*({"Put": put} for put in puts), *others]
                )
            else:
                client("dynamodb").put_item(**puts[0])

    def put_of(self, board: Board | None, item: ScoreItem, *, read_version: int) -> Item:
        """The put of a score item, if the table still has it as it was read.

        Only an item that is on its board needs the board's rules.
        """
        image = score_image(item)
        if item.user_score is not None and item.standing == VISIBLE:
            assert board is not None
            assert item.updated_ms is not None
            shard = shard_of(item.user_id, self.write_shards())
            image["boardSeasonShard"] = f"{item.key}#{shard}"
            image["boardOrder"] = order.index_key(
                self.order(BoardSeason.stored(board, item.season)),
                item.user_score,
                item.updated_ms,
                item.user_id,
            )
        return {
            "TableName": self.scores_table,
            "Item": typed(image),
            **if_version("version", read_version),
        }

    def profile_update(self, profile: Profile, *, read_version: int, **beside: Any) -> Item:
        """The update of a profile with its keys of the index of names, if it is as it was read."""
        keys = name_keys(profile, self.write_shards)
        return profile_update(self.scores_table, profile, read_version, keys, **beside)

    def read_item(self, user_id: str, sort_key: str) -> Item | None:
        """An item as it is stored, readable or not."""
        with translated():
            raw = client("dynamodb").get_item(
                TableName=self.scores_table, Key=key_of_item(user_id, sort_key), ConsistentRead=True
            )
        return plain(raw["Item"]) if "Item" in raw else None

    def read_all(self, user_id: str) -> UserItems:
        """All of a user's items, consistently."""
        own = UserItems()
        pages = (
            client("dynamodb")
            .get_paginator("query")
            .paginate(
                TableName=self.scores_table,
                ConsistentRead=True,
                KeyConditionExpression="userId = :user",
                ExpressionAttributeValues={":user": {"S": user_id}},
            )
        )
        with translated():
            for page in pages:
                for raw in page["Items"]:
                    item = plain(raw)
                    if item["boardSeason"] == PROFILE:
                        own.profile = item
                    elif item["boardSeason"] not in NO_SCORES:
                        read = readable.understood(typed_score, raw, self.reports)
                        if read is None:
                            own.broken.append(item)
                        else:
                            own.scores.append(read)
        return own

    def profile_of(self, item: Item) -> Profile:
        """A stored profile. Raises Unreadable, which is reported, for a broken one."""
        what = f"The profile of user {item['userId']!r}"
        return readable.required(profile, item, self.reports, what=what)

    def profile_or_remains(self, item: Item) -> Profile:
        """A profile that may be broken, which is reported; its standing is then maybe UNKNOWN."""
        read = readable.understood(lambda raw: profile(plain(raw)), typed(item), self.reports)
        return read or remains_of_profile(item)

    def _score(self, item: Item) -> ScoreItem:
        board, season = split_key(item["boardSeason"])
        what = f"The score on board {board!r} (season {season})"
        return readable.required(score_item, item, self.reports, what=what)

    def _profile_part(self, read: Profile, renamed: Profile | None) -> Item:
        """The profile's part of a transaction: it is renamed, or must only be as it was read."""
        if renamed is not None:
            return {"Update": self.profile_update(renamed, read_version=read.version)}
        check = {
            "TableName": self.scores_table,
            "Key": key_of_item(read.user_id, PROFILE),
            **if_version("version", read.version),
        }
        return {"ConditionCheck": check}

    def _submission_put(self, it: Submission) -> Item:
        image = {
            "submission": _submission_key(it.user_id, it.board, it.submission_id),
            "digest": it.digest,
            "season": it.season,
            "answer": answer_image(it.answer),
            "expiresAt": it.expires_ms // 1000,
        }
        accepted_ms = it.expires_ms - SUBMISSION_MS
        return {
            "TableName": self.submissions_table,
            "Item": typed(image),
            # TTL removes late: what has expired is as good as gone.
            "ConditionExpression": "attribute_not_exists(submission) OR expiresAt <= :now",
            "ExpressionAttributeValues": {":now": {"N": str(accepted_ms // 1000)}},
        }

    def _opening_update(self, user_id: str, it: BoardOpening) -> Item:
        """Each pattern is an attribute of one item; the condition holds whatever races with it."""
        return {
            "TableName": self.scores_table,
            "Key": key_of_item(user_id, OPENED),
            "UpdateExpression": "ADD #pattern :board",
            "ConditionExpression": "attribute_not_exists(#pattern) "
            "OR contains(#pattern, :name) OR size(#pattern) < :most",
            "ExpressionAttributeNames": {"#pattern": it.pattern},
            "ExpressionAttributeValues": {
                ":board": {"SS": [it.board]},
                ":name": {"S": it.board},
                ":most": {"N": str(it.most)},
            },
        }


def _submission_key(user_id: str, board: str, submission_id: str) -> str:
    """No user id and no board has a `#`, so no two submissions share a key."""
    return f"{user_id}#{board}#{submission_id}"
