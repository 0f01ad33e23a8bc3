"""What the service sends over the WebSocket, as types: `docs/asyncapi.yaml` is made from them.

They cost an import nothing, and describe the JSON word for word: times are RFC 3339 text, and what
may be null says so.
"""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired, TypedDict

from leaderboard.boards.snapshots import Instant, TopEntryJson, UserId

# The name after the type is that of what the reference says of such a value.
BoardId = Annotated[str, "BoardId"]
SeasonName = Annotated[str, "SeasonName"]
Epoch = Annotated[str, "Epoch"]
Version = Annotated[int, "Version"]
Total = Annotated[int, "Total"]
RequestId = Annotated[str, "RequestId"]

Code = Literal["bad_request", "board_not_found", "message_too_large", "rate_limited", "unavailable"]


class BoardVersion(TypedDict):
    """Where a board's counter stands; the epoch is null before the first score."""

    season: SeasonName
    epoch: Epoch | None
    version: Version


class SnapshotMessage(TypedDict):
    """The whole top as recorded at one (epoch, version).

    `since` is the midnight (UTC) that each entry's `was` is of: the last one before the record. It
    is null if nothing is known of a midnight.
    """

    type: Literal["snapshot"]
    board: BoardId
    season: SeasonName
    epoch: Epoch | None
    version: Version
    total: Total
    endsAt: Instant | None
    since: Instant | None
    entries: list[TopEntryJson]
    publishedAt: Instant


# By call, since `from` is a word of Python.
UpdateMessage = TypedDict(
    "UpdateMessage",
    {
        "type": Literal["update"],
        "board": BoardId,
        "season": SeasonName,
        "epoch": Epoch,
        "from": Version,
        "version": Version,
        "total": Total,
        "since": Instant | None,
        "upsert": list[TopEntryJson],
        "remove": list[UserId],
        "scoredAt": Instant | None,
        "publishedAt": Instant,
    },
)
UpdateMessage.__doc__ = "What changed from one version to another: who holds `from` applies it."


class CurrentMessage(TypedDict):
    """The answer to a `subscribe` whose `have` is up to date."""

    type: Literal["current"]
    board: BoardId
    season: SeasonName
    epoch: Epoch | None
    version: Version


class UnsubscribedMessage(TypedDict):
    """The answer to an `unsubscribe`."""

    type: Literal["unsubscribed"]
    board: BoardId


class PongMessage(TypedDict):
    """The answer to a `ping`: the service's time, and each followed board's place."""

    type: Literal["pong"]
    serverTime: Instant
    boards: dict[str, BoardVersion]


class ErrorMessage(TypedDict):
    """The answer to a frame that cannot be served; the connection stays open."""

    type: Literal["error"]
    code: Code
    message: str
    requestId: RequestId
    board: NotRequired[str]


Reply = SnapshotMessage | CurrentMessage | UnsubscribedMessage | PongMessage | ErrorMessage
Message = (
    SnapshotMessage
    | UpdateMessage
    | CurrentMessage
    | UnsubscribedMessage
    | PongMessage
    | ErrorMessage
)
