"""The JSON of the protocol: snapshots, updates, and the replies to what viewers send."""

from __future__ import annotations

from collections.abc import Iterable

from leaderboard import instants
from leaderboard.boards.entries import entries_json
from leaderboard.boards.snapshots import Snapshot
from leaderboard.frames import protocol
from leaderboard.frames.delta import Update

MAX_FRAME = 32 * 1024
"""Bytes of one frame through API Gateway."""


def snapshot_json(
    snapshot: Snapshot, *, ends_ms: int | None, published_ms: int
) -> protocol.SnapshotMessage:
    return {
        "type": "snapshot",
        "board": snapshot.board,
        "season": snapshot.season,
        "epoch": snapshot.epoch,
        "version": snapshot.version,
        "total": snapshot.total,
        "endsAt": instants.text_of(ends_ms),
        "entries": entries_json(snapshot.entries),
        "publishedAt": instants.to_text(published_ms),
    }


def update_json(update: Update, *, published_ms: int) -> protocol.UpdateMessage:
    return {
        "type": "update",
        "board": update.board,
        "season": update.season,
        "epoch": update.epoch,
        "from": update.start,
        "version": update.version,
        "total": update.total,
        "upsert": entries_json(update.upsert),
        "remove": list(update.remove),
        "scoredAt": instants.text_of(update.scored_ms),
        "publishedAt": instants.to_text(published_ms),
    }


def current_json(snapshot: Snapshot) -> protocol.CurrentMessage:
    return {
        "type": "current",
        "board": snapshot.board,
        "season": snapshot.season,
        "epoch": snapshot.epoch,
        "version": snapshot.version,
    }


def pong_json(snapshots: Iterable[Snapshot], *, now_ms: int) -> protocol.PongMessage:
    return {
        "type": "pong",
        "serverTime": instants.to_text(now_ms),
        "boards": {
            it.board: {"season": it.season, "epoch": it.epoch, "version": it.version}
            for it in snapshots
        },
    }


def unsubscribed_json(board: str) -> protocol.UnsubscribedMessage:
    return {"type": "unsubscribed", "board": board}


def error_json(
    code: protocol.Code, message: str, *, request_id: str, board: str | None = None
) -> protocol.ErrorMessage:
    error: protocol.ErrorMessage = {
        "type": "error",
        "code": code,
        "message": message,
        "requestId": request_id,
    }
    if board is not None:
        error["board"] = board
    return error
