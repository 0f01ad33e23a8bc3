"""The failure queue: records and items that could not be read, whole, for a person to look at."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from leaderboard.adapters.aws.clients import client, translated

MOST_BYTES = 200 * 1024
"""A message holds 256 KB, an item 400 KB."""


@dataclass(frozen=True)
class FailureQueue:
    url: str

    def put(self, record: dict[str, Any], reason: str) -> None:
        """A record of a stream; a huge one without its images, which are in its table."""
        body = json.dumps({"reason": reason, "record": record}, default=str)
        if len(body) > MOST_BYTES:
            change = record["dynamodb"]
            named = {name: change[name] for name in change if not name.endswith("Image")}
            body = json.dumps(
                {"reason": reason, "record": {**record, "dynamodb": named}}, default=str
            )
        self._send(body)

    def put_item(self, item: Mapping[str, Any], reason: str) -> None:
        """An item of a table, with its types, as a reader met it; of a huge one the keys alone."""
        body = json.dumps({"reason": reason, "item": item}, default=str)
        if len(body) > MOST_BYTES:
            keys = {name: item[name] for name in ("userId", "boardSeason") if name in item}
            body = json.dumps({"reason": reason, "item": keys}, default=str)
        self._send(body)

    def _send(self, body: str) -> None:
        with translated():
            client("sqs").send_message(QueueUrl=self.url, MessageBody=body)
