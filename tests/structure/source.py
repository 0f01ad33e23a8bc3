"""The program as text: its modules and what each of them imports, wherever in it that stands."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


@cache
def modules(package: str) -> dict[str, Path]:
    """The modules of a package, those of its packages included, by dotted name."""
    found = {}
    for path in sorted((ROOT / package).rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        found[name.removesuffix(".__init__")] = path
    return found


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imports(path: Path) -> Iterator[str]:
    """The names of all modules that a file imports, in functions and for type checking as well."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: imports are absolute here"
            assert node.module
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield full if is_module(full) else node.module


def is_module(name: str) -> bool:
    return name in modules(name.partition(".")[0])


def is_within(name: str, *packages: str) -> bool:
    """Whether a module is one of these, or inside one of them."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)
