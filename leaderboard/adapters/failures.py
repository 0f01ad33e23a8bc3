"""The failure queue: records that could not be understood, whole, for a person to look at."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from leaderboard.adapters.aws import client, translated


@dataclass(frozen=True)
class FailureQueue:
    url: str

    def put(self, record: dict[str, Any], reason: str) -> None:
        body = json.dumps({"reason": reason, "record": record}, default=str)
        with translated():
            client("sqs").send_message(QueueUrl=self.url, MessageBody=body)
