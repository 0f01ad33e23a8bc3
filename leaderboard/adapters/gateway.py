"""Delivery through API Gateway: one signed POST per connection, because it has no broadcast."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from leaderboard.broadcast import Report

SENT, GONE, THROTTLED, FAILED = "sent", "gone", "throttled", "failed"
CHANCE = random.SystemRandom()


@dataclass(frozen=True)
class PostingDelivery:
    """Posts to the connections of one stage's WebSocket API, so many at a time."""

    endpoint: str
    handles: int = 32

    @cached_property
    def client(self) -> Any:
        return boto3.client(
            "apigatewaymanagementapi",
            endpoint_url=self.endpoint,
            config=Config(
                connect_timeout=1,
                read_timeout=2,
                retries={"total_max_attempts": 1},
                max_pool_connections=self.handles,
            ),
        )

    def broadcast(self, frame: bytes, connections: Iterable[str], *, seconds: float) -> Report:
        deadline = time.monotonic() + seconds
        tally = {SENT: 0, THROTTLED: 0, FAILED: 0}
        gone: list[str] = []
        lock = threading.Lock()
        # Never more waiting than one post a handle: an audience is not held in memory.
        room = threading.BoundedSemaphore(2 * self.handles)

        def post(connection_id: str) -> None:
            try:
                outcome = self._post(connection_id, frame, deadline)
                with lock:
                    if outcome == GONE:
                        gone.append(connection_id)
                    else:
                        tally[outcome] += 1
            finally:
                room.release()

        with ThreadPoolExecutor(self.handles) as pool:
            posts = []
            for connection_id in connections:
                room.acquire()
                posts.append(pool.submit(post, connection_id))
        for done in posts:
            done.result()
        return Report(**tally, gone=tuple(gone))

    def _post(self, connection_id: str, frame: bytes, deadline: float) -> str:
        """Post once, and again after a growing random pause for what may pass."""
        pause = 0.02
        while True:
            try:
                self.client.post_to_connection(ConnectionId=connection_id, Data=frame)
            except ClientError as error:
                status = error.response["ResponseMetadata"]["HTTPStatusCode"]
                if status == 410:
                    return GONE
                outcome = THROTTLED if status == 429 else FAILED
                if status != 429 and status < 500:
                    return FAILED
            except BotoCoreError:
                outcome = FAILED
            else:
                return SENT
            wait = CHANCE.uniform(0, pause)
            if time.monotonic() + wait >= deadline:
                return outcome
            time.sleep(wait)
            pause = min(2 * pause, 0.5)
