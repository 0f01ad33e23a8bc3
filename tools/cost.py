"""What a stage costs an hour: `python -m tools.cost --viewers 10000 --writes-per-second 50`.

Uses the pacing rule that the service itself uses, and the list prices of the date and Region below.
Free tiers, data transfer out and support are left out.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping
from dataclasses import dataclass

from leaderboard.frames.broadcast import Demand, interval_ms

PRICES_OF = "November 2026, us-east-1"
MILLION = 1_000_000
HOUR = 3600
MONTH_HOURS = 730

MESSAGES = 1.00 / MILLION
"""A WebSocket message, in units of 32 KB."""
CONNECTION_MINUTES = 0.25 / MILLION
HTTP_REQUESTS = 1.00 / MILLION
WRITE_UNITS = 0.625 / MILLION
"""DynamoDB on demand: a write of 1 KB."""
READ_UNITS = 0.125 / MILLION
"""DynamoDB on demand: a consistent read of 4 KB."""
LAMBDA_REQUESTS = 0.20 / MILLION
LAMBDA_GB_SECONDS = 0.0000133334
"""On arm64."""
CACHE_UNITS = 0.0023 / MILLION
"""ElastiCache Serverless for Valkey: a processing unit, about a simple command or a KB."""
LOG_GIGABYTES = 0.50
TRANSFER_GIGABYTES = 0.09
"""What leaves for the internet; only the worst hour counts it."""
AT_REST_MONTHLY = 8.68
"""A stage like `dev` that nobody uses; `tools/rest.py` adds it up from the packaged template."""

FUNCTION_GB = 1.0
REQUEST_SECONDS = 0.015
"""What a function that answers a request runs for, warm."""
RECORD_SECONDS = 0.1
"""A board is recorded ten times a second at most."""
LINE_WINDOW_SECONDS, LINES_AT_ONCE = 5, 500
"""How long the history collects scores for one invocation, and how many one takes at most."""
LINES_SECONDS, LINE_SECONDS = 0.2, 0.002
"""What that invocation runs for: it waits for the ranking, then writes line after line."""
ENTRY_BYTES = 220
"""An entry of a board's item."""
CONNECTION_ROW_BYTES = 130
LOG_BYTES = 600
"""A log line: one an invocation, and one of the gateway a request."""
POSTS_PER_CORE = 10_000
"""What one core posts a second, with the gateway 15 ms away; see `make bench`."""
CONNECTION_HOURS = 2
"""API Gateway closes a connection then, so each viewer connects again that often."""
QUIET_PING_SECONDS = 19
"""A client pings after 18 to 20 s of silence (`pingAfter`)."""
BUSY_PING_SECONDS = 180
"""One that is kept busy by frames pings every three minutes (`pingInterval`)."""
MAX_RATE = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Load:
    """One board under load; every viewer follows it."""

    viewers: int
    writes_per_second: float
    top_share: float = 1.0
    """Of the writes, those that change the top."""
    frame_interval_ms: int = 250
    posts_per_second: int = 5000
    top_size: int = 10
    reads_per_second: float = 0.0
    attempt_share: float = 0.0
    """Of the writes, those that complete an action with a challenge: its ticket is a write, too."""
    history: bool = True
    """Whether each write leaves a line of the user's history (`historyDays`)."""


@dataclass(frozen=True, slots=True)
class Bill:
    """Dollars an hour by part, and the pace that they come from."""

    parts: Mapping[str, float]
    interval_ms: int
    frames_per_second: float
    posts_per_second: float

    @property
    def total(self) -> float:
        return math.fsum(self.parts.values())


def bill(load: Load) -> Bill:
    rest = interval_ms(Demand(load.viewers, load.frame_interval_ms), load.posts_per_second)
    changes = load.writes_per_second * load.top_share
    records = min(changes, 1 / RECORD_SECONDS)
    frames = min(changes, 1000 / rest) if rest else 0.0
    posts = frames * load.viewers
    shows = min(records, frames) if rest else records
    lines = load.writes_per_second if load.history else 0.0
    parts = {
        "scores: HTTP requests": load.writes_per_second * HTTP_REQUESTS,
        # The item, and its index: the sort key moves, which is one entry gone and one written.
        "scores: table and index": load.writes_per_second * (3 * WRITE_UNITS + READ_UNITS),
        "scores: functions": load.writes_per_second * _invocation(REQUEST_SECONDS),
        "scores: attempts": load.writes_per_second * load.attempt_share * _attempt(),
        "ranking: functions": records * _invocation(RECORD_SECONDS),
        "ranking: cache": load.writes_per_second * 3 * CACHE_UNITS,
        "history: table": lines * WRITE_UNITS,
        "history: functions": _writing_lines(lines),
        "history: cache": lines * CACHE_UNITS,
        "tops: table": records * _kilobytes(load.top_size * ENTRY_BYTES) * WRITE_UNITS,
        "frames: messages": posts * MESSAGES,
        "frames: functions": _posting(load, frames, rest),
        "frames: listing viewers": frames
        * math.ceil(load.viewers * CONNECTION_ROW_BYTES / 4096)
        * READ_UNITS,
        "frames: cache": shows * 10 * CACHE_UNITS,
        "viewers: connection minutes": load.viewers / 60 * CONNECTION_MINUTES,
        "viewers: connecting": load.viewers * _connecting() / (CONNECTION_HOURS * HOUR),
        "viewers: pings": load.viewers * pings_per_second(frames) * _ping(),
        "reads": load.reads_per_second
        * (HTTP_REQUESTS + _invocation(REQUEST_SECONDS) + 3 * CACHE_UNITS),
        "logs": (2 * load.writes_per_second + 2 * load.reads_per_second + records + frames)
        * LOG_BYTES
        / 1e9
        * LOG_GIGABYTES,
    }
    hourly = {name: dollars * HOUR for name, dollars in parts.items()}
    hourly["at rest"] = AT_REST_MONTHLY / MONTH_HOURS
    return Bill(hourly, rest, frames, posts)


def watched_monthly() -> float:
    """What a board costs a month that always has frames to send, beside what it sends.

    The function that paces it stays for each interval, so one is always there.
    """
    return MONTH_HOURS * HOUR * FUNCTION_GB * LAMBDA_GB_SECONDS


def ceiling_hourly(posts_per_second: int) -> float:
    """The most that a stage's budget of posts lets frames cost an hour, dollars."""
    return posts_per_second * HOUR * MESSAGES


def _invocation(seconds: float) -> float:
    return LAMBDA_REQUESTS + seconds * FUNCTION_GB * LAMBDA_GB_SECONDS


def _attempt() -> float:
    """A ticket with a challenge: the request, and the item that remembers it (not its index)."""
    return HTTP_REQUESTS + _invocation(REQUEST_SECONDS) + WRITE_UNITS + READ_UNITS


@dataclass(frozen=True, slots=True)
class Consumed:
    """What one request consumes: units of the tables, bytes that leave, messages of a socket."""

    reads: float
    writes: float
    sent: int
    messages: int = 0


def dollars_of(request: Consumed) -> float:
    """What a request costs: of the HTTP API unless it has messages; the cache's part is cents."""
    lines = 1 if request.messages else 2
    return (
        (request.messages * MESSAGES or HTTP_REQUESTS)
        + _invocation(REQUEST_SECONDS)
        + request.reads * READ_UNITS
        + request.writes * WRITE_UNITS
        + request.sent / 1e9 * TRANSFER_GIGABYTES
        + lines * LOG_BYTES / 1e9 * LOG_GIGABYTES
    )


def _posting(load: Load, frames: float, rest_ms: int) -> float:
    """One invocation stays for each frame's interval; posting itself may take longer."""
    lasts = max(rest_ms / 1000, load.viewers / POSTS_PER_CORE)
    return frames * _invocation(lasts)


def _writing_lines(lines_per_second: float) -> float:
    """Batches are as full as the window makes them."""
    batches = max(1 / LINE_WINDOW_SECONDS, lines_per_second / LINES_AT_ONCE)
    batches = min(batches, lines_per_second)
    return batches * _invocation(LINES_SECONDS) + lines_per_second * (
        LINE_SECONDS * FUNCTION_GB * LAMBDA_GB_SECONDS
    )


def _connecting() -> float:
    """The authorizer, `$connect`, a subscription with its snapshot, the end, and all their rows."""
    return 5 * _invocation(REQUEST_SECONDS) + 2 * MESSAGES + 6 * WRITE_UNITS + 3 * READ_UNITS


def pings_per_second(frames_per_second: float) -> float:
    """A viewer's: each frame spares it a ping that silence would have called for."""
    return max(1 / QUIET_PING_SECONDS - frames_per_second, 1 / BUSY_PING_SECONDS)


def _ping() -> float:
    """The ping and its answer; the count of the connection's messages; its row and its board."""
    return 2 * MESSAGES + _invocation(REQUEST_SECONDS) + WRITE_UNITS + 1.5 * READ_UNITS


def _kilobytes(size: int) -> int:
    return math.ceil(size / 1024)


def text_of(load: Load) -> str:
    it = bill(load)
    pace = "nobody watches: no frames"
    if it.interval_ms:
        pace = (
            f"a frame every {it.interval_ms / 1000:g} s at most: "
            f"{it.frames_per_second:.2f} frames, {it.posts_per_second:,.0f} posts a second"
        )
    writes = f"{load.writes_per_second:g} scores a second"
    lines = [
        f"{load.viewers:,} viewers, {writes}, {load.top_share:.0%} of them change the top",
        pace,
        "",
    ]
    shown = [(name, dollars) for name, dollars in it.parts.items() if dollars]
    lines += [f"{name:<30}{dollars:>12.4f}" for name, dollars in shown]
    ceiling = (
        f"A budget of {load.posts_per_second:,} posts a second lets frames cost "
        f"${ceiling_hourly(load.posts_per_second):.2f} an hour at most."
    )
    lines += [
        f"{'dollars an hour':<30}{it.total:>12.4f}",
        "",
        f"At rest: ${AT_REST_MONTHLY:.2f} a month. {ceiling}",
        f"List prices of {PRICES_OF}; without free tiers and data transfer out.",
    ]
    return "\n".join(lines)


def main() -> None:
    print(text_of(parse()))


def parse(arguments: list[str] | None = None) -> Load:
    parser = argparse.ArgumentParser(
        prog="python -m tools.cost", description="What one board's load costs an hour."
    )
    plain = Load(0, 0)
    parser.add_argument("--viewers", type=_count, required=True)
    parser.add_argument("--writes-per-second", type=_rate, required=True, help="scores accepted")
    parser.add_argument(
        "--top-share",
        type=_share,
        default=plain.top_share,
        help="of the scores, those that change the top (default: all)",
    )
    parser.add_argument(
        "--attempt-share",
        type=_share,
        default=plain.attempt_share,
        help="of the scores, those of actions with a challenge (default: none)",
    )
    parser.add_argument(
        "--frame-interval",
        type=_count,
        default=plain.frame_interval_ms,
        help="the board's frameInterval, ms (default: %(default)s)",
    )
    parser.add_argument(
        "--posts-per-second",
        type=_budget,
        default=plain.posts_per_second,
        help="the stage's postsPerSecond (default: %(default)s)",
    )
    parser.add_argument(
        "--top-size", type=_budget, default=plain.top_size, help="default: %(default)s"
    )
    parser.add_argument(
        "--reads-per-second", type=_rate, default=0.0, help="of tops, over HTTP (default: none)"
    )
    parser.add_argument("--no-history", action="store_true", help="the board has historyDays: 0")
    given = parser.parse_args(arguments)
    return Load(
        viewers=given.viewers,
        writes_per_second=given.writes_per_second,
        top_share=given.top_share,
        attempt_share=given.attempt_share,
        frame_interval_ms=given.frame_interval,
        posts_per_second=given.posts_per_second,
        top_size=given.top_size,
        reads_per_second=given.reads_per_second,
        history=not given.no_history,
    )


def _count(text: str) -> int:
    number = int(text)
    if not 0 <= number <= MAX_RATE:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and {MAX_RATE:,}")
    return number


def _budget(text: str) -> int:
    number = _count(text)
    if number == 0:
        raise argparse.ArgumentTypeError("must be more than 0")
    return number


def _rate(text: str) -> float:
    number = float(text)
    if not 0 <= number <= MAX_RATE:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and {MAX_RATE:,}")
    return number


def _share(text: str) -> float:
    number = float(text)
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return number


if __name__ == "__main__":
    main()
