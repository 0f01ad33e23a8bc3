"""Everything that a call can fail with, as one tree.

LeaderboardError
├── ConnectionFailed        no answer came
├── AnswerUnusable          an answer came, but not the service's
├── SignInFailed            Cognito refused; `code` says what
│   └── SessionEnded        nobody is signed in any more
├── BatchInterrupted        a batch was given up half-way
└── Refused                 the service refused; `code` says why
    ├── Invalid             422, with `errors`
    ├── Unauthorized        401
    ├── Forbidden           403
    ├── NotFound            404
    │   ├── BoardNotFound
    │   └── UserNotRanked
    ├── Conflict            409
    ├── Gone                410
    ├── BodyTooLarge        413
    ├── RateLimited         429
    └── Unavailable         5xx
"""

from __future__ import annotations

from dataclasses import dataclass

# Codes of what passes by itself, whatever its status.
TEMPORARY = frozenset(
    (
        *("connection_failed", "timeout", "ticket_too_early"),
        *("limit_exceeded", "too_many_failed_attempts", "too_many_requests"),
    )
)


@dataclass(frozen=True, slots=True)
class ErrorPlace:
    """A value of a request that was refused, and why."""

    path: str
    """Where in the request: `body.userName`."""
    message: str


class LeaderboardError(Exception):
    """A call failed. The text says what happened."""

    code = "failed"
    """Stable, for programs."""

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        status: int | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        errors: tuple[ErrorPlace, ...] = (),
    ) -> None:
        """
        - `status`: that of the HTTP answer; None if there was none
        - `request_id`: give it to those who run the service
        - `retry_after`: the seconds that the service asked to wait
        - `errors`: with the code `invalid`, what was wrong with the request
        """
        super().__init__(message)
        self.code = code or self.code
        self.status = status
        self.request_id = request_id
        self.retry_after = retry_after
        self.errors = errors

    @property
    def detail(self) -> str:
        """For people: what happened and what to do next."""
        return str(self)

    @property
    def is_temporary(self) -> bool:
        """Whether the same call may succeed later."""
        status = self.status or 0
        return self.code in TEMPORARY or status == 429 or status >= 500


class ConnectionFailed(LeaderboardError):
    """No answer came: no network or a wrong address, or (`timeout`) nothing in time."""

    code = "connection_failed"


class AnswerUnusable(LeaderboardError):
    """The answer is not the service's: a proxy's page, or another server's."""

    code = "answer_unusable"


class SignInFailed(LeaderboardError):
    """Cognito refused. `code` is its word for it, such as `not_authorized`, `user_not_confirmed`,
    `username_exists`, `code_mismatch` or `invalid_password`."""

    code = "sign_in_failed"


class SessionEnded(SignInFailed):
    """Nobody is signed in any more, or (`sign_in_required`) nobody was: sign in."""

    code = "session_ended"


class Refused(LeaderboardError):
    """The service refused the request."""

    code = "refused"


class Invalid(Refused):
    """422: the request does not validate; `errors` says where."""

    code = "invalid"


class Unauthorized(Refused):
    """401: the token is missing, has expired or was revoked."""

    code = "unauthorized"


class Forbidden(Refused):
    """403: not with this token, or not this way."""

    code = "forbidden"


class NotFound(Refused):
    """404: there is no such thing."""

    code = "not_found"


class BoardNotFound(NotFound):
    """The service has no such board."""

    code = "board_not_found"


class UserNotRanked(NotFound):
    """The user has no score on this board."""

    code = "user_not_ranked"


class Conflict(Refused):
    """409: it does not fit what is there."""

    code = "conflict"


class Gone(Refused):
    """410: it was there, and is not any more."""

    code = "gone"


class BodyTooLarge(Refused):
    """413: the request has too many bytes."""

    code = "body_too_large"


class RateLimited(Refused):
    """429: too often. `retry_after` says how long to wait."""

    code = "rate_limited"


class Unavailable(Refused):
    """5xx: not done, or not known to be. Every request may be repeated."""

    code = "unavailable"


BY_CODE: dict[str, type[Refused]] = {it.code: it for it in (BoardNotFound, UserNotRanked)}
BY_STATUS: dict[int, type[Refused]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Gone,
    413: BodyTooLarge,
    422: Invalid,
    429: RateLimited,
}


def refusal_class(status: int, code: str | None) -> type[Refused]:
    """The class of a refusal, by the service's code or else by the status."""
    if code in BY_CODE:
        return BY_CODE[code]
    return BY_STATUS.get(status, Unavailable if status >= 500 else Refused)
