"""What stops a packaging, and what is different about the stage `local`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from local import service
from tests.package.packaging import SENDER, WITHOUT_PACKAGES, Package, package, package_copy

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


UNKNOWN = (
    'The name of the stage "live" does not say whether its data may be thrown away. '
    "Throw-away: dev, dev-*, pr-*, test, test-*. Protected: prod, prod-*, staging, staging-*. "
    "Choose one of these, or name the stage in the params of serverless.yml: "
    '"live: {kind: protected}" or "live: {kind: throw-away}".'
)
NAME = (
    'The stage name "{}" cannot be used. Choose lower-case letters, digits and single hyphens, '
    'with no hyphen at an end, and without "aws", "amazon" or "cognito".'
)
OF_ALL = 'In serverless.yml "default" has the params of all stages. Choose another stage name.'
WITHOUT_SENDER = (
    'The stage "prod" has no sender for its e-mails. Players cannot sign up without the code that '
    'they bring. Set "email: ses" and "emailFrom: <address>" in the params of serverless.yml, or '
    "accept the 50 e-mails a day that Cognito sends for the whole account: "
    '"email: cognito-50-a-day".'
)
WITHOUT_ADDRESS = (
    'The stage "staging-2" sends its e-mails through SES, and from no address. '
    'Set "emailFrom: <address>" in the params of serverless.yml.'
)


@pytest.mark.parametrize(
    ("command", "stage", "options", "said"),
    [
        ("package", "live", (), UNKNOWN),
        ("deploy", "live", (), UNKNOWN),
        ("package", "default", (), OF_ALL),
        ("package", "constructor", (), UNKNOWN.replace("live", "constructor")),
        *(("package", it, (), NAME.format(it)) for it in ("dev-", "dev--2", "dev-Ada", "test-aws")),
        ("package", "prod", (), WITHOUT_SENDER),
        ("package", "staging-2", ("--param", "email=ses"), WITHOUT_ADDRESS),
    ],
)
def test_stage_that_would_be_a_surprise_is_refused_before_it_is_packaged(
    tmp_path: Path, command: str, stage: str, options: tuple[str, ...], said: str
) -> None:
    copied = service.copy(tmp_path / "service")
    with pytest.raises(service.ToolFailed) as failed:
        service.run(
            [command, "--stage", stage, *WITHOUT_PACKAGES, *options],
            folder=copied,
            # Credentials of nobody, and an endpoint where nobody listens.
            variables={
                "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
                "AWS_ACCESS_KEY_ID": "none",
                "AWS_SECRET_ACCESS_KEY": "none",
            },
        )
    assert said in str(failed.value)
    assert not (copied / ".serverless" / "leaderboard.zip").exists()


def test_kind_that_is_not_for_this_stage_is_refused(tmp_path: Path) -> None:
    copied = service.copy(tmp_path / "service")
    configuration = copied / "serverless.yml"
    named = "  live: {kind: local}\n  dev: {}\n"
    configuration.write_text(configuration.read_text().replace("  dev: {}\n", named, 1))
    with pytest.raises(service.ToolFailed, match='The stage "live" has the kind "local"'):
        package_copy(copied, stage="live", options=WITHOUT_PACKAGES, variables={})


def protection(package: Package) -> dict[str, object]:
    """What keeps a stage's data and players."""
    tables = package.of_type("AWS::DynamoDB::Table")
    kept = {name: package.resources[name]["DeletionPolicy"] for name in [*tables, "UserPool"]}
    return kept | {
        "protected": {it["DeletionProtectionEnabled"] for it in tables.values()},
        "pool": package.properties("UserPool")["DeletionProtection"],
        "acl": len(package.of_type("AWS::WAFv2::WebACL")),
        "scopes": package.properties("MachineClient")["AllowedOAuthScopes"],
    }


def test_every_protected_stage_has_what_prod_has(tmp_path: Path, prod: Package) -> None:
    staging = package(
        tmp_path / "service", stage="staging-eu", options=(*WITHOUT_PACKAGES, *SENDER)
    )
    assert protection(staging) == protection(prod)
    assert protection(prod)["pool"] == "ACTIVE"


def test_params_name_the_kind_of_a_stage_whose_name_does_not(tmp_path: Path, prod: Package) -> None:
    copied = service.copy(tmp_path / "service")
    configuration = copied / "serverless.yml"
    named = "  live: {kind: protected, email: cognito-50-a-day}\n  dev: {}\n"
    configuration.write_text(configuration.read_text().replace("  dev: {}\n", named, 1))
    (copied / ".env.live").write_text("AWS_REGION=eu-west-3\n")
    live = package_copy(copied, stage="live", options=WITHOUT_PACKAGES, variables={})
    assert protection(live) == protection(prod)
    assert live.properties("UserPool")["EmailConfiguration"] == {
        "EmailSendingAccount": "COGNITO_DEFAULT"
    }
    state = json.loads((copied / ".serverless" / "serverless-state.json").read_text())
    # The Region is looked for after the stage's file is read.
    assert state["service"]["provider"]["region"] == "eu-west-3"


def test_stage_has_the_sender_that_its_params_name(prod: Package, local: Package) -> None:
    account = "ses:${AWS::Region}:${AWS::AccountId}"
    identity = f"{account}:identity/no-reply@play.example.com"
    assert prod.properties("UserPool")["EmailConfiguration"] == {
        "EmailSendingAccount": "DEVELOPER",
        "From": "no-reply@play.example.com",
        "SourceArn": {"Fn::Sub": f"arn:${{AWS::Partition}}:{identity}"},
    }
    assert local.properties("UserPool")["EmailConfiguration"] == {
        "EmailSendingAccount": "COGNITO_DEFAULT"
    }


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
