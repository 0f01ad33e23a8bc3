"""What a function imports before, and by, its first event: boto3 alone costs half a second."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.structure.source import ROOT, is_within
from tests.structure.template import events, functions

# The parts that a function is made of, where the design keeps the cache out of them.
WITHOUT_CACHE = {
    "scores": ["scores", "profiles"],  # score writes never touch the cache
    "subscriber": ["subscriptions"],  # a snapshot is the recorded top, never the ranking
    "moderation": ["moderation"],
    "authorizer": ["admission", "connection_table", "ticket_keys"],
}
STREAMS = sorted(name for name in functions() if events(name, "stream"))


def loaded(program: str) -> set[str]:
    """The modules that a fresh interpreter has loaded after a program."""
    run = subprocess.run(
        [sys.executable, "-c", f"{program}\nimport json, sys\nprint(json.dumps([*sys.modules]))"],
        cwd=ROOT,
        env={"AWS_REGION": "eu-central-1", "CACHE_ENDPOINT": "127.0.0.1:1", "TICKET_SECRET": "s"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return set(json.loads(run.stdout.splitlines()[-1]))


def within(names: set[str], *packages: str) -> set[str]:
    return {name for name in names if is_within(name, *packages)}


@pytest.mark.parametrize("function", sorted(functions()))
def test_import_of_a_function_loads_no_client(function: str) -> None:
    names = loaded(f"import handlers.{function}")
    assert not within(names, "boto3", "botocore.client", "botocore.session", "redis", "pycurl")
    assert not within(names, "leaderboard.adapters")


@pytest.mark.parametrize("function", STREAMS)
def test_stream_functions_load_nothing_of_http(function: str) -> None:
    names = loaded(f"import handlers.{function}")
    assert not within(names, "aws_lambda_powertools.event_handler", "handlers.http_api")


@pytest.mark.parametrize("function", WITHOUT_CACHE)
def test_function_without_a_cache_never_loads_its_client(function: str) -> None:
    parts = "\n".join(f"wiring.{part}()" for part in WITHOUT_CACHE[function])
    names = loaded(f"import handlers.{function}\nfrom leaderboard import wiring\n{parts}")
    assert within(names, "leaderboard.adapters.aws.clients")
    assert not within(names, "redis", "leaderboard.adapters.valkey.cache")


def test_reads_load_the_tables_client_only_when_the_cache_has_no_answer() -> None:
    """Half a second that a visitor would wait for, each time that an environment starts."""
    names = loaded("import handlers.boards\nfrom leaderboard import wiring\nwiring.reads()")
    assert within(names, "redis")
    assert not within(names, "boto3", "leaderboard.adapters.aws.clients")
    names = loaded("from leaderboard import wiring\nwiring.reads().boards()")
    assert within(names, "boto3")


def test_function_with_a_cache_loads_its_client() -> None:
    """The counterpart: what the tests above look for is what it is called."""
    names = loaded("from leaderboard import wiring\nwiring.ranking_cache()")
    assert within(names, "redis")
    assert within(names, "leaderboard.adapters.valkey.cache")
