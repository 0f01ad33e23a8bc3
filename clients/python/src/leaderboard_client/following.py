"""The client's copy of one board, and the protocol's rules for what may replace it.

An update is applied only to the version that it starts from; others wait here, since frames may
change places on the way. While a newer version is known, the copy is behind, and the link
subscribes again. Within one counter (season and epoch) the version says what is newer. Between two
epochs only time can: when the service read the board, or published it. Where it cannot, the copy is
in doubt, which is behind, too, until a later answer decides."""

from __future__ import annotations

import math
from dataclasses import replace

from leaderboard_client.board import Board, apply_update, compare, from_snapshot, same_counter
from leaderboard_client.fields import instant
from leaderboard_client.frame import HasPlace, Place, Snapshot, Update

# Updates kept while the one before them is missing.
AHEAD_LIMIT = 32


class Following:
    """The copy of one followed board."""

    def __init__(self) -> None:
        self.held: Board | None = None
        """The copy; None before the first snapshot."""
        self.undecided = 0
        """Snapshots in a row that could not be told newer or older than what is held."""
        # When the held counter was last named: what the service read after this is not older.
        self._held_at = -math.inf
        # Received, but what they start from is not held (yet).
        self._ahead: list[Update] = []
        # The newest place named that is not held, and when it was.
        self._named: Place | None = None
        self._named_at = -math.inf
        # Since when it has been unclear which of two counters is the newer one.
        self._doubt_at: float | None = None

    def snapshot(
        self, snapshot: Snapshot, *, now: float, read_after: float, asked_at: float = -math.inf
    ) -> bool:
        """Takes a whole top, from the socket or over HTTP. Returns whether it replaced the copy.

        The service read the top after `read_after`, and probably after `asked_at`: that is when
        the `subscribe` was sent that it seems to answer.
        """
        place = compare(snapshot, self.held) if self.held else "newer"
        if place == "apart" and not self._is_later(snapshot, read_after, asked_at):
            self.undecided += 1
            self._doubt_at = now
            return False
        if place in ("older", "same"):
            self._agree(snapshot, now)
            return False
        crossed = self.held is not None and not same_counter(snapshot, self.held)
        self._take(from_snapshot(snapshot), now, crossed=crossed)
        return True

    def update(self, update: Update, now: float) -> bool:
        """Takes an update. Returns whether the copy has changed."""
        if len(self._ahead) == AHEAD_LIMIT:
            self._ahead.pop(0)
        self._ahead.append(update)
        self.name(update, now)
        return self._catch_up(now)

    def name(self, place: HasPlace, now: float) -> None:
        """The service says where the board's counter stands, without the entries."""
        named = Place(place.season, place.epoch, place.version)
        if self.held is None:
            if self._named is None or compare(named, self._named) != "older":
                self._named, self._named_at = named, now
            return
        where = compare(named, self.held)
        if where == "apart":
            self._doubt_at = now
        if where == "newer" and (self._named is None or compare(named, self._named) == "newer"):
            self._named, self._named_at = named, now
        if where != "apart":
            self._agree(named, now)

    def answered(self, place: HasPlace, asked_at: float) -> None:
        """The service answered a `subscribe`, sent at `asked_at`. If it named the held counter,
        doubts from before are settled."""
        if self.held is None or not same_counter(place, self.held):
            return
        self.undecided = 0
        if self._doubt_at is not None and asked_at >= self._doubt_at:
            self._doubt_at = None
            held = self.held
            self._ahead = [it for it in self._ahead if compare(it, held) == "newer"]

    def count(self, top: Snapshot) -> None:
        """Takes the number of users from a top read over HTTP. There it is the ranking's as it is
        now, so it may change while the version stays."""
        held = self.held
        if held is not None and compare(top, held) == "same" and top.total != held.total:
            self.held = replace(held, total=top.total)

    @property
    def behind(self) -> bool:
        """Whether a newer board than the copy is known to exist, or may exist."""
        return self.held is None or self._named is not None or self._doubt_at is not None

    @property
    def ends_at(self) -> float:
        """When the held season ends, in milliseconds of server time; infinity if never."""
        return instant(self.held.ends_at) if self.held and self.held.ends_at else math.inf

    def _is_later(self, snapshot: Snapshot, read_after: float, asked_at: float) -> bool:
        """Whether a snapshot of another counter is newer than the copy, as far as times say it.

        A board without a score is published just before its first one, and the service's clocks
        are not that exact. So the time of publishing does not count for it.
        """
        if read_after > self._held_at:
            return True
        if snapshot.epoch is None:
            return False
        held_at = instant(self.held.published_at if self.held else None)
        ahead = instant(snapshot.published_at) - held_at
        return ahead > 0 or (not ahead < 0 and asked_at >= self._held_at)

    def _agree(self, place: HasPlace, now: float) -> None:
        if self.held is not None and same_counter(place, self.held):
            self._held_at = now

    def _take(self, board: Board, now: float, *, crossed: bool) -> None:
        """Replaces the copy. `crossed`: from one counter to another."""
        left = self.held
        self.held = board
        self._held_at = now
        if crossed:
            self.undecided = 0
            self._doubt_at = None
            self._ahead = [it for it in self._ahead if left is None or not same_counter(it, left)]
        named = self._named
        place = compare(named, board) if named else None
        if place != "newer":
            self._named = None
        was_left = crossed and named and left and same_counter(named, left)
        if named and place == "apart" and not was_left:
            self._doubt_at = self._named_at
        self._catch_up(now)

    def _catch_up(self, now: float) -> bool:
        """Applies the updates that waited for the held version. Returns whether there was one."""
        held = self.held
        if held is None:
            return False
        self._ahead = [it for it in self._ahead if compare(it, held) not in ("older", "same")]
        for update in self._ahead:
            if same_counter(update, held) and update.start == held.version:
                board = apply_update(held, update)
                if board is None:
                    self._ahead.remove(update)
                    return False
                self._take(board, now, crossed=False)
                return True
        return False
