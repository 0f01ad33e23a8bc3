"""Segments: the parts of the table of scores that are read side by side.

Each thread reads one piece of one segment and returns what came of it. The caller is the only one
who puts the pieces together, so the threads share nothing that changes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

Json = dict[str, Any]

SIDE_BY_SIDE = 8
"""Segments that are read, and boards that are looked at, at the same time."""


class Piece(Protocol):
    """What one piece of a segment came to. `position`: where it goes on; None: at its end."""

    @property
    def segment(self) -> str: ...

    @property
    def position(self) -> Json | None: ...


Result = TypeVar("Result", bound=Piece)


def read_segments(
    read: Callable[[str, Json | None], Result],
    unread: Mapping[str, Json | None],
    *,
    goes_on: Callable[[], bool],
) -> Iterator[Result]:
    """The pieces of all segments, each yielded to the caller before the segment goes on.

    `read` takes a segment and where it goes on; it runs in a thread. The segments take turns, so
    that all of them come forward at the same pace. `goes_on` is asked after each piece whether its
    segment is to be read further. Raises what `read` raises; what has not begun then is given up.
    """
    pool = ThreadPoolExecutor(SIDE_BY_SIDE)
    try:
        pending = deque(pool.submit(read, *it) for it in unread.items())
        while pending:
            piece = pending.popleft().result()
            yield piece
            if piece.position is not None and goes_on():
                pending.append(pool.submit(read, piece.segment, piece.position))
    finally:
        pool.shutdown(cancel_futures=True)
