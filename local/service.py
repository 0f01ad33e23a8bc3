"""The deployment tool on a copy of the service, so that several runs do not meet in one folder and
none sees half an edit."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
FILES = (
    "serverless.yml",
    "boards.yml",
    "package.json",
    "requirements.txt",
    "docs/openapi.json",
)
FOLDERS = ("handlers", "leaderboard", "game", "infra", "plugins", "local")
TOOL = ROOT / "node_modules" / ".bin" / "sls"


class ToolFailed(Exception):
    """The tool is missing or said no; the text is for people."""


def copy(target: Path) -> Path:
    """Copies what a deployment reads."""
    for name in FOLDERS:
        shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        (target / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, target / name)
    (target / "node_modules").symlink_to(ROOT / "node_modules")
    return target


def environment() -> dict[str, str]:
    """This environment without what leads AWS's tools elsewhere, and with this Python first."""
    kept = {name: value for name, value in os.environ.items() if not _leads_away(name)}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    # Said in both ways too: where the system itself has a proxy, Python would take that one.
    direct = "127.0.0.1,localhost"
    return kept | {"PATH": path, "NO_PROXY": direct, "no_proxy": direct}


def _leads_away(name: str) -> bool:
    # No proxy reaches loopback, and tools differ in which of these names they read.
    return name.startswith("AWS_") or name.lower() == "proxy" or name.lower().endswith("_proxy")


def isolate() -> None:
    """Takes that environment for this process itself, which then asks nobody but the stack."""
    clean = environment()
    for name in os.environ.keys() - clean.keys():
        del os.environ[name]
    os.environ.update(clean)


def run(arguments: Sequence[str], *, folder: Path, variables: dict[str, str]) -> None:
    """Runs `sls` there, in a clean environment with these variables."""
    if not TOOL.exists():
        raise ToolFailed("The deployment tools are not installed: run `make setup` first.")
    result = subprocess.run(
        [TOOL, *arguments],
        cwd=folder,
        env=environment() | variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        output = (result.stdout + result.stderr).strip()
        raise ToolFailed(f"sls {arguments[0]} failed.\n{output}")
