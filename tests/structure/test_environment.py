"""Functions get the environment variables that their code can read, and no others.

Read from the code: a handler names parts of `wiring`, a part reads fields of the settings and is
made of other parts, a field is read from variables. That says what a function may read, not what
it will: what it leaves out of that is named below, with the reason.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache

from tests.structure.source import imports, modules, tree
from tests.structure.template import functions, service

# Lambda sets the region; an endpoint is for emulators and another file of boards for tests.
WIRING = [f"leaderboard.wiring.{name}" for name in ("adapters", "path", "repair")]
NOT_OF_THE_TEMPLATE = {"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "BOARDS_FILE"}
# Read by Powertools itself.
POWERTOOLS = {
    "POWERTOOLS_SERVICE_NAME",
    "POWERTOOLS_METRICS_NAMESPACE",
    "POWERTOOLS_LOG_LEVEL",
}
# What a function's parts could read and the function does not use.
LEFT_OUT = {
    # Only whoever paces frames or shows the pace needs to know how often they go out.
    "scores": {"FRAME_INTERVAL_MS"},
    # Of the scores' table a socket's function reads profiles alone.
    "subscriber": {"FRAME_INTERVAL_MS", "SUBMISSIONS_TABLE", "WRITE_SHARDS"},
    "score_stream": {"FRAME_INTERVAL_MS"},
    "history_stream": {"FRAME_INTERVAL_MS"},
    # Trusted writes are remembered where they are taken.
    "upkeep": {"FRAME_INTERVAL_MS", "SUBMISSIONS_TABLE"},
    "boards": set[str](),
    "rebuild": {"FRAME_INTERVAL_MS"},
    # Trusted writes are forgotten by their TTL, whoever is deleted.
    "moderation": {"FRAME_INTERVAL_MS", "SUBMISSIONS_TABLE"},
    # A ticket that was used belongs to no audience.
    "authorizer": {"AUDIENCE_SHARDS"},
    "board_stream": set[str](),
    "fanout": set[str](),
    "verify": {"FRAME_INTERVAL_MS"},
    # Opening a board sends nothing by itself; which boards somebody watches is in no audience.
    "seasons": {"AUDIENCE_SHARDS", "FRAME_INTERVAL_MS"},
}


def top_level(module: str) -> dict[str, ast.AST]:
    """The functions and classes of a module, by name."""
    found = tree(modules(module.partition(".")[0])[module]).body
    return {node.name: node for node in found if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def attributes_of(node: ast.AST, names: Iterable[str]) -> set[str]:
    """The attributes that are read from these names."""
    return {
        it.attr
        for it in ast.walk(node)
        if isinstance(it, ast.Attribute) and isinstance(it.value, ast.Name) and it.value.id in names
    }


def attributes_of_calls(node: ast.AST, function: str) -> set[str]:
    """The attributes that are read from what a function returns: `wiring.configuration().x`."""
    return {
        it.attr
        for it in ast.walk(node)
        if isinstance(it, ast.Attribute)
        and isinstance(it.value, ast.Call)
        and getattr(it.value.func, "attr", getattr(it.value.func, "id", "")) == function
    }


def named(node: ast.AST) -> set[str]:
    """What a function calls by its name, or hands on to be called later."""
    return {it.id for it in ast.walk(node) if isinstance(it, ast.Name)}


@cache
def variables_of_fields() -> dict[str, set[str]]:
    """The variables that `settings.load` reads each field from."""
    (load,) = (node for name, node in top_level("leaderboard.settings").items() if name == "load")
    assert isinstance(load, ast.FunctionDef)
    bound = {
        target.id: node.value
        for node in load.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    (answer,) = (node.value for node in load.body if isinstance(node, ast.Return))
    assert isinstance(answer, ast.Call)

    def read(node: ast.AST) -> Iterator[str]:
        for it in ast.walk(node):
            if isinstance(it, ast.Call) and getattr(it.func, "id", "") in {"text", "number"}:
                assert isinstance(it.args[0], ast.Constant)
                yield str(it.args[0].value)
            elif isinstance(it, ast.Name) and it.id in bound:
                yield from read(bound[it.id])

    fields = {str(it.arg): set(read(it.value)) for it in answer.keywords}
    settings = top_level("leaderboard.settings")["Settings"]
    for node in ast.walk(settings):
        if isinstance(node, ast.FunctionDef):  # a property made of fields
            fields[node.name] = set().union(
                *(fields[name] for name in attributes_of(node, ["self"]))
            )
    return fields


@cache
def variables_of_part(part: str) -> frozenset[str]:
    """The variables that a part of the service is made from."""
    parts = {name: node for module in WIRING for name, node in top_level(module).items()}
    node = parts[part]
    fields = attributes_of_calls(node, "configuration")
    fields |= attributes_of(node, names_of_settings(node))
    read = {name for field in fields for name in variables_of_fields()[field]}
    for other in named(node) & set(parts) - {part, "configuration"}:
        read |= variables_of_part(other)
    return frozenset(read)


def names_of_settings(node: ast.AST) -> set[str]:
    """The names that a function gives to the settings: `it = configuration()`."""
    return {
        target.id
        for it in ast.walk(node)
        if isinstance(it, ast.Assign)
        and isinstance(it.value, ast.Call)
        and getattr(it.value.func, "id", "") == "configuration"
        for target in it.targets
        if isinstance(target, ast.Name)
    }


def variables_of_function(function: str) -> set[str]:
    """The variables that a handler and its modules may read through the settings."""
    read: set[str] = set()
    for module in modules_of_function(f"handlers.{function}"):
        path = modules("handlers")[module]
        for part in attributes_of(tree(path), ["wiring"]) - {"configuration"}:
            read |= variables_of_part(part)
        for field in attributes_of_calls(tree(path), "configuration"):
            read |= variables_of_fields()[field]
    return read


def modules_of_function(module: str) -> set[str]:
    """A handler's module, and those of the handlers' that it imports."""
    path = modules("handlers")[module]
    others = {it for it in imports(path) if it in modules("handlers")}
    return {module}.union(*(modules_of_function(it) for it in others))


def read_from_the_system(path_of: str) -> set[str]:
    """The variables that a module reads without the settings."""
    path = modules(path_of.partition(".")[0])[path_of]
    return {
        it.value
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call | ast.Subscript) and "os.environ" in ast.unparse(node)
        for it in ast.walk(node)
        if isinstance(it, ast.Constant) and isinstance(it.value, str) and it.value.isupper()
    }


def given(function: str) -> set[str]:
    return set(functions()[function].get("environment", {}))


def given_to_all() -> set[str]:
    return set(service()["provider"]["environment"])


def test_code_is_read_as_it_is_meant() -> None:
    fields = variables_of_fields()
    assert fields["scores_table"] == {"SCORES_TABLE"}
    assert fields["allowed_origins"] == {"ALLOWED_ORIGINS"}
    assert fields["frame_interval_ms"] == {"FRAME_INTERVAL_MS"}
    assert fields["socket_endpoint"] >= {"WEBSOCKET_API_ID", "STAGE", "AWS_ENDPOINT_URL"}
    assert variables_of_part("rebuild") >= {"SCORES_TABLE", "BOARDS_TABLE", "CACHE_ENDPOINT"}


def test_functions_get_no_variable_that_their_code_cannot_read() -> None:
    extra = {it: given(it) - variables_of_function(it) for it in functions()}
    assert {function: names for function, names in extra.items() if names} == {}


def test_functions_get_every_variable_that_they_use() -> None:
    missing = {it: variables_of_function(it) - given(it) - given_to_all() for it in functions()}
    assert {it: names - NOT_OF_THE_TEMPLATE for it, names in missing.items()} == LEFT_OUT


def test_what_all_get_is_read_by_all() -> None:
    telemetry = read_from_the_system("handlers.telemetry")
    assert given_to_all() == POWERTOOLS | telemetry
    for function in functions():
        assert "handlers.telemetry" in modules_of_function(f"handlers.{function}")


def test_only_settings_and_telemetry_read_the_environment() -> None:
    readers = {
        name
        for package in ("handlers", "leaderboard")
        for name, path in modules(package).items()
        if {"environ", "getenv"} & attributes_of(tree(path), ["os"])
    }
    assert readers == {"leaderboard.settings", "handlers.telemetry"}


def test_settings_read_nothing_that_no_function_gets() -> None:
    read = set().union(*variables_of_fields().values())
    everywhere = given_to_all().union(*(given(function) for function in functions()))
    assert read - everywhere == NOT_OF_THE_TEMPLATE
