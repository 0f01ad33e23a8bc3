"""Live leaderboards: `Leaderboard` follows boards and never shows a wrong one; `Api` and `AsyncApi`
do everything else that the service does."""

from leaderboard_client.api.answers import (
    Action,
    BoardRules,
    Format,
    HistoryLine,
    Outcome,
    OwnScore,
    OwnScores,
    Points,
    Profile,
    QueriedEntries,
    ScoreEntry,
    Season,
    Standing,
    StandingAct,
    Ticket,
    Top,
    UserEntry,
)
from leaderboard_client.api.asking import Retrying
from leaderboard_client.api.async_api import AsyncApi
from leaderboard_client.api.batching import Pace
from leaderboard_client.api.cognito import (
    MODERATE_SCOPE,
    WRITE_SCOPE,
    ClientCredentials,
    UserPool,
)
from leaderboard_client.api.exchange import Request, Response
from leaderboard_client.api.sync_api import Api
from leaderboard_client.api.tokens import Tokens
from leaderboard_client.api.writes import BatchInterrupted, BatchReport, ScoreWrite, WriteResult
from leaderboard_client.board import Board, Changes, Moved, Scored
from leaderboard_client.errors import (
    AnswerUnusable,
    BoardNotFound,
    BodyTooLarge,
    Conflict,
    ConnectionFailed,
    ErrorPlace,
    Forbidden,
    Gone,
    Invalid,
    LeaderboardError,
    NotFound,
    RateLimited,
    Refused,
    SessionEnded,
    SignInFailed,
    Unauthorized,
    Unavailable,
    UserNotRanked,
)
from leaderboard_client.frame import Entry, Place
from leaderboard_client.leaderboard import Leaderboard
from leaderboard_client.listeners import Listener
from leaderboard_client.problems import Problem
from leaderboard_client.sockets import FetchTicket
from leaderboard_client.status import State, Status
from leaderboard_client.timing import Timing

__all__ = [
    "MODERATE_SCOPE",
    "WRITE_SCOPE",
    "Action",
    "AnswerUnusable",
    "Api",
    "AsyncApi",
    "BatchInterrupted",
    "BatchReport",
    "Board",
    "BoardNotFound",
    "BoardRules",
    "BodyTooLarge",
    "Changes",
    "ClientCredentials",
    "Conflict",
    "ConnectionFailed",
    "Entry",
    "ErrorPlace",
    "FetchTicket",
    "Forbidden",
    "Format",
    "Gone",
    "HistoryLine",
    "Invalid",
    "Leaderboard",
    "LeaderboardError",
    "Listener",
    "Moved",
    "NotFound",
    "Outcome",
    "OwnScore",
    "OwnScores",
    "Pace",
    "Place",
    "Points",
    "Problem",
    "Profile",
    "QueriedEntries",
    "RateLimited",
    "Refused",
    "Request",
    "Response",
    "Retrying",
    "ScoreEntry",
    "ScoreWrite",
    "Scored",
    "Season",
    "SessionEnded",
    "SignInFailed",
    "Standing",
    "StandingAct",
    "State",
    "Status",
    "Ticket",
    "Timing",
    "Tokens",
    "Top",
    "Unauthorized",
    "Unavailable",
    "UserEntry",
    "UserNotRanked",
    "UserPool",
    "WriteResult",
]
