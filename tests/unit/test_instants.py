"""Instants, inside and outside."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given

from leaderboard import instants
from tests.unit import strategies


def test_text_is_rfc_3339_with_milliseconds() -> None:
    assert instants.to_text(1_795_421_730_123) == "2026-11-23T08:15:30.123Z"
    assert instants.to_text(0) == "1970-01-01T00:00:00.000Z"
    assert instants.to_text(1) == "1970-01-01T00:00:00.001Z"


@given(strategies.instants)
def test_text_leads_back_to_the_instant(ms: int) -> None:
    assert instants.from_text(instants.to_text(ms)) == ms


@given(strategies.instants, strategies.instants)
def test_texts_sort_as_their_instants(one: int, other: int) -> None:
    assert (instants.to_text(one) < instants.to_text(other)) is (one < other)


@given(strategies.instants)
def test_datetime_leads_back_to_the_instant(ms: int) -> None:
    moment = instants.to_datetime(ms)
    assert moment.tzinfo is UTC
    assert instants.from_datetime(moment) == ms


def test_now_is_now_in_milliseconds() -> None:
    before = datetime.now(UTC)
    now = instants.to_datetime(instants.now_ms())
    assert abs((now - before).total_seconds()) < 5
    assert abs(instants.now_ms() / 1000 - time.time()) < 5


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Z",
        "soon",
        "2026-11-23T08:15:30.123",
        "2026-11-23T08:15:30.123z",
        "2026-11-23T08:15:30.123+00:00",
        "2026-11-23T08:15:30.123+01:00Z",
        "2026-11-23T08:15:30Z",
        "2026-11-23T08:15:30.123456Z",
        "2026-11-23T08:15:30,123Z",
        "2026-11-23 08:15:30.123Z",
        "2026-W48-1T08:15:30.123Z",
        "2026-11-31T08:15:30.123Z",
        "2026-11-23T24:15:30.123Z",
        "2026-11-23T08:15:30.123Z\n",
        "\uff12026-11-23T08:15:30.123Z",
    ],
)
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not an RFC 3339|isoformat|range|day|hour"):
        instants.from_text(text)
