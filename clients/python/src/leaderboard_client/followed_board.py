"""The state of one followed board: its copy, its reads over HTTP and what is known of its
freshness."""

from __future__ import annotations

import math

from leaderboard_client.following import Following
from leaderboard_client.link import BoardState
from leaderboard_client.poll import Poll


class FollowedBoard:
    """One board that somebody listens to, or did until a moment ago."""

    def __init__(self, name: str, poll: Poll, roll_delay: float) -> None:
        """`roll_delay`: milliseconds after a season's end, when to ask for the next one."""
        self.name = name
        self.following = Following()
        self.poll = poll
        self.forget_at = math.inf
        """When to stop following it; infinity while it has a listener."""
        self.fresh_at = -math.inf
        """The last time at which the held board was known to be the service's own."""
        self.fresh = False
        self.refused = False
        """Whether the service's last answer was that there is no such board."""
        self._roll_delay = roll_delay

    def next_season_at(self, offset: float) -> float:
        """When to ask for the next season, if it has not come by itself; infinity if there is none.

        `offset`: the time of the service minus this client's.
        """
        return self.following.ends_at - offset + self._roll_delay

    def state(self, now: float, offset: float) -> BoardState:
        """What a link has to know of the board."""
        following = self.following
        behind = following.behind or now >= self.next_season_at(offset)
        return BoardState(behind, following.held)
