"""Segments: the parts of the table of scores that are read side by side.

Each thread reads one page of one segment and returns what came of it. The caller is the only one
who puts the pages together, so the threads share nothing that changes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from leaderboard.repair.ports import Json, SegmentPage

SIDE_BY_SIDE = 8
"""Segments that are read, and boards that are looked at, at the same time."""


Result = TypeVar("Result", bound=SegmentPage)


def read_segments(
    read: Callable[[str, Json | None], Result],
    unread: Mapping[str, Json | None],
    *,
    goes_on: Callable[[], bool],
) -> Iterator[Result]:
    """The pages of all segments, each yielded to the caller before the segment goes on.

    `read` takes a segment and where it goes on; it runs in a thread. The segments take turns, so
    that all of them come forward together. `goes_on` is asked after each page whether its
    segment is to be read further. Raises what `read` raises; what has not begun then is given up.
    """
    pool = ThreadPoolExecutor(SIDE_BY_SIDE)
    try:
        pending = deque(pool.submit(read, *it) for it in unread.items())
        while pending:
            page = pending.popleft().result()
            yield page
            if page.resume_after is not None and goes_on():
                pending.append(pool.submit(read, page.segment, page.resume_after))
    finally:
        pool.shutdown(cancel_futures=True)
