"""The package in apps that know nothing of this repository: made outside of it, by the lines of the
package's README, built, and opened in a browser beside a real stack."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from local.service import ROOT, environment
from tests.browser.conftest import Strangers
from tests.e2e.service import Service
from tests.stack import Running
from tests.structure.test_repository import tracked

pytestmark = [pytest.mark.e2e, pytest.mark.browser]

PACKAGE = ROOT / "clients" / "javascript"
README = (PACKAGE / "README.md").read_text(encoding="utf-8")
FIRST_README = (ROOT / "README.md").read_text(encoding="utf-8")
HTTP = "https://abc.execute-api.eu-central-1.amazonaws.com"
SOCKET = "wss://def.execute-api.eu-central-1.amazonaws.com/dev"
# What an app has besides.
TOOLS = ("react", "react-dom", "@types/react", "@types/react-dom", "typescript", "vite")

INDEX = """<!doctype html><title>App</title><main id="root"></main>
<script type="module" src="/main.tsx"></script>
"""
MAIN = """import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import App from "./App";

createRoot(document.getElementById("root")!).render(<StrictMode><App /></StrictMode>);
"""
TYPESCRIPT = {
    "compilerOptions": {
        "target": "ES2022",
        "module": "ESNext",
        "moduleResolution": "bundler",
        "lib": ["ES2022", "DOM", "DOM.Iterable"],
        "jsx": "react-jsx",
        "strict": True,
        "noEmit": True,
        "types": [],
    },
    "include": ["*.tsx"],
}


def block(language: str, text: str = README) -> str:
    """The first code block of a text in this language."""
    found = re.search(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert found is not None, language
    return found[1]


def addressed(code: str, stack: Running, board: str) -> str:
    """The README's example with the addresses of this stack, and a board of this test."""
    assert HTTP in code
    assert SOCKET in code
    return (
        code.replace(HTTP, stack.addresses["http"])
        .replace(SOCKET, stack.addresses["socket"])
        .replace('"global"', f'"{board}"')
    )


def app_of(way: str) -> str:
    """The React app of the package's README, or the one of the repository's own, as short as it
    gets."""
    if way != "first lines":
        return block("tsx")
    lines = block("jsx", FIRST_README)
    assert 'http="…" socket="…"' in lines
    return lines.replace('http="…" socket="…"', f'http="{HTTP}" socket="{SOCKET}"')


def run(command: str, folder: Path) -> None:
    """A line of the README, without a registry: the package needs nothing."""
    ran = subprocess.run(  # noqa: S602
        command,
        shell=True,
        cwd=folder,
        env=environment() | {"npm_config_offline": "true", "npm_config_audit": "false"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, f"{command}: {ran.stdout}{ran.stderr}"


def with_dependencies(names: Iterable[str]) -> set[str]:
    """These packages, and all that they need and that is installed here."""
    found: set[str] = set()
    wanted = list(names)
    while wanted:
        name = wanted.pop()
        package = PACKAGE / "node_modules" / name / "package.json"
        if name in found or not package.exists():
            continue
        found.add(name)
        said = json.loads(package.read_text(encoding="utf-8"))
        wanted += [*said.get("dependencies", {}), *said.get("optionalDependencies", {})]
    return found


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a copy of the clone, a packed tarball, and the packages that apps use."""
    folder = tmp_path_factory.mktemp("strangers")
    for name in with_dependencies(TOOLS):
        shutil.copytree(PACKAGE / "node_modules" / name, folder / "node_modules" / name)
    for path in tracked():
        if path.is_relative_to(PACKAGE):
            copy = folder / "leaderboard" / path.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
    run(f"npm pack --silent --pack-destination '{folder}'", PACKAGE)
    return folder


@pytest.mark.parametrize("way", ["clone", "tarball", "first lines"])
def test_react_app_by_the_readme_builds_with_types_and_moves(
    outside: Path, strangers: Strangers, stack: Running, service: Service, board: str, way: str
) -> None:
    app = outside / f"app-{way.replace(' ', '-')}"
    app.mkdir()
    (app / "package.json").write_text('{"name": "app", "private": true, "type": "module"}')
    (app / "tsconfig.json").write_text(json.dumps(TYPESCRIPT))
    (app / "index.html").write_text(INDEX)
    (app / "main.tsx").write_text(MAIN)
    (app / "App.tsx").write_text(addressed(app_of(way), stack, board))
    from_clone, from_tarball = block("sh").splitlines()
    if way != "clone":
        shutil.copy(next(outside.glob("*.tgz")), app)
    run(from_clone if way == "clone" else from_tarball, app)
    installed = app / "node_modules" / "leaderboard-client"
    assert not installed.is_symlink()
    run("node ../node_modules/typescript/bin/tsc --project .", app)
    run("node ../node_modules/vite/bin/vite.js build --logLevel error", app)

    service.write(board, "ada", score=1500, userName="Ada")
    with strangers(folder=app / "dist") as page:
        expect(page.page.get_by_role("listitem")).to_have_text(["Ada 1500"])
        service.write(board, "bob", score=1600, userName="Bob")
        expect(page.page.get_by_role("listitem")).to_have_text(["Bob 1600", "Ada 1500"])
        assert page.said == []


def test_plain_page_by_the_readme_moves(
    outside: Path, strangers: Strangers, stack: Running, service: Service, board: str
) -> None:
    site = outside / "site"
    site.mkdir()
    with tarfile.open(next(outside.glob("*.tgz"))) as packed:
        single = packed.extractfile("package/dist/leaderboard-client.js")
        assert single is not None
        (site / "leaderboard-client.js").write_bytes(single.read())
    body = addressed(block("html"), stack, board)
    (site / "index.html").write_text(f'<!doctype html><html lang="en"><title>Site</title>{body}')

    service.write(board, "ada", score=1500, userName="Ada")
    with strangers(folder=site) as page:
        rows = page.page.get_by_role("row")
        expect(rows).to_have_text(["PlacePlayerScore", "1Ada1,500"])
        service.write(board, "bob", score=1600, userName="Bob")
        expect(rows).to_have_text(["PlacePlayerScore", "1Bob1,600", "2Ada1,500"])
        assert page.page.evaluate("() => typeof LeaderboardClient.createLeaderboard") == "function"
        assert page.said == []
