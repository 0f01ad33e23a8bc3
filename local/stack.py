"""A stack: the servers, the service deployed into them, and the addresses to use it by."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import urllib3

from local import page, service

if TYPE_CHECKING:
    import boto3

STAGE = "local"
REGION = "us-east-1"
STACK_NAME = f"leaderboard-{STAGE}"
# The emulator takes any; these open nothing else.
ACCESS_KEY_ID = "test"
SECRET_ACCESS_KEY = "test"
READY_SECONDS = 90.0
# A board of a pattern, which the sample players' server writes and the page offers.
RATING_BOARD = "rating-chess"


class StackFailed(Exception):
    """The stack did not come up; the text is for people."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where everything is that one needs to use the stack."""

    http: str
    socket: str
    user_pool_id: str
    web_client_id: str
    machine_client_id: str
    machine_client_secret: str
    moderator_client_id: str
    moderator_client_secret: str
    cognito: str
    cache: str
    region: str
    access_key_id: str
    secret_access_key: str
    scores_table: str
    boards_table: str
    connections_table: str
    submissions_table: str
    history_table: str
    log: str
    page: str

    def to_json(self) -> str:
        return json.dumps({_camel(name): value for name, value in asdict(self).items()})


def _camel(name: str) -> str:
    return re.sub(r"_(\w)", lambda match: match[1].upper(), name)


class StartProgress:
    """Says on standard error what goes on, and how long each step took."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def __call__(self, text: str) -> None:
        print(f"[{time.monotonic() - self._start:5.1f} s] {text}", file=sys.stderr, flush=True)


class Stack:
    """A running stack."""

    def __init__(self, addresses: Addresses, servers: _Servers) -> None:
        self.addresses = addresses
        self._servers = servers

    def wait(self) -> None:
        """Returns when the servers have ended, which they do only if something went wrong."""
        self._servers.hear()


@contextmanager
def running(
    *,
    port: int = 0,
    page_port: int = 0,
    origins: Sequence[str] = (),
    report: Callable[[str], None],
) -> Iterator[Stack]:
    """A stack that is ready for use, and gone afterwards: processes, ports and folder.

    Port 0 is any free one; `origins` are pages that may use it beside its own, and show its page in
    a frame; `report` hears of each step.
    """
    service.isolate()
    report("starting Valkey and the AWS emulator")
    with (
        page.listening(port=page_port) as page_server,
        _servers(port=port) as servers,
        ThreadPoolExecutor() as threads,
    ):
        session = threads.submit(_session)
        folder = Path(servers.hear()["folder"])
        copied = service.copy(folder / "service")
        listening = servers.hear()
        endpoint, cache = listening["endpoint"], listening["cache"]
        report(f"deploying into {endpoint} (osls, stage {STAGE})")
        log = folder / "functions.log"
        service.run(
            ["deploy", "--stage", STAGE],
            folder=copied,
            variables=variables(endpoint, cache)
            | {
                "LOG_FILE": str(log),
                "PAGE_ORIGINS": ",".join([*page_server.origins, *origins]),
                # osls asks how the deployment goes every 5 seconds unless told otherwise, in ms.
                "SLS_AWS_MONITORING_FREQUENCY": "250",
            },
        )
        report("waiting for the first answer")
        addresses = _addresses(
            session.result(), endpoint=endpoint, cache=cache, log=log, page_url=page_server.url
        )
        servers.hear()
        warmed = [
            threads.submit(_warm, session.result(), endpoint, name)
            for name in ("score_stream", "history_stream")
        ]
        _await_answer(addresses)
        for warm in warmed:
            warm.result()
        # Last: the deployment wrote to its table, so that its processes start by themselves, and
        # while both are busy the emulator would start a third.
        _warm(session.result(), endpoint, "board_stream")
        page_server.serve(_configuration(addresses, origins))
        yield Stack(addresses, servers)


def variables(endpoint: str, cache: str) -> dict[str, str]:
    """The environment in which AWS's tools and the functions work on a stack."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "CACHE_ENDPOINT": cache,
    }


class _Servers:
    """The other end of `local.servers`."""

    def __init__(self, *, port: int) -> None:
        # A session of its own: Ctrl-C reaches the owner alone, which then stops all in order.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "local.servers", "--port", str(port), "--region", REGION],
            cwd=service.ROOT,
            env=service.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def hear(self) -> dict[str, str]:
        """The next thing that they say."""
        line = self._process.stdout.readline() if self._process.stdout else ""
        message: dict[str, str] = json.loads(line) if line else {"error": "The servers ended."}
        if "error" in message:
            raise StackFailed(message["error"])
        return message

    def stop(self) -> None:
        """Closes the input that they live by, and waits until they are gone."""
        self._process.communicate()


@contextmanager
def _servers(*, port: int) -> Iterator[_Servers]:
    servers = _Servers(port=port)
    try:
        yield servers
    finally:
        servers.stop()


def _configuration(addresses: Addresses, origins: Sequence[str]) -> page.Configuration:
    return page.Configuration(
        stage=STAGE,
        http=addresses.http,
        socket=addresses.socket,
        cognito=addresses.cognito,
        web_client_id=addresses.web_client_id,
        boards=(RATING_BOARD,),
        # The emulator sends no mail and takes any code.
        any_code=True,
        frame_ancestors=tuple(origins),
    )


def _session() -> boto3.Session:
    # Half a second of import, spent while the servers start.
    import boto3

    return boto3.Session(
        aws_access_key_id=ACCESS_KEY_ID,
        aws_secret_access_key=SECRET_ACCESS_KEY,
        region_name=REGION,
    )


def _addresses(
    session: boto3.Session, *, endpoint: str, cache: str, log: Path, page_url: str
) -> Addresses:
    cloudformation = session.client("cloudformation", endpoint_url=endpoint)
    (stack,) = cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    cognito = session.client("cognito-idp", endpoint_url=endpoint)

    def secret(client_id: str) -> str:
        client = cognito.describe_user_pool_client(
            UserPoolId=outputs["UserPoolId"], ClientId=client_id
        )["UserPoolClient"]
        return str(client["ClientSecret"])

    # Addresses by path: names below localhost do not resolve everywhere.
    gateway = f"{endpoint}/_aws/execute-api"
    return Addresses(
        http=f"{gateway}/{outputs['HttpApiId']}",
        socket=f"{gateway}/{outputs['SocketApiId']}/{STAGE}".replace("http:", "ws:", 1),
        user_pool_id=outputs["UserPoolId"],
        web_client_id=outputs["WebClientId"],
        machine_client_id=outputs["MachineClientId"],
        machine_client_secret=secret(outputs["MachineClientId"]),
        moderator_client_id=outputs["ModeratorClientId"],
        moderator_client_secret=secret(outputs["ModeratorClientId"]),
        cognito=endpoint,
        cache=cache,
        region=REGION,
        access_key_id=ACCESS_KEY_ID,
        secret_access_key=SECRET_ACCESS_KEY,
        scores_table=outputs["ScoresTableName"],
        boards_table=outputs["BoardsTableName"],
        connections_table=outputs["ConnectionsTableName"],
        submissions_table=outputs["SubmissionsTableName"],
        history_table=outputs["HistoryTableName"],
        log=str(log),
        page=page_url,
    )


def _warm(session: boto3.Session, endpoint: str, name: str) -> None:
    """Start a stream function's process, so that the first score does not wait for it."""
    answer = session.client("lambda", endpoint_url=endpoint).invoke(
        FunctionName=f"{STACK_NAME}-{name}", Payload=b'{"Records": []}'
    )
    if "FunctionError" in answer:
        raise StackFailed(f"{name} does not start: {answer['Payload'].read().decode()}")


def _await_answer(addresses: Addresses) -> None:
    """Returns once the API answers: the first call also starts the function's process."""
    answer = None
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        answer = urllib3.request(
            "GET", f"{addresses.http}/boards", retries=False, timeout=READY_SECONDS
        )
        if answer.status == 200:
            return
        time.sleep(0.1)
    seen = f"{answer.status} {answer.data.decode(errors='replace')}" if answer else "nothing"
    raise StackFailed(f"GET /boards did not answer 200 within {READY_SECONDS:.0f} seconds: {seen}")
