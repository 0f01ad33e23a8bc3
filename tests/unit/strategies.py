"""What hypothesis draws boards from."""

from __future__ import annotations

import string

from hypothesis import strategies as st

from leaderboard.boards import order
from leaderboard.boards.rules import MAX_SCORE, Order, Schedule
from leaderboard.boards.snapshots import DayStart, Score, Snapshot, ranked

plain_ids = st.text(string.ascii_letters + string.digits + "._:-", min_size=1, max_size=64)
# A few UUIDs, so that others begin like them: the one with no digit after its head, neighbours.
uuids = st.one_of(
    st.uuids().map(str),
    st.integers(0, 2).map(lambda it: f"{0:08x}-0000-0000-0000-{it:012x}"),
    st.sampled_from(
        ["ffffffff-ffff-ffff-ffff-ffffffffffff", "0aa6f2bc-1111-4222-8333-0f9f9f9f9f9f"]
    ),
)


@st.composite
def almost_uuids(draw: st.DrawFn) -> str:
    """A UUID cut somewhere, with something else behind it, within the length of an id."""
    whole = draw(uuids)
    end = draw(st.integers(0, len(whole)))
    behind = st.text("-.09:AFZ_afgz", max_size=4)
    text = whole[:end] + draw(behind) + draw(st.sampled_from(["", whole[end + 1 :]]))
    return text[:64] or "-"


user_ids = st.one_of(plain_ids, uuids, almost_uuids())
# Small numbers make ties, the large ones show what a double or a digit too few would lose.
scores = st.one_of(
    st.integers(-3, 3),
    st.sampled_from([-MAX_SCORE, 1 - MAX_SCORE, MAX_SCORE - 1, MAX_SCORE]),
    st.integers(-MAX_SCORE, MAX_SCORE),
)
# To the last millisecond that thirteen digits hold.
times = st.one_of(st.integers(0, 3), st.integers(0, 10**13 - 1))
orders = st.sampled_from(Order)
schedules = st.sampled_from(Schedule)
# What `datetime` holds, less a season at each end.
instants = st.integers(-62_000_000_000_000, 253_300_000_000_000)


@st.composite
def tops(draw: st.DrawFn, board_order: Order, *, most: int = 12) -> tuple[Score, ...]:
    """A top in board order; few ids, so that two tops share users."""
    ids = draw(st.lists(st.sampled_from("abcdefghijklmnop"), unique=True, max_size=most))
    drawn = [Score(it, draw(st.sampled_from("XY")), draw(scores), draw(times)) for it in ids]
    drawn.sort(key=lambda it: order.sort_key(board_order, it.user_score, it.updated_ms, it.user_id))
    return tuple(drawn)


days = st.none() | st.builds(
    DayStart,
    st.sampled_from([0, 86_400_000]),
    st.dictionaries(st.sampled_from("abcdefghijklmnop"), st.integers(1, 100), max_size=12),
)


@st.composite
def snapshot_pairs(draw: st.DrawFn) -> tuple[Snapshot, Snapshot]:
    """Two recorded tops of one board, season, epoch and day, the second the later one."""
    board_order = draw(orders)
    day = draw(days)
    version = draw(st.integers(1, 100))
    first, second = (
        Snapshot(
            "b", "all", "e", number, draw(st.integers(0, 50)), ranked(draw(tops(board_order))), day
        )
        for number in (version, version + draw(st.integers(0, 3)))
    )
    return first, second
