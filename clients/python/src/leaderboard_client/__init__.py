"""Follows live leaderboards over WebSocket and never shows a wrong one."""

from leaderboard_client.board import Board, Changes, Moved, Scored
from leaderboard_client.frame import Entry, Place
from leaderboard_client.leaderboard import BoardNotFound, Leaderboard
from leaderboard_client.listeners import Listener
from leaderboard_client.problems import Problem
from leaderboard_client.sockets import FetchTicket
from leaderboard_client.status import State, Status
from leaderboard_client.timing import Timing

__all__ = [
    "Board",
    "BoardNotFound",
    "Changes",
    "Entry",
    "FetchTicket",
    "Leaderboard",
    "Listener",
    "Moved",
    "Place",
    "Problem",
    "Scored",
    "State",
    "Status",
    "Timing",
]
