"""Sample players and a sample trusted server, which use the service as its users do: sign up, sign
in, and the public HTTP API."""

from __future__ import annotations

import base64
import json
import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import urllib3

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
# Tokens live for an hour.
TOKEN_SECONDS = 3000.0


class ServiceRefused(Exception):
    """The service answered with an error."""


class TooOften(ServiceRefused):
    """The service asked to wait so many seconds."""

    def __init__(self, what: str, seconds: float) -> None:
        super().__init__(what)
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class PlayerAction:
    """Something that a player can complete on a board."""

    board: str
    name: str
    min_seconds: float


class Client:
    """HTTP with JSON, and Cognito's calls, on one pool of connections."""

    def __init__(self, addresses: Addresses) -> None:
        self._addresses = addresses
        self._pool = urllib3.PoolManager(maxsize=32, retries=False, timeout=30.0)

    def call(
        self, method: str, path: str, *, token: str | None = None, body: object = None
    ) -> Mapping[str, Any]:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        answer = self._pool.request(
            method, f"{self._addresses.http}{path}", json=body, headers=headers | _JSON
        )
        return _parsed(f"{method} {path}", answer)

    def cognito(self, operation: str, **parameters: object) -> Mapping[str, Any]:
        """One of the calls that a page makes: without credentials."""
        headers = {
            "content-type": "application/x-amz-json-1.1",
            "x-amz-target": f"AWSCognitoIdentityProviderService.{operation}",
        }
        body = {"ClientId": self._addresses.web_client_id, **parameters}
        answer = self._pool.request(
            "POST", self._addresses.cognito, body=json.dumps(body), headers=headers
        )
        return _parsed(operation, answer)

    def machine_token(self, scope: str) -> str:
        """A trusted server's token, by its client credentials."""
        secret = f"{self._addresses.machine_client_id}:{self._addresses.machine_client_secret}"
        answer = self._pool.request(
            "POST",
            f"{self._addresses.cognito}/oauth2/token",
            body=urlencode({"grant_type": "client_credentials", "scope": scope}),
            headers={
                "authorization": f"Basic {base64.b64encode(secret.encode()).decode()}",
                "content-type": "application/x-www-form-urlencoded",
            },
        )
        return str(_parsed("token", answer)["access_token"])


_JSON = {"content-type": "application/json"}


def _parsed(what: str, answer: urllib3.BaseHTTPResponse) -> Mapping[str, Any]:
    if answer.status >= 400:
        said = f"{what}: {answer.status} {answer.data.decode(errors='replace')}"
        if answer.status == 429:
            raise TooOften(said, float(answer.headers.get("retry-after", 1)))
        raise ServiceRefused(said)
    parsed: Mapping[str, Any] = json.loads(answer.data) if answer.data else {}
    return parsed


class Token:
    """An access token, renewed before it expires."""

    def __init__(self, issue: Callable[[], str]) -> None:
        self._issue = issue
        self._value = ""
        self._until = 0.0

    def value(self) -> str:
        if time.monotonic() > self._until:
            self._value = self._issue()
            self._until = time.monotonic() + TOKEN_SECONDS
        return self._value


class Player:
    """A person with an account, who plays one game after another."""

    def __init__(self, client: Client, number: int) -> None:
        self._client = client
        self._email = f"player{number}@example.com"
        self._password = f"Sample-{uuid.uuid4()}-9Z"
        # The rest keep the name that the service gives.
        self._name = NAMES[number - 1] if number <= len(NAMES) else None
        # Some are better than others, so that the board has an order that settles.
        self._skill = random.random()
        self._token = Token(self._sign_in)

    def sign_up(self) -> None:
        self._client.cognito(
            "SignUp",
            Username=self._email,
            Password=self._password,
            UserAttributes=[{"Name": "email", "Value": self._email}],
        )
        # The emulator sends no mail and takes any code.
        self._client.cognito("ConfirmSignUp", Username=self._email, ConfirmationCode="000000")
        if self._name:
            body = {"userName": self._name}
            self._client.call("PUT", "/me", token=self._token.value(), body=body)

    def play(self, action: PlayerAction, until: threading.Event) -> None:
        """Takes a ticket, plays for as long as a person would, and sends what was played."""
        path = f"/boards/{action.board}"
        ticket = self._client.call(
            "POST", f"{path}/tickets", token=self._token.value(), body={"action": action.name}
        )
        began = time.monotonic()
        completion: dict[str, object] = {"ticket": ticket["ticket"]}
        seconds = action.min_seconds + random.uniform(*PAUSE_SECONDS)
        if "challenge" in ticket:
            played = GAMES[action.name](ticket["challenge"], self._skill)
            completion["evidence"] = played.evidence
            seconds = max(action.min_seconds + 0.1, played.seconds)
        if until.wait(seconds - (time.monotonic() - began)):
            return
        self._client.call("POST", f"{path}/scores", token=self._token.value(), body=completion)

    def _sign_in(self) -> str:
        signed_in = self._client.cognito(
            "InitiateAuth",
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": self._email, "PASSWORD": self._password},
        )
        return str(signed_in["AuthenticationResult"]["AccessToken"])


class Referee:
    """A trusted server that rates two of its members after each game."""

    def __init__(self, client: Client, *, members: int) -> None:
        self._client = client
        self._ratings = {f"member-{number}": FIRST_RATING for number in range(1, members + 1)}
        self._token = Token(lambda: client.machine_token("leaderboard/scores.write"))

    def rate(self) -> None:
        winner, loser = random.sample(sorted(self._ratings), 2)
        expected = 1 / (1 + 10 ** ((self._ratings[loser] - self._ratings[winner]) / 400))
        moved = max(1, round(32 * (1 - expected)))
        self._ratings[winner] += moved
        self._ratings[loser] = max(0, self._ratings[loser] - moved)
        for member in (winner, loser):
            self._client.call(
                "PUT",
                f"/boards/{RATING_BOARD}/users/{member}/score",
                token=self._token.value(),
                body={
                    "score": self._ratings[member],
                    "submissionId": str(uuid.uuid4()),
                    "userName": member.title(),
                },
            )


@contextmanager
def playing(addresses: Addresses, *, players: int, report: Callable[[str], None]) -> Iterator[None]:
    """Players at play, and a referee, until the block ends."""
    client = Client(addresses)
    actions = _actions(client.call("GET", "/boards")["boards"])
    crowd = [Player(client, number) for number in range(1, players + 1)]
    over = threading.Event()
    threads = ThreadPoolExecutor(max_workers=players + 1)
    try:
        list(threads.map(lambda player: player.sign_up(), crowd))
        report(f"{players} players signed up, and play")
        for player in crowd:
            threads.submit(_keep_playing, player, actions, over=over, report=report)
        threads.submit(_keep_rating, Referee(client, members=players), over=over, report=report)
        yield
    finally:
        over.set()
        threads.shutdown(cancel_futures=True)


def _actions(boards: list[Mapping[str, Any]]) -> list[PlayerAction]:
    return [
        PlayerAction(
            board=board["board"],
            name=name,
            min_seconds=action["minSeconds"],
        )
        for board in boards
        if "*" not in board["board"]
        for name, action in board["actions"].items()
        if not action["evidence"] or name in GAMES
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
    except TooOften as refusal:
        over.wait(refusal.seconds)
    except (ServiceRefused, urllib3.exceptions.HTTPError) as failure:
        if not over.is_set():
            report(f"a player failed: {failure}")
        over.wait(PAUSE_SECONDS[1])
