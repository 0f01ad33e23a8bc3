"""The environment variables of a function, read once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says. A variable that a function does not have is empty."""

    stage: str
    scores_table: str
    boards_table: str
    connections_table: str
    submissions_table: str
    history_table: str
    cache_endpoint: str
    cache_name: str
    cache_user: str
    ticket_secret: str
    edge_secret: str
    websocket_api_id: str
    failure_queue_url: str
    rebuild_function: str
    moderation_function: str
    upkeep_function: str
    user_pool_id: str
    connections_per_user: int
    fanout_function: str
    messages_per_minute: int
    allowed_origins: tuple[str, ...]
    write_shards: int
    audience_shards: int
    posts_per_second: int
    handles: int
    reach: int
    record_interval_ms: int
    rebuild_segments: int
    rank_wait_ms: int
    frame_interval_ms: int | None
    region: str
    endpoint_url: str
    boards_file: Path

    @property
    def socket_endpoint(self) -> str:
        """Where the stage's WebSocket connections are posted to."""
        if self.endpoint_url:
            return f"{self.endpoint_url}/_aws/execute-api/{self.websocket_api_id}/{self.stage}"
        host = f"{self.websocket_api_id}.execute-api.{self.region}.amazonaws.com"
        return f"https://{host}/{self.stage}"


def load(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings of this function. Raises ValueError for text where a number belongs."""

    def text(name: str, default: str = "") -> str:
        return environment.get(name) or default

    def number(name: str, default: int) -> int:
        return int(text(name, str(default)))

    interval = text("FRAME_INTERVAL_MS")
    origins = (origin.strip() for origin in text("ALLOWED_ORIGINS").split(","))
    return Settings(
        stage=text("STAGE", "local"),
        scores_table=text("SCORES_TABLE"),
        boards_table=text("BOARDS_TABLE"),
        connections_table=text("CONNECTIONS_TABLE"),
        submissions_table=text("SUBMISSIONS_TABLE"),
        history_table=text("HISTORY_TABLE"),
        cache_endpoint=text("CACHE_ENDPOINT"),
        cache_name=text("CACHE_NAME"),
        cache_user=text("CACHE_USER"),
        ticket_secret=text("TICKET_SECRET"),
        edge_secret=text("EDGE_SECRET"),
        websocket_api_id=text("WEBSOCKET_API_ID"),
        failure_queue_url=text("FAILURE_QUEUE_URL"),
        rebuild_function=text("REBUILD_FUNCTION"),
        moderation_function=text("MODERATION_FUNCTION"),
        upkeep_function=text("UPKEEP_FUNCTION"),
        user_pool_id=text("USER_POOL_ID"),
        connections_per_user=number("CONNECTIONS_PER_USER", 20),
        fanout_function=text("FANOUT_FUNCTION"),
        messages_per_minute=number("MESSAGES_PER_MINUTE", 120),
        allowed_origins=tuple(origin for origin in origins if origin),
        write_shards=number("WRITE_SHARDS", 4),
        audience_shards=number("AUDIENCE_SHARDS", 1),
        posts_per_second=number("POSTS_PER_SECOND", 5000),
        handles=number("POSTS_AT_ONCE", 256),
        reach=number("VIEWERS_PER_FUNCTION", 10_000),
        record_interval_ms=number("RECORD_INTERVAL_MS", 100),
        rebuild_segments=number("REBUILD_SEGMENTS", 1),
        rank_wait_ms=number("RANK_WAIT_MS", 0),
        frame_interval_ms=int(interval) if interval else None,
        region=text("AWS_REGION", text("AWS_DEFAULT_REGION", "us-east-1")),
        endpoint_url=text("AWS_ENDPOINT_URL").rstrip("/"),
        boards_file=Path(text("BOARDS_FILE", str(Path(__file__).parent.parent / "boards.yml"))),
    )
