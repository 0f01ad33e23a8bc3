"""Segments: read piece by piece, put together by one thread."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import pytest

from leaderboard.repair.segments import read_segments

SEGMENTS: dict[str, Any] = {str(number): None for number in range(20)}


@dataclass(frozen=True)
class Page:
    segment: str
    resume_after: dict[str, Any] | None


def read(segment: str, resume_after: dict[str, Any] | None) -> Page:
    """Each segment has three pieces."""
    at = 1 if resume_after is None else resume_after["at"] + 1
    return Page(segment, {"at": at} if at < 3 else None)


def test_each_segment_is_read_to_its_end() -> None:
    pieces = list(read_segments(read, SEGMENTS, goes_on=lambda: True))
    assert len(pieces) == 60
    assert {it.segment for it in pieces if it.resume_after is None} == set(SEGMENTS)


def test_each_segment_is_read_once_when_time_is_over() -> None:
    pieces = list(read_segments(read, SEGMENTS, goes_on=lambda: False))
    assert [it.segment for it in pieces] == list(SEGMENTS)


def test_segments_are_asked_about_after_the_caller_had_the_piece() -> None:
    seen: list[Page] = []

    def goes_on() -> bool:
        assert seen
        return len(seen) < 25

    for piece in read_segments(read, SEGMENTS, goes_on=goes_on):
        seen.append(piece)  # noqa: PERF402 - `goes_on` looks at it meanwhile
    assert len(seen) < 60


def test_failure_reaches_the_caller_and_ends_the_others() -> None:
    begun: list[str] = []

    def fail(segment: str, _: dict[str, Any] | None) -> Page:
        begun.append(segment)
        if segment == "0":
            raise ValueError("The table does not answer.")
        time.sleep(0.05)
        return Page(segment, None)

    segments: dict[str, Any] = {str(number): None for number in range(500)}
    with pytest.raises(ValueError, match="does not answer"):
        list(read_segments(fail, segments, goes_on=lambda: True))
    assert len(begun) < 500
