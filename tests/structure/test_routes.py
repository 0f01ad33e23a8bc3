"""The template and the code speak of the same routes."""

from __future__ import annotations

import importlib
import re
from typing import Any

import pytest
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

from tests.structure.source import modules
from tests.structure.template import events, functions

HTTP = sorted(name for name in functions() if events(name, "httpApi"))
SOCKET = sorted(name for name in functions() if events(name, "websocket"))


def unnamed(path: str) -> str:
    """A path without the names of its parameters: the code may call them otherwise."""
    return re.sub(r"{\w+}", "{}", path)


def declared_routes(function: str) -> list[str]:
    routes = []
    for event in events(function, "httpApi"):
        method, path = (
            event.split(" ") if isinstance(event, str) else (event["method"], event["path"])
        )
        routes.append(f"{method} {unnamed(path)}")
    return sorted(routes)


def coded_routes(function: str) -> list[str]:
    app: APIGatewayHttpResolver = importlib.import_module(f"handlers.{function}").app
    paths = app.get_openapi_schema().paths or {}
    return sorted(
        f"{method.upper()} {unnamed(path)}"
        for path, operations in paths.items()
        for method in operations.model_dump(exclude_none=True)
    )


def test_there_are_functions_with_routes() -> None:
    assert {"scores", "boards"} <= set(HTTP)
    assert SOCKET == ["subscriber"]


@pytest.mark.parametrize("function", HTTP)
def test_http_routes_of_the_template_are_those_of_the_code(function: str) -> None:
    routes = declared_routes(function)
    assert routes == coded_routes(function)
    assert len(set(routes)) == len(routes)


def test_no_route_leads_to_two_functions() -> None:
    routes = [route for function in HTTP for route in declared_routes(function)]
    assert len(set(routes)) == len(routes)


def test_socket_routes_are_the_actions_of_the_code() -> None:
    from handlers.subscriber import REQUEST

    actions = set(REQUEST.json_schema()["discriminator"]["mapping"])
    declared = {it["route"] for it in events("subscriber", "websocket")}
    assert declared == actions | {"$connect", "$disconnect", "$default"}


def test_every_message_route_answers() -> None:
    """Without a response selection API Gateway drops what the function returns."""
    answering = {
        it["route"]
        for it in events("subscriber", "websocket")
        if it.get("routeResponseSelectionExpression") == "$default"
    }
    messages = {it["route"] for it in events("subscriber", "websocket")}
    assert answering == messages - {"$connect", "$disconnect"}


@pytest.mark.parametrize("function", sorted(functions()))
def test_function_of_the_template_is_one_of_the_code(function: str) -> None:
    assert functions()[function]["handler"] == f"handlers/{function}.handler"
    handler: Any = importlib.import_module(f"handlers.{function}").handler
    assert callable(handler)


def test_every_handler_of_the_code_is_deployed() -> None:
    from tests.structure.source import tree

    with_handler = {
        name.removeprefix("handlers.")
        for name, path in modules("handlers").items()
        if any(
            getattr(node, "name", None) == "handler"
            or "handler" in [getattr(it, "id", None) for it in getattr(node, "targets", [])]
            for node in tree(path).body
        )
    }
    assert with_handler == set(functions())
