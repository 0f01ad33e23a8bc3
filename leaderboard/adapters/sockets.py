"""Closing connections by API Gateway's management API."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config

from leaderboard.adapters.aws import translated


@dataclass(frozen=True)
class Sockets:
    """The connections of one stage's WebSocket API."""

    endpoint: str

    @cached_property
    def client(self) -> Any:
        return boto3.client(
            "apigatewaymanagementapi",
            endpoint_url=self.endpoint,
            config=Config(
                connect_timeout=2,
                read_timeout=5,
                retries={"mode": "standard", "total_max_attempts": 3},
            ),
        )

    def close(self, connection_id: str) -> None:
        """Close a connection, which may be gone already; raises Unavailable."""
        with translated():
            try:
                self.client.delete_connection(ConnectionId=connection_id)
            except self.client.exceptions.GoneException:
                return
