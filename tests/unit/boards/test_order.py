"""The total order of a board, and its three forms."""

from __future__ import annotations

import functools

from hypothesis import given, strategies as st

from leaderboard.boards import order
from leaderboard.boards.rules import MAX_SCORE, Order
from tests.unit import strategies

Place = tuple[int, int, str]

places = st.tuples(strategies.scores, strategies.times, strategies.user_ids)
names = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=32)
named = st.tuples(places, names)


def contract(board_order: Order, one: Place, other: Place) -> int:
    """The contract's sentence, word by word: negative where `one` stands before `other`."""
    if one[0] != other[0]:
        higher_first = -1 if one[0] > other[0] else 1
        return higher_first if board_order is Order.DESC else -higher_first
    if one[1] != other[1]:
        return -1 if one[1] < other[1] else 1
    ids = [ord(it) for it in one[2]], [ord(it) for it in other[2]]
    return (ids[0] > ids[1]) - (ids[0] < ids[1])


def cache_pair(board_order: Order, place: Place, name: str = "") -> tuple[float, bytes]:
    """What a sorted set compares: a double, then the member's bytes."""
    score, updated_ms, user_id = place
    member = order.member(updated_ms, user_id, name)
    return float(order.signed(board_order, score)), member


@given(strategies.orders, st.lists(places, max_size=30))
def test_three_forms_sort_as_the_contract_says(board_order: Order, drawn: list[Place]) -> None:
    expected = sorted(drawn, key=functools.cmp_to_key(functools.partial(contract, board_order)))
    assert sorted(drawn, key=lambda it: order.sort_key(board_order, *it)) == expected
    assert sorted(drawn, key=lambda it: order.index_key(board_order, *it)) == expected
    assert sorted(drawn, key=lambda it: cache_pair(board_order, it)) == expected


@given(strategies.orders, st.lists(named, max_size=30, unique_by=lambda it: it[0]))
def test_names_that_members_carry_move_nobody(
    board_order: Order, drawn: list[tuple[Place, str]]
) -> None:
    plain = sorted((place for place, _ in drawn), key=lambda it: cache_pair(board_order, it))
    carried = sorted(drawn, key=lambda it: cache_pair(board_order, *it))
    assert [place for place, _ in carried] == plain


@given(strategies.orders, places, places)
def test_no_two_places_are_equal_in_any_form(board_order: Order, one: Place, other: Place) -> None:
    same = one == other
    assert (order.sort_key(board_order, *one) == order.sort_key(board_order, *other)) is same
    assert (order.index_key(board_order, *one) == order.index_key(board_order, *other)) is same
    assert (cache_pair(board_order, one) == cache_pair(board_order, other)) is same


@given(strategies.times, strategies.user_ids, names)
def test_member_holds_time_user_and_name(updated_ms: int, user_id: str, name: str) -> None:
    packed = order.member(updated_ms, user_id, name)
    assert order.split_member(packed) == (updated_ms, user_id, name)


@given(st.lists(strategies.user_ids, max_size=40))
def test_packed_ids_sort_as_ids_do(user_ids: list[str]) -> None:
    assert sorted(user_ids, key=order.pack) == sorted(user_ids)


@given(strategies.user_ids)
def test_packed_id_comes_back_as_it_was(user_id: str) -> None:
    assert order.unpack(order.pack(user_id)) == user_id


HEADS = ("0aa6f2bc-", "00000000-")
TAILS = (
    "",
    "-",
    ".",
    "0000-0000-0000-000000000000",
    "0000-0000-0000-000000000000.",
    "0000-0000-0000-00000000000",
    "0000-0000-0000-00000000000:",
    "0000-0000-0000-000000000001",
    "000A-0000-0000-000000000001",
    "00",
    "0000",
    "0000.",
    "0009-ffff-ffff-ffffffffffff",
    "0009-ffff-ffff-ffffffffffffa",
    "000:",
    "000_",
    "000a-0000-0000-000000000000",
    "000g",
    "ffff-ffff-ffff-ffffffffffff",
    "ffff-ffff-ffff-ffffffffffff0",
    "g",
)


def test_packed_ids_sort_as_ids_do_between_neighbouring_uuids() -> None:
    user_ids = [head + tail for head in HEADS for tail in TAILS]
    user_ids += [head[:end] for head in HEADS for end in range(1, 9)]
    user_ids += ["0aa6f2bc.", "0aa6f2bd", "0AA6F2BC-1111-4222-8333-000000000000", "~", "Z"]
    assert len({order.pack(it) for it in user_ids}) == len(set(user_ids))
    assert sorted(user_ids, key=order.pack) == sorted(user_ids)
    assert [order.unpack(order.pack(it)) for it in user_ids] == user_ids
    for name in ("", "Ada", "\U0001f680"):
        members = sorted(order.member(0, it, name) for it in set(user_ids))
        found = [order.split_member(it)[1:] for it in members]
        assert found == [(it, name) for it in sorted(set(user_ids))]


def test_uuids_take_21_bytes_and_other_ids_what_they_are_long() -> None:
    assert len(order.pack("0aa6f2bc-1111-4222-8333-000000000001")) == 21
    for user_id in ("player-17", "76561198000000000", "0aa6f2bc", "0AA6F2BC-1111", "x" * 64):
        assert order.pack(user_id) == user_id.encode()


@given(strategies.orders, places)
def test_index_key_has_one_width(board_order: Order, place: Place) -> None:
    key = order.index_key(board_order, *place)
    assert len(key) == 1 + order.SCORE_DIGITS + order.TIME_DIGITS + len(place[2])
    assert key[1 : 1 + order.SCORE_DIGITS + order.TIME_DIGITS].isdigit()


def test_higher_score_leads_where_the_order_is_desc() -> None:
    assert order.sort_key(Order.DESC, 2, 9, "z") < order.sort_key(Order.DESC, 1, 0, "a")


def test_lower_score_leads_where_the_order_is_asc() -> None:
    assert order.sort_key(Order.ASC, 1, 9, "z") < order.sort_key(Order.ASC, 2, 0, "a")


def test_equal_scores_go_by_time_and_equal_times_by_user_id() -> None:
    for board_order in Order:
        keys = [
            order.index_key(board_order, 5, 1, "z"),
            order.index_key(board_order, 5, 2, "B"),
            order.index_key(board_order, 5, 2, "a"),
            order.index_key(board_order, 5, 2, "a.b"),
        ]
        assert keys == sorted(keys)


def test_neighbouring_largest_scores_stay_apart() -> None:
    for board_order in Order:
        ends = [-MAX_SCORE, 1 - MAX_SCORE, MAX_SCORE - 1, MAX_SCORE]
        assert len({float(order.signed(board_order, it)) for it in ends}) == 4
        assert len({order.index_key(board_order, it, 0, "u") for it in ends}) == 4
