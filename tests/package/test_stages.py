"""What stops a packaging, and what is different about the stage `local`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from local import service
from tests.package.packaging import WITHOUT_PACKAGES, Package, package_copy

pytestmark = pytest.mark.package


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("order: desc", "order: sideways", "global: order: "),
        ("alsoOn: [global]", "alsoOn: [nowhere]", "alsoOn: there is no board 'nowhere'"),
        ("game.sprint:points", "game.sprint:walk", "points.judge: game.sprint has no walk"),
    ],
)
def test_mistake_in_the_boards_stops_the_packaging_and_is_named(
    tmp_path: Path, right: str, wrong: str, said: str
) -> None:
    copied = service.copy(tmp_path / "service")
    boards = copied / "boards.yml"
    assert right in boards.read_text()
    boards.write_text(boards.read_text().replace(right, wrong, 1))
    with pytest.raises(service.ToolFailed, match=r"boards\.yml cannot be deployed") as failed:
        package_copy(copied, stage="dev", options=WITHOUT_PACKAGES, variables={})
    assert said in str(failed.value)
    assert not (copied / ".serverless" / "leaderboard.zip").exists()


@pytest.mark.parametrize(
    "variables", [{}, {"AWS_ENDPOINT_URL": "https://dynamodb.eu-central-1.amazonaws.com"}]
)
def test_local_stage_never_goes_to_a_real_account(
    tmp_path: Path, variables: dict[str, str]
) -> None:
    copied = service.copy(tmp_path / "service")
    with pytest.raises(service.ToolFailed, match='The stage "local" is for a running local stack'):
        package_copy(copied, stage="local", options=(), variables=variables)


def test_other_stages_do_not_need_the_emulator(prod: Package) -> None:
    assert prod.of_type("AWS::ApiGatewayV2::Deployment")
    assert prod.of_type("AWS::ApiGatewayV2::RouteResponse")


def test_local_stage_leaves_out_what_the_emulator_refuses(local: Package) -> None:
    kinds = {resource["Type"] for resource in local.resources.values()}
    assert "AWS::DynamoDB::Table" in kinds
    assert not kinds & {
        "AWS::ApiGatewayV2::Deployment",
        "AWS::ApiGatewayV2::RouteResponse",
        "AWS::ElastiCache::ServerlessCache",
        "AWS::ElastiCache::User",
        "AWS::ElastiCache::UserGroup",
    }


def test_local_stage_deploys_its_gateways_by_itself(local: Package) -> None:
    for stage in local.of_type("AWS::ApiGatewayV2::Stage").values():
        assert stage["AutoDeploy"] is True
        assert "DeploymentId" not in stage


def test_local_apis_have_addresses_of_their_own(local: Package) -> None:
    tags = [api["Tags"]["ms-custom-id"] for api in local.of_type("AWS::ApiGatewayV2::Api").values()]
    assert len(set(tags)) == len(tags) == 2


def test_local_cache_is_reached_without_credentials(local: Package) -> None:
    environment = local.functions()["boards"]["Environment"]["Variables"]
    assert environment["CACHE_NAME"] == environment["CACHE_USER"] == ""


def test_minute_of_verify_comes_on_every_stage_and_says_whether_to_audit(
    prod: Package, local: Package
) -> None:
    """Totals are recorded on a stage without audits, too."""
    for stage, audit in ((prod, True), (local, False)):
        rules = stage.of_type("AWS::Events::Rule").values()
        (rule,) = (it for it in rules if "verify" in str(it["Targets"]).lower())
        assert (rule["State"], rule["ScheduleExpression"]) == ("ENABLED", "rate(1 minute)")
        (target,) = rule["Targets"]
        assert json.loads(target["Input"]) == {"audit": audit}
