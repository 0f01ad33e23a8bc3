"""The items of the table `boards`, with DynamoDB's types, as values of the service and back."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from leaderboard import clock
from leaderboard.adapters.dynamodb import readable
from leaderboard.adapters.dynamodb.readable import Garbled, plain
from leaderboard.adapters.dynamodb.reports import Reports
from leaderboard.boards.rules import Order
from leaderboard.boards.seasons import split_key
from leaderboard.boards.snapshots import DayStart, Score, Snapshot, ranked
from leaderboard.frames.ports import Image
from leaderboard.ranking.tops import BoardItem, BoardRow

STAGE = "#stage"
"""The key of what the stage remembers of itself; no board-season has it."""
DAY = ("since", "was")
"""The attributes of the top when the day began: that midnight, and the rank of each user."""
OPTIONAL = (*DAY, "order", "mixed")
"""The attributes that an item may lack."""


def board_row(raw: Mapping[str, Any]) -> BoardRow:
    """What a list names of an item. Raises KeyError, TypeError and ValueError for another form."""
    return BoardRow(
        raw["boardSeason"]["S"],
        int(raw["revision"]["N"]),
        int(raw["version"]["N"]),
        raw["life"]["S"],
    )


def readable_rest(image: Mapping[str, Any]) -> BoardItem:
    """What can be read of a broken item: its counter goes on, or a new one begins."""
    item = plain(image)
    board, season = split_key(item["boardSeason"])
    epoch = readable.attempted(lambda it: readable.text(it["epoch"]), item)
    version = readable.attempted(lambda it: readable.exact(it["version"]), item)
    if epoch is None or version is None or version < 0:
        epoch, version = secrets.token_hex(4), 0
    return BoardItem(
        Snapshot(board=board, season=season, epoch=epoch, version=version, total=0, entries=()),
        revision=Garbled.at(clock.machine_ms(), image.get("revision")),
        life=readable.attempted(lambda it: readable.text(it["life"]), item) or "",
        is_readable=False,
        order=readable.attempted(lambda it: Order(it["order"]), item),
        mixed="mixed" in item,
    )


def board_item(image: Mapping[str, Any]) -> BoardItem:
    """A board's item, as the table or its stream has it (typed attributes).

    It reads the attributes directly, at a fifth of what the SDK's deserializer costs: each frame
    takes two images. Raises KeyError, TypeError and ValueError for an image of another form.
    """
    board, season = split_key(image["boardSeason"]["S"])
    scores = (
        Score(
            user_id=it["M"]["userId"]["S"],
            user_name=it["M"]["userName"]["S"],
            user_score=int(it["M"]["userScore"]["N"]),
            updated_ms=readable.instant(it["M"]["scoreUpdatedAt"]["S"]),
        )
        for it in image["top"]["L"]
    )
    epoch = image["epoch"]
    snapshot = Snapshot(
        board=board,
        season=season,
        epoch=None if "NULL" in epoch else epoch["S"],
        version=int(image["version"]["N"]),
        total=int(image["total"]["N"]),
        entries=ranked(scores),
        day=_day(image),
    )
    order = image.get("order")
    return BoardItem(
        snapshot,
        revision=int(image["revision"]["N"]),
        life=image["life"]["S"],
        order=None if order is None else Order(order["S"]),
        mixed="mixed" in image,
    )


def _day(image: Mapping[str, Any]) -> DayStart | None:
    if "since" not in image:  # recorded by an earlier release
        return None
    ranks = {user: int(it["N"]) for user, it in image["was"]["M"].items()}
    return DayStart(readable.instant(image["since"]["S"]), ranks)


def board_image(item: BoardItem) -> dict[str, Any]:
    """The item with DynamoDB's types, as the table stores it."""
    snapshot, day = item.snapshot, item.snapshot.day
    return {
        "boardSeason": {"S": snapshot.key},
        "epoch": {"NULL": True} if snapshot.epoch is None else {"S": snapshot.epoch},
        "version": {"N": str(snapshot.version)},
        "revision": {"N": str(item.revision)},
        "total": {"N": str(snapshot.total)},
        "life": {"S": item.life},
        **({} if item.order is None else {"order": {"S": item.order}}),
        **({"mixed": {"BOOL": True}} if item.mixed else {}),
        **({} if day is None else _day_image(day)),
        "top": {
            "L": [
                {
                    "M": {
                        "userId": {"S": entry.user_id},
                        "userName": {"S": entry.user_name},
                        "userScore": {"N": str(entry.user_score)},
                        "scoreUpdatedAt": {"S": clock.to_text(entry.updated_ms)},
                    }
                }
                for entry in snapshot.entries
            ]
        },
    }


def _day_image(day: DayStart) -> dict[str, Any]:
    return {
        "since": {"S": clock.to_text(day.at_ms)},
        "was": {"M": {user: {"N": str(rank)} for user, rank in day.ranks.items()}},
    }


@dataclass(frozen=True)
class StreamImages:
    """Reads images of the table `boards`; an old one that cannot be read is reported."""

    reports: Reports

    def is_board(self, key: str) -> bool:
        """False for the item in which the stage remembers its own settings."""
        return key != STAGE

    def version(self, image: Image) -> tuple[str | None, int]:
        """Read alone: a batch that waited long has a thousand images, with a whole top in each."""
        return image["epoch"].get("S"), int(image["version"]["N"])

    def item(self, image: Image) -> BoardItem:
        return board_item(image)

    def shown(self, image: Image) -> BoardItem | None:
        return readable.understood(board_item, image, self.reports)
