"""How scores lie in the cache: under which keys, and what its scripts take and answer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any

import msgpack

from leaderboard.boards import order
from leaderboard.boards.rules import Order
from leaderboard.boards.snapshots import UNPICKED, Entry, Score, default_name, ranked
from leaderboard.ranking.listings import KnownRank, Listing
from leaderboard.ranking.score_state import ScoreState
from leaderboard.ranking.tops import COMPLETE, NEW, PARTIAL, CachedTop, Hint

FORMAT = "lb5"
"""Part of every key: a release that lays the cache out in a new way reads nothing old."""


@dataclass(frozen=True, slots=True)
class CacheKeys:
    """The keys of one board-season. They share a hash tag, so one node of a cluster has them all.

    `members`: the sorted set of its users. `users`: a hash of what is known of each. `state`: a
    hash of what is known of the ranking. `kept_top`: the recorded top, as readers are answered.
    """

    members: str
    users: str
    state: str
    kept_top: str

    @classmethod
    @lru_cache(maxsize=1024)
    def of(cls, key: str) -> CacheKeys:
        """The keys of a board-season, by its own key."""
        tag = f"{FORMAT}:{{{key}}}"
        # `copy` was the kept top of a release that knew no ranks of midnight.
        return cls(f"{tag}:order", f"{tag}:users", f"{tag}:state", f"{tag}:top")

    @property
    def told(self) -> str:
        """How far viewers were told ahead of the stream."""
        return self.state.removesuffix("state") + "told"

    @property
    def ranking(self) -> tuple[str, str, str]:
        """The keys that make the ranking."""
        return (self.members, self.users, self.state)


COMPLETENESS = {NEW: "new", COMPLETE: "1", PARTIAL: "0"}
FROM_CACHE = {text.encode(): name for name, text in COMPLETENESS.items()}

VERSION_BYTES = 7
"""What holds every version up to 2^53."""
NAME_AT = VERSION_BYTES + order.TIME_BYTES
"""Where the name begins in a user's value."""


def packed_states(board_order: Order, states: Iterable[ScoreState]) -> bytes:
    """States as apply_states.lua has them: packed id, value and signed score of each.

    One MessagePack array: as words of the call they would take half as long again, here and in the
    server.
    """
    flat: list[bytes | int | str] = []
    for state in states:
        score = state.score
        number = "" if score is None else order.signed(board_order, score.user_score)
        flat += (*stored(state), number)
    # The server's library knows only MessagePack's older type for bytes.
    answer: bytes = msgpack.packb(flat, use_bin_type=False)
    return answer


def stored(state: ScoreState) -> tuple[bytes, bytes]:
    """A state's packed id, and its value in the hash of users.

    The value is the version, the time and the name; of a removal the version alone. The name that
    players have until they pick one follows from the id: nothing is kept for it.
    """
    value = state.version.to_bytes(VERSION_BYTES, "big")
    score = state.score
    if score is not None:
        value += score.updated_ms.to_bytes(order.TIME_BYTES, "big")
        name = score.user_name
        # A look at the name saves most states the digest.
        if not (name.startswith(UNPICKED) and name == default_name(state.user_id)):
            value += name.encode()
    return order.pack(state.user_id), value


def state_of(board_order: Order, packed: bytes, value: bytes, number: bytes) -> ScoreState:
    """The counterpart of `stored`, with the score that the order has."""
    version = int.from_bytes(value[:VERSION_BYTES], "big")
    if not number:
        return ScoreState(order.unpack(packed), version, None)
    user_id, name = order.unpack(packed), value[NAME_AT:].decode()
    score = Score(
        user_id,
        name or default_name(user_id),
        order.signed(board_order, _whole(number)),
        int.from_bytes(value[VERSION_BYTES:NAME_AT], "big"),
    )
    return ScoreState(user_id, version, score)


def listing_of(board_order: Order, answer: Sequence[Any]) -> Listing | None:
    """The listing in what `listing` of listing.lua returns."""
    if not answer:
        return None
    total, first, better, found = answer
    scores = _scores(board_order, found[::2], found[1::2])
    entries = ranked(scores, rank=first + 1, place=better + 1)
    return Listing(entries, total)


def found_of(board_order: Order, answer: Sequence[Any]) -> Listing | None:
    """The listing in what find.lua returns."""
    if not answer:
        return None
    total, members, numbers, ranks, betters = answer
    numbered = zip(ranks, betters, _scores(board_order, members, numbers), strict=True)
    entries = [
        Entry(rank + 1, better + 1, it.user_id, it.user_name, it.user_score, it.updated_ms)
        for rank, better, it in sorted(numbered, key=itemgetter(0))
    ]
    return Listing(tuple(entries), total)


def known_ranks_of(user_ids: Sequence[str], answer: Sequence[Any]) -> dict[str, KnownRank]:
    """The users that are known, in what known_ranks.lua returns."""
    found = {}
    for user_id, version, rank in zip(user_ids, answer[::2], answer[1::2], strict=True):
        if version:
            number = int.from_bytes(version, "big")
            found[user_id] = KnownRank(number, rank + 1 if rank >= 0 else None)
    return found


def top_of(board_order: Order, answer: Sequence[Any]) -> CachedTop | None:
    """The top in what `read_top` of top.lua returns."""
    if not answer:
        return None
    life, complete, change, recorded, hint, age, total, entries, recorded_total = answer
    return CachedTop(
        life=life.decode(),
        completeness=FROM_CACHE[complete],
        change_id=change.decode(),
        recorded_change_id=recorded.decode(),
        hint=_hint(hint, recorded_total),
        age_ms=age if age >= 0 else None,
        total=total,
        scores=tuple(_scores(board_order, entries[::2], entries[1::2])),
        order=board_order,
    )


def hint_text(hint: Hint) -> str:
    """A hint as the state keeps it; its total is kept beside it.

    The day stands behind the digest: an earlier release reads five values, and compares that one.
    """
    digest = f"{hint.digest} {hint.day_ms}"
    return json.dumps([hint.revision, hint.version, hint.epoch, digest, hint.mixed])


def _hint(text: bytes, total: bytes) -> Hint | None:
    if not text or not total:  # the release before kept no total
        return None
    revision, version, epoch, described, mixed = json.loads(text)
    digest, _, day = described.partition(" ")
    # The release before knew no day.
    return Hint(revision, version, epoch, digest, int(total), mixed, day_ms=int(day or 0))


def _scores(
    board_order: Order, members: Iterable[bytes], numbers: Iterable[bytes]
) -> Iterator[Score]:
    sign = order.signed(board_order, 1)
    for member, number in zip(members, numbers, strict=True):
        updated_ms, user_id, name = order.split_member(member)
        yield Score(user_id, name or default_name(user_id), sign * _whole(number), updated_ms)


def _whole(number: bytes) -> int:
    """A score as the server writes it: in full, so the way over a float loses nothing."""
    try:
        return int(number)
    except ValueError:  # with an exponent
        return int(float(number))
