"""What the service sends, checked before anything else sees it. Text goes in and a typed frame
comes out, or None if the text is damaged, of a newer protocol, or a message of the gateway."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from leaderboard_client.fields import (
    DamagedFrame,
    count_of,
    instant,
    integer_of,
    list_of,
    object_of,
    optional_text,
    rank_of,
    text_of,
    time_of,
)


class HasPlace(Protocol):
    """Anything that says where a board's counter stands: a place, a frame, a board."""

    @property
    def season(self) -> str:
        """The season of the board."""

    @property
    def epoch(self) -> str | None:
        """What names the counter; None before the first score."""

    @property
    def version(self) -> int:
        """What the counter says."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a board's counter stands. Before the first score the epoch is None, the version 0."""

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
    was: int | None = None
    """In a top: its rank at the top's `since`, None if it was not in the top then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The whole top of a board, as recorded at one place. Times are RFC 3339."""

    board: str
    season: str
    epoch: str | None
    version: int
    total: int
    ends_at: str | None
    entries: tuple[Entry, ...]
    published_at: str | None
    since: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """What changed between two versions of a top."""

    board: str
    season: str
    epoch: str
    start: int
    """The version that it starts from, `from` in the protocol."""
    version: int
    total: int
    upsert: tuple[Entry, ...]
    remove: tuple[str, ...]
    scored_at: str | None
    published_at: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Current:
    """The answer to a `subscribe` whose sender is up to date."""

    board: str
    season: str
    epoch: str | None
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsubscribed:
    """The answer to an `unsubscribe`."""

    board: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pong:
    """The answer to a `ping`: the service's time, and the boards of this connection by name."""

    server_time: float
    """Milliseconds since 1970; NaN if the pong has no time."""
    boards: dict[str, Place]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An `error` of the service; the connection stays open."""

    code: str
    message: str
    board: str | None
    request_id: str | None


Frame = Snapshot | Update | Current | Unsubscribed | Pong | Refusal


def parse_frame(text: object) -> Frame | None:
    """One WebSocket message as a frame; None if it is not one. Raises nothing."""
    if not isinstance(text, str):
        return None
    try:
        value = object_of(json.loads(text))
        return _READERS[text_of(value.get("type"))](value)
    # A text of a million brackets is not a frame either.
    except (DamagedFrame, KeyError, RecursionError, ValueError):
        return None


def parse_top(body: object, board: str) -> Snapshot | None:
    """The body of `GET /boards/{board}/top` as a snapshot.

    None if it is damaged, is about another board, or has no version.
    """
    try:
        top = _snapshot(object_of(body))
    except (DamagedFrame, KeyError):
        return None
    return top if top.board == board else None


def _place(value: dict[str, Any]) -> Place:
    version = count_of(value.get("version"))
    epoch = value.get("epoch")
    known = optional_text(epoch) if version == 0 else text_of(epoch)
    return Place(text_of(value.get("season")), known, version)


def _entry(value: object) -> Entry:
    entry = object_of(value)
    return Entry(
        rank=rank_of(entry.get("rank")),
        place=rank_of(entry.get("place")),
        user_id=text_of(entry.get("userId")),
        user_name=text_of(entry.get("userName")),
        user_score=integer_of(entry.get("userScore")),
        score_updated_at=text_of(entry.get("scoreUpdatedAt")),
        was=rank_of(entry.get("was")),
    )


def _entries(value: object) -> tuple[Entry, ...]:
    entries = tuple(_entry(it) for it in list_of(value))
    if len({entry.user_id for entry in entries}) < len(entries):
        raise DamagedFrame
    return entries


def _snapshot(value: dict[str, Any]) -> Snapshot:
    place = _place(value)
    return Snapshot(
        board=text_of(value.get("board")),
        season=place.season,
        epoch=place.epoch,
        version=place.version,
        total=count_of(value.get("total")),
        ends_at=time_of(value.get("endsAt")),
        entries=_entries(value.get("entries")),
        published_at=optional_text(value.get("publishedAt")),
        since=time_of(value.get("since")),
    )


def _update(value: dict[str, Any]) -> Update:
    place = _place(value)
    start = count_of(value.get("from"))
    if place.version <= start:
        raise DamagedFrame
    return Update(
        board=text_of(value.get("board")),
        season=place.season,
        epoch=text_of(place.epoch),
        start=start,
        version=place.version,
        total=count_of(value.get("total")),
        upsert=_entries(value.get("upsert")),
        remove=tuple(text_of(it) for it in list_of(value.get("remove"))),
        scored_at=optional_text(value.get("scoredAt")),
        published_at=optional_text(value.get("publishedAt")),
    )


def _current(value: dict[str, Any]) -> Current:
    place = _place(value)
    return Current(
        board=text_of(value.get("board")),
        season=place.season,
        epoch=place.epoch,
        version=place.version,
    )


def _unsubscribed(value: dict[str, Any]) -> Unsubscribed:
    return Unsubscribed(board=text_of(value.get("board")))


def _pong(value: dict[str, Any]) -> Pong:
    boards: dict[str, Place] = {}
    listed = value.get("boards")
    for name, place in listed.items() if isinstance(listed, dict) else ():
        try:
            boards[name] = _place(object_of(place))
        except DamagedFrame:
            continue
    return Pong(server_time=instant(value.get("serverTime")), boards=boards)


def _refusal(value: dict[str, Any]) -> Refusal:
    code = text_of(value.get("code"))
    return Refusal(
        code=code,
        message=optional_text(value.get("message")) or code,
        board=optional_text(value.get("board")),
        request_id=optional_text(value.get("requestId")),
    )


_READERS: dict[str, Callable[[dict[str, Any]], Frame]] = {
    "snapshot": _snapshot,
    "update": _update,
    "current": _current,
    "unsubscribed": _unsubscribed,
    "pong": _pong,
    "error": _refusal,
}
