"""A frame on its way: the change that it tells, its bytes, and what became of its posts."""

from __future__ import annotations

from dataclasses import dataclass

from leaderboard.ranking.board_item import BoardItem


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to a board's item: its first old image, if it had one, and its last new one.

    `is_ahead`: the new one was read from the table, and is newer than the stream's.
    """

    old: BoardItem | None
    new: BoardItem
    is_ahead: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """One message for everybody who follows a board, encoded once.

    `patience`: for how many seconds each connection is tried. `kind` (the message's type),
    `version` and `scored_ms` (when its newest score was made) are for logs and metrics; a function
    that only posts does not know them.
    """

    board: str
    body: bytes
    patience: float
    kind: str = ""
    version: int = 0
    scored_ms: int | None = None

    def age_ms(self, now_ms: int) -> int | None:
        """How old the frame's newest score is; None where no score is new."""
        return None if self.scored_ms is None else max(0, now_ms - self.scored_ms)


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of a frame's posts, in connections.

    `listed`: those that followed the board. `closed`: those that the gateway does not have any
    more, of which `gone` names the ones that are still in the table. `is_cut`: time was up before
    all were even tried.
    """

    listed: int = 0
    sent: int = 0
    throttled: int = 0
    failed: int = 0
    closed: int = 0
    is_cut: bool = False
    gone: tuple[str, ...] = ()

    @property
    def viewers(self) -> int:
        """How many follow the board now."""
        return self.listed - self.closed

    def plus(self, other: Delivered) -> Delivered:
        """The sum for two parts of one audience."""
        return Delivered(
            listed=self.listed + other.listed,
            sent=self.sent + other.sent,
            throttled=self.throttled + other.throttled,
            failed=self.failed + other.failed,
            closed=self.closed + other.closed,
            is_cut=self.is_cut or other.is_cut,
            gone=self.gone + other.gone,
        )
