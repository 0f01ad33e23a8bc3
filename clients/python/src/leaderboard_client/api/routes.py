"""The service's routes, each as a function that makes its request."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from leaderboard_client.api.answers import (
    BatchAnswer,
    BoardList,
    BoardRules,
    EntryPage,
    HistoryPage,
    Outcome,
    OwnScores,
    Profile,
    QueriedEntries,
    SocketTicket,
    Standing,
    Ticket,
    Top,
    UserEntry,
    UserList,
)
from leaderboard_client.api.decoding import read
from leaderboard_client.api.exchange import JSON_TYPE, Request, Response, json_body, path
from leaderboard_client.api.writes import ScoreWrite

T = TypeVar("T")
BATCH_SECONDS = 35.0
"""The service takes up to 30 seconds for a batch."""


def _reads(kind: type[T]) -> Callable[[Response], T]:
    return lambda response: read(kind, response.json())


def _nothing(_response: Response) -> None:
    return None


def _sent(
    method: str,
    url: str,
    body: object,
    reads: Callable[[Response], T],
    *,
    signed: bool = True,
    repeatable: bool = True,
    timeout: float | None = None,
) -> Request[T]:
    """A request with a body of JSON."""
    return Request(
        method=method,
        url=url,
        read=reads,
        headers={"content-type": JSON_TYPE},
        body=json_body(body),
        signed=signed,
        repeatable=repeatable,
        timeout=timeout,
    )


# For anyone


def boards() -> Request[tuple[BoardRules, ...]]:
    """Every board with its rules."""
    return Request(
        method="GET",
        url=path("boards"),
        read=lambda response: read(BoardList, response.json()).boards,
    )


def top(board: str, *, limit: int | None, season: str | None) -> Request[Top]:
    """A board's first entries."""
    url = path("boards", board, "top", limit=limit, season=season)
    return Request(method="GET", url=url, read=_reads(Top))


def entries(
    board: str, *, cursor: str | None, limit: int | None, season: str | None
) -> Request[EntryPage]:
    """A page of the ranking."""
    url = path("boards", board, "entries", cursor=cursor, limit=limit, season=season)
    return Request(method="GET", url=url, read=_reads(EntryPage))


def user(board: str, user_id: str, *, around: int | None, season: str | None) -> Request[UserEntry]:
    """A user's entry and its neighbours."""
    url = path("boards", board, "users", user_id, around=around, season=season)
    return Request(method="GET", url=url, read=_reads(UserEntry))


def history(
    board: str, user_id: str, *, cursor: str | None, limit: int | None, season: str | None
) -> Request[HistoryPage]:
    """A page of a user's history."""
    url = path(
        "boards", board, "users", user_id, "history", cursor=cursor, limit=limit, season=season
    )
    return Request(method="GET", url=url, read=_reads(HistoryPage))


def query(board: str, user_ids: Iterable[str], *, season: str | None) -> Request[QueriedEntries]:
    """Some users among themselves."""
    url = path("boards", board, "entries", "query", season=season)
    return _sent("POST", url, {"userIds": list(user_ids)}, _reads(QueriedEntries), signed=False)


def find_users(name: str, *, limit: int | None) -> Request[tuple[Profile, ...]]:
    """Users by the beginning of their names."""
    return Request(
        method="GET",
        url=path("users", name=name, limit=limit),
        read=lambda response: read(UserList, response.json()).users,
    )


# For players


def scores() -> Request[OwnScores]:
    """The player's own scores."""
    return Request(method="GET", url=path("me", "scores"), read=_reads(OwnScores), signed=True)


def ticket(board: str, action: str) -> Request[Ticket]:
    """A ticket for an action. Taking one may be the attempt, so it is not asked for twice."""
    url = path("boards", board, "tickets")
    return _sent("POST", url, {"action": action}, _reads(Ticket), repeatable=False)


def complete(board: str, text: str, *, evidence: Any) -> Request[Outcome]:
    """Completes the action of a ticket. Sent again, it gets its first answer again."""
    body = {"ticket": text} if evidence is None else {"ticket": text, "evidence": evidence}
    return _sent("POST", path("boards", board, "scores"), body, _reads(Outcome))


def rename(user_name: str) -> Request[Profile]:
    """Chooses the player's display name."""
    return _sent("PUT", path("me"), {"userName": user_name}, _reads(Profile))


def delete_account() -> Request[None]:
    """Deletes the player, scores and sign-in included."""
    return Request(method="DELETE", url=path("me"), read=_nothing, signed=True)


def socket_ticket() -> Request[str]:
    """A ticket for one authenticated socket."""
    return Request(
        method="POST",
        url=path("socket-tickets"),
        read=lambda response: read(SocketTicket, response.json()).ticket,
        signed=True,
    )


# For servers


def write_score(board: str, write: ScoreWrite) -> Request[Outcome]:
    """One trusted write."""
    url = path("boards", board, "users", write.user_id, "score")
    body = {name: it for name, it in write.json().items() if name != "userId"}
    return _sent("PUT", url, body, _reads(Outcome))


def write_scores(board: str, writes: Sequence[ScoreWrite]) -> Request[BatchAnswer]:
    """A batch of trusted writes."""
    body = {"submissions": [it.json() for it in writes]}
    url = path("boards", board, "submissions")
    return _sent("POST", url, body, _reads(BatchAnswer), timeout=BATCH_SECONDS)


def standing(user_id: str) -> Request[Standing]:
    """A user's standing and the acts on it."""
    url = path("users", user_id, "standing")
    return Request(method="GET", url=url, read=_reads(Standing), signed=True)


def set_standing(user_id: str, wanted: str, *, reason: str) -> Request[Standing]:
    """Hides, bars or shows a user."""
    body = {"standing": wanted, "reason": reason}
    return _sent("PUT", path("users", user_id, "standing"), body, _reads(Standing))


def remove_score(
    board: str, user_id: str, *, season: str | None, reason: str | None
) -> Request[None]:
    """Takes a user's score off a board."""
    url = path("boards", board, "users", user_id, season=season, reason=reason)
    return Request(method="DELETE", url=url, read=_nothing, signed=True)


def erase_user(user_id: str) -> Request[None]:
    """Erases a user for good."""
    return Request(method="DELETE", url=path("users", user_id), read=_nothing, signed=True)
