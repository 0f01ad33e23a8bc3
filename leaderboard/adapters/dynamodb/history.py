"""The table `history`: a line for each write of a user's score on a board-season.

The sort key is the board-season and the version of the write, in as many digits as the largest has:
so the lines of one board-season lie together, in the order of the writes.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from leaderboard import clock
from leaderboard.adapters.aws.clients import client, translated
from leaderboard.adapters.dynamodb import readable
from leaderboard.adapters.dynamodb.batches import delete_batch
from leaderboard.adapters.dynamodb.readable import Item, plain, typed
from leaderboard.adapters.dynamodb.reports import Reports
from leaderboard.adapters.dynamodb.score_items import NO_SCORES, PROFILE, last_write_image
from leaderboard.boards.seasons import split_key
from leaderboard.boards.snapshots import BOARD, USER_ID
from leaderboard.errors import Raced
from leaderboard.history.lines import ErasedUser, HistoryLine
from leaderboard.scoring.items import DELETED

VERSION_DIGITS = 16
PAGE = 1000
"""Lines of a page, where many are read."""
ALL_LINES = 10**9
ERASED_AT_ONCE = 500
"""Lines of a page that is listed and deleted, before the time is looked at again."""


@dataclass(frozen=True)
class HistoryTable:
    """The lines of users' histories. A line that cannot be read is left out and reported.

    TTL removes late: a line that has expired is left out, too. Every call raises Unavailable.
    """

    history_table: str
    reports: Reports = field(default_factory=Reports)

    def write(self, line: HistoryLine) -> bool:
        try:
            with translated():
                client("dynamodb").put_item(
                    TableName=self.history_table,
                    Item=typed(_image(line)),
                    ConditionExpression="attribute_not_exists(userId)",
                )
        except Raced:
            return False
        return True

    def read(
        self, user_id: str, key: str, *, before_version: int | None = None, limit: int
    ) -> list[HistoryLine]:
        """Up to `limit` lines, newest first; with `before_version` those of older writes."""
        end = "9" * VERSION_DIGITS if before_version is None else _digits(before_version - 1)
        request: dict[str, Any] = {
            "TableName": self.history_table,
            "KeyConditionExpression": "userId = :user AND "
            "boardSeasonVersion BETWEEN :first AND :last",
            "FilterExpression": "expiresAt > :now",
            "ExpressionAttributeValues": {
                ":user": {"S": user_id},
                ":first": {"S": f"{key}#"},
                ":last": {"S": f"{key}#{end}"},
                ":now": {"N": str(clock.machine_ms() // 1000)},
            },
            "ScanIndexForward": False,
            "ConsistentRead": True,
            "Limit": min(limit, PAGE),
        }
        found: list[HistoryLine] = []
        while True:
            with translated():
                answer = client("dynamodb").query(**request)
            read = (readable.understood(_line, raw, self.reports) for raw in answer["Items"])
            found += [it for it in read if it is not None]
            if len(found) >= limit or "LastEvaluatedKey" not in answer:
                return found[:limit]
            # What follows has mostly expired: large pages come to the end of it soon.
            request |= {"ExclusiveStartKey": answer["LastEvaluatedKey"], "Limit": PAGE}

    def erase(self, user_id: str, *, deadline: float) -> tuple[int, bool]:
        """Delete a user's lines, until that time of the monotonic clock.

        The answer is how many were deleted, and whether they were all.
        """
        erased = 0
        for keys in self._pages(user_id):
            delete_batch(self.history_table, keys)
            erased += len(keys)
            if time.monotonic() >= deadline:
                return erased, False
        return erased, True

    def _pages(self, user_id: str) -> Iterator[list[Item]]:
        """The keys of all lines of a user, also of those that have expired."""
        pages = (
            client("dynamodb")
            .get_paginator("query")
            .paginate(
                TableName=self.history_table,
                KeyConditionExpression="userId = :user",
                ExpressionAttributeValues={":user": {"S": user_id}},
                ProjectionExpression="userId, boardSeasonVersion",
                ConsistentRead=True,
                PaginationConfig={"PageSize": ERASED_AT_ONCE},
            )
        )
        with translated():
            for page in pages:
                if page["Items"]:
                    yield page["Items"]


def read_history_image(image: Mapping[str, Any]) -> HistoryLine | ErasedUser | None:
    """The line, or the deleted user, in a typed image of the stream of scores.

    A rename or a failed attempt moves the item's version past that of the last write: then there is
    no line. Raises what `readable.NOT_UNDERSTOOD` names for an image that is not understood.
    """
    user_id, key = image["userId"]["S"], image["boardSeason"]["S"]
    if key in NO_SCORES and key != PROFILE:
        return None
    if image.get("standing", {}).get("S") == DELETED:
        return ErasedUser(user_id)
    if "wrote" not in image:
        return None
    write = readable.last_write(plain(image["wrote"]["M"]))
    if write.version != int(image["version"]["N"]):
        return None
    board, season = split_key(key)
    if not (USER_ID.fullmatch(user_id) and BOARD.fullmatch(board) and season):
        raise ValueError("not the key of a score")
    score = None
    if "userScore" in image:
        score = readable.exact(plain({"n": image["userScore"]})["n"])
    return HistoryLine(user_id, key, write, score)


def _image(line: HistoryLine) -> Item:
    """A line as it is stored: what the score's item remembers of the write, and what came of it."""
    image: Item = {
        "userId": line.user_id,
        "boardSeasonVersion": f"{line.key}#{_digits(line.write.version)}",
        **last_write_image(line.write),
        "expiresAt": line.write.expires_s,
    }
    if line.user_score is not None:
        image["userScore"] = line.user_score
    if line.rank is not None:
        image["rank"] = line.rank
    return image


def _line(raw: Mapping[str, Any]) -> HistoryLine:
    item = plain(raw)
    score, rank = item.get("userScore"), item.get("rank")
    return HistoryLine(
        user_id=item["userId"],
        key=item["boardSeasonVersion"][: -VERSION_DIGITS - 1],
        write=readable.last_write(item),
        user_score=None if score is None else readable.exact(score),
        rank=None if rank is None else readable.whole(rank),
    )


def _digits(version: int) -> str:
    return f"{version:0{VERSION_DIGITS}d}"
