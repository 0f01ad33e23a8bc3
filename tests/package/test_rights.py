"""The policies of the deploying role, in docs/deployer, are those that the resources ask for."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from typing import Any

import pytest

from local.service import ROOT
from tests.package.packaging import Package
from tests.package.test_template import permissions
from tools import rights

pytestmark = pytest.mark.package

Json = dict[str, Any]

# The properties that give a resource its fixed name, and how its ARN ends.
NAMED = {
    "AWS::CloudWatch::Alarm": ("AlarmName", "cloudwatch:eu-central-1:123456789012:alarm:{}"),
    "AWS::DynamoDB::Table": ("TableName", "dynamodb:eu-central-1:123456789012:table/{}"),
    "AWS::ElastiCache::ServerlessCache": (
        "ServerlessCacheName",
        "elasticache:eu-central-1:123456789012:serverlesscache:{}",
    ),
    "AWS::ElastiCache::User": ("UserId", "elasticache:eu-central-1:123456789012:user:{}"),
    "AWS::ElastiCache::UserGroup": (
        "UserGroupId",
        "elasticache:eu-central-1:123456789012:usergroup:{}",
    ),
    "AWS::Lambda::Function": ("FunctionName", "lambda:eu-central-1:123456789012:function:{}"),
    "AWS::Logs::LogGroup": ("LogGroupName", "logs:eu-central-1:123456789012:log-group:{}"),
    "AWS::SQS::Queue": ("QueueName", "sqs:eu-central-1:123456789012:{}"),
    "AWS::WAFv2::WebACL": ("Name", "wafv2:eu-central-1:123456789012:regional/webacl/{}/1"),
}

LEFT_OUT = {
    # For groups, users, imports, layers, capacity providers and rule groups, which are not here.
    *("iam:DeleteGroupPolicy", "iam:GetGroupPolicy", "iam:PutGroupPolicy"),
    *("iam:DeleteUserPolicy", "iam:GetUserPolicy", "iam:PutUserPolicy"),
    "dynamodb:DescribeImport",
    *("lambda:GetCodeSigningConfig", "lambda:GetLayerVersion", "lambda:PassCapacityProvider"),
    *("wafv2:GetPermissionPolicy", "wafv2:PutPermissionPolicy"),
    # Named in schemas, and no actions of IAM's.
    "lambda:AssociateRuntimeAlias",
    *("s3:DeleteBucketAnalyticsConfiguration", "s3:DeleteBucketMetricsConfiguration"),
    *("s3:DeleteBucketCors", "s3:DeleteBucketEncryption", "s3:DeleteBucketLifecycle"),
    *("s3:DeleteBucketReplication", "s3:PutBucketReplication", "s3:PutObjectLockConfiguration"),
}


@pytest.fixture(scope="module")
def template() -> Json:
    return rights.packaged(rights.STAGE)


def statements() -> list[Json]:
    return [
        statement
        for path in sorted(rights.FOLDER.glob("*.json"))
        for statement in json.loads(path.read_text(encoding="utf-8"))["Statement"]
    ]


def allowed(action: str) -> list[str]:
    """The resources that an action is allowed on."""
    return [it for found in statements() if action in found["Action"] for it in found["Resource"]]


def test_policies_are_those_of_the_template(template: Json) -> None:
    kept = {path.name: path.read_text(encoding="utf-8") for path in rights.FOLDER.glob("*.json")}
    assert kept == rights.texts(template, rights.STAGE), "run: .venv/bin/python -m tools.rights"


def test_policies_fit_what_aws_allows_of_one_role() -> None:
    documents = [json.loads(it.read_text(encoding="utf-8")) for it in rights.FOLDER.glob("*.json")]
    assert 0 < len(documents) <= 10
    assert max(map(rights.size, documents)) <= 6144


def test_each_named_resource_can_be_created_and_deleted_by_its_name(template: Json) -> None:
    checked = set()
    for name, resource in template["Resources"].items():
        kind = resource["Type"]
        if kind not in NAMED:
            continue
        checked.add(kind)
        member, form = NAMED[kind]
        arn = "arn:aws:" + form.format(resource["Properties"][member])
        # API Gateway's logs and the functions' have groups of their own names.
        own = {it for it in rights.schema_actions(kind) if it.startswith(f"{rights.prefix(kind)}:")}
        verbs = [it for it in own if it.split(":")[1].startswith(("Create", "Delete", "Put"))]
        held = [it for it in verbs if any(fnmatchcase(arn, on) for on in allowed(it))]
        assert any(":Create" in it or ":Put" in it for it in held), (name, arn)
        assert any(":Delete" in it for it in held), (name, arn)
    assert checked == set(NAMED)


def test_every_action_of_the_resources_own_services_is_allowed(template: Json) -> None:
    kinds = {it["Type"] for it in template["Resources"].values()}
    granted = {it.lower() for found in statements() for it in found["Action"]}
    missing = {
        action
        for kind in kinds
        for action in rights.schema_actions(kind)
        if action.startswith(f"{rights.prefix(kind)}:") and action.lower() not in granted
    }
    assert missing <= LEFT_OUT


def test_deploying_role_may_do_what_the_smoke_check_does() -> None:
    """The workflow runs it with that role."""
    check = (ROOT / "tools" / "smoke" / "cognito.py").read_text(encoding="utf-8")
    calls = set(re.findall(r'_ask\(\s*"(\w+)"', check)) | {"DescribeUserPoolClient"}
    assert {"AdminCreateUser", "ListUsers"} < calls
    pool = "arn:aws:cognito-idp:eu-central-1:123456789012:userpool/eu-central-1_players"
    stacks = "arn:aws:cloudformation:eu-central-1:123456789012:stack"
    stage, edge = f"{stacks}/leaderboard-prod/1", f"{stacks}/leaderboard-edge-eu-central-1-prod/1"
    alarm = "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:leaderboard-prod-failures"
    wanted = {f"cognito-idp:{it}": [pool] for it in calls} | {
        "cloudformation:DescribeStacks": [stage, edge],
        "cloudformation:ListStackResources": [stage],
        "cloudwatch:DescribeAlarms": [alarm],
    }
    page = (ROOT / "docs" / "smoke.md").read_text(encoding="utf-8").partition("## Rights")[2]
    for action, arns in wanted.items():
        for arn in arns:
            assert any(fnmatchcase(arn, it) for it in allowed(action)), (action, arn)
        assert f"{action.partition(':')[2]}`" in page, action
    for action in ("cloudformation:DeleteStack", "cloudformation:ExecuteChangeSet"):
        assert not any(fnmatchcase(edge, it) for it in allowed(action)), action


# What the doctor goes without: it then says that it does not know.
NOT_OF_THE_ROLE = {"sts:GetCallerIdentity", "iam:SimulatePrincipalPolicy"}


def test_deploying_role_may_ask_what_the_doctor_asks() -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^Everything it asks for is a right to read: (.+)$", page, re.MULTILINE)
    asked = set(re.findall(r"`([\w-]+:\w+)`", line))
    source = (ROOT / "tools" / "doctor" / "account.py").read_text(encoding="utf-8")
    named = set(re.findall(r'"([\w-]+:[A-Z]\w+)"', source))
    assert asked == named | {"sts:GetCallerIdentity"}
    assert {it for it in asked if not allowed(it)} == NOT_OF_THE_ROLE


def test_roles_are_held_to_the_stage_and_to_functions() -> None:
    for found in statements():
        for action in found["Action"]:
            assert "*" not in action
            if action.startswith("iam:") and action != "iam:CreateServiceLinkedRole":
                assert found["Resource"] == ["arn:aws:iam::*:role/leaderboard-prod-*"]
            if action == "iam:PassRole":
                assert found["Condition"]["StringEquals"] == {
                    "iam:PassedToService": "lambda.amazonaws.com"
                }


# Schemas name them, and AWS's list of actions does not.
UNLISTED = {"apigateway:TagResource", "apigateway:UntagResource"}


def test_every_action_is_one_for_a_resource_that_its_statement_names() -> None:
    """Else AWS refuses the call, whatever the policy seems to say."""
    for found in statements():
        if found["Resource"] == ["*"]:
            continue
        for action in found["Action"]:
            if rights.described(action) is None:
                assert action in UNLISTED
                continue
            forms = rights.arn_forms(action)
            assert any(fits(arn, form) for arn in found["Resource"] for form in forms), action


def fits(arn: str, form: str) -> bool:
    """Whether a pattern of ARNs is of a form such as `arn:…:dynamodb:…:table/.*`."""
    (*_, service, _, _, resource), (*_, wanted, _, _, beginning) = (
        it.split(":", 5) for it in (arn, form)
    )
    named, of_form = resource.partition("*")[0], beginning.partition(".*")[0]
    return service == wanted and (named.startswith(of_form) or of_form.startswith(named))


def test_service_with_a_prefix_has_a_role_of_its_own() -> None:
    documents = rights.policies(rights.packaged("prod", before="acme-"), "prod", before="acme-")
    arns = {arn for it in documents for found in it["Statement"] for arn in found["Resource"]}
    named = [it for it in arns if "leaderboard" in it or "user-score" in it]
    assert len(named) > 10
    assert [it for it in named if "acme-" not in it] == []


def test_type_whose_names_are_unknown_is_refused(template: Json) -> None:
    other = {**template["Resources"], "Topic": {"Type": "AWS::SNS::Topic"}}
    with pytest.raises(SystemExit, match="does not know the names of: sns"):
        rights.policies({"Resources": other}, rights.STAGE)


# What a resource of the template is in AWS's list of actions.
KINDS = {
    "AWS::Cognito::UserPool": {"userpool"},
    "AWS::DynamoDB::Table": {"table"},
    "AWS::ElastiCache::ServerlessCache": {"serverlesscache"},
    "AWS::ElastiCache::User": {"user"},
    "AWS::Lambda::Function": {"function"},
    "AWS::Logs::LogGroup": {"log-group", "log-stream"},
    "AWS::SQS::Queue": {"queue"},
    "AWS::SecretsManager::Secret": {"Secret"},
}
PARTS = {
    r"/index/": {"index"},
    r"\.StreamArn$": {"stream"},
    r"/@connections/": {"execute-api-general"},
    r"^function:": {"function"},
}
# For all streams of an account, says AWS's list; Lambda asks for it on the stream.
ON_A_STREAM = {"dynamodb:ListStreams"}


def kinds(package: Package, resource: str) -> set[str]:
    for pattern, found in PARTS.items():
        if re.search(pattern, resource):
            return found
    return KINDS[package.resources[resource]["Type"]]


def test_functions_may_do_nothing_that_aws_does_not_take_for_its_resource(behind: Package) -> None:
    """Such a right would have no effect, and the function's call would be refused."""
    without_effect = {
        action
        for function in behind.functions()
        for resource, actions in permissions(behind, function).items()
        for action in actions
        if not kinds(behind, resource) & set((rights.described(action) or {}).get("Resources", ()))
    }
    assert without_effect == ON_A_STREAM


def test_functions_roles_name_only_actions_that_aws_has(behind: Package) -> None:
    """So do they in a template that cfn-lint checks; this is for the edge's part, too."""
    roles = [it["Policies"] for it in behind.of_type("AWS::IAM::Role").values()]
    documents = [policy["PolicyDocument"] for policies in roles for policy in policies]
    documents += [it["PolicyDocument"] for it in behind.of_type("AWS::IAM::Policy").values()]
    actions = [
        it for document in documents for found in document["Statement"] for it in found["Action"]
    ]
    assert len(actions) > 50
    assert [it for it in actions if rights.described(it) is None] == []
