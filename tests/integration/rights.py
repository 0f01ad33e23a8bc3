"""Holds every call of AWS that a function makes in these tests to the function's role.

moto, and the doubles in its place, allow everything. So each call is noted on its way out, before
any double may answer it, together with the function whose handler runs: the action that AWS would
ask for, and the resource. What the role does not have fails the test.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from functools import partial, wraps
from importlib import import_module
from typing import Any

from botocore.handlers import BUILTIN_HANDLERS

from leaderboard.adapters.aws.posting import PostingDelivery
from leaderboard.adapters.valkey.connection import Cluster
from local.poller import Threads
from tests.integration import aws
from tests.structure.roles import rights
from tests.structure.template import functions

Json = dict[str, Any]
Need = tuple[str, str]
"""An action, and the resource in the words of `tests.structure.roles`."""

SHIPPED = tuple(str(aws.ROOT / it) for it in ("handlers", "leaderboard", "game"))
TABLES = {
    aws.SCORES: "ScoresTable",
    aws.BOARDS: "BoardsTable",
    aws.CONNECTIONS: "ConnectionsTable",
    aws.SUBMISSIONS: "SubmissionsTable",
    aws.HISTORY: "HistoryTable",
}
IN_A_TRANSACTION = {
    "ConditionCheck": "ConditionCheckItem",
    "Delete": "DeleteItem",
    "Get": "GetItem",
    "Put": "PutItem",
    "Update": "UpdateItem",
}
SOCKETS = {"DeleteConnection": "DELETE", "GetConnection": "GET", "PostToConnection": "POST"}

running: ContextVar[str | None] = ContextVar("running", default=None)
refused: list[str] = []
"""What no role allows, since the last look."""
seen: set[tuple[str, str, str]] = set()
"""Function, action and resource of every call that was noted."""


def note(needs: Iterator[Need]) -> None:
    """The function that runs, if one does, needs these."""
    function = running.get()
    if function is None:
        return
    for action, resource in needs:
        seen.add((function, action, resource))
        if action not in rights(function).get(resource, ()):
            refused.append(f"{function} may not {action} on {resource}: see infra/roles.yml")


def needs(service: str, operation: str, parameters: Json) -> Iterator[Need]:
    """What AWS asks for to let a call through."""
    match service:
        case "dynamodb":
            yield from _of_tables(operation, parameters)
        case "sqs":
            yield "sqs:SendMessage", "FailureQueue"
        case "secretsmanager":
            named = parameters["SecretId"]
            yield (
                f"secretsmanager:{operation}",
                ("TicketSecret" if named == aws.SECRET else "EdgeSecret"),
            )
        case "lambda":
            name = parameters["FunctionName"].removeprefix(f"leaderboard-{aws.STAGE}-")
            own = f"function:leaderboard-dev-{name}"
            is_own = name == running.get()
            yield "lambda:InvokeFunction", own if is_own else f"{name.title()}LambdaFunction"
        case "apigatewaymanagementapi":
            yield "execute-api:ManageConnections", _connections(SOCKETS[operation])
        case "cognito-idp":
            yield f"cognito-idp:{operation}", "UserPool"
        case _:
            yield f"{service}:{operation}", "?"


def _of_tables(operation: str, parameters: Json) -> Iterator[Need]:
    if operation.startswith("Batch"):
        for table in parameters["RequestItems"]:
            yield f"dynamodb:{operation}", TABLES[table]
    elif operation.startswith("Transact"):
        for it in parameters["TransactItems"]:
            ((kind, request),) = it.items()
            yield f"dynamodb:{IN_A_TRANSACTION[kind]}", TABLES[request["TableName"]]
    else:
        table = TABLES[parameters["TableName"]]
        index = parameters.get("IndexName")
        resource = f"${{{table}.Arn}}/index/{index}" if index else table
        yield f"dynamodb:{operation}", resource


def _connections(method: str) -> str:
    return f"${{WebsocketsApi}}/dev/{method}/@connections/*"


def is_shipped() -> bool:
    """Whether the product asks, and not a test that looks at what it did."""
    frame = inspect.currentframe()
    own = ("/botocore/", __file__)
    while frame is not None and any(it in frame.f_code.co_filename for it in own):
        frame = frame.f_back
    return frame is not None and frame.f_code.co_filename.startswith(SHIPPED)


def hold() -> None:
    """From now on; before any test module takes a handler, and before any client is made."""
    for name in functions():
        module = import_module(f"handlers.{name}")
        module.handler = _running_as(name, module.handler)  # type: ignore[attr-defined]

    # Each session of botocore takes them along. The events of a call itself come too late: doubles
    # answer before them.
    BUILTIN_HANDLERS.append(("creating-client-class", _note_calls))
    _noting(Cluster, "execute_command", ("elasticache:Connect", "Cache"))
    _noting(PostingDelivery, "deliver", ("execute-api:ManageConnections", _connections("POST")))
    for executor in (ThreadPoolExecutor, Threads):
        _take_along(executor)


def _note_calls(class_attributes: Json, **_event: object) -> None:
    """Notes the calls of a client whose class is being made."""
    for name, method in class_attributes.items():
        if inspect.isfunction(method):
            class_attributes[name] = _noted(name, method)


def _noted(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def call(client: Any, *arguments: Any, **parameters: Any) -> Any:
        operation = client.meta.method_to_api_mapping.get(name)
        if operation is not None and is_shipped():
            note(needs(client.meta.service_model.service_name, operation, parameters))
        # A double may let others act before it answers, and they are not this function.
        token = running.set(None)
        try:
            return method(client, *arguments, **parameters)
        finally:
            running.reset(token)

    return call


def _running_as(name: str, handler: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(handler)
    def run(*arguments: Any, **named: Any) -> Any:
        token = running.set(name)
        try:
            return handler(*arguments, **named)
        finally:
            running.reset(token)

    return run


def _noting(kind: type, method: str, need: Need) -> None:
    inner = getattr(kind, method)

    @wraps(inner)
    def call(*arguments: Any, **named: Any) -> Any:
        note(iter([need]))
        return inner(*arguments, **named)

    setattr(kind, method, call)


def _take_along(executor: Any) -> None:
    """A thread that a function starts runs as that function."""
    submit = executor.submit

    def taking(pool: Any, call: Callable[..., Any], /, *arguments: Any, **named: Any) -> Any:
        return submit(pool, partial(copy_context().run, call), *arguments, **named)

    executor.submit = taking
