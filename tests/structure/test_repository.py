"""What the repository must not say."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.structure.source import ROOT
from tools.lock import LISTS


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]


def text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:  # a picture
        return ""


def machine_paths() -> re.Pattern[str]:
    """Folders of this machine, and those that any developer's has."""
    own = [str(folder) for folder in (ROOT, ROOT.parent, Path.home()) if len(folder.parts) > 1]
    anybodys = ["/" + "home/[a-z]", "/" + "Users/[A-Za-z]", "/" + "root/"]
    return re.compile("|".join([*(re.escape(it) + "(?=[/'\"\\s])" for it in own), *anybodys]))


def test_no_file_names_a_path_of_a_developers_machine() -> None:
    paths = machine_paths()
    found = {
        str(path.relative_to(ROOT)): match[0]
        for path in tracked()
        if (match := paths.search(text_of(path)))
    }
    assert found == {}


def test_lock_names_no_registry() -> None:
    """`resolved` would tie everybody to the registry of whoever locked last."""
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert len(packages) > 100
    assert [name for name, it in packages.items() if "resolved" in it] == []
    unchecked = [name for name, it in packages.items() if name and "integrity" not in it]
    assert unchecked == []


@pytest.mark.parametrize("name", LISTS)
def test_each_package_is_locked_by_its_hashes(name: str) -> None:
    """One line a package, for the packaging tool and for pip; and no host of whoever locked."""
    header, *lines = (ROOT / f"{name}.txt").read_text().splitlines()
    assert header == f"# Made by `make lock` from {name}.in."
    assert lines
    locked = re.compile(r"[\w.-]+(\[[\w,-]+])?==[\w.]+( ; [^#]+?)?( --hash=sha256:[0-9a-f]{64})+")
    assert [line for line in lines if not locked.fullmatch(line)] == []


@pytest.mark.parametrize("name", LISTS)
def test_lock_holds_what_is_wanted(name: str) -> None:
    """Else somebody changed the list and did not run `make lock`."""
    wanted = pins(f"{name}.in")
    assert wanted
    assert wanted.items() <= pins(f"{name}.txt").items(), f"{name}.txt: run `make lock`"


def test_locks_of_one_environment_agree() -> None:
    """All three lists share one environment: the local stack runs the functions in its own."""
    found = [
        pins(f"{name}.txt") for name in ("requirements", "local/requirements", "tests/requirements")
    ]
    for first, second in itertools.combinations(found, 2):
        both = first.keys() & second.keys()
        assert {name: first[name] for name in both} == {name: second[name] for name in both}


def pins(name: str) -> dict[str, str]:
    """Versions by package; one that depends on the platform or the Python has several."""
    found: dict[str, set[str]] = {}
    for package, version in re.findall(
        r"^([\w.-]+)(?:\[.*])?==(\S+)", (ROOT / name).read_text(), re.MULTILINE
    ):
        found.setdefault(re.sub(r"[-_.]+", "-", package).lower(), set()).add(version)
    return {package: " ".join(sorted(versions)) for package, versions in found.items()}


def test_actions_are_pinned_by_commit() -> None:
    """A tag can be moved to other code; the comment says which release the commit is."""
    workflows = [*(ROOT / ".github" / "workflows").glob("*.yml")]
    used = [line for path in workflows for line in path.read_text().splitlines() if "uses:" in line]
    assert len(used) > 10
    pinned = re.compile(r" *- uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
    assert [line for line in used if not pinned.fullmatch(line)] == []


def workflow(name: str) -> dict[str, Any]:
    text = (ROOT / ".github" / "workflows" / f"{name}.yml").read_text(encoding="utf-8")
    # `on` is a YAML 1.1 word for true.
    found: dict[str, Any] = yaml.safe_load(text.replace("\non:", "\n'on':"))
    return found


def test_stage_is_deployed_with_the_role_of_its_environment_and_then_checked() -> None:
    job = workflow("deploy")["jobs"]["deploy"]
    assert job["environment"] == "${{ inputs.stage }}"
    (lent,) = (
        it["with"]
        for it in job["steps"]
        if it.get("uses", "").startswith("aws-actions/configure-aws-credentials@")
    )
    # No keys of somebody's: docs/deploying.md makes the role.
    assert lent == {
        "role-to-assume": "${{ vars.AWS_ROLE_ARN }}",
        "aws-region": "${{ vars.AWS_REGION }}",
    }
    assert "AWS_ROLE_ARN" in (ROOT / "docs" / "deploying.md").read_text(encoding="utf-8")
    ran = [it["run"] for it in job["steps"] if "run" in it]
    assert ran[-2:] == ['make deploy STAGE="$STAGE"', 'make smoke STAGE="$STAGE"']


def test_known_holes_are_looked_for_each_day() -> None:
    """One becomes known on days on which nobody commits."""
    audit = workflow("audit")
    ((schedule,),) = (it.values() for it in audit["on"]["schedule"])
    assert schedule.split()[2:] == ["*", "*", "*"]
    ran = [it.get("run", "") for job in audit["jobs"].values() for it in job["steps"]]
    assert any(it.startswith("make audit") for it in ran)


def test_images_are_pinned_by_digest() -> None:
    workflows = [*(ROOT / ".github" / "workflows").glob("*.yml")]
    images = re.findall(r"ghcr\.io/\S+", "".join(path.read_text() for path in workflows))
    assert images
    assert [it for it in images if not re.search(r":v[\d.]+@sha256:[0-9a-f]{64}$", it)] == []


def test_every_list_of_packages_is_kept_up_to_date() -> None:
    """Dependabot looks where it is told to, and nowhere else."""
    updates = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text())["updates"]
    told = {
        (it["package-ecosystem"], folder)
        for it in updates
        for folder in it.get("directories", [it.get("directory")])
    }
    files = [path.relative_to(ROOT) for path in tracked()]
    wanted = {("github-actions", "/")}
    for suffix, ecosystem in ((".in", "uv"), ("package-lock.json", "npm")):
        wanted |= {
            (ecosystem, f"/{path.parent}".removesuffix(".") or "/")
            for path in files
            if path.name.endswith(suffix)
        }
    assert wanted <= told, "say it in .github/dependabot.yml"
