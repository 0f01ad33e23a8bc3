"""What API Gateway's management API tells of a connection, and closing one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from botocore.config import Config

from leaderboard.adapters.aws.clients import session, translated


@dataclass(frozen=True)
class ConnectionsApi:
    """The connections of one stage's WebSocket API."""

    endpoint: str

    @cached_property
    def client(self) -> Any:
        """The SDK's client, made with the first call."""
        return session().client(
            "apigatewaymanagementapi",
            endpoint_url=self.endpoint,
            config=Config(
                connect_timeout=2,
                read_timeout=2,
                # A handshake waits for it, and a caller that closes many tries them again.
                retries={"mode": "standard", "total_max_attempts": 2},
            ),
        )

    def close(self, connection_id: str) -> None:
        """Close a connection, which may be gone already; raises Unavailable."""
        with translated():
            try:
                self.client.delete_connection(ConnectionId=connection_id)
            except self.client.exceptions.GoneException:
                return

    def is_open(self, connection_id: str) -> bool:
        """Whether a connection is open; one whose handshake is not answered is not. Raises
        Unavailable."""
        with translated():
            try:
                self.client.get_connection(ConnectionId=connection_id)
            except self.client.exceptions.GoneException:
                return False
        return True
