"""The edges of the product: every call that leaves it for AWS, viewers or the cache passes here.

Each is a step of the schedule before and after; it may be refused, sent twice, or lose its answer.
What the tables commit goes into the streams in the same instant, as DynamoDB's own do.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import EndpointConnectionError
from redis.exceptions import ConnectionError as CacheConnectionError

import handlers
import leaderboard.adapters.aws.handle_pool
import leaderboard.adapters.valkey.connection
import leaderboard.frames.delivery
from handlers.telemetry import logger, metrics
from leaderboard import settings, wiring
from leaderboard.adapters.valkey.connection import Cluster
from leaderboard.adapters.valkey.encoding import CacheKeys
from leaderboard.boards.catalog import Catalog
from leaderboard.boards.order import OTHER
from leaderboard.boards.seasons import key_of
from leaderboard.frames.broadcast import Broadcaster
from leaderboard.ranking.recorder import Recorder
from local.poller import Threads
from tests.integration import aws, aws_calls
from tests.integration.story import tables
from tests.integration.story.clockwork import DatedScripts, StoryChance, StoryTime
from tests.integration.story.lines import StoryCurl
from tests.integration.story.world import Stored, World
from tests.integration.valkey import Valkey

Json = dict[str, Any]
WRITES = {"PutItem", "UpdateItem", "TransactWriteItems"}
SHARDED = ("connection_table", "subscriptions", "moderation", "totals")
"""The parts that know over how many shards an audience is spread."""
KEYS = {aws.SCORES: ("userId", "boardSeason"), aws.BOARDS: ("boardSeason",)}


class Inline:
    """Takes the place of a pool of threads, which would run beside the schedule."""

    def __init__(self, size: int) -> None:
        assert size > 0

    def __enter__(self) -> Inline:
        return self

    def __exit__(self, *error: object) -> None:
        return None

    def map(self, call: Callable[..., Any], *values: Iterable[Any]) -> list[Any]:
        return [call(*arguments) for arguments in zip(*values, strict=False)]

    def shutdown(self, **_options: object) -> None:
        return None

    def submit(self, call: Callable[..., object], *arguments: object) -> Done:
        return Done(call(*arguments))


class Done:
    def __init__(self, value: object) -> None:
        self._value = value

    def result(self) -> object:
        return self._value


class Deployed:
    """The catalog of whoever asks: environments of two releases have two of them."""

    def __init__(self, first: Catalog, turned: Callable[[], frozenset[str]]) -> None:
        self._first = first
        self._turned = turned
        self._made: dict[frozenset[str], Catalog] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._of(self._turned()), name)

    def _of(self, turned: frozenset[str]) -> Catalog:
        if turned not in self._made:
            rules = self._first.rules.items()
            self._made[turned] = Catalog(
                {
                    name: replace(it, order=OTHER[it.order]) if name in turned else it
                    for name, it in rules
                }
            )
        return self._made[turned]


class Rig:
    """The product, put together once and connected to one world after another."""

    def __init__(self, valkey: Valkey, patch: pytest.MonkeyPatch) -> None:
        self.valkey = valkey
        self._time = StoryTime()
        self._chance = StoryChance()
        self._world: World | None = None
        self._aws_call = aws_calls.real()
        self._cache_call: Any = Cluster.execute_command
        self._connect(patch)

    @contextmanager
    def world(self, world: World) -> Iterator[None]:
        """Connect a world, with empty tables and an empty cache."""
        self.valkey.client.flushall()
        self._time.clock = world.clock
        self._scripts = DatedScripts()
        # One process stands for many environments, of which each notices an outage by itself.
        leaderboard.adapters.valkey.connection.OUTAGE_SECONDS = world.chance.choice((0, 0, 1))
        wiring.stage_memory().answers.known.clear()
        self.end_outages()
        self._chance.source = world.chance
        self._settings = replace(
            settings.load(), audience_shards=world.audience.shards, reach=world.audience.reach
        )
        for part in SHARDED:
            getattr(wiring, part).cache_clear()
        tables.clear()
        self._world = world
        try:
            yield
        finally:
            self._world = None

    def end_outages(self) -> None:
        """Nobody waits any more before the cache is asked again."""
        for connection in (wiring.cache_connection(), wiring.read_connection()):
            connection.outage.pause.end()

    def expire_copies(self) -> None:
        """The kept tops are gone after seconds, also those that a failover revived.

        The server counts them by its own clock.
        """
        for key in self.valkey.client.keys("*:top"):
            self.valkey.client.delete(key)

    def lose_key(self, board: str, season: str, name: str) -> None:
        """Delete one key of a ranking: `members` or `users`."""
        self.valkey.client.delete(getattr(CacheKeys.of(key_of(board, season)), name))

    def _connect(self, patch: pytest.MonkeyPatch) -> None:
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        environment = {
            **aws.ENVIRONMENT,
            "CACHE_ENDPOINT": self.valkey.endpoint,
            "RANK_WAIT_MS": "2000",
            "BOARDS_FILE": str(Path(__file__).with_name("boards.yml")),
        }
        for name, value in environment.items():
            patch.setenv(name, value)
        aws.forget()
        aws.create_resources()
        self._take_time_and_threads(patch)
        patch.setattr(leaderboard.adapters.valkey.connection, "OUTAGE_SECONDS", 0)
        patch.setattr(leaderboard.adapters.aws.handle_pool, "pycurl", StoryCurl(self.post))
        # One per invocation: an environment's own is never used by two at once.
        aws.replace_part(patch, "sender", wiring.sender.__wrapped__)
        aws.replace_part(patch, "broadcaster", self._broadcaster(wiring.broadcaster.__wrapped__))
        self._settings = settings.load()
        aws.replace_part(patch, "configuration", lambda: self._settings)
        deployed = Deployed(wiring.catalog(), self._turned)
        aws.replace_part(patch, "catalog", lambda: deployed)
        patch.setattr(leaderboard.frames.delivery, "ThreadPoolExecutor", self._threads)
        recorder = Recorder(
            wiring.ranking_cache(),
            wiring.board_table(),
            wiring.configuration().record_interval_ms,
            self._time.sleep,
        )
        aws.replace_part(patch, "recorder", lambda: recorder)
        patch.setattr(metrics, "add_metric", _leave_uncounted)
        patch.setattr(logger, "disabled", True, raising=False)
        logger.setLevel("CRITICAL")
        # What a client asks of the server once belongs to no story.
        wiring.cache_connection().client.execute_command("GET", "warm")
        wiring.read_connection().client.execute_command("GET", "warm")
        rig = self

        def make_api_call(client: BaseClient, operation: str, parameters: Json) -> Any:
            return rig.call_aws(client, operation, parameters)

        def execute_command(client: Any, *arguments: Any, **options: Any) -> Any:
            return rig.call_cache(client, arguments, options)

        aws_calls.take_over(patch, make_api_call)
        patch.setattr(Cluster, "execute_command", execute_command)

    def _take_time_and_threads(self, patch: pytest.MonkeyPatch) -> None:
        """In every module of the product: the story's clock, its chance, and no threads."""
        for package in (handlers, leaderboard):
            for found in walk_packages(package.__path__, f"{package.__name__}."):
                module = import_module(found.name)
                if vars(module).get("time") is time:
                    patch.setattr(module, "time", self._time)
                if "ThreadPoolExecutor" in vars(module):
                    patch.setattr(module, "ThreadPoolExecutor", Inline)
                if "CHANCE" in vars(module):
                    patch.setattr(module, "CHANCE", self._chance)

    def _broadcaster(self, make: Callable[[], Broadcaster]) -> Callable[[], Broadcaster]:
        """Its environment is a new one, or knows how large audiences were at an earlier frame."""

        def broadcaster() -> Broadcaster:
            made = make()
            assert self._world is not None
            return replace(made, sender=replace(made.sender, large=self._world.environment()))

        return broadcaster

    def _turned(self) -> frozenset[str]:
        return frozenset() if self._world is None else self._world.release().turned

    def _threads(self, size: int) -> Threads:
        assert size > 0
        assert self._world is not None
        return Threads(self._world.scheduler)

    def call_aws(self, client: Any, operation: str, parameters: Json) -> Any:
        world = self._world
        service = client.meta.service_model.service_name
        if world is None:
            return self._aws_call(client, operation, parameters)
        if service == "secretsmanager":  # an environment asks once, and keeps the keys
            return self._aws_call(client, operation, parameters)
        name = f"{service}.{operation}"
        world.step(f"before {name}")
        if service in world.down:
            raise EndpointConnectionError(endpoint_url=service)
        if service == "lambda":
            invoke = world.launch if parameters.get("InvocationType") == "Event" else world.call
            answer: Any = invoke(parameters["FunctionName"], json.loads(parameters["Payload"]))
        elif service == "dynamodb":
            answer = self._dynamodb(world, client, operation, parameters)
            world.linger()
        elif operation == "DeleteConnection":
            if not world.close(parameters["ConnectionId"]):
                raise client.exceptions.GoneException(_refusal("GoneException", 410), operation)
            answer = {}
        elif operation == "AdminDeleteUser":
            if parameters["Username"] in world.accounts_deleted:
                error = "UserNotFoundException"
                raise client.exceptions.from_code(error)(_refusal(error, 400), operation)
            world.accounts_deleted.add(parameters["Username"])
            answer = {}
        else:
            world.fail(f"the story has no {name}")
        world.step(f"after {name}")
        return answer

    def post(self, connection_id: str, frame: bytes) -> int:
        """A frame leaves for a connection: the status of the answer, 0 if there is none."""
        world = self._world
        assert world is not None
        world.step("before gateway.post")
        if "gateway" in world.down:
            return 0
        status = world.post(connection_id, frame)
        world.step("after gateway.post")
        return status

    def _dynamodb(self, world: World, client: Any, operation: str, parameters: Json) -> Any:
        if operation == "Scan":
            parameters = {**parameters, "Limit": world.chance.choice((1, 4))}
        if operation not in WRITES:
            return tables.call(client, operation, parameters)
        # The SDK sends again when the first answer was lost; a transaction has a token against it.
        # (Of an update that changes nothing moto answers less than DynamoDB does.)
        if operation == "PutItem" and world.is_sent_twice():
            self._commit(world, client, operation, parameters)
        return self._commit(world, client, operation, parameters)

    def _commit(self, world: World, client: Any, operation: str, parameters: Json) -> Any:
        touched = _touched(operation, parameters)
        before = [tables.stored(table, key) for table, key in touched]
        answer = tables.call(client, operation, parameters)
        changes = []
        for (table, key), old in zip(touched, before, strict=True):
            new = tables.stored(table, key)
            if new is not None and new != old:
                changes.append(Stored(table, key, old, new))
        if changes:
            world.commit(changes)
        return answer

    def call_cache(self, client: Any, arguments: tuple[Any, ...], options: Json) -> Any:
        world = self._world
        if world is None:
            return self._cache_call(client, *arguments, **options)
        world.step(f"before cache.{arguments[0]}")
        if "cache" in world.down:
            raise CacheConnectionError("the cache is down")
        now = round(world.clock.time() * 1_000_000)
        sent = self._scripts.dated(arguments, now)
        answer = self._cache_call(client, *sent, **options)
        world.linger()
        world.step(f"after cache.{arguments[0]}")
        return answer


def _refusal(code: str, status: int) -> Any:
    return {
        "Error": {"Code": code, "Message": "refused"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }


def _leave_uncounted(*_metric: object) -> None:
    return None


def _touched(operation: str, parameters: Json) -> list[tuple[str, Json]]:
    """The items that a write is about, of the tables that have a stream, and of the submissions."""
    if operation == "TransactWriteItems":
        items = parameters["TransactItems"]
        writes = [it[kind] for it in items for kind in ("Put", "Update") if kind in it]
    else:
        writes = [parameters]
    touched = []
    for write in writes:
        table = write["TableName"]
        source = write.get("Item") or write["Key"]
        names = KEYS.get(table, ("submission",) if table == aws.SUBMISSIONS else ())
        if names:
            touched.append((table, {name: source[name] for name in names}))
    return touched
