"""Arrows point one way: boards ← scoring, ranking ← history ← frames, reading, repair ← wiring ←
handlers.

Adapters know the stages, and wiring alone knows the adapters.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterable

from tests.structure.source import imports, is_within, modules, tree

ADAPTERS = "leaderboard.adapters"
WIRING = "leaderboard.wiring"
TECHNOLOGIES = ("boto3", "botocore", "s3transfer", "redis", "valkey", "msgpack", "pycurl")
# What the modules of each package may import of the service, beside their own package and the
# modules at the top: those know each other alone.
EARLY = {"boards", "scoring", "ranking"}
LATE = EARLY | {"history"}
STAGES = LATE | {"frames", "reading", "repair"}
KNOWN = {
    "boards": set[str](),
    "scoring": {"boards"},
    "ranking": {"boards"},
    "history": EARLY,
    "frames": EARLY,
    "reading": LATE,
    "repair": LATE,
    "adapters.aws": STAGES,
    "adapters.dynamodb": STAGES | {"adapters.aws"},
    "adapters.valkey": STAGES,
}
# What the service inside is written with, beside the standard library.
LIBRARIES = {
    "leaderboard.boards.boards_file": {"pydantic", "yaml"},
    "leaderboard.scoring.display_names": {"regex"},
    "leaderboard.scoring.folded_names": {"regex"},
    "leaderboard.scoring.tickets": {"jwt"},
}
# What decides on order, time and change: the standard library and each other.
CORE = {
    f"leaderboard.{name}"
    for name in (
        "boards.order",
        "boards.rules",
        "boards.seasons",
        "boards.snapshots",
        "clock",
        "errors",
        "frames.messages",
        "frames.protocol",
    )
}

HANDLERS = sorted(modules("handlers"))
INSIDE = sorted(
    name
    for name in modules("leaderboard")
    if not is_within(name, ADAPTERS) and not is_within(name, WIRING)
)
SERVICE = sorted([*modules("handlers"), *modules("leaderboard")])


def imported(module: str) -> set[str]:
    return set(imports(modules(module.partition(".")[0])[module]))


def offenders(
    names: Iterable[str], forbidden: Callable[[str, set[str]], set[str]]
) -> dict[str, set[str]]:
    """The modules that import, or lack, something against a rule, and what it is."""
    found = {module: forbidden(module, imported(module)) for module in names}
    return {module: what for module, what in found.items() if what}


def within(*packages: str) -> Callable[[str, set[str]], set[str]]:
    """Forbids what is in these packages."""
    return lambda _module, names: {it for it in names if is_within(it, *packages)}


def test_there_is_something_to_hold_to_the_rules() -> None:
    assert set(modules("leaderboard")) > CORE | {WIRING, ADAPTERS}
    assert "handlers.scores" in HANDLERS
    assert "leaderboard.adapters.dynamodb.scores" in imported(f"{WIRING}.adapters")


def test_handlers_know_lambda_and_no_technology() -> None:
    assert offenders(HANDLERS, within(*TECHNOLOGIES, ADAPTERS)) == {}


def test_leaderboard_knows_neither_lambda_nor_technologies() -> None:
    assert offenders(INSIDE, within(*TECHNOLOGIES, "aws_lambda_powertools", ADAPTERS)) == {}


def test_leaderboard_takes_few_libraries_and_each_in_one_place() -> None:
    def unexpected(module: str, names: set[str]) -> set[str]:
        foreign = {it.partition(".")[0] for it in names}
        foreign -= sys.stdlib_module_names | {"leaderboard"}
        return foreign ^ LIBRARIES.get(module, set())

    assert offenders(INSIDE, unexpected) == {}


def test_core_imports_the_standard_library_and_itself_alone() -> None:
    def other(_module: str, names: set[str]) -> set[str]:
        return {
            it
            for it in names
            if it not in CORE and it.partition(".")[0] not in sys.stdlib_module_names
        }

    assert offenders(CORE, other) == {}


def test_nothing_in_leaderboard_imports_the_handlers() -> None:
    assert offenders(modules("leaderboard"), within("handlers")) == {}


def home(module: str) -> str:
    """The package that a module is in: `scoring`, `adapters.aws`; none at the top."""
    return module.removeprefix("leaderboard").rpartition(".")[0].removeprefix(".")


def test_stages_import_only_what_comes_before_them() -> None:
    own = {it for it in modules("leaderboard") if not is_within(it, WIRING)}
    inside = {it for it in own if modules("leaderboard")[it].name != "__init__.py"}
    assert {home(it) for it in inside} == {"", *KNOWN}

    def ahead(module: str, names: set[str]) -> set[str]:
        known = {"", home(module), *KNOWN.get(home(module), ())}
        of_the_service = {it for it in names if is_within(it, "leaderboard")}
        return {it for it in of_the_service if it not in inside or home(it) not in known}

    assert offenders(own, ahead) == {}


def test_only_wiring_and_adapters_import_adapters() -> None:
    others = [it for it in SERVICE if not is_within(it, WIRING, ADAPTERS)]
    assert offenders(others, within(ADAPTERS)) == {}


def test_service_ships_without_tests_and_local_tools() -> None:
    assert offenders(SERVICE, within("tests", "local", "bench", "tools")) == {}


def test_nothing_is_imported_by_a_name_that_is_made_up_at_run_time() -> None:
    """The other tests here read import statements: nothing may go around them."""

    def around(module: str, names: set[str]) -> set[str]:
        path = modules(module.partition(".")[0])[module]
        called = {node.id for node in ast.walk(tree(path)) if isinstance(node, ast.Name)}
        found = called & {"__import__", "exec", "eval"}
        # It imports what boards.yml names, from one package.
        if module != "leaderboard.scoring.judges":
            found |= {it for it in names if is_within(it, "importlib")}
        return found

    assert offenders(SERVICE, around) == {}


def test_game_decides_by_what_it_is_told_alone() -> None:
    """No clock, no chance, no table: the same ticket is always asked and judged the same."""

    def impure(_module: str, names: set[str]) -> set[str]:
        foreign = {it for it in names if not is_within(it, "game")}
        return {it.partition(".")[0] for it in foreign - {"leaderboard.scoring.judges"}} - PURE

    assert offenders(modules("game"), impure) == {}


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
    parts = [path for name, path in modules("leaderboard").items() if is_within(name, WIRING)]
    assert len(parts) > 1
    at_once = {
        node.module or ""
        for path in parts
        for node in tree(path).body
        if isinstance(node, ast.ImportFrom)
    }
    assert not {it for it in at_once if is_within(it, ADAPTERS)}
