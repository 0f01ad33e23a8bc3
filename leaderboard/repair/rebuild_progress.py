"""What a rebuild is asked for, and how far it is.

Both are values that never change. Each step of a rebuild returns a new `RebuildProgress`, so that
what an invocation hands over to the next one is always a whole state.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from leaderboard.errors import Invalid

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RebuildRequest:
    """What is to be rebuilt: one board-season, all that are `cold`, or every kept one.

    `cold` names the board-season that somebody missed; all others that are cold are filled with it.
    `fresh` forgets the rankings first, for a table that was restored. `unrecorded` is for the
    board-seasons whose item has recorded nothing yet. `run` is the id that claimed the rebuild.
    """

    board: str | None = None
    season: str | None = None
    cold: bool = False
    fresh: bool = False
    unrecorded: bool = False
    run: str = ""

    @property
    def is_single(self) -> bool:
        """Whether it is about one board-season alone."""
        return self.board is not None and not self.cold

    @property
    def is_for_all(self) -> bool:
        """Whether it is about every kept board-season, also those that have no item."""
        return self.board is None and not self.cold and not self.unrecorded


@dataclass(frozen=True, slots=True)
class RebuildProgress:
    """How far a rebuild is: in its current pass over the table, and in all.

    Of the pass: `is_listed` says that its rankings are known. `lives` are the rankings that are not
    completed, each with the life of the cache that is filled; those in `began_empty` were begun for
    it. `unread` are the segments that are not read to their end, each with the position where it
    goes on. `sweep_positions` say the same of sweeps. `lost` are the rankings whose life ended. The
    pass takes the keys behind `after`, up to `until` if there are more. `opened_boards`: it found
    board-seasons without an item, and opened them for a pass of their own.

    Of the whole: how often the cache was lost (`attempts`), and sums: invocations, items that were
    read, states that were newer than the ranking's, states that a sweep corrected, rankings that
    were completed, and tops that moved.
    """

    request: RebuildRequest
    segments: int
    run: str
    is_listed: bool = False
    finished: bool = False
    lives: Mapping[str, str] = field(default_factory=dict)
    began_empty: tuple[str, ...] = ()
    unread: Mapping[str, Json | None] = field(default_factory=dict)
    sweep_positions: Mapping[str, Json] = field(default_factory=dict)
    lost: tuple[str, ...] = ()
    after: str = ""
    until: str | None = None
    opened_boards: bool = False
    attempts: int = 1
    invocations: int = 1
    items: int = 0
    applied: int = 0
    removed: int = 0
    boards: int = 0
    moved: int = 0

    def to_json(self) -> Json:
        """The state as the event of the next invocation has it."""
        return asdict(self)

    @classmethod
    def from_json(cls, image: Json) -> RebuildProgress:
        """The state that an invocation handed over; raises Invalid for another form.

        An invocation of another release may have handed over another form. It is not understood:
        the event fails, and the next `verify` or audit starts a new rebuild.
        """
        try:
            texts = {name: tuple(image[name]) for name in ("began_empty", "lost")}
            return cls(**{**image, **texts, "request": RebuildRequest(**image["request"])})
        except (KeyError, TypeError) as error:
            raise Invalid(
                'This is not the "progress" of a rebuild of this release. Start a new rebuild '
                'with {"board": "…"} or {"all": true}.',
                path="progress",
            ) from error

    @property
    def is_pass_done(self) -> bool:
        """Whether the current pass has nothing left to read or to complete."""
        return self.is_listed and not self.unread and not self.lives

    @property
    def share(self) -> float:
        """How much of the pass is read, from 0 to 1."""
        return 1 - len(self.unread) / self.segments if self.is_listed else 0.0

    def without(self, keys: Collection[str], *, lost: bool) -> RebuildProgress:
        """After rankings were completed, or their lives lost. Keys of other rankings are ignored.

        Where no ranking is left and one was lost, nothing needs to be read any more.
        """
        gone = [key for key in keys if key in self.lives]
        if not gone:
            return self
        lives = {key: life for key, life in self.lives.items() if key not in gone}
        all_lost = self.lost + tuple(gone) if lost else self.lost
        return replace(
            self,
            lives=lives,
            began_empty=tuple(key for key in self.began_empty if key in lives),
            lost=all_lost,
            unread=self.unread if lives or not all_lost else {},
        )

    def next_pass(self, request: RebuildRequest, **changes: Any) -> RebuildProgress:
        """The beginning of another pass over the table; what counts for the whole is kept."""
        begun = RebuildProgress(request, self.segments, self.run)
        kept = {
            name: getattr(self, name)
            for name in (
                *("attempts", "invocations"),
                *("items", "applied", "removed", "boards", "moved"),
            )
        }
        return replace(begun, **{**kept, **changes})
