"""Everything that can go wrong, as one tree. Every leaf has a stable `code`.

`handlers/problems.py` has the table that maps each to a status.

LeaderboardError
├── Invalid                 a request that does not validate: `errors` says where
├── NotFound                BoardNotFound, ActionNotFound, UserNotRanked
├── Refused                 TicketInvalid, TicketExpired, TicketEarly, TicketSuperseded, Barred,
│                           UserDeleted, RateLimited, ScoreLimit, BoardLimit,
│                           SubmissionConflict, EdgeRequired, SignInAgain, Unreadable
├── TooLarge
├── Internal                what nobody foresaw: the handlers make it of any error outside this tree
└── Unavailable             a dependency does not answer: try again, it counts once
    ├── CacheUnavailable    the cache: reads go on from the tables
    ├── JudgeFailed         a judge or challenge raised, was too slow, or answered nonsense
    └── Raced               somebody else wrote first: read and decide again
"""

from __future__ import annotations

from typing import ClassVar


class LeaderboardError(Exception):
    """The message is for people and says what to do next."""

    code: ClassVar[str]


class Invalid(LeaderboardError):
    """A request that does not validate. `path` names the field."""

    code = "invalid"

    def __init__(self, message: str, *, path: str) -> None:
        super().__init__(message)
        self.path = path


class NotFound(LeaderboardError):
    """Something that the request names does not exist."""

    code = "not_found"


class BoardNotFound(NotFound):
    """`boards.yml` has no such board."""

    code = "board_not_found"


class ActionNotFound(NotFound):
    """The board has no such action."""

    code = "action_not_found"


class UserNotRanked(NotFound):
    """The user has no score on that board in that season."""

    code = "user_not_ranked"


class TooLarge(LeaderboardError):
    """The body is larger than the route allows."""

    code = "body_too_large"


class Refused(LeaderboardError):
    """The request is valid, and the service says no. Nothing was written."""

    code = "refused"


class TicketInvalid(Refused):
    """The ticket is forged, or another user's or board's."""

    code = "ticket_invalid"


class TicketExpired(Refused):
    """The ticket is too old, or a deploy changed its action."""

    code = "ticket_expired"


class TicketEarly(Refused):
    """The action could not be completed so soon."""

    code = "ticket_too_early"


class TicketSuperseded(Refused):
    """The player completed that action with a newer ticket."""

    code = "ticket_superseded"


class Barred(Refused):
    """A moderator barred the user."""

    code = "barred"


class UserDeleted(Refused):
    """The user was erased."""

    code = "user_deleted"


class ScoreLimit(Refused):
    """The score would leave the range of the board."""

    code = "score_limit"


class BoardLimit(Refused):
    """The player has opened as many boards of the pattern as it allows."""

    code = "board_limit"


class SubmissionConflict(Refused):
    """The submission id was used with another body."""

    code = "submission_conflict"


class EdgeRequired(Refused):
    """The request did not come through the edge."""

    code = "edge_required"


class SignInAgain(Refused):
    """What cannot be undone needs a sign-in of the last minutes."""

    code = "sign_in_again"


class Unreadable(Refused):
    """A stored item cannot be read. Trying again does not help; an operator must repair it."""

    code = "unreadable"


class RateLimited(Refused):
    """Too often. The same request is accepted after `retry_after_ms`."""

    code = "rate_limited"

    def __init__(self, message: str, *, retry_after_ms: int) -> None:
        super().__init__(message)
        self.retry_after_ms = retry_after_ms


class Internal(LeaderboardError):
    """An error that nobody foresaw. It was logged."""

    code = "internal"


class Unavailable(LeaderboardError):
    """A dependency does not answer. Send the request again; it counts once."""

    code = "unavailable"


class CacheUnavailable(Unavailable):
    """The cache does not answer. Reads go on from the tables."""

    code = "cache_unavailable"


class Raced(Unavailable):
    """Somebody else wrote first. Read again, and decide again."""


class JudgeFailed(Unavailable):
    """The game's judge or challenge failed. Until it works, its action cannot be completed."""

    code = "judge_failed"

    def __init__(self, *, judge: str, reason: str) -> None:
        super().__init__("This action cannot be judged now. Nothing was done; try again later.")
        self.judge = judge
        self.reason = reason
