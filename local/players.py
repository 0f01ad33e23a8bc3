"""Sample players and a sample trusted server, which use the service as its users do: sign up, sign
in, and the public HTTP API."""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from leaderboard_client import (
    Api,
    BoardRules,
    ClientCredentials,
    LeaderboardError,
    RateLimited,
    Retrying,
    ScoreWrite,
    UserPool,
)
from local.games import GAMES
from local.stack import RATING_BOARD, Addresses

FIRST_RATING = 1500
# A person takes this much longer than an action needs at least, in seconds.
PAUSE_SECONDS = (0.3, 2.5)
RATING_SECONDS = (1.0, 3.0)
NAMES = (
    *("Ada", "Grace H.", "linus_t", "Björk", "Zoë", "Mei", "Ken", "Margaret", "Радия", "Noor"),
    *("Thandi", "José M.", "Barbara L.", "Edsger", "quicksort", "Priya", "Anita B.", "Tim", "Hedy"),
)
# The emulator is slow while it starts processes.
TIMEOUT = 30.0
# The players themselves go on after a failure, and end at once when they are told to.
ONCE = Retrying(tries=1)


@dataclass(frozen=True, slots=True)
class PlayerAction:
    """Something that a player can complete on a board."""

    board: str
    name: str
    min_seconds: float


def player_api(addresses: Addresses) -> Api:
    """What a player calls the service with."""
    pool = UserPool(url=addresses.cognito, client_id=addresses.web_client_id)
    return Api(addresses.http, user_pool=pool, retrying=ONCE, timeout=TIMEOUT)


def server_api(addresses: Addresses) -> Api:
    """What a trusted server calls the service with."""
    credentials = ClientCredentials(
        token_url=f"{addresses.cognito}/oauth2/token",
        client_id=addresses.machine_client_id,
        client_secret=addresses.machine_client_secret,
    )
    return Api(addresses.http, credentials=credentials, retrying=ONCE, timeout=TIMEOUT)


def sign_up(api: Api, email: str) -> None:
    """Makes an account and signs in."""
    password = f"Sample-{uuid.uuid4()}-9Z"
    api.sign_up(email, password)
    # The emulator sends no mail and takes any code.
    api.confirm(email, "000000")
    api.sign_in(email, password)


class Player:
    """A person with an account, who plays one game after another."""

    def __init__(self, addresses: Addresses, number: int) -> None:
        self._api = player_api(addresses)
        self._email = f"player{number}@example.com"
        # The rest keep the name that the service gives.
        self._name = NAMES[number - 1] if number <= len(NAMES) else None
        # Some are better than others, so that the board has an order that settles.
        self._skill = random.random()

    def sign_up(self) -> None:
        sign_up(self._api, self._email)
        if self._name:
            self._api.rename(self._name)

    def play(self, action: PlayerAction, until: threading.Event) -> None:
        """Takes a ticket, plays for as long as a person would, and sends what was played."""
        ticket = self._api.ticket(action.board, action.name)
        began = time.monotonic()
        evidence = None
        seconds = action.min_seconds + random.uniform(*PAUSE_SECONDS)
        if ticket.challenge is not None:
            played = GAMES[action.name](ticket.challenge, self._skill)
            evidence = played.evidence
            seconds = max(action.min_seconds + 0.1, played.seconds)
        if until.wait(seconds - (time.monotonic() - began)):
            return
        self._api.complete(action.board, ticket, evidence=evidence)


class Referee:
    """A trusted server that rates two of its members after each game."""

    def __init__(self, api: Api, *, members: int) -> None:
        self._api = api
        self._ratings = {f"member-{number}": FIRST_RATING for number in range(1, members + 1)}

    def rate(self) -> None:
        winner, loser = random.sample(sorted(self._ratings), 2)
        expected = 1 / (1 + 10 ** ((self._ratings[loser] - self._ratings[winner]) / 400))
        moved = max(1, round(32 * (1 - expected)))
        self._ratings[winner] += moved
        self._ratings[loser] = max(0, self._ratings[loser] - moved)
        for member in (winner, loser):
            write = ScoreWrite(
                user_id=member, score=self._ratings[member], user_name=member.title()
            )
            self._api.write_score(RATING_BOARD, write)


@contextmanager
def playing(addresses: Addresses, *, players: int, report: Callable[[str], None]) -> Iterator[None]:
    """Players at play, and a referee, until the block ends."""
    server = server_api(addresses)
    actions = _actions(server.boards())
    crowd = [Player(addresses, number) for number in range(1, players + 1)]
    over = threading.Event()
    threads = ThreadPoolExecutor(max_workers=players + 1)
    try:
        list(threads.map(lambda player: player.sign_up(), crowd))
        report(f"{players} players signed up, and play")
        for player in crowd:
            threads.submit(_keep_playing, player, actions, over=over, report=report)
        threads.submit(_keep_rating, Referee(server, members=players), over=over, report=report)
        yield
    finally:
        over.set()
        threads.shutdown(cancel_futures=True)


def _actions(boards: tuple[BoardRules, ...]) -> list[PlayerAction]:
    return [
        PlayerAction(board=board.board, name=name, min_seconds=action.min_seconds)
        for board in boards
        if "*" not in board.board
        for name, action in board.actions.items()
        if not action.evidence or name in GAMES
    ]


def _keep_playing(
    player: Player,
    actions: list[PlayerAction],
    *,
    over: threading.Event,
    report: Callable[[str], None],
) -> None:
    # Short actions are done more often than long ones: that is what makes a board lively.
    weights = [1 / (1 + action.min_seconds) for action in actions]
    while not over.is_set():
        (action,) = random.choices(actions, weights)
        with _reported(report, over):
            player.play(action, over)


def _keep_rating(referee: Referee, *, over: threading.Event, report: Callable[[str], None]) -> None:
    while not over.wait(random.uniform(*RATING_SECONDS)):
        with _reported(report, over):
            referee.rate()


@contextmanager
def _reported(report: Callable[[str], None], over: threading.Event) -> Iterator[None]:
    """Tells of a call that failed, and gives the service a moment before the next."""
    try:
        yield
    except RateLimited as refusal:
        over.wait(refusal.retry_after or 1.0)
    except LeaderboardError as failure:
        if not over.is_set():
            report(f"a player failed: {failure}")
        over.wait(PAUSE_SECONDS[1])
