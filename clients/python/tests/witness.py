"""Compares what a client shows with what the service recorded. It uses none of the client's
rules."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from leaderboard_client import Board, Changes

Record = dict[str, Any]
Key = tuple[str, str | None, int]


def key_of(record: Record) -> Key:
    return record["season"], record["epoch"], record["version"]


def key(board: Board) -> Key:
    return board.season, board.epoch, board.version


def line(entry: Any) -> dict[str, Any]:
    """An entry as the protocol writes it."""
    words = {name: name.split("_") for name in asdict(entry)}
    return {
        first + "".join(map(str.capitalize, rest)): getattr(entry, name)
        for name, (first, *rest) in words.items()
    }


def wrongs(shown: list[tuple[Board, Changes]], records: list[Record]) -> list[str]:
    """What was wrong with the boards that were shown, in their order, of one board."""
    positions = {key_of(record): number for number, record in enumerate(records)}
    found = []
    last: Board | None = None
    reached = -1
    for board, changes in shown:
        here = key(board)
        position = positions.get(here)
        if position is None:
            found.append(f"never recorded: {here}")
            continue
        record = records[position]
        lines = [line(it) for it in board.entries]
        known = (board.board, board.total, board.ends_at, board.since, lines)
        if known != tuple(record[it] for it in ("board", "total", "endsAt", "since", "entries")):
            found.append(f"other than recorded: {board}, not {record}")
        if position <= reached:
            found.append(f"went back to {here}")
        ranks = {it.user_id: (it.rank, it.user_score) for it in board.entries}
        if last is None and changes != Changes():
            found.append(f"first is not first at {here}")
        if last is not None and retold(last, changes) != ranks:
            found.append(f"changes do not lead from {key(last)} to {here}")
        last, reached = board, position
    return found


def retold(before: Board, changes: Changes) -> dict[str, tuple[int | None, int]] | None:
    """The lines that the changes make of the board before; None if they are of another one."""
    since = changes.since
    if since is None or (since.season, since.epoch, since.version) != key(before):
        return None
    users = {it.user_id: (it.rank, it.user_score) for it in before.entries}
    for entry in changes.left:
        del users[entry.user_id]
    for entry in changes.entered:
        users[entry.user_id] = (entry.rank, entry.user_score)
    for entry, old, new in changes.moved:
        rank, score = users[entry.user_id]
        if rank != old:
            return None
        users[entry.user_id] = (new, score)
    for entry, old_score, new_score in changes.scored:
        rank, score = users[entry.user_id]
        if score != old_score:
            return None
        users[entry.user_id] = (rank, new_score)
    return users
