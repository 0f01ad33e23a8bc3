"""Requests and frames made up from what the service says of itself, and from what it does not.

`FUZZ=200` makes up so many for each route and as many frames; the counts are printed.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings, strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi.checks import unsupported_method

from tests.e2e.service import MODERATE, WRITE, Json, Player, Service
from tests.e2e.tables import Tables
from tests.e2e.viewer import Viewer, viewing
from tests.stack import Running, running

pytestmark = pytest.mark.e2e

EXAMPLES = int(os.environ.get("FUZZ", "20"))
DOCUMENT = Path(__file__).parents[2] / "docs" / "openapi.json"
UNHURRIED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
# The gateway knows no 405: a method without a route is its 404.
NOT_OURS = [unsupported_method]

# What a schema cannot tell: a board's seasons, which of score and delta it takes (422), and
# when a ticket is good (410).
TOLD_BY_NO_SCHEMA = ["2xx", "304", "403", "404", "409", "410", "422", "429"]
config = schemathesis.Config.from_dict(
    {
        "checks": {"positive_data_acceptance": {"expected-statuses": TOLD_BY_NO_SCHEMA}},
        # Unknown query parameters are ignored, by the contract.
        "generation": {"allow-extra-parameters": False},
        "operations": [
            {
                # An item that does not validate fails alone, in an answer of 200.
                "include-name": "POST /boards/{board}/submissions",
                "checks": {"negative_data_rejection": {"enabled": False}},
            }
        ],
    }
)
load_all_checks()
schema = schemathesis.openapi.from_path(DOCUMENT, config=config)
schema.config.generation.update(modes=[GenerationMode.POSITIVE, GenerationMode.NEGATIVE])


@pytest.fixture(scope="module")
def stack() -> Iterator[Running]:
    """A stack of its own: what is accepted here would stand on the boards of other tests."""
    with running() as stack:
        yield stack


@pytest.fixture(scope="module")
def service(stack: Running) -> Service:
    return Service(stack.addresses)


@pytest.fixture(scope="module")
def tables(stack: Running) -> Tables:
    return Tables(stack.addresses)


@dataclass
class Tally:
    """What was sent and answered, and who may have something in the tables because of it."""

    answered: Counter[str] = field(default_factory=Counter)
    accepted: set[str] = field(default_factory=set)


@pytest.fixture(scope="module")
def tally(
    tables: Tables, players: dict[str, Player], pytestconfig: pytest.Config
) -> Iterator[Tally]:
    """Counts; at the end, nothing in the tables is of somebody whom no accepted request named."""

    def users() -> set[str]:
        found = {it["userId"] for it in tables.items("scoresTable")}
        return found | {
            it["submission"].partition("#")[0] for it in tables.items("submissionsTable")
        }

    before = users()
    counted = Tally()
    yield counted
    known = counted.accepted | {it.user_id for it in players.values()}
    assert users() - before <= known, "a rejected request wrote something"
    capture: Any = pytestconfig.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        by_status = ", ".join(f"{name}: {n}" for name, n in sorted(counted.answered.items()))
        print(f"\nmade up: {sum(counted.answered.values())} requests and frames ({by_status})")


@pytest.fixture(scope="module")
def players(service: Service) -> dict[str, Player]:
    """Who sends: one whom the fuzz may delete, and one whom it may not."""
    return {"kept": service.sign_up(), "given": service.sign_up()}


@schema.parametrize()
@UNHURRIED
def test_made_up_requests_get_answers_that_are_described(
    case: Any, service: Service, players: dict[str, Player], tally: Tally
) -> None:
    operation = case.operation.definition.raw
    headers = {}
    for scheme in operation.get("security", []):
        if "player" in scheme:
            token = players["given" if case.method == "DELETE" else "kept"].token
        else:
            token = service.machine_token(
                MODERATE if "leaderboard/moderate" in scheme["machine"] else WRITE
            )
        headers["Authorization"] = f"Bearer {token}"
    answer = case.call(base_url=service.addresses["http"], headers=headers)
    tally.answered[f"HTTP {answer.status_code}"] += 1
    if answer.status_code < 300:
        tally.accepted |= named(case, answer.content)
    case.validate_response(answer, excluded_checks=NOT_OURS, headers=headers)


def named(case: Any, content: bytes) -> set[str]:
    """The users whom an accepted request may have written."""
    users = (
        {str(case.path_parameters["userId"])} if "userId" in (case.path_parameters or {}) else set()
    )
    if case.path.endswith("/submissions"):
        body: Json = case.body
        results = json.loads(content)["results"]
        users |= {
            str(it["userId"])
            for it, result in zip(body["submissions"], results, strict=True)
            if result["status"] == 200
        }
    return users


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
ACTIONS = st.sampled_from(
    ["subscribe", "unsubscribe", "ping", "$connect", "$disconnect", "$default", "Subscribe", ""]
)
MESSAGES = st.fixed_dictionaries(
    {},
    optional={
        "action": ACTIONS | VALUES,
        "board": st.sampled_from(["global", "weekly", "rating-fuzz", "rating-*", "nothing", "#"])
        | VALUES,
        "have": st.fixed_dictionaries(
            {}, optional={"epoch": st.text(max_size=70) | VALUES, "version": st.integers() | VALUES}
        )
        | VALUES,
        "requestId": VALUES,
    },
)
WELL_FORMED = st.fixed_dictionaries(
    {
        "action": st.sampled_from(["subscribe", "unsubscribe", "ping"]),
        "board": st.sampled_from(["global", "weekly", "fastest-lap", "rating-fuzz", "nothing"]),
    },
    optional={
        "have": st.fixed_dictionaries(
            {"epoch": st.none() | st.text(max_size=64), "version": st.integers(0)}
        )
    },
)
FRAMES = (
    WELL_FORMED.map(json.dumps)
    | st.text(max_size=200)
    | MESSAGES.map(json.dumps)
    | VALUES.map(json.dumps)
    | st.text(min_size=4000, max_size=4200).map(
        lambda it: json.dumps({"action": "ping", "pad": it})
    )
    | MESSAGES.map(lambda it: json.dumps(it)[:-3])
)
REPLIES = {"snapshot", "current", "unsubscribed", "pong", "error"}


class Sender:
    """A connection, and a new one before the old has sent what a minute allows."""

    def __init__(self, stack: Running) -> None:
        self._stack = stack
        self._sent = 0
        self._open: Any = None
        self._viewer: Viewer | None = None

    def ask(self, text: str) -> Json:
        if self._viewer is None or self._sent >= 100:
            self.close()
            self._open = viewing(self._stack.addresses)
            self._viewer = self._open.__enter__()
            self._sent = 0
        self._sent += 1
        return self._viewer.ask(text)

    def close(self) -> None:
        if self._open is not None:
            self._open.__exit__(None, None, None)
            self._open = None


@pytest.fixture(scope="module")
def sender(stack: Running) -> Iterator[Sender]:
    opened = Sender(stack)
    yield opened
    opened.close()


@settings(UNHURRIED, max_examples=10 * EXAMPLES)
@given(text=FRAMES.filter(bool))
def test_made_up_frames_get_replies_and_the_connection_stays(
    sender: Sender, tally: Tally, text: str
) -> None:
    reply = sender.ask(text)
    assert reply["type"] in REPLIES, reply
    tally.answered[f"{reply['type']} {reply.get('code', '')}".strip()] += 1
    assert reply.get("code") != "unavailable", reply
