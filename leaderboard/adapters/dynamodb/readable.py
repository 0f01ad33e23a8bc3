"""Stored items: as plain values, also of broken ones, and the condition that one is still as read.

Imports, restores and hands write to the tables beside the service. An item that cannot be read is
reported whole. What still can be read of it is enough to take it off its board. So one broken item
hurts no other.
"""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeVar

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from leaderboard import clock
from leaderboard.adapters.dynamodb.reports import Reports
from leaderboard.boards.order import TIME_DIGITS
from leaderboard.boards.rules import MAX_SCORE
from leaderboard.boards.snapshots import MAX_NAME
from leaderboard.errors import Unreadable
from leaderboard.scoring.items import (
    BARRED,
    DELETED,
    HIDDEN,
    VISIBLE,
    Cause,
    LastWrite,
)

Item = dict[str, Any]
_serializer = TypeSerializer()
_deserializer = TypeDeserializer()


def typed(item: Mapping[str, Any]) -> Item:
    """An item with DynamoDB's types."""
    return {name: _serializer.serialize(value) for name, value in item.items()}


def plain(raw: Mapping[str, Any]) -> Item:
    """An item without DynamoDB's types; its numbers are Decimals."""
    return {name: _deserializer.deserialize(value) for name, value in raw.items()}


class Garbled(int):
    """Stands for the version of an item in which none can be read: past any that it can have had.

    A write on it is conditional on what is stored in the version's place (None: nothing).
    """

    stored: Item | None

    @classmethod
    def at(cls, now_ms: int, stored: Item | None) -> Garbled:
        """Versions begin at the time and move by writes: none is a minute ahead of the clock."""
        it = cls(now_ms + 60_000)
        it.stored = stored
        return it


def shard_of(user_id: str, shards: int) -> int:
    """The write shard of an index in which a user's key is, out of so many."""
    return zlib.crc32(user_id.encode()) % shards


def if_version(attribute: str, version: int) -> Item:
    """The condition that an item is still at the version that was read; 0: it does not exist."""
    stored = version.stored if isinstance(version, Garbled) else {"N": str(version)}
    if not version or stored is None:
        return {"ConditionExpression": f"attribute_not_exists({attribute})"}
    return {
        "ConditionExpression": f"{attribute} = :read",
        "ExpressionAttributeValues": {":read": stored},
    }


NOT_UNDERSTOOD = (ArithmeticError, AttributeError, KeyError, TypeError, ValueError)
STANDINGS = frozenset({VISIBLE, HIDDEN, BARRED, DELETED})
CODES = {Cause.ACTION: "a", Cause.TRUSTED_WRITE: "t", Cause.REMOVAL: "r"}
"""The causes of writes as they are stored."""
CAUSES = {code: cause for cause, code in CODES.items()}
Parsed = TypeVar("Parsed")


def understood(
    parse: Callable[[Mapping[str, Any]], Parsed], raw: Mapping[str, Any], reports: Reports
) -> Parsed | None:
    """What `parse` makes of an item with its types; None, and a report, if it cannot be read."""
    try:
        return parse(raw)
    except NOT_UNDERSTOOD as error:
        reports.add(raw, f"{type(error).__name__}: {error}")
        return None


def attempted(parse: Callable[[Item], Parsed], item: Item) -> Parsed | None:
    """What `parse` makes of an item that was reported already; None if it cannot be read."""
    try:
        return parse(item)
    except NOT_UNDERSTOOD:
        return None


def required(parse: Callable[[Item], Parsed], item: Item, reports: Reports, *, what: str) -> Parsed:
    """What `parse` makes of a plain item; raises Unreadable and reports it if it cannot be read."""
    try:
        return parse(item)
    except NOT_UNDERSTOOD as error:
        reports.add(typed(item), f"{type(error).__name__}: {error}")
        raise Unreadable(
            f"{what} is stored in a form that cannot be read, so nothing was done. Sending this "
            "again does not help: those who run the service were told and must mend it."
        ) from error


def members(values: Any, parse: Callable[[Any], Parsed]) -> dict[str, Parsed]:
    """Those members of a map that can be read, where another one or the map itself cannot."""
    found: dict[str, Parsed] = {}
    for member, value in values.items() if isinstance(values, Mapping) else ():
        with contextlib.suppress(*NOT_UNDERSTOOD):
            found[member] = parse(value)
    return found


def whole(value: Any) -> int:
    """A stored integer. Raises TypeError and ValueError for anything else."""
    if not isinstance(value, Decimal):
        raise TypeError(f"not a number: {str(value)[:64]!r}")
    if value % 1:
        raise ValueError(f"not an integer: {value}")
    return int(value)


def exact(value: Any) -> int:
    """A stored integer within what every reader holds exactly."""
    number = whole(value)
    if abs(number) > MAX_SCORE:
        raise ValueError(f"beyond what is exact: {number}")
    return number


def text(value: Any) -> str:
    """A stored text."""
    if not isinstance(value, str):
        raise TypeError(f"not a text: {str(value)[:64]!r}")
    return value


def name(value: Any) -> str:
    """A stored display name. A longer one would not fit a frame; an empty one is no name."""
    found = text(value)
    if not 1 <= len(found) <= MAX_NAME:
        raise ValueError(f"not a name of 1 to {MAX_NAME} characters: {found[:64]!r}")
    return found


def version(item: Item) -> int:
    """The version of an item that exists."""
    number = exact(item["version"])
    if number <= 0:
        raise ValueError(f"not a version: {number}")
    return number


def standing(item: Item) -> str:
    """The standing of an item; items of older releases have none, and are visible."""
    found = item.get("standing", VISIBLE)
    if found not in STANDINGS:
        raise ValueError(f"not a standing: {str(found)[:64]!r}")
    return text(found)


def instant(value: Any) -> int:
    """A stored time, within what boards are ordered by."""
    return _within_order(clock.from_text(value))


def moment(value: Any) -> int:
    """A stored time that is a number of milliseconds, within the same."""
    return _within_order(whole(value))


def _within_order(found: int) -> int:
    if not 0 <= found < 10**TIME_DIGITS:
        raise ValueError("a time beyond what boards are ordered by")
    return found


def version_or_garbled(item: Item) -> int:
    """The version; of an item without a readable one what stands in its place."""
    stored = typed(item).get("version")
    return attempted(version, item) or Garbled.at(clock.machine_ms(), stored)


def last_write(wrote: Item) -> LastWrite:
    """The last write of a score, as its item or a line of the history has it."""
    before, expires = wrote.get("was"), wrote.get("x")
    return LastWrite(
        version=version({"version": wrote["v"]}),
        at_ms=moment(wrote["at"]),
        cause=CAUSES[wrote["by"]],
        score_before=None if before is None else exact(before),
        days=whole(wrote["d"]),
        before_expires_s=None if expires is None else whole(expires),
    )
