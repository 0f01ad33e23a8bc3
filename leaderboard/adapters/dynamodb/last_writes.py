"""What the item of a score remembers of the last write of the score, and the stream's image has.

Every score of the table has it, some 50 bytes of it, so its names are short.
"""

from __future__ import annotations

from leaderboard.adapters.dynamodb import readable
from leaderboard.adapters.dynamodb.items import Item
from leaderboard.scoring.items import Cause, LastWrite

NAME = "wrote"
"""The attribute of an item."""
CODES = {Cause.ACTION: "a", Cause.TRUSTED_WRITE: "t", Cause.REMOVAL: "r"}
CAUSES = {code: cause for cause, code in CODES.items()}


def image_of(it: LastWrite) -> Item:
    """The write as it is stored."""
    image: Item = {"v": it.version, "at": it.at_ms, "by": CODES[it.cause], "d": it.days}
    if it.score_before is not None:
        image["was"] = it.score_before
    if it.before_expires_s is not None:
        image["x"] = it.before_expires_s
    return image


def read(item: Item) -> LastWrite | None:
    """The write that an item remembers, if any. Raises what `readable.NOT_UNDERSTOOD` names."""
    if NAME not in item:
        return None
    wrote = item[NAME]
    before, expires = wrote.get("was"), wrote.get("x")
    return LastWrite(
        version=readable.version({"version": wrote["v"]}),
        at_ms=readable.moment(wrote["at"]),
        cause=CAUSES[wrote["by"]],
        score_before=None if before is None else readable.exact(before),
        days=readable.whole(wrote["d"]),
        before_expires_s=None if expires is None else readable.whole(expires),
    )
