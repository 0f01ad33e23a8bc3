"""The cache: rankings and copies of the recorded tops, in Valkey.

All keys of a board-season share one hash tag, so that a script finds them on one node of a cluster.
The format number is part of every key: a release that lays the cache out anew reads nothing old.
"""

from __future__ import annotations

import json
import math
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, partial
from hashlib import sha1
from operator import itemgetter
from pathlib import Path
from typing import Any

import msgpack
from redis.credentials import CredentialProvider
from redis.exceptions import (
    AuthenticationError,
    NoScriptError,
    RedisClusterException,
    RedisError,
    ResponseError,
)

from leaderboard.adapters.valkey.cluster import Cluster
from leaderboard.boards import order
from leaderboard.boards.board_season import BoardSeason
from leaderboard.boards.names import UNPICKED, default_name
from leaderboard.boards.rules import Order
from leaderboard.boards.snapshots import Entry, Score, ranked
from leaderboard.errors import CacheUnavailable
from leaderboard.ranking.cached_top import (
    COMPLETE,
    NEW,
    PARTIAL,
    TOTAL_MS,
    ApplyResult,
    CachedTop,
    Hint,
    RankingPage,
)
from leaderboard.ranking.listings import Listing, Position, TopCopy
from leaderboard.ranking.score_state import ScoreState
from leaderboard.retries import Pause

FORMAT = "lb5"
REBUILD_SILENCE_SECONDS = 30
"""How long a rebuild may not be heard of before another one is started."""
FILL_AT_ONCE = 350
"""Records a call of a rebuild: more take longer each, beside others that want to be answered."""
COPY_SECONDS = 10
"""How long a copy of a recorded top is kept: what bounds the age of one that a failover revived, or
that the broadcast could not replace."""

ORDERS_TRIED = 3
"""How often a script may say that the ranking is kept in another order: it changed meanwhile."""

OUTAGE_SECONDS = 1.0
"""How long a cache that failed is not asked again, at first."""
READ_OUTAGE_SECONDS = 15.0
"""… and at most by those who can do without: what a cache that hangs costs their environment is a
second or two each time."""

PACES = (f"{FORMAT}:{{paces}}:boards", f"{FORMAT}:{{paces}}:until")
ACTIVE_BOARDS = 500
"""Boards that are looked at for a pace: with more, each has few viewers."""
TOLD_SECONDS = 86_400
"""The stream holds nothing that is older."""

COMPLETENESS = {NEW: "new", COMPLETE: "1", PARTIAL: "0"}
FROM_CACHE = {text.encode(): name for name, text in COMPLETENESS.items()}
VERSION_BYTES = 7
"""What holds every version up to 2^53."""
NAME_AT = VERSION_BYTES + order.TIME_BYTES
"""Where the name begins in a user's value."""


@dataclass(frozen=True)
class Script:
    """A Lua script, sent by its digest, and whole only where the server does not have it."""

    source: str

    @cached_property
    def digest(self) -> str:
        return sha1(self.source.encode(), usedforsecurity=False).hexdigest()


def script(*names: str) -> Script:
    folder = Path(__file__).parent / "scripts"
    return Script("\n".join((folder / name).read_text(encoding="utf-8") for name in names))


APPLY = script("lost.lua", "member.lua", "top.lua", "take.lua", "apply.lua")
FILL = script("lost.lua", "member.lua", "take.lua", "fill.lua")
DUMP = script("lost.lua", "member.lua", "dump.lua")
READ = script("lost.lua", "top.lua", "read.lua")
LIST = script("lost.lua", "member.lua", "stretch.lua", "list.lua")
AROUND = script("lost.lua", "member.lua", "stretch.lua", "around.lua")
FIND = script("lost.lua", "member.lua", "stretch.lua", "find.lua")
MARK = script("mark.lua")
SETTLE = script("settle.lua")
KEEP = script("keep.lua")
COPY = script("lost.lua", "stretch.lua", "copy.lua")
PACE = script("pace.lua")
ACTIVE = script("active.lua")
DROP = script("drop.lua")


@dataclass(frozen=True, slots=True)
class CacheKeys:
    """The keys of one board-season."""

    order: str
    users: str
    state: str
    copy: str

    @classmethod
    @lru_cache(maxsize=1024)
    def of(cls, key: str) -> CacheKeys:
        tag = f"{FORMAT}:{{{key}}}"
        return cls(f"{tag}:order", f"{tag}:users", f"{tag}:state", f"{tag}:copy")

    @property
    def told(self) -> str:
        """How far viewers were told ahead of the stream."""
        return self.state.removesuffix("state") + "told"

    @property
    def ranking(self) -> tuple[str, str, str]:
        return (self.order, self.users, self.state)


Paces = list[str | None]


@dataclass
class Outage:
    """Whether the cache failed a moment ago; `longest` is for how long it is then left alone.

    The pause grows while the cache stays silent. An answer that is an error is one: it may be about
    one key alone.
    """

    longest: float = OUTAGE_SECONDS
    pause: Pause = field(default_factory=Pause)

    @contextmanager
    def noticed(self) -> Iterator[None]:
        """Raise CacheUnavailable for a cache that does not answer or cannot do its work."""
        if time.monotonic() < self.pause.until:
            raise CacheUnavailable(DOWN)
        try:
            yield
        except (RedisError, RedisClusterException, OSError) as error:
            if isinstance(error, ResponseError):
                self.pause.end()
            self.pause.fail(time.monotonic(), first=OUTAGE_SECONDS, longest=self.longest)
            raise CacheUnavailable(DOWN) from error
        self.pause.end()


DOWN = "The cache does not answer; nothing is lost, try again."


@dataclass(frozen=True)
class ValkeyCache:
    """The cache at `endpoint` (`host:port`); with a name and a user, over TLS and IAM.

    A call waits `seconds` for an answer. After one that failed, the next fail at once for a moment:
    so what can do without the cache does not wait for it every time.
    """

    endpoint: str
    name: str = ""
    user: str = ""
    seconds: float = 3.0
    outage: Outage = field(default_factory=Outage)

    @cached_property
    def client(self) -> Cluster:
        host, _, port = self.endpoint.rpartition(":")
        secure: dict[str, Any] = {}
        if self.name:
            secure = {"ssl": True, "credential_provider": IamCredentials(self.name, self.user)}
        return Cluster(
            host=host,
            port=int(port),
            protocol=2,  # the newer one begins with a round trip more
            driver_info=None,  # saying which library this is would take two
            socket_timeout=self.seconds,
            socket_connect_timeout=1,
            **secure,
        )

    def run(self, script: Script, keys: Sequence[str], *values: str | bytes | int) -> Any:
        """Run a script with its keys declared; raises CacheUnavailable."""
        with self.outage.noticed():
            try:
                return self.client.execute_command(
                    "EVALSHA", script.digest, len(keys), *keys, *values
                )
            except NoScriptError:
                return self.client.execute_command("EVAL", script.source, len(keys), *keys, *values)

    def apply(
        self, board_season: BoardSeason, records: Sequence[ScoreState], *, start: str | None = None
    ) -> ApplyResult:
        made, answer = self._in_order(
            APPLY,
            board_season,
            lambda made: (
                board_season.rules.top_size,
                secrets.token_hex(8),
                secrets.token_hex(8) if start else "",
                COMPLETENESS[start] if start else "",
                REBUILD_SILENCE_SECONDS,
                packed_records(made, records),
                TOTAL_MS,
            ),
        )
        if not answer:
            return ApplyResult(None)
        due, taken, top = answer
        return ApplyResult(_top(made, top), taken, due == 1)

    def _in_order(
        self,
        script: Script,
        board_season: BoardSeason,
        values: Callable[[Order], Sequence[str | bytes | int]],
    ) -> tuple[Order, Any]:
        """A script's answer, and the order that the ranking is kept in.

        That is the one in which its life began, whatever the rules say by now: so releases that
        differ agree. A script that is asked by another order answers the right one.
        """
        made = board_season.rules.order
        for _ in range(ORDERS_TRIED):
            answer = self.run(script, CacheKeys.of(board_season.key).ranking, made, *values(made))
            if not isinstance(answer, bytes):
                return made, answer
            made = Order(answer.decode())
        raise CacheUnavailable(DOWN)

    def fill(
        self, board_season: BoardSeason, records: Iterable[ScoreState], *, life: str
    ) -> int | None:
        placed = sorted(records, key=partial(_number, board_season.rules.order))
        taken = 0
        for start in range(0, max(len(placed), 1), FILL_AT_ONCE):
            some = placed[start : start + FILL_AT_ONCE]
            answer = self._fill(board_season, some, life)
            if not answer:
                return None
            taken += answer[0]
        return taken

    def _fill(self, board_season: BoardSeason, some: Sequence[ScoreState], life: str) -> Any:
        def values(made: Order) -> tuple[int | str | bytes, ...]:
            # Packed only now: while the server works for one thread, another packs its own.
            packed = packed_records(made, some)
            return (board_season.rules.top_size, secrets.token_hex(8), life, packed)

        return self._in_order(FILL, board_season, values)[1]

    def dump(
        self, board_season: BoardSeason, *, life: str, cursor: str | None = None, limit: int = 1000
    ) -> RankingPage | None:
        """About so many of a ranking's users, in no order; None if the life is over.

        Who is known from the first call to the last is in at least one answer.
        """
        made, answer = self._in_order(DUMP, board_season, lambda _: (life, cursor or "0", limit))
        if not answer:
            return None
        following, flat = answer
        users = zip(flat[::3], flat[1::3], flat[2::3], strict=True)
        records = tuple(_record(made, *it) for it in users)
        return RankingPage(None if following == b"0" else following.decode(), records)

    def drop(self, key: str, *, partial: bool = True, life: str | None = None) -> bool:
        """Forget a board-season: the ranking's life is over.

        With `partial` false one that a rebuild is to fill stays, since it may have taken what is
        recorded nowhere yet; with a `life`, any other one. The answer is whether it is gone.
        """
        keys = CacheKeys.of(key)
        done = self.run(DROP, [*keys.ranking, keys.copy], int(partial), life or "")
        return bool(done == 1)

    def read(self, board_season: BoardSeason, *, size: int | None = None) -> CachedTop | None:
        """The top; with a `size` so many of it, even if nothing is left to record."""
        always = 0 if size is None else 1
        made, answer = self._in_order(
            READ, board_season, lambda _: (size or board_season.rules.top_size, always)
        )
        return _top(made, answer)

    def list(
        self, board_season: BoardSeason, *, after: Position | None, limit: int
    ) -> Listing | None:
        def values(made: Order) -> tuple[int | str | bytes, ...]:
            if after is None:
                return (limit, "", "")
            place = order.member(after.updated_ms, after.user_id)
            return (limit, order.signed(made, after.user_score), place)

        return stretch(*self._in_order(LIST, board_season, values))

    def around(self, board_season: BoardSeason, user_id: str, *, reach: int) -> Listing | None:
        packed = order.pack(user_id)
        return stretch(*self._in_order(AROUND, board_season, lambda _: (packed, reach)))

    def find(self, board_season: BoardSeason, user_ids: Sequence[str]) -> Listing | None:
        packed = [order.pack(it) for it in dict.fromkeys(user_ids)]
        return _found(*self._in_order(FIND, board_season, lambda _: packed))

    def remember_recorded(self, board_season: BoardSeason, top: CachedTop, hint: Hint) -> None:
        state = CacheKeys.of(board_season.key).state
        text = json.dumps([hint.revision, hint.version, hint.epoch, hint.digest, hint.mixed])
        self.run(MARK, [state], top.life, top.change, text, hint.total, hint.revision)

    def set_completeness(
        self, board_season: BoardSeason, life: str, completeness: str, *, only_new: bool = False
    ) -> bool:
        change = secrets.token_hex(8) if completeness == COMPLETE else ""
        expected = COMPLETENESS[NEW] if only_new else ""
        state = CacheKeys.of(board_season.key).state
        done = self.run(SETTLE, [state], life, expected, COMPLETENESS[completeness], change)
        return bool(done == 1)

    def release(self, board_season: BoardSeason) -> None:
        with self.outage.noticed():
            self.client.execute_command("HDEL", CacheKeys.of(board_season.key).state, "filledAt")

    def keep_copy(self, key: str, *, revision: int, body: str) -> None:
        """Keep a copy of a recorded top, unless a newer one is kept."""
        self.run(KEEP, [CacheKeys.of(key).copy], revision, body, COPY_SECONDS)

    def read_copy(self, key: str) -> TopCopy:
        keys = CacheKeys.of(key)
        kept, total = self.run(COPY, [keys.copy, *keys.ranking])
        return TopCopy(None if kept is None else kept.partition(b" ")[2].decode(), total)

    def keep_paces(self, paces: Mapping[str, tuple[str, int]]) -> None:
        """Keep what boards' last frames said of their pace, and for how many ms it counts."""
        values: list[str | int] = []
        for board, (body, active_ms) in paces.items():
            values += (board, body, active_ms)
        self.run(PACE, PACES, *values)

    def active_paces(self) -> dict[str, str]:
        """The boards that send frames at the moment, with what was kept of them."""
        flat = [it.decode() for it in self.run(ACTIVE, PACES, ACTIVE_BOARDS)]
        return dict(zip(flat[::2], flat[1::2], strict=True))

    def read_paces(self, boards: Sequence[str]) -> Paces:
        if not boards:
            return []
        with self.outage.noticed():
            paces = self.client.execute_command("HMGET", PACES[0], *boards)
        return [None if pace is None else pace.decode() for pace in paces]

    def remember_told(self, key: str, *, epoch: str, version: int) -> None:
        with self.outage.noticed():
            told = CacheKeys.of(key).told
            self.client.execute_command("SET", told, f"{epoch} {version}", "EX", TOLD_SECONDS)

    def read_told(self, key: str) -> tuple[str, int] | None:
        with self.outage.noticed():
            kept = self.client.execute_command("GET", CacheKeys.of(key).told)
        if kept is None:
            return None
        epoch, _, version = kept.decode().rpartition(" ")
        return epoch, int(version)


class IamCredentials(CredentialProvider):
    """ElastiCache's IAM tokens for redis-py: a fresh one for every connection."""

    def __init__(self, cache_name: str, user: str) -> None:
        from developer_toolkit_elasticache import ElastiCacheIAMAuthTokenProvider

        self.tokens = ElastiCacheIAMAuthTokenProvider(
            user_id=user, serverless_cache_name=cache_name
        )

    def get_credentials(self) -> tuple[str, str]:
        try:
            return self.tokens.user_id, self.tokens.get_token()
        except Exception as error:  # without a token there is no way to the cache
            raise AuthenticationError("no token for the cache") from error


def packed_records(board_order: Order, records: Iterable[ScoreState]) -> bytes:
    """Records as take.lua has them: scores and members; users and their values; versions.

    As words of the call they would take half as long again, here and in the server.
    """
    placed: list[bytes | int | str] = []
    noted: list[bytes] = []
    versions: list[int] = []
    for record in records:
        packed, value = stored(record)
        noted += (packed, value)
        versions.append(record.version)
        score = record.score
        if score is None:
            placed += ("", "")
            continue
        name = value[NAME_AT:]
        carried = order.NAME_MARK + name if name else b""
        number = order.signed(board_order, score.user_score)
        placed += (number, value[VERSION_BYTES:NAME_AT] + packed + carried)
    # The server's library knows only MessagePack's older type for bytes.
    answer: bytes = msgpack.packb([*placed, *noted, *versions], use_bin_type=False)
    return answer


def stored(record: ScoreState) -> tuple[bytes, bytes]:
    """A record's packed id, and its value in the hash of users.

    The value is the version, the time and the name; of a removal the version alone. The name that
    players have until they pick one follows from the id: nothing is kept for it.
    """
    value = record.version.to_bytes(VERSION_BYTES, "big")
    score = record.score
    if score is not None:
        value += score.updated_ms.to_bytes(order.TIME_BYTES, "big")
        name = score.user_name
        # A look at the name saves most records the digest.
        if not (name.startswith(UNPICKED) and name == default_name(record.user_id)):
            value += name.encode()
    return order.pack(record.user_id), value


def _number(board_order: Order, record: ScoreState) -> float:
    """By which records come close to the order; ties cost little in any."""
    score = record.score
    return math.inf if score is None else order.signed(board_order, score.user_score)


def _record(board_order: Order, packed: bytes, value: bytes, number: bytes) -> ScoreState:
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


def stretch(board_order: Order, answer: Sequence[Any]) -> Listing | None:
    """The listing in what stretch.lua returns."""
    if not answer:
        return None
    total, first, better, found = answer
    scores = _scores(board_order, found[::2], found[1::2])
    entries = ranked(scores, rank=first + 1, place=better + 1)
    return Listing(entries, total)


def _found(board_order: Order, answer: Sequence[Any]) -> Listing | None:
    if not answer:
        return None
    total, members, numbers, ranks, betters = answer
    numbered = zip(ranks, betters, _scores(board_order, members, numbers), strict=True)
    entries = [
        Entry(rank + 1, better + 1, it.user_id, it.user_name, it.user_score, it.updated_ms)
        for rank, better, it in sorted(numbered, key=itemgetter(0))
    ]
    return Listing(tuple(entries), total)


def _top(board_order: Order, answer: Sequence[Any]) -> CachedTop | None:
    if not answer:
        return None
    life, complete, change, recorded, hint, age, total, entries, recorded_total = answer
    return CachedTop(
        life=life.decode(),
        completeness=FROM_CACHE[complete],
        change=change.decode(),
        recorded=recorded.decode(),
        hint=_hint(hint, recorded_total),
        age_ms=age if age >= 0 else None,
        total=total,
        scores=tuple(_scores(board_order, entries[::2], entries[1::2])),
        order=board_order,
    )


def _hint(text: bytes, total: bytes) -> Hint | None:
    if not text or not total:  # the release before kept no total
        return None
    revision, version, epoch, digest, mixed = json.loads(text)
    return Hint(revision, version, epoch, digest, int(total), mixed)
