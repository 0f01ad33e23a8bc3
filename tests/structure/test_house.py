"""The house: small modules and functions, one name for one thing, a sentence about each."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.structure.source import ROOT, modules, tree
from tests.structure.test_repository import tracked
from tools import module_map

MOST_LINES = 300
MOST_OF_A_FUNCTION = 60
SERVICE = ("handlers", "leaderboard", "game")
CLIENT = "clients/python/src/leaderboard_client"
DEVELOPERS = ("local", "tools")
ALL = (*SERVICE, *DEVELOPERS, CLIENT)
HELD = ("handlers/", "leaderboard/", "clients/", "web/")
CODE = {".py", ".js", ".lua", ".ts"}
LIBRARIES = {"asyncio", "boto3", "http", "jwt", "queue", "redis", "requests", "secrets", "socket"}

# `function f() {`, `() => {` or a method.
BEGINS_A_FUNCTION = re.compile(
    r"(?:\bfunction\b.*|=> "
    r"|^ +(?!if|for|while|switch|catch)(?:(?:static|async|get|set) )*[*#]?\w+\(.*\) )\{$"
)

Definition = ast.FunctionDef | ast.AsyncFunctionDef


def sources() -> list[Path]:
    """The files that people read to follow a score, from the service to the page."""
    held = [it for it in tracked() if str(it.relative_to(ROOT)).startswith(HELD)]
    return [it for it in held if it.suffix in CODE]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def python(*packages: str) -> dict[str, Path]:
    return {name: path for package in packages for name, path in modules(package).items()}


def says_enough(module: str, name: str) -> bool:
    """What a docstring would only repeat."""
    return (
        (module.startswith("handlers.") and name == "handler")  # its module says what it does
        or module.startswith("leaderboard.wiring.")  # each function builds the part of its name
    )


def test_no_module_is_long() -> None:
    lines = {name_of(it): len(it.read_text(encoding="utf-8").splitlines()) for it in sources()}
    assert len(lines) > 150
    assert {name: count for name, count in lines.items() if count > MOST_LINES} == {}


def test_no_function_is_long() -> None:
    long = {
        f"{name_of(path)}: {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path in sources()
        if path.suffix == ".py"
        for node in ast.walk(tree(path))
        if isinstance(node, Definition)
    }
    assert {name: count for name, count in long.items() if count > MOST_OF_A_FUNCTION} == {}


def test_no_function_of_a_script_is_long() -> None:
    """A function ends where a brace closes at the depth of its first line."""
    long = {
        f"{name_of(path)}:{at + 1}": end - at + 1
        for path in sources()
        if path.suffix == ".js"
        for lines in [path.read_text(encoding="utf-8").splitlines()]
        for at, line in enumerate(lines)
        if BEGINS_A_FUNCTION.search(line)
        for end in [closing(lines, at)]
    }
    assert len(long) > 300
    assert {name: count for name, count in long.items() if count > MOST_OF_A_FUNCTION} == {}


def closing(lines: list[str], at: int) -> int:
    depth = len(lines[at]) - len(lines[at].lstrip())
    ends = (end for end in range(at + 1, len(lines)) if lines[end].startswith(" " * depth + "}"))
    return next(ends)


def test_no_module_has_the_name_of_a_library() -> None:
    assert [it for it in python(*ALL) if it.rpartition(".")[2] in LIBRARIES] == []


@pytest.mark.parametrize(
    "packages",
    [SERVICE, ("local",), ("tools",), (CLIENT,)],
    ids=["service", "local", "tools", "client"],
)
def test_a_class_name_stands_in_one_module(packages: tuple[str, ...]) -> None:
    homes: dict[str, set[str]] = defaultdict(set)
    for path in python(*packages).values():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ClassDef):
                homes[node.name].add(name_of(path))
    assert len(homes) > 10
    assert {name: those for name, those in homes.items() if len(those) > 1} == {}


def test_nothing_private_of_a_library_is_used() -> None:
    """Ruff's SLF001 looks for it; nobody may tell it to look away."""
    looks_away = re.compile("noqa" + ":.*SLF001")
    found = [
        name_of(it) for it in tracked() if it.suffix == ".py" and looks_away.search(it.read_text())
    ]
    assert found == []


def test_public_names_say_what_they_are() -> None:
    bare = [
        f"{name}.{node.name}"
        for name, path in python(*SERVICE, CLIENT).items()
        for node in tree(path).body
        if isinstance(node, Definition | ast.ClassDef) and not node.name.startswith("_")
        if ast.get_docstring(node) is None and not says_enough(name, node.name)
    ]
    assert bare == []


def described_by_ports() -> set[str]:
    """The methods that a Protocol describes: an adapter need not say it again."""
    return {
        method.name
        for name, path in python("leaderboard").items()
        if name.endswith(".ports")
        for node in tree(path).body
        if isinstance(node, ast.ClassDef)
        for method in node.body
        if isinstance(method, Definition) and ast.get_docstring(method)
    }


def test_public_methods_say_what_they_do() -> None:
    described = described_by_ports()
    bare = [
        f"{name}.{node.name}.{method.name}"
        for name, path in python(*SERVICE, CLIENT).items()
        for node in tree(path).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
        for method in node.body
        if isinstance(method, Definition) and not method.name.startswith("_")
        if ast.get_docstring(method) is None and not is_overload(method)
        if name.endswith(".ports") or method.name not in described
    ]
    assert bare == []


def is_overload(method: Definition) -> bool:
    return any(ast.unparse(it) == "overload" for it in method.decorator_list)


def test_modules_say_what_they_are_for() -> None:
    bare = [it for it, path in python(*ALL).items() if not ast.get_docstring(tree(path))]
    assert bare == []


def refused_words() -> set[str]:
    """The single words of the glossary's last column."""
    rows = re.findall(r"^\| .+ \| .+ \| (.*) \|$", (ROOT / "docs/glossary.md").read_text(), re.M)
    words = {word.strip() for row in rows[1:] for word in row.split(",")}
    return {it for it in words if re.fullmatch("[a-z]+", it)}


def words_of(name: str) -> set[str]:
    """`RebuildStarter` and `rebuild_starter` are `rebuild` and `starter`."""
    return {it.lower() for it in re.findall("[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}


def named(path: Path) -> Iterator[str]:
    yield path.stem
    for node in ast.walk(tree(path)):
        if isinstance(node, Definition | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id


def test_names_keep_to_the_glossary() -> None:
    refused = refused_words()
    assert len(refused) > 15
    assert {
        f"{name_of(path)}: {name}"
        for path in python(*SERVICE).values()
        for name in named(path)
        if words_of(name) & refused
    } == set()


def test_map_of_the_code_is_up_to_date() -> None:
    """`python -m tools.module_map` writes it."""
    assert module_map.PAGE.read_text(encoding="utf-8") == module_map.written()
