"""A board's season travels as one value, and its key is made and split in one place."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.structure.source import modules, tree

HOME = "leaderboard.boards.seasons"
# Where a request comes in: it names the two apart.
EDGE = {"leaderboard.wiring.path.board_season"}


def below_the_edge() -> dict[str, ast.Module]:
    found = modules("leaderboard")
    return {name: tree(path) for name, path in found.items() if name != HOME}


def functions(module: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_no_function_below_the_edge_takes_a_board_and_a_season_apart() -> None:
    found = {
        f"{name}.{it.name}"
        for name, module in below_the_edge().items()
        for it in functions(module)
        if {"board", "season"} <= {a.arg for a in (*it.args.args, *it.args.kwonlyargs)}
    }
    assert found == EDGE


def test_names_of_seasons_are_parsed_in_one_place() -> None:
    found = {
        name
        for name, module in below_the_edge().items()
        for node in ast.walk(module)
        if isinstance(node, ast.ImportFrom)
        and "parse_season" in {alias.name for alias in node.names}
    }
    assert found == set()


def test_keys_of_board_seasons_are_split_in_one_place() -> None:
    found = {
        name
        for name, module in below_the_edge().items()
        for node in ast.walk(module)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"partition", "rpartition", "split", "rsplit"}
        and any(isinstance(it, ast.Constant) and it.value == "#" for it in node.args)
    }
    assert found == set()
