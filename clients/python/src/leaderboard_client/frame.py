"""What the service sends, checked before anything else sees it: text in, a typed frame out, or None
for what nobody can follow (damaged, of a newer protocol, or the gateway's own messages)."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

LARGEST = 2**53 - 1


class Placed(Protocol):
    """Where a counter stands. The epoch is None, and the version 0, before the first score."""

    @property
    def season(self) -> str: ...

    @property
    def epoch(self) -> str | None: ...

    @property
    def version(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Place:
    season: str
    epoch: str | None
    version: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A user's line on a board."""

    rank: int | None
    """Position in the board's order: 1, 2, 3, …; None where it is not known yet."""
    place: int | None
    """Competition rank: 1, 2, 2, 4."""
    user_id: str
    user_name: str
    """Other people's text, never markup."""
    user_score: int
    score_updated_at: str
    """When the user reached this score, RFC 3339."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    board: str
    season: str
    epoch: str | None
    version: int
    total: int
    ends_at: str | None
    entries: tuple[Entry, ...]
    published_at: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    board: str
    season: str
    epoch: str
    start: int
    """`from` in the protocol."""
    version: int
    total: int
    upsert: tuple[Entry, ...]
    remove: tuple[str, ...]
    scored_at: str | None
    published_at: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Current:
    board: str
    season: str
    epoch: str | None
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsubscribed:
    board: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pong:
    server_time: float
    """Milliseconds since 1970; NaN if it says none."""
    boards: dict[str, Place]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    code: str
    message: str
    board: str | None
    request_id: str | None


Frame = Snapshot | Update | Current | Unsubscribed | Pong | Refusal


class _DamagedError(Exception):
    """The frame is none of the protocol."""


def instant(time: object) -> float:
    """Milliseconds since 1970, NaN where there is no time."""
    if isinstance(time, str):
        try:
            parsed = datetime.fromisoformat(time)
        except ValueError:
            return math.nan
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp() * 1000
    return math.nan if isinstance(time, bool) or not isinstance(time, int | float) else time


def parse_frame(text: object) -> Frame | None:
    """One WebSocket message as a frame."""
    if not isinstance(text, str):
        return None
    try:
        value = _object(json.loads(text))
        return _READERS[_text(value.get("type"))](value)
    # A frame of a million brackets is no frame either.
    except (_DamagedError, KeyError, RecursionError, ValueError):
        return None


def parse_top(body: object, board: str) -> Snapshot | None:
    """The body of `GET /boards/{board}/top` as a snapshot; None if it is none, or has no version to
    place it by."""
    try:
        top = _snapshot(_object(body))
    except (_DamagedError, KeyError):
        return None
    return top if top.board == board else None


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _DamagedError
    return value


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise _DamagedError
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise _DamagedError
    return value


def _optional_text(value: object) -> str | None:
    return None if value is None else _text(value)


def _integer(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _DamagedError
    return value


def _count(value: object) -> int:
    number = _integer(value)
    if not 0 <= number <= LARGEST:
        raise _DamagedError
    return number


def _rank(value: object) -> int | None:
    if value is None:
        return None
    number = _count(value)
    if number == 0:
        raise _DamagedError
    return number


def _time(value: object) -> str | None:
    if value is not None and math.isnan(instant(_text(value))):
        raise _DamagedError
    return _optional_text(value)


def _place(value: dict[str, Any]) -> Place:
    version = _count(value.get("version"))
    epoch = value.get("epoch")
    known = _optional_text(epoch) if version == 0 else _text(epoch)
    return Place(_text(value.get("season")), known, version)


def _entry(value: object) -> Entry:
    entry = _object(value)
    return Entry(
        rank=_rank(entry.get("rank")),
        place=_rank(entry.get("place")),
        user_id=_text(entry.get("userId")),
        user_name=_text(entry.get("userName")),
        user_score=_integer(entry.get("userScore")),
        score_updated_at=_text(entry.get("scoreUpdatedAt")),
    )


def _entries(value: object) -> tuple[Entry, ...]:
    entries = tuple(_entry(it) for it in _list(value))
    if len({entry.user_id for entry in entries}) < len(entries):
        raise _DamagedError
    return entries


def _snapshot(value: dict[str, Any]) -> Snapshot:
    place = _place(value)
    return Snapshot(
        board=_text(value.get("board")),
        season=place.season,
        epoch=place.epoch,
        version=place.version,
        total=_count(value.get("total")),
        ends_at=_time(value.get("endsAt")),
        entries=_entries(value.get("entries")),
        published_at=_optional_text(value.get("publishedAt")),
    )


def _update(value: dict[str, Any]) -> Update:
    place = _place(value)
    start = _count(value.get("from"))
    if place.version <= start:
        raise _DamagedError
    return Update(
        board=_text(value.get("board")),
        season=place.season,
        epoch=_text(place.epoch),
        start=start,
        version=place.version,
        total=_count(value.get("total")),
        upsert=_entries(value.get("upsert")),
        remove=tuple(_text(it) for it in _list(value.get("remove"))),
        scored_at=_optional_text(value.get("scoredAt")),
        published_at=_optional_text(value.get("publishedAt")),
    )


def _current(value: dict[str, Any]) -> Current:
    place = _place(value)
    return Current(
        board=_text(value.get("board")),
        season=place.season,
        epoch=place.epoch,
        version=place.version,
    )


def _unsubscribed(value: dict[str, Any]) -> Unsubscribed:
    return Unsubscribed(board=_text(value.get("board")))


def _pong(value: dict[str, Any]) -> Pong:
    boards: dict[str, Place] = {}
    listed = value.get("boards")
    for name, place in listed.items() if isinstance(listed, dict) else ():
        try:
            boards[name] = _place(_object(place))
        except _DamagedError:
            continue
    return Pong(server_time=instant(value.get("serverTime")), boards=boards)


def _refusal(value: dict[str, Any]) -> Refusal:
    code = _text(value.get("code"))
    return Refusal(
        code=code,
        message=_optional_text(value.get("message")) or code,
        board=_optional_text(value.get("board")),
        request_id=_optional_text(value.get("requestId")),
    )


_READERS: dict[str, Callable[[dict[str, Any]], Frame]] = {
    "snapshot": _snapshot,
    "update": _update,
    "current": _current,
    "unsubscribed": _unsubscribed,
    "pong": _pong,
    "error": _refusal,
}
