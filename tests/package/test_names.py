"""The names that the doctor looks for are those that CloudFormation is asked for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.service import ROOT
from tests.package.packaging import SENDER as OPTIONS, WITHOUT_PACKAGES, Package, package
from tools.doctor.configuration import Configuration
from tools.doctor.names import KINDS, UNIQUE, ResourceName, fixed

pytestmark = pytest.mark.package

SENDER = dict(option.split("=") for option in OPTIONS[1::2])


def given(packaged: Package, stage: str, prefix: str) -> Iterator[ResourceName]:
    """Each name in the packaged template, of the kinds that the doctor knows."""
    yield ResourceName("AWS::CloudFormation::Stack", f"{prefix}leaderboard-{stage}")
    for resource in packaged.resources.values():
        kind = resource["Type"]
        if kind not in KINDS:
            continue
        name = resource.get("Properties", {}).get(KINDS[kind][0])
        if kind == "AWS::Cognito::UserPoolDomain":
            parts = name["Fn::Join"][1]
            yield ResourceName(kind, f"{'-'.join(parts[:-1])}{UNIQUE}")
        elif isinstance(name, str):
            yield ResourceName(kind, name)


@pytest.fixture(scope="module")
def acme(tmp_path_factory: pytest.TempPathFactory) -> Package:
    options = (*WITHOUT_PACKAGES, "--param", "prefix=acme-")
    return package(tmp_path_factory.mktemp("acme") / "service", stage="dev", options=options)


@pytest.mark.parametrize(
    ("fixture", "stage", "options"),
    [("prod", "prod", SENDER), ("dev", "dev", {}), ("acme", "dev", {"prefix": "acme-"})],
)
def test_doctor_knows_every_name_of_a_stage(
    request: pytest.FixtureRequest, fixture: str, stage: str, options: dict[str, str]
) -> None:
    packaged: Package = request.getfixturevalue(fixture)
    known = set(fixed(Configuration(ROOT, stage, options)))
    assert known == set(given(packaged, stage, options.get("prefix", "")))
    assert len(known) > 40


def test_no_other_property_names_a_resource_after_its_stage(prod: Package) -> None:
    """A new kind of resource with a name of its own needs its line in the doctor's table."""
    ends = ("Name", "Id")
    others = {
        (resource["Type"], property_)
        for resource in prod.resources.values()
        for property_, value in resource.get("Properties", {}).items()
        if property_.endswith(ends) and isinstance(value, str) and "prod" in value
    }
    known = {(kind, name) for kind, (name, _, _) in KINDS.items()}
    # The cache user's name is the same as its id. Gateways may share a name, and are long enough.
    known |= {
        ("AWS::ElastiCache::User", "UserName"),
        ("AWS::ApiGatewayV2::Api", "Name"),
        ("AWS::ApiGatewayV2::Stage", "StageName"),
    }
    assert others <= known
    assert others & known


def test_doctor_reads_the_params_that_are_packaged(prod: Package) -> None:
    configuration = Configuration(ROOT, "prod", SENDER)
    environment = prod.functions()["board_stream"]["Environment"]["Variables"]
    assert environment["POSTS_PER_SECOND"] == configuration.param("postsPerSecond")
    assert environment["CACHE_NAME"] == configuration.param("cacheName")
    functions = {it["FunctionName"] for it in prod.functions().values()}
    assert set(configuration.functions.values()) == functions
    reserved = {
        it["FunctionName"]: it["ReservedConcurrentExecutions"]
        for it in prod.functions().values()
        if "ReservedConcurrentExecutions" in it
    }
    assert reserved == configuration.reservations
