"""Every duration of the client in one place, in milliseconds. The limits behind them: API Gateway
ends a connection after 2 hours, or 10 minutes without a message, and lets 500 new ones in a
second."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    open_timeout: float = 15_000
    """A connection, its ticket included, that is not open by then is given up."""
    answer_timeout: float = 10_000
    """A `subscribe` without an answer by then is sent again."""
    ping_after: float = 20_000
    """A connection that has been silent for so long, or up to 10 % less, is pinged."""
    ping_interval: float = 180_000
    """Between pings whatever is heard, ± 10 %: frames of one board say nothing of another."""
    doubt_after: float = 2_000
    """Silence that a ping has not ended by then makes the boards stale, and a season that has not
    followed by then."""
    pong_timeout: float = 10_000
    """A connection without a pong by then is replaced."""
    lifetime: float = 105 * 60_000
    """A connection is replaced, while it goes on, after this time and up to `lifetime_jitter`."""
    lifetime_jitter: float = 10 * 60_000
    reconnect_base: float = 1_000
    """Reconnecting: the wait is random, up to base * 2^attempt and at most the cap."""
    reconnect_cap: float = 30_000
    settled_after: float = 10_000
    """A connection that was live for so long ends a row of failures."""
    ask_base: float = 500
    """Subscribing again after a gap, likewise."""
    ask_cap: float = 30_000
    roll_jitter: float = 5_000
    """After a season's end subscribers ask for the next one within this time."""
    poll_after: float = 5_000
    """Without a live socket for so long, and up to `poll_interval` more, the boards are read over
    HTTP."""
    poll_interval: float = 5_000
    """Between reads of a board, ± 20 %; doubles with every failure up to the cap."""
    poll_cap: float = 60_000
    fetch_timeout: float = 10_000
    cache_allowance: float = 3_000
    """An HTTP answer may be this old (`max-age=1`, and clocks of caches)."""
    linger: float = 5_000
    """A board without listeners is followed for so long, in case one comes back."""
