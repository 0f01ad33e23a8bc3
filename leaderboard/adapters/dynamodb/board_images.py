"""Images of the boards' items, as the stream of their table shows them."""

from __future__ import annotations

from dataclasses import dataclass

from leaderboard.adapters.dynamodb import readable
from leaderboard.adapters.dynamodb.board_items import board_item
from leaderboard.adapters.dynamodb.boards import STAGE
from leaderboard.adapters.dynamodb.reports import Reports
from leaderboard.frames.frame import Change
from leaderboard.frames.ports import Image


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

    def change(self, first: Image | None, last: Image) -> Change:
        """An old image that cannot be read was shown to nobody: it counts as no image."""
        old = readable.understood(board_item, first, self.reports) if first else None
        return Change(old, board_item(last))
