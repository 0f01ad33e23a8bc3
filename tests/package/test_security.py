"""What docs/security.md says of the functions' rights is what AWS is asked for."""

from __future__ import annotations

import re
from collections import defaultdict

import pytest

from local.service import ROOT
from tests.package.packaging import Package
from tests.package.test_template import permissions
from tests.structure.roles import rights
from tests.structure.template import functions

pytestmark = pytest.mark.package

PAGE = ROOT / "docs" / "security.md"
ROW = re.compile(r"^\| `(\w+)` \| `([^`]+)` \| (.+) \|$", re.MULTILINE)
# No other form: a connection's id is known only once it is there.
WILD = re.compile(r"^\$\{WebsocketsApi\}/dev/(GET|POST|DELETE)/@connections/\*$")


def documented() -> dict[str, dict[str, set[str]]]:
    rights: dict[str, dict[str, set[str]]] = defaultdict(dict)
    for function, resource, actions in ROW.findall(PAGE.read_text(encoding="utf-8")):
        rights[function][resource.replace("{stage}", "dev")] = set(re.findall("`([^`]+)`", actions))
    return rights


def own(behind: Package, function: str) -> dict[str, set[str]]:
    """The function's rights but for its own log group."""
    return {
        resource: actions
        for resource, actions in permissions(behind, function).items()
        if not resource.endswith("LogGroup")
    }


def test_page_lists_what_each_function_may(behind: Package) -> None:
    assert documented() == {name: own(behind, name) for name in behind.functions()}


def test_no_right_is_for_more_than_it_names(behind: Package) -> None:
    for function in behind.functions():
        for resource, actions in permissions(behind, function).items():
            assert "*" not in resource or WILD.match(resource), (function, resource)
            assert not any("*" in action for action in actions), (function, resource)


def test_nothing_can_drop_a_table_or_read_what_is_not_its_business(behind: Package) -> None:
    rights = {name: permissions(behind, name) for name in behind.functions()}
    granted = {action for of in rights.values() for actions in of.values() for action in actions}
    assert not [it for it in granted if re.search(r":(Delete|Create)(Table|Item)|:UpdateTable", it)]
    assert "ConnectionsTable" not in rights["scores"]
    assert set(rights["fanout"]) - {"FanoutLogGroup"} == {
        "ConnectionsTable",
        "${WebsocketsApi}/dev/POST/@connections/*",
    }
    signing = {name for name, of in rights.items() if "TicketSecret" in of}
    assert signing == {"scores", "authorizer"}


def test_every_test_that_the_page_names_is_there() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE.read_text(encoding="utf-8")))
    assert named
    written = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert named - written == set()


@pytest.mark.parametrize("function", functions())
def test_rights_that_the_integration_tests_hold_calls_to_are_those_deployed(
    behind: Package, function: str
) -> None:
    assert rights(function) == permissions(behind, function)
