"""Instants, inside and outside."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from leaderboard import clock
from tests.unit import strategies


def test_text_is_rfc_3339_with_milliseconds() -> None:
    assert clock.to_text(1_795_421_730_123) == "2026-11-23T08:15:30.123Z"
    assert clock.to_text(0) == "1970-01-01T00:00:00.000Z"
    assert clock.to_text(1) == "1970-01-01T00:00:00.001Z"


@given(strategies.instants)
def test_text_leads_back_to_the_instant(ms: int) -> None:
    assert clock.from_text(clock.to_text(ms)) == ms


@given(strategies.instants, strategies.instants)
def test_texts_sort_as_their_instants(one: int, other: int) -> None:
    assert (clock.to_text(one) < clock.to_text(other)) is (one < other)


@given(strategies.instants)
def test_datetime_leads_back_to_the_instant(ms: int) -> None:
    moment = clock.to_datetime(ms)
    assert moment.tzinfo is UTC
    assert clock.from_datetime(moment) == ms


def test_now_is_now_in_milliseconds() -> None:
    before = datetime.now(UTC)
    now = clock.to_datetime(clock.machine_ms())
    assert abs((now - before).total_seconds()) < 5
    assert abs(clock.machine_ms() / 1000 - time.time()) < 5


EQUAL = [
    "2026-11-23T08:15:30.5Z",
    "2026-11-23T08:15:30.500Z",
    "2026-11-23T08:15:30.500999999999Z",
    "2026-11-23t08:15:30.50z",
    "2026-11-23 08:15:30.5Z",
    "2026-11-23T08:15:30.500+00:00",
    "2026-11-23T08:15:30.500-00:00",
    "2026-11-23T13:45:30.500+05:30",
    "2026-11-22T23:15:30.5-09:00",
    "2026-11-24T08:14:30.5+23:59",
]


@pytest.mark.parametrize("text", EQUAL)
def test_every_form_of_a_time_is_the_same_time(text: str) -> None:
    assert clock.from_text(text) == 1_795_421_730_500


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("2026-11-23T08:15:30Z", "2026-11-23T08:15:30.000Z"),
        ("2026-11-23T08:15:30.9999999Z", "2026-11-23T08:15:30.999Z"),
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59.999Z"),
        ("2017-01-01T05:29:60.7+05:30", "2016-12-31T23:59:59.999Z"),
        ("2024-02-29T00:00:00+14:00", "2024-02-28T10:00:00.000Z"),
    ],
)
def test_time_is_kept_to_the_millisecond(text: str, canonical: str) -> None:
    assert clock.to_text(clock.from_text(text)) == canonical


def test_first_and_last_days_are_read_at_any_offset() -> None:
    first, last = "0001-01-01T00:00:00", "9999-12-31T23:59:59.999"
    hour = 3_600_000
    assert clock.from_text(f"{first}+01:00") == clock.from_text(f"{first}Z") - hour
    assert clock.from_text(f"{last}-01:00") == clock.from_text(f"{last}Z") + hour


@given(strategies.instants, st.integers(-1439, 1439), st.text("0123456789", max_size=12))
def test_offset_and_finer_digits_change_nothing(ms: int, offset: int, finer: str) -> None:
    local = clock.to_text(ms + offset * 60_000)
    sign, minutes = "-" if offset < 0 else "+", abs(offset)
    text = f"{local[:-1]}{finer}{sign}{minutes // 60:02d}:{minutes % 60:02d}"
    assert clock.from_text(text) == ms
    assert clock.from_text(text.lower().replace("t", " ")) == ms


@given(
    strategies.instants, st.integers(0, 999_999_999), st.integers(0, 999_999_999), st.integers(1, 9)
)
def test_later_time_is_never_read_as_an_earlier_one(
    ms: int, one: int, other: int, digits: int
) -> None:
    second = clock.to_text(ms)[:-5]
    early, late = sorted((f"{one:09d}"[:digits], f"{other:09d}"[:digits]))
    assert clock.from_text(f"{second}.{early}Z") <= clock.from_text(f"{second}.{late}Z")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Z",
        "soon",
        "2026-11-23",
        "2026-11-23T08:15:30.123",
        "2026-11-23T08:15:30.Z",
        "2026-11-23T08:15Z",
        "2026-11-23T08:15:30.123+01:00Z",
        "2026-11-23T08:15:30.123+0100",
        "2026-11-23T08:15:30.123+24:00",
        "2026-11-23T08:15:30.123+01:60",
        "2026-11-23T08:15:30,123Z",
        "2026-11-23_08:15:30.123Z",
        "2026-11-23  08:15:30.123Z",
        "2026-W48-1T08:15:30.123Z",
        "2026-11-31T08:15:30.123Z",
        "2026-11-23T24:15:30.123Z",
        "2026-11-23T08:60:30Z",
        "2026-11-23T08:15:60Z",
        "2026-11-23T08:15:61Z",
        "2016-12-31T23:59:60+01:00",
        "2026-11-23T08:15:30.123Z\n",
        " 2026-11-23T08:15:30.123Z",
        "0000-01-01T00:00:00Z",
        "02026-11-23T08:15:30Z",
        "-026-11-23T08:15:30Z",
        "\uff12026-11-23T08:15:30.123Z",
        "2026-11-23T08:15:30.\u0661Z",
    ],
)
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not an RFC 3339|isoformat|range|day|hour|minute|year"):
        clock.from_text(text)
