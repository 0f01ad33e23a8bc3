"""What can go wrong, as one tree. Every leaf has a stable `code`; the edge maps it to a status.

LeaderboardError
├── Invalid                 a request that does not validate: `errors` says where
├── NotFound                BoardNotFound, ActionNotFound, UserNotRanked
├── Refused                 TicketInvalid, TicketExpired, TicketEarly, TicketSuperseded, Barred,
│                           UserDeleted, RateLimited, ScoreLimit, BoardLimit,
│                           SubmissionConflict, EdgeRequired, SignInAgain, Unreadable
├── TooLarge
├── Internal                what nobody foresaw: the edge makes it of any error outside this tree
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
    code = "invalid"

    def __init__(self, message: str, *, path: str) -> None:
        super().__init__(message)
        self.path = path


class NotFound(LeaderboardError):
    code = "not_found"


class BoardNotFound(NotFound):
    code = "board_not_found"


class ActionNotFound(NotFound):
    code = "action_not_found"


class UserNotRanked(NotFound):
    code = "user_not_ranked"


class TooLarge(LeaderboardError):
    code = "body_too_large"


class Refused(LeaderboardError):
    code = "refused"


class TicketInvalid(Refused):
    code = "ticket_invalid"


class TicketExpired(Refused):
    code = "ticket_expired"


class TicketEarly(Refused):
    code = "ticket_too_early"


class TicketSuperseded(Refused):
    code = "ticket_superseded"


class Barred(Refused):
    code = "barred"


class UserDeleted(Refused):
    code = "user_deleted"


class ScoreLimit(Refused):
    code = "score_limit"


class BoardLimit(Refused):
    code = "board_limit"


class SubmissionConflict(Refused):
    code = "submission_conflict"


class EdgeRequired(Refused):
    code = "edge_required"


class SignInAgain(Refused):
    """What cannot be undone takes a fresh proof of who asks."""

    code = "sign_in_again"


class Unreadable(Refused):
    """What is stored cannot be read: trying again does not help, an operator must mend it."""

    code = "unreadable"


class RateLimited(Refused):
    code = "rate_limited"

    def __init__(self, message: str, *, retry_after_ms: int) -> None:
        super().__init__(message)
        self.retry_after_ms = retry_after_ms


class Internal(LeaderboardError):
    code = "internal"


class Unavailable(LeaderboardError):
    code = "unavailable"


class CacheUnavailable(Unavailable):
    code = "cache_unavailable"


class Raced(Unavailable):
    """Somebody else wrote first: read again and decide again."""


class JudgeFailed(Unavailable):
    """The game's function is broken: until it is mended, what it judges does not count."""

    code = "judge_failed"

    def __init__(self, *, judge: str, reason: str) -> None:
        super().__init__("This action cannot be judged now. Nothing was done; try again later.")
        self.judge = judge
        self.reason = reason
