"""The param `prefix` stands before every fixed name, so that two services live in one account."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from local import service
from tests.package.packaging import WITHOUT_PACKAGES, Package, package, package_edge, params

pytestmark = pytest.mark.package

STAGE = "dev-blue"
PREFIXES = ("", "acme-", "beta-2-")
# What an account or a Region has once, and the tool's own words before some of it.
NAMING = re.compile(r"(Name|\.UserId|\.UserGroupId|\.Domain\.Fn::Join\.1\.0)$")
TOOLS_WORDS = re.compile(r"^(/aws/lambda/|/aws/http-api/|sls-)?")
# What is named within something that has a fixed name, or by AWS.
WITHIN = re.compile(
    r"""(
    (Attribute|Client|Domain|Field|Header|Index|Metric|Policy|Scope|Stage|Vendor)Name$
    | Acl\.Properties\.Rules\.
    | \.Dimensions\.
    | RecoveryMechanisms\.\d+\.Name$
    | ^HttpApiAuthorizer\w+\.Properties\.Name$
    | ^AuthorizerWebsocketsAuthorizer\.Properties\.Name$
    | ^Scopes\.Properties\.(Identifier|Name)$
    )""",
    re.VERBOSE,
)
# A text that names this service or one of its parts.
NAMED = re.compile(rf"\bleaderboard-|-leaderboard\b|-{STAGE}\b|^leaderboard$")
# A name of its own in each packaging.
DEPLOYMENT = re.compile(r"(?<=WebsocketsDeployment)\w{30,}")

Texts = Mapping[str, str]


def texts(package: Package) -> Texts:
    """Every text that AWS gets for a stack, by the way to it."""
    exports = {
        f"Outputs.{name}.ExportName": output["Export"]["Name"]
        for name, output in package.template["Outputs"].items()
        if "Export" in output
    }
    found = dict(leaves(package.resources)) | exports
    # An upload has a name of its own each time; the bucket is the stack's.
    return {path: text for path, text in found.items() if not path.endswith(".S3Key")}


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    for key, it in value.items() if isinstance(value, dict) else enumerate(value):
        way = f"{path}.{key}".removeprefix(".")
        if isinstance(it, str):
            yield DEPLOYMENT.sub("", way), DEPLOYMENT.sub("", it)
        elif isinstance(it, dict | list):
            yield from leaves(it, way)


def fixed_names(stack: Texts) -> Texts:
    return {
        path: text
        for path, text in stack.items()
        if NAMING.search(path) and not WITHIN.search(path)
    }


@pytest.fixture(scope="module", params=["service", "edge"])
def stacks(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Texts]:
    """A stack with all that it may have, with each of the prefixes."""
    packaged = []
    for prefix in PREFIXES:
        folder = tmp_path_factory.mktemp("prefix") / "service"
        chosen = {"prefix": prefix} if prefix else {}
        if request.param == "edge":
            packaged.append(package_edge(folder, stage=STAGE, **chosen))
        else:
            chosen |= {"edge": "cloudfront", "poolAcl": "waf"}
            options = (*WITHOUT_PACKAGES, *params(**chosen))
            packaged.append(package(folder, stage=STAGE, options=options))
    return [texts(it) for it in packaged]


def test_every_fixed_name_begins_with_the_prefix(stacks: list[Texts]) -> None:
    plain, *others = stacks
    assert len(fixed_names(plain)) > 5
    for path, name in fixed_names(plain).items():
        # Two stages live in one account as well.
        assert STAGE in name, path
        for prefix, other in zip(PREFIXES[1:], others, strict=True):
            assert other[path] == TOOLS_WORDS.sub(rf"\g<0>{prefix}", name), path


def test_no_right_address_or_text_names_the_service_without_its_prefix(
    stacks: list[Texts],
) -> None:
    plain, *others = stacks
    for prefix, other in zip(PREFIXES[1:], others, strict=True):
        assert other.keys() == plain.keys()
        for path, text in plain.items():
            if NAMED.search(text) and not WITHIN.search(path):
                assert prefix in other[path], (path, other[path])
            assert other[path].replace(prefix, "") == text, path


def test_two_prefixes_have_no_name_in_common(stacks: list[Texts]) -> None:
    seen: set[str] = set()
    for stack in stacks:
        names = set(fixed_names(stack).values())
        assert not names & seen
        seen |= names


def test_edges_of_two_regions_have_no_name_in_common(tmp_path: Path) -> None:
    """All edges are in us-east-1, and most of what they name is the account's."""
    frankfurt, ohio = (
        fixed_names(texts(package_edge(tmp_path / it, serviceRegion=it)))
        for it in ("eu-central-1", "us-east-2")
    )
    for path, name in frankfurt.items():
        assert "eu-central-1" in name, path
        assert ohio[path] == name.replace("eu-central-1", "us-east-2")


@pytest.mark.parametrize("prefix", ["acme", "2-", "Acme-", "my-cognito-", "a" * 16 + "-"])
def test_prefix_that_some_name_cannot_have_stops_the_packaging(tmp_path: Path, prefix: str) -> None:
    options = (*WITHOUT_PACKAGES, *params(prefix=prefix))
    with pytest.raises(service.ToolFailed, match=f'The prefix "{prefix}" cannot be used'):
        package(tmp_path / "service", stage=STAGE, options=options)
