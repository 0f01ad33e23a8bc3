"""What calls of DynamoDB consume, computed from bytes by AWS's rules.

moto answers `ReturnConsumedCapacity` with constants. So each call is looked at, with the items as
they are stored before and after it: reads in units of 4 KB, half of that if eventually consistent,
writes in units of 1 KB, and twice as much in a transaction.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from leaderboard.adapters.aws.clients import client
from tests.integration import aws

Json = dict[str, Any]
Image = Mapping[str, Any]

KEYS = {
    aws.SCORES: ("userId", "boardSeason"),
    aws.BOARDS: ("boardSeason",),
    aws.CONNECTIONS: ("audience", "connectionId"),
    aws.SUBMISSIONS: ("submission",),
}
OWN_KEYS = ("userId", "boardSeason")
INDEXES = {
    "board-top": (("boardSeasonShard", "boardOrder"), ("userName", "userScore", "scoreUpdatedAt")),
    "user-name": (("nameShard", "foldedName"), ("userName",)),
}
"""The keys of each index of the table of scores, and what it has beside them."""


@dataclass
class Spent:
    """Units that were consumed, and the calls that consumed them."""

    reads: float = 0
    writes: float = 0
    indexed: dict[str, float] = field(default_factory=lambda: dict.fromkeys(INDEXES, 0))
    """Those of the writes that each index consumed."""
    calls: list[str] = field(default_factory=list)


@contextmanager
def metered() -> Iterator[Spent]:
    """Count what is consumed meanwhile."""
    meter = _Meter()
    events = client("dynamodb").meta.events
    events.register("before-parameter-build.dynamodb.*", meter.begin)
    events.register("after-call.dynamodb.*", meter.end)
    try:
        yield meter.spent
    finally:
        events.unregister("before-parameter-build.dynamodb.*", meter.begin)
        events.unregister("after-call.dynamodb.*", meter.end)


class _Meter:
    def __init__(self) -> None:
        self.spent = Spent()
        self.lock = threading.Lock()
        self.looking = threading.local()

    def begin(self, params: Json, model: Any, context: Json, **_: Any) -> None:
        if getattr(self.looking, "own", False):
            return
        context["asked"] = (model.name, dict(params))
        context["before"] = [self._stored(*it) for it in _written(model.name, params)]

    def end(self, context: Json, **_: Any) -> None:
        if "asked" not in context:
            return
        name, params = context["asked"]
        reads = self._reads(name, params)
        after = [self._stored(*it) for it in _written(name, params)]
        each = 2 if name == "TransactWriteItems" else 1
        pairs = list(zip(context["before"], after, strict=True))
        writes = each * sum(_write_units(before, after) for before, after in pairs)
        indexed = {
            index: each * sum(_index_units(index, *pair) for pair in pairs) for index in INDEXES
        }
        with self.lock:
            self.spent.calls.append(name)
            self.spent.reads += reads
            self.spent.writes += writes + sum(indexed.values())
            for index, units in indexed.items():
                self.spent.indexed[index] += units

    def _reads(self, name: str, params: Json) -> float:
        if name == "GetItem":
            stored = self._stored(params["TableName"], params["Key"])
            return _read_units([stored], consistent=bool(params.get("ConsistentRead")))
        if name == "BatchGetItem":
            return sum(
                _read_units([self._stored(table, key)], consistent=bool(it.get("ConsistentRead")))
                for table, it in params["RequestItems"].items()
                for key in it["Keys"]
            )
        if name in {"Query", "Scan"}:
            whole = {
                key: it
                for key, it in params.items()
                if key not in {"ProjectionExpression", "FilterExpression"}
            }
            items = self._own(name, whole)["Items"]
            return _read_units(items, consistent=bool(params.get("ConsistentRead")))
        return 0

    def _stored(self, table: str, key: Image) -> Image:
        asked = {"TableName": table, "Key": key, "ConsistentRead": True}
        item: Image = self._own("GetItem", asked).get("Item", {})
        return item

    def _own(self, name: str, params: Json) -> Json:
        """A call that is not counted."""
        methods = {"GetItem": "get_item", "Query": "query", "Scan": "scan"}
        self.looking.own = True
        try:
            answer: Json = getattr(client("dynamodb"), methods[name])(**params)
            return answer
        finally:
            self.looking.own = False


def _written(name: str, params: Json) -> list[tuple[str, Json]]:
    """The tables and keys that a call writes or checks."""
    if name in {"PutItem", "UpdateItem", "DeleteItem"}:
        return [_place(params)]
    if name == "BatchWriteItem":
        return [
            _place({"TableName": table, **next(iter(it.values()))})
            for table, requests in params["RequestItems"].items()
            for it in requests
        ]
    if name == "TransactWriteItems":
        return [_place(next(iter(it.values()))) for it in params["TransactItems"]]
    return []


def _place(request: Json) -> tuple[str, Json]:
    table = request["TableName"]
    named = request.get("Key") or request["Item"]
    return table, {name: named[name] for name in KEYS[table]}


def _read_units(items: Iterable[Image], *, consistent: bool) -> float:
    units = max(1, math.ceil(sum(map(size, items)) / 4096))
    return units if consistent else units / 2


def _write_units(before: Image, after: Image) -> int:
    return max(1, math.ceil(max(size(before), size(after)) / 1024))


def _index_units(index: str, before: Image, after: Image) -> int:
    keys, beside = INDEXES[index]
    before, after = _indexed(before, keys, beside), _indexed(after, keys, beside)
    if before == after:
        return 0
    moved = [before.get(it) for it in keys] != [after.get(it) for it in keys]
    parts = [before, after] if moved else [max(before, after, key=size)]
    return sum(math.ceil(size(it) / 1024) for it in parts if it)


def _indexed(item: Image, keys: Sequence[str], beside: Sequence[str]) -> Image:
    if not all(it in item for it in keys):
        return {}
    return {name: it for name, it in item.items() if name in {*OWN_KEYS, *keys, *beside}}


def size(item: Image) -> int:
    """The bytes of an item, as AWS counts them."""
    return sum(len(name.encode()) + _value_size(it) for name, it in item.items())


def _value_size(value: Image) -> int:
    ((kind, it),) = value.items()
    if kind in {"S", "N"}:
        return len(it.encode()) if kind == "S" else len(it) // 2 + 2
    if kind == "B":
        return len(it)
    if kind in {"SS", "NS"}:
        return sum(_value_size({kind[0]: one}) for one in it)
    if kind == "L":
        return 3 + sum(1 + _value_size(one) for one in it)
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + _value_size(one) for name, one in it.items())
    return 1
