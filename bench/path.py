"""The path: from a score's request to its frame at a subscriber, on a local stack of its own.

Beside it a route that does nothing, behind the same gateway and the same check of the token, whose
function is a Lambda function like the others. Both are asked in turn, so that what else the machine
does meets both alike.
"""

from __future__ import annotations

import io
import json
import math
import random
import threading
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
from rich.table import Table
from websockets.sync.client import ClientConnection, connect

from bench import figures
from leaderboard_client import WRITE_SCOPE, Api, Request, Response, ScoreEntry, ScoreWrite
from leaderboard_client.following import Following
from leaderboard_client.frame import Snapshot, Update, parse_frame
from local.players import player_api, server_api, sign_up
from local.stack import Addresses, running

BOARD = "global"
ACTION = "visit"
TOP = 10
# No more than the top has lines, so that each score shows.
PLAYERS = 8
USERS = TOP - PLAYERS
# Trusted writes are worth more than all that the players can reach.
LEAD = 1000
AT_ONCE = 8
# A rest is longer than the benchmarks' frame interval: the pacing is not what is measured here.
REST_SECONDS = (0.03, 0.08)
ARRIVAL_SECONDS = 10.0
SETTLE_SECONDS = 60.0

TARGET_RATIO = 3.0
TARGET_P99_MS = 100.0

NOTHING = "bench-nothing"
# It logs one line, as each function here does: the emulator takes 50 ms longer over a silent one.
NOTHING_CODE = """\
def handler(event, context):
    print("nothing")
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": "{}"}
"""


def run(*, small: bool, report: Callable[[str], None]) -> list[Table]:
    # At full size 300 of each.
    writes, completions, burst = (60, 1, 200) if small else (300, 38, 400)
    with running(report=report) as stack:
        addresses = stack.addresses
        report("deploying a route that does nothing")
        deploy_nothing(addresses)
        with watching(addresses) as viewer:
            server = TrustedServer(server_api(addresses))
            report("warming up")
            for _ in range(20):
                server.write(viewer)
                server.do_nothing()
            report(f"{PLAYERS} players complete {completions} actions each")
            played = play(addresses, server, viewer, completions=completions)
            report(
                f"{writes} trusted writes with a rest between, and as many calls that do nothing"
            )
            rested = [(server.write(viewer), server.do_nothing()) for _ in rests(writes)]
            report(f"{writes // 3} trusted writes, each as soon as the one before has arrived")
            chained = [server.write(viewer) for _ in range(writes // 3)]
            report(f"{burst} trusted writes, {AT_ONCE} at a time")
            outcome = overrun(addresses, server, viewer, writes=burst)
    return [path_table(played, rested, chained, small=small), burst_table(outcome)]


@dataclass(frozen=True, slots=True)
class Passage:
    """One score: seconds until its request was answered, and until its frame had arrived."""

    answered: float
    arrived: float


class Viewer:
    """A subscriber that notes when each score came, and whether the versions chain.

    It reads the frames themselves, by the package's own rules: `Leaderboard` would mend a hole
    before anybody could count it.
    """

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._following = Following()
        self._seen: dict[tuple[str, int], float] = {}
        self._changed = threading.Condition()
        self.frames: list[Snapshot | Update] = []
        self.holes = 0

    def listen(self) -> None:
        """Reads until the connection ends."""
        for text in self._socket:
            now = time.perf_counter()
            with self._changed:
                self._take(text, now)
                self._changed.notify_all()

    def await_score(self, user_id: str, score: int) -> float:
        """When a user's score arrived."""
        with self._changed:
            if not self._changed.wait_for(
                lambda: (user_id, score) in self._seen, timeout=ARRIVAL_SECONDS
            ):
                raise TimeoutError(f"{user_id}'s score did not arrive")
            return self._seen[user_id, score]

    def await_entries(self, entries: list[tuple[str, int, str]]) -> bool:
        """Whether what is shown becomes these lines."""
        with self._changed:
            return self._changed.wait_for(lambda: self.shown() == entries, timeout=SETTLE_SECONDS)

    def shown(self) -> list[tuple[str, int, str]]:
        held = self._following.held
        entries = held.entries if held else ()
        return [(it.user_id, it.user_score, it.score_updated_at) for it in entries]

    def _take(self, text: str | bytes, now: float) -> None:
        frame = parse_frame(text)
        held = self._following.held
        match frame:
            case Snapshot():
                self._following.snapshot(frame, now=now, read_after=-math.inf)
                entries = frame.entries
            case Update():
                if held is None or frame.start != held.version:
                    self.holes += 1
                self._following.update(frame, now)
                entries = frame.upsert
            case _:
                raise ValueError(f"the service sent {text!r}")
        self.frames.append(frame)
        for it in entries:
            self._seen.setdefault((it.user_id, it.user_score), now)


@contextmanager
def watching(addresses: Addresses) -> Iterator[Viewer]:
    with connect(addresses.socket) as socket:
        viewer = Viewer(socket)
        listener = threading.Thread(target=viewer.listen)
        listener.start()
        socket.send(json.dumps({"action": "subscribe", "board": BOARD}))
        try:
            yield viewer
        finally:
            socket.close()
            listener.join()


@dataclass
class TrustedServer:
    """Writes deltas of a few users, who share the top among them."""

    api: Api
    scores: dict[str, int] = field(default_factory=dict)
    turn: int = 0

    def write(self, viewer: Viewer) -> Passage:
        """One write, and its way to the viewer."""
        self.turn += 1
        user_id = f"user-{self.turn % USERS}"
        delta = random.randint(LEAD, 2 * LEAD)
        started = time.perf_counter()
        entry = self.put(user_id, delta)
        answered = time.perf_counter() - started
        arrived = viewer.await_score(user_id, entry.user_score) - started
        return Passage(answered, arrived)

    def put(self, user_id: str, delta: int) -> ScoreEntry:
        write = ScoreWrite(user_id=user_id, delta=delta, user_name=user_id)
        entry = self.api.write_score(BOARD, write).entry
        assert entry is not None
        return entry

    def do_nothing(self) -> float:
        """Seconds of a call that does nothing; its request is of the size of a write's."""
        started = time.perf_counter()
        body = {"delta": LEAD, "submissionId": str(uuid.uuid4()), "userName": "user-0"}
        self.api.ask(
            Request(
                method="PUT",
                url="/nothing",
                read=Response.json,
                headers={"content-type": "application/json"},
                body=json.dumps(body).encode(),
                signed=True,
            )
        )
        return time.perf_counter() - started


def rests(count: int) -> Iterator[None]:
    for _ in range(count):
        time.sleep(random.uniform(*REST_SECONDS))
        yield


def deploy_nothing(addresses: Addresses) -> None:
    """A function, and a route to it beside the service's own, for the tokens of trusted servers."""
    session = boto3.Session(
        aws_access_key_id=addresses.access_key_id,
        aws_secret_access_key=addresses.secret_access_key,
        region_name=addresses.region,
    )
    endpoint = addresses.cognito
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as written:
        written.writestr("nothing.py", NOTHING_CODE)
    function = session.client("lambda", endpoint_url=endpoint).create_function(
        FunctionName=NOTHING,
        Runtime="python3.13",
        Role=f"arn:aws:iam::000000000000:role/{NOTHING}",
        Handler="nothing.handler",
        Code={"ZipFile": archive.getvalue()},
        MemorySize=1024,
        Timeout=10,
    )
    gateway = session.client("apigatewayv2", endpoint_url=endpoint)
    api = addresses.http.rpartition("/")[2]
    (machine,) = (
        it["AuthorizerId"]
        for it in gateway.get_authorizers(ApiId=api)["Items"]
        if it["Name"] == "machine"
    )
    integration = gateway.create_integration(
        ApiId=api,
        IntegrationType="AWS_PROXY",
        IntegrationUri=function["FunctionArn"],
        PayloadFormatVersion="2.0",
    )
    gateway.create_route(
        ApiId=api,
        RouteKey="PUT /nothing",
        Target=f"integrations/{integration['IntegrationId']}",
        AuthorizationType="JWT",
        AuthorizerId=machine,
        AuthorizationScopes=[WRITE_SCOPE],
    )


def play(
    addresses: Addresses, server: TrustedServer, viewer: Viewer, *, completions: int
) -> list[tuple[Passage, float]]:
    """Players' own scores: a ticket, the seconds that its action takes, the completion.

    Beside each a call that does nothing.
    """
    players = [signed_in(addresses, number) for number in range(PLAYERS)]
    passages = []
    for _ in range(completions):
        tickets = [(player, player.ticket(BOARD, ACTION)) for player in players]
        good_at = max(ticket.not_before for _, ticket in tickets)
        while _now_text() < good_at:
            time.sleep(0.02)
        for player, ticket in tickets:
            started = time.perf_counter()
            entry = player.complete(BOARD, ticket).entry
            answered = time.perf_counter() - started
            assert entry is not None
            arrived = viewer.await_score(entry.user_id, entry.user_score) - started
            passages.append((Passage(answered, arrived), server.do_nothing()))
            time.sleep(random.uniform(*REST_SECONDS))
    return passages


def _now_text() -> str:
    now = time.time()
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now * 1000) % 1000:03d}Z"


def signed_in(addresses: Addresses, number: int) -> Api:
    """A player's client."""
    api = player_api(addresses)
    sign_up(api, f"bench{number}@example.com")
    return api


@dataclass(frozen=True, slots=True)
class Burst:
    writes: int
    seconds: float
    frames: int
    first_version: int
    last_version: int
    holes: int
    is_the_table: bool


def overrun(addresses: Addresses, server: TrustedServer, viewer: Viewer, *, writes: int) -> Burst:
    """Many writes side by side, until the viewer shows what the table holds."""
    users = [f"user-{number}" for number in range(4 * TOP)]
    with ThreadPoolExecutor(AT_ONCE) as threads:
        # The emulator starts a process for each request more at a time.
        list(threads.map(lambda user_id: server.put(user_id, LEAD), users[:AT_ONCE]))
        viewer.await_entries(top_of_table(addresses))
        frames, holes = len(viewer.frames), viewer.holes
        chosen = random.choices(users, k=writes)
        started = time.perf_counter()
        list(threads.map(lambda user_id: server.put(user_id, random.randint(1, LEAD)), chosen))
        seconds = time.perf_counter() - started
    is_the_table = viewer.await_entries(top_of_table(addresses))
    return Burst(
        writes=writes,
        seconds=seconds,
        frames=len(viewer.frames) - frames,
        first_version=viewer.frames[frames - 1].version,
        last_version=viewer.frames[-1].version,
        holes=viewer.holes - holes,
        is_the_table=is_the_table,
    )


def top_of_table(addresses: Addresses) -> list[tuple[str, int, str]]:
    """The board's first lines by the table of scores alone, in the contract's order."""
    table = boto3.resource(
        "dynamodb",
        endpoint_url=addresses.cognito,
        aws_access_key_id=addresses.access_key_id,
        aws_secret_access_key=addresses.secret_access_key,
        region_name=addresses.region,
    ).Table(addresses.scores_table)
    items: list[dict[str, Any]] = []
    start: dict[str, Any] = {}
    while True:
        page = table.scan(ConsistentRead=True, **start)
        items += page["Items"]
        if "LastEvaluatedKey" not in page:
            break
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
    lines = [
        (str(it["userId"]), int(it["userScore"]), str(it["scoreUpdatedAt"]))
        for it in items
        if it["boardSeason"] == f"{BOARD}#all" and "userScore" in it
    ]
    return sorted(lines, key=lambda it: (-it[1], it[2], it[0]))[:TOP]


def path_table(
    played: list[tuple[Passage, float]],
    rested: list[tuple[Passage, float]],
    chained: list[Passage],
    *,
    small: bool,
) -> Table:
    nothing = [seconds for _, seconds in played + rested]
    completed = [passage for passage, _ in played]
    written = [passage for passage, _ in rested]
    beside = figures.median([seconds for _, seconds in played])
    ratio = figures.median([it.arrived for it in completed]) / beside
    p99 = figures.quantile([it.arrived for it in completed], 0.99) * 1000
    expected = figures.judged(
        f"Expected of a player's score: at a subscriber under {TARGET_RATIO:.0f} {figures.TIMES}"
        f" the route that does nothing, and p99 under {TARGET_P99_MS:.0f} ms",
        met=ratio < TARGET_RATIO and p99 < TARGET_P99_MS,
    )
    made = figures.table(
        "Path: from a score's request to its frame at a subscriber",
        "ms",
        "samples",
        "median",
        "p99",
        "against nothing",
        caption=[] if small else [expected],
    )
    rows = {
        "route that does nothing, same token check": nothing,
        "player's score → answer": [it.answered for it in completed],
        "player's score → frame at a subscriber": [it.arrived for it in completed],
        "trusted write → answer": [it.answered for it in written],
        "trusted write → frame at a subscriber": [it.arrived for it in written],
        "… without a rest between (the pacing shows)": [it.arrived for it in chained],
    }
    for name, seconds in rows.items():
        made.add_row(
            name,
            str(len(seconds)),
            f"{figures.median(seconds) * 1000:.1f}",
            f"{figures.quantile(seconds, 0.99) * 1000:.1f}",
            figures.times(figures.median(seconds) / figures.median(nothing)),
        )
    return made


def burst_table(burst: Burst) -> Table:
    made = figures.table(f"Burst: {burst.writes} trusted writes, {AT_ONCE} at a time", "", "")
    made.add_row("seconds of writing", f"{burst.seconds:.1f}")
    made.add_row("writes a second", f"{burst.writes / burst.seconds:.0f}")
    made.add_row("frames sent", str(burst.frames))
    made.add_row("versions", f"{burst.first_version} → {burst.last_version}")
    made.add_row("holes in the chain of versions", str(burst.holes))
    made.add_row("last frame equals the table", "yes" if burst.is_the_table else "NO")
    return made
