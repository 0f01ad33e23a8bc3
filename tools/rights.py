"""Writes the policies of the role that deploys a stage: `python -m tools.rights`.

The role also runs `make doctor` and `make smoke`, as the workflow that deploys does. What
CloudFormation asks for comes from the schemas of the resource types in the packaged template, which
cfn-lint carries; so does what each action can be held to. What the tools themselves call is listed
here. An action is held to the names that the stage's resources get, where AWS allows that.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from local import service

Json = dict[str, Any]
Arns = tuple[str, ...]

FOLDER = service.ROOT / "docs" / "deployer"
STAGE = "prod"
LIMIT = 6144
"""The characters of one managed policy, without white space; a role may have ten."""

# Where an IAM prefix is not the type's second word.
PREFIXES = {"ApiGatewayV2": "apigateway", "Cognito": "cognito-idp"}

ANY: Arns = ("*",)
# The stack before the stage, whose address the smoke check asks for.
EDGE = "edge"
OF_THE_EDGE = frozenset({"cloudformation:DescribeStacks"})
TOOLS = {
    # osls: the change set, its progress, `remove`, `info`; and plugins/protection.js.
    "cloudformation": (
        "ContinueUpdateRollback",
        "CreateChangeSet",
        "DeleteChangeSet",
        "DeleteStack",
        "DescribeChangeSet",
        "DescribeStackEvents",
        "DescribeStackResource",
        "DescribeStackResources",
        "DescribeStacks",
        "ExecuteChangeSet",
        "GetTemplate",
        "ListStackResources",
        "TagResource",
        "UntagResource",
        "ValidateTemplate",
    ),
    # osls: the packages in the stack's bucket, which `remove` empties.
    "s3": (
        "DeleteObject",
        "DeleteObjectVersion",
        "GetObject",
        "ListBucket",
        "ListBucketVersions",
        "PutObject",
    ),
    # plugins/catalog.js; the doctor.
    "lambda": (
        "GetAccountSettings",
        "GetFunction",
        "GetFunctionConcurrency",
        "GetFunctionConfiguration",
        "InvokeFunction",
    ),
    # The smoke check: its player, and the secrets of the clients that get tokens.
    "cognito-idp": (
        "AdminCreateUser",
        "AdminDeleteUser",
        "AdminGetUser",
        "AdminSetUserPassword",
        "DescribeUserPoolClient",
        "ListUsers",
    ),
    "cloudwatch": ("DescribeAlarms",),
    # The doctor: what the account allows, and which names are taken.
    "account": ("ListRegions",),
    "elasticache": ("DescribeServerlessCaches", "DescribeUserGroups", "DescribeUsers"),
    "servicequotas": ("GetAWSDefaultServiceQuota", "GetServiceQuota"),
    "ses": ("GetAccount", "GetEmailIdentity"),
    "sqs": ("GetQueueUrl",),
    "wafv2": ("ListWebACLs",),
    # API Gateway delivers the HTTP API's access log in the name of the role that sets it up.
    "logs": (
        "CreateLogDelivery",
        "DeleteLogDelivery",
        "DescribeResourcePolicies",
        "GetLogDelivery",
        "ListLogDeliveries",
        "PutResourcePolicy",
        "UpdateLogDelivery",
    ),
}
# A role is only ever given to functions.
TO_FUNCTIONS: Json = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
# Keys are AWS's own, and used by the services that encrypt with them, never directly.
THROUGH_A_SERVICE: Json = {"StringLike": {"kms:ViaService": "*.amazonaws.com"}}


def names(
    stage: str, tables: Iterable[str], secrets: Iterable[str], *, before: str
) -> dict[str, dict[str, Arns]]:
    """By IAM prefix and type of resource: what the stage's resources are called. `*` is for every
    type. A prefix that is not here belongs to options that the service does not use. `before` is
    the stage's param `prefix`."""
    stack = f"{before}leaderboard-{stage}"
    tables, secrets = sorted(tables), sorted(secrets)
    log_group = "arn:aws:logs:*:*:log-group:/aws"
    logs = (f"{log_group}/lambda/{stack}-*", f"{log_group}/http-api/{stack}*")
    bucket = f"arn:aws:s3:::{stack}-serverlessdeploy*"
    web_acl = f"arn:aws:wafv2:*:*:regional/webacl/{stack}-*/*"
    pool = "arn:aws:cognito-idp:*:*:userpool/*"
    return {
        "account": {"*": ANY},
        # The ids of APIs are made by AWS.
        "apigateway": {"*": ("arn:aws:apigateway:*::/apis*", "arn:aws:apigateway:*::/tags/*")},
        "cloudformation": {
            "stack": (f"arn:aws:cloudformation:*:*:stack/{stack}/*",),
            EDGE: (f"arn:aws:cloudformation:*:*:stack/{before}leaderboard-edge-*-{stage}/*",),
        },
        "cloudwatch": {"alarm": (f"arn:aws:cloudwatch:*:*:alarm:{stack}-*",)},
        "cognito-idp": {"userpool": (pool,), "webacl": (web_acl,)},
        "dynamodb": {
            "table": tuple(f"arn:aws:dynamodb:*:*:table/{it}" for it in tables),
            "index": tuple(f"arn:aws:dynamodb:*:*:table/{it}/index/*" for it in tables),
            "stream": tuple(f"arn:aws:dynamodb:*:*:table/{it}/stream/*" for it in tables),
        },
        "ec2": {"*": ANY},
        "elasticache": {
            it: (f"arn:aws:elasticache:*:*:{it}:{stack}",)
            for it in ("serverlesscache", "user", "usergroup")
        },
        "events": {"rule-on-default-event-bus": (f"arn:aws:events:*:*:rule/{stack}-*",)},
        "iam": {"role": (f"arn:aws:iam::*:role/{stack}-*",)},
        "kms": {"*": ANY},
        "lambda": {
            "function": (f"arn:aws:lambda:*:*:function:{stack}-*",),
            "eventSourceMapping": ("arn:aws:lambda:*:*:event-source-mapping:*",),
        },
        "logs": {"log-group": logs, "log-stream": logs},
        "s3": {"bucket": (bucket,), "object": (f"{bucket}/*",)},
        # CloudFormation names a secret after its resource, whatever the stack.
        "secretsmanager": {
            "Secret": tuple(f"arn:aws:secretsmanager:*:*:secret:{it}-*" for it in secrets)
        },
        "servicequotas": {"*": ANY},
        "ses": {"*": ANY},
        "sqs": {"queue": (f"arn:aws:sqs:*:*:{stack}-*",)},
        "wafv2": {
            "webacl": (web_acl,),
            "managedruleset": ("arn:aws:wafv2:*:*:regional/managedruleset/*/*",),
            "userpool": (pool,),
        },
    }


@cache
def _data(name: str) -> Json:
    path = resources.files("cfnlint").joinpath("data", name)
    data: Json = json.loads(path.read_text(encoding="utf-8"))
    return data


def described(action: str) -> Json | None:
    """What AWS says of an action, such as the types of resources it is for; None if there is no
    such action."""
    service_name, _, name = action.partition(":")
    known: Json = _data("AdditionalSpecs/Policies.json")[service_name]["Actions"]
    return known.get(name.lower())


def arn_forms(action: str) -> list[str]:
    """The forms of the ARNs that an action is for, as AWS writes them; none if it is for all."""
    service_name = action.partition(":")[0]
    types = (described(action) or {}).get("Resources") or []
    forms = _data("AdditionalSpecs/Policies.json")[service_name]["Resources"]
    return [form for it in types for form in forms[it.lower()]["ARNFormats"]]


def schema_actions(kind: str) -> set[str]:
    """What CloudFormation calls to create, read, update and delete a resource of this type."""
    digest = _data("schemas/providers/us-east-1.json")[kind]
    handlers = _data(f"schemas/resources/{digest}.json").get("handlers", {})
    actions = {
        action
        for name, it in handlers.items()
        if name != "list"
        for action in it.get("permissions", [])
    }
    # Of the network only the cache may ask for something; others name it for options of theirs.
    return {it for it in actions if not it.startswith("ec2:") or prefix(kind) == "elasticache"}


def prefix(kind: str) -> str:
    """The IAM prefix of a type of resource."""
    word = kind.split("::")[1]
    return PREFIXES.get(word, word.lower())


def statements(template: Mapping[str, Any], stage: str, *, before: str) -> list[Json]:
    """What the role may, each action once, ordered by service."""
    resources = template["Resources"]
    kinds = {it["Type"] for it in resources.values()}
    tables = {it["Properties"]["TableName"] for it in resources.values() if _is_table(it)}
    secrets = {n for n, it in resources.items() if it["Type"] == "AWS::SecretsManager::Secret"}
    named = names(stage, tables, secrets, before=before)
    if foreign := {prefix(it) for it in kinds} - named.keys():
        raise SystemExit(f"tools/rights.py does not know the names of: {', '.join(foreign)}.")
    asked = {it for kind in kinds for it in schema_actions(kind)}
    asked |= {f"{it}:{action}" for it, actions in TOOLS.items() for action in actions}
    held: dict[tuple[str, Arns, str], set[str]] = defaultdict(set)
    seen: set[str] = set()
    for action in sorted(asked):
        service_name = action.partition(":")[0]
        arns = _held_to(action, named.get(service_name, {}))
        if not arns or action.lower() in seen:
            continue
        seen.add(action.lower())
        held[service_name, arns, json.dumps(_condition(action))].add(action)
    return [
        {"Effect": "Allow", "Action": sorted(actions), "Resource": list(arns)}
        | ({"Condition": json.loads(condition)} if condition != "{}" else {})
        for (_, arns, condition), actions in sorted(held.items())
    ]


def _is_table(resource: Json) -> bool:
    return bool(resource["Type"] == "AWS::DynamoDB::Table")


def _condition(action: str) -> Json:
    if action == "iam:PassRole":
        return TO_FUNCTIONS
    if action.startswith("kms:") and action != "kms:ListAliases":  # which names no key
        return THROUGH_A_SERVICE
    return {}


def _held_to(action: str, named: Mapping[str, Arns]) -> Arns:
    """The resources that an action is allowed on; none if the service never needs it."""
    name = action.partition(":")[2]
    if action == "iam:CreateServiceLinkedRole":
        return ("arn:aws:iam::*:role/aws-service-role/*",)
    if not named or not name.isalnum():
        return ()
    known = described(action)
    if known is None:  # no action in IAM's list: schemas name some that never were
        return named.get("*", ())
    types = known.get("Resources")
    if not types:
        return ANY
    if "*" in named:
        return named["*"]
    wanted = [*types, EDGE] if action in OF_THE_EDGE else types
    return tuple(sorted({arn for it in wanted for arn in named.get(it, ())}))


def policies(template: Mapping[str, Any], stage: str, *, before: str = "") -> list[Json]:
    """The same in as few documents as AWS's limit allows."""
    documents: list[Json] = []
    for statement in statements(template, stage, before=before):
        if documents:
            last = documents[-1]
            longer = {**last, "Statement": [*last["Statement"], statement]}
            if size(longer) <= LIMIT:
                documents[-1] = longer
                continue
        documents.append({"Version": "2012-10-17", "Statement": [statement]})
    if too_long := [it for it in documents if size(it) > LIMIT]:
        raise SystemExit(f"A statement alone is past {LIMIT} characters: {too_long[0]}")
    return documents


def size(document: Json) -> int:
    """The characters that AWS counts."""
    return len("".join(json.dumps(document).split()))


def texts(template: Mapping[str, Any], stage: str, *, before: str = "") -> dict[str, str]:
    """The files by name."""
    return {
        f"{number}.json": json.dumps(it, indent=2) + "\n"
        for number, it in enumerate(policies(template, stage, before=before), start=1)
    }


def packaged(stage: str, *, before: str = "") -> Json:
    """The template of a stage with all that it may have."""
    with tempfile.TemporaryDirectory() as folder:
        copied = service.copy(Path(folder) / "service")
        options = ["--param", "requirements=none.txt", "--param", "edge=cloudfront"]
        options += ["--param", "poolAcl=waf", "--param", "bytecode=none", "--param", "email=ses"]
        options += ["--param", "emailFrom=no-reply@play.example.com"]
        options += ["--param", f"prefix={before}"] if before else []
        service.run(["package", "--stage", stage, *options], folder=copied, variables={})
        path = copied / ".serverless" / "cloudformation-template-update-stack.json"
        template: Json = json.loads(path.read_text(encoding="utf-8"))
        return template


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.rights",
        description="Writes the policies of the role that deploys a stage.",
    )
    parser.add_argument("--stage", default=STAGE, help=f"default: {STAGE}")
    parser.add_argument("--prefix", default="", help="its param `prefix` (default: none)")
    parser.add_argument("--output", type=Path, help=f"default for {STAGE}: docs/deployer")
    arguments = parser.parse_args()
    before = arguments.prefix
    if arguments.output is None and (arguments.stage != STAGE or before):
        parser.error(f"docs/deployer is for {STAGE}; name another folder with --output.")
    folder: Path = arguments.output or FOLDER
    try:
        template = packaged(arguments.stage, before=before)
    except service.ToolFailed as error:
        print(error, file=sys.stderr)
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    written = texts(template, arguments.stage, before=before)
    for path in folder.glob("*.json"):
        if path.name not in written:
            path.unlink()
    for name, text in written.items():
        (folder / name).write_text(text, encoding="utf-8")
        print(folder / name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
