"""Audiences, in the table `connections`: who follows a board, listed shard by shard."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any

from leaderboard.adapters.aws.clients import client, translated
from leaderboard.adapters.dynamodb.batches import MAX_READS, delete_batch, read_batch
from leaderboard.adapters.dynamodb.connections import Key, following, keys_of, own

PAGE = 2000
"""Rows a page: the first is posted to while the second is read, and only two are ever held."""
READERS = 8
"""Lists whose first pages are read at once."""

Names = list[str]


@dataclass(frozen=True)
class AudienceTable:
    """Lists the followers of boards, and forgets those that are gone."""

    connections_table: str
    audience_shards: int

    @property
    def shards(self) -> int:
        return self.audience_shards

    def subscribers(self, shards: Sequence[tuple[str, int]]) -> list[Iterator[str]]:
        client("dynamodb")  # made here: several threads must not make it at once
        lists = [Pages(self.connections_table, f"{board}#{shard}") for board, shard in shards]
        if len(lists) == 1:  # its first page is read without a thread; a small one has no other
            return [self._ahead(lists[0], lists[0].read)]
        first_pages = [self._readers.submit(it.read) for it in lists]
        return [
            self._ahead(pages, lambda page=page: page.result())
            for pages, page in zip(lists, first_pages, strict=True)
        ]

    def leave(self, board: str, connection_ids: Sequence[str]) -> None:
        rows: dict[tuple[str, str], Key] = {}
        for start in range(0, len(connection_ids), MAX_READS):
            named = connection_ids[start : start + MAX_READS]
            # The board's row is named too: the connection's own may have expired before it.
            boards = (following(board, it, self.audience_shards) for it in named)
            found = (keys_of(row, self.audience_shards) for row in self._own_rows(named))
            for key in chain(boards, *found):
                rows[key["audience"]["S"], key["connectionId"]["S"]] = key
        delete_batch(self.connections_table, list(rows.values()))

    def _ahead(self, pages: Pages, first: Any) -> Iterator[str]:
        """The rows of each page, while the next page is being read."""
        page: Names = first()
        while pages.start is not None:
            following_page = self._readers.submit(pages.read)
            yield from page
            page = following_page.result()
        yield from page

    def _own_rows(self, connection_ids: Sequence[str]) -> list[dict[str, Any]]:
        """The connections' own rows, of those that have one."""
        keys = [own(it) for it in dict.fromkeys(connection_ids)]
        return read_batch(self.connections_table, keys, consistent=True)

    @cached_property
    def _readers(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(READERS)


class Pages:
    """One audience shard, page by page: `start` is where the next begins, None at the end."""

    def __init__(self, table: str, audience: str) -> None:
        self._request: dict[str, Any] = {
            "TableName": table,
            "ConsistentRead": True,
            "Limit": PAGE,
            "KeyConditionExpression": "audience = :audience",
            "FilterExpression": "expiresAt > :now",
            "ProjectionExpression": "connectionId",
            "ExpressionAttributeValues": {
                ":audience": {"S": audience},
                ":now": {"N": str(int(time.time()))},
            },
        }
        self.start: Any = None

    def read(self) -> Names:
        """The connections of the next page. Raises Unavailable."""
        if self.start is not None:
            self._request["ExclusiveStartKey"] = self.start
        with translated():
            answer = client("dynamodb").query(**self._request)
        self.start = answer.get("LastEvaluatedKey")
        return [row["connectionId"]["S"] for row in answer["Items"]]
