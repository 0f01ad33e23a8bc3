"""Arrows point one way: handlers → leaderboard → (through wiring) adapters."""

from __future__ import annotations

import ast
import sys

import pytest

from tests.structure.source import imports, is_within, modules, tree

ADAPTERS = "leaderboard.adapters"
WIRING = "leaderboard.wiring"
TECHNOLOGIES = ("boto3", "botocore", "s3transfer", "redis", "valkey", "msgpack", "pycurl")
# What the service inside is written with, beside the standard library.
LIBRARIES = {
    "leaderboard.catalog": {"pydantic", "yaml"},
    "leaderboard.display_names": {"regex"},
    "leaderboard.tickets": {"jwt"},
}
# What decides on order, time and change: the standard library and each other.
CORE = {
    f"leaderboard.{name}"
    for name in ("delta", "errors", "instants", "names", "order", "rules", "seasons", "snapshots")
}

HANDLERS = sorted(modules("handlers"))
INSIDE = sorted(
    name for name in modules("leaderboard") if not is_within(name, ADAPTERS) and name != WIRING
)
SERVICE = sorted([*modules("handlers"), *modules("leaderboard")])


def imported(module: str) -> set[str]:
    return set(imports(modules(module.partition(".")[0])[module]))


def test_there_is_something_to_hold_to_the_rules() -> None:
    assert set(modules("leaderboard")) > CORE | {WIRING, ADAPTERS}
    assert "handlers.scores" in HANDLERS
    assert "leaderboard.adapters.scores" in imported(WIRING)


@pytest.mark.parametrize("module", HANDLERS)
def test_handlers_know_lambda_and_no_technology(module: str) -> None:
    forbidden = {it for it in imported(module) if is_within(it, *TECHNOLOGIES, ADAPTERS)}
    assert not forbidden


@pytest.mark.parametrize("module", INSIDE)
def test_leaderboard_knows_neither_lambda_nor_technologies(module: str) -> None:
    forbidden = {
        it
        for it in imported(module)
        if is_within(it, *TECHNOLOGIES, "aws_lambda_powertools", ADAPTERS)
    }
    assert not forbidden


@pytest.mark.parametrize("module", INSIDE)
def test_leaderboard_takes_few_libraries_and_each_in_one_place(module: str) -> None:
    foreign = {it.partition(".")[0] for it in imported(module)}
    foreign -= sys.stdlib_module_names | {"leaderboard"}
    assert foreign == LIBRARIES.get(module, set())


@pytest.mark.parametrize("module", sorted(CORE))
def test_core_imports_the_standard_library_and_itself_alone(module: str) -> None:
    other = {
        it
        for it in imported(module)
        if it not in CORE and it.partition(".")[0] not in sys.stdlib_module_names
    }
    assert not other


@pytest.mark.parametrize("module", sorted(modules("leaderboard")))
def test_nothing_in_leaderboard_imports_the_handlers(module: str) -> None:
    assert not {it for it in imported(module) if is_within(it, "handlers")}


@pytest.mark.parametrize("module", SERVICE)
def test_only_wiring_and_adapters_import_adapters(module: str) -> None:
    if module == WIRING or is_within(module, ADAPTERS):
        return
    assert not {it for it in imported(module) if is_within(it, ADAPTERS)}


@pytest.mark.parametrize("module", SERVICE)
def test_service_ships_without_tests_and_local_tools(module: str) -> None:
    assert not {
        it for it in imported(module) if is_within(it, "tests", "local", "bench", "reference")
    }


@pytest.mark.parametrize("module", SERVICE)
def test_nothing_is_imported_by_a_name_that_is_made_up_at_run_time(module: str) -> None:
    """The other tests here read import statements: nothing may go around them."""
    if module != "leaderboard.scoring.judges":  # it imports what boards.yml names, from one package
        assert not {it for it in imported(module) if is_within(it, "importlib")}
    path = modules(module.partition(".")[0])[module]
    names = {node.id for node in ast.walk(tree(path)) if isinstance(node, ast.Name)}
    assert not names & {"__import__", "exec", "eval"}


@pytest.mark.parametrize("module", sorted(modules("game")))
def test_game_decides_by_what_it_is_told_alone(module: str) -> None:
    """No clock, no chance, no table: the same ticket is always asked and judged the same."""
    foreign = {it for it in imported(module) if not is_within(it, "game")}
    assert {it.partition(".")[0] for it in foreign - {"leaderboard.scoring.judges"}} <= PURE


PURE = {
    "__future__",
    "calendar",
    "collections",
    "dataclasses",
    "datetime",
    "fractions",
    "functools",
    "hashlib",
    "itertools",
    "math",
    "typing",
}


def test_wiring_imports_adapters_only_where_a_part_is_built() -> None:
    """Each function imports what it uses: at the top of wiring it would be what anybody uses."""
    at_once = {
        name
        for node in tree(modules("leaderboard")[WIRING]).body
        if isinstance(node, ast.ImportFrom)
        for name in [node.module or ""]
    }
    assert not {it for it in at_once if is_within(it, ADAPTERS)}
