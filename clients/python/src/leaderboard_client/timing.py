"""Every duration of the client in one place, in milliseconds. They fit the limits of API Gateway:
it ends a connection after 2 hours, or after 10 minutes without a message, and admits 500 new
connections a second."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """The durations of one client, in milliseconds. Sensible ones unless given."""

    open_timeout: float = 15_000
    """A connection that is not open after this time, its ticket included, is given up."""
    answer_timeout: float = 10_000
    """A `subscribe` without an answer after this time is sent again."""
    ping_after: float = 20_000
    """A connection that has been silent for this time, or up to 10 % less, is pinged."""
    ping_interval: float = 180_000
    """Between pings while frames come in, ± 10 %: frames of one board say nothing about another."""
    doubt_after: float = 2_000
    """Boards are stale if nothing has followed a ping after this time, or no new season the old
    one's end."""
    pong_timeout: float = 10_000
    """A connection without a pong after this time is replaced."""
    lifetime: float = 105 * 60_000
    """A connection is replaced, before the gateway ends it, after this time."""
    lifetime_jitter: float = 10 * 60_000
    """Up to this time is added to the lifetime at random."""
    reconnect_base: float = 1_000
    """The wait before reconnecting is random, up to base * 2^attempt and at most the cap."""
    reconnect_cap: float = 30_000
    """The longest wait before reconnecting."""
    settled_after: float = 10_000
    """A connection that was live for this time ends a row of failures."""
    ask_base: float = 500
    """The wait before subscribing again, likewise."""
    ask_cap: float = 30_000
    """The longest wait before subscribing again."""
    roll_jitter: float = 5_000
    """After a season's end the client asks for the next one within this time."""
    poll_after: float = 5_000
    """Without a live socket for this time, and up to `poll_interval` more, the boards are read over
    HTTP."""
    poll_interval: float = 5_000
    """Between reads of a board, ± 20 %. It doubles with each failure, up to the cap."""
    poll_cap: float = 60_000
    """The longest wait between reads."""
    fetch_timeout: float = 10_000
    """A read that takes longer is given up."""
    cache_allowance: float = 3_000
    """An HTTP answer may be this old, because of caches on the way (`max-age=1`)."""
    linger: float = 5_000
    """A board without listeners is followed for this time, in case one comes back."""
