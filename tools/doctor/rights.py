"""The rights whose lack tells most about a deployer: one for each kind of thing that a stage is
made of. A role that has them may still lack another; CloudFormation then names it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tools.doctor.configuration import Configuration
from tools.doctor.names import fixed


@dataclass(frozen=True, slots=True)
class Right:
    """An action on a resource that the stage will have."""

    action: str
    resource: str = "*"
    context: Mapping[str, str] = field(default_factory=dict)


def telling(
    configuration: Configuration, *, partition: str, region: str, account: str
) -> Iterator[Right]:
    """What is asked for a stage, in the order in which a deployment comes to it."""
    stack = configuration.stack

    def arn(
        service: str, resource: str, *, of_region: str = region, of_account: str = account
    ) -> str:
        return f"arn:{partition}:{service}:{of_region}:{of_account}:{resource}"

    role = arn("iam", f"role/{stack}-ScoresRole-0", of_region="")
    yield Right("cloudformation:CreateStack", arn("cloudformation", f"stack/{stack}/0"))
    yield Right("cloudformation:CreateChangeSet", arn("cloudformation", f"stack/{stack}/0"))
    bucket = f"{stack}-serverlessdeploymentbucket-0"
    yield Right("s3:CreateBucket", arn("s3", bucket, of_region="", of_account=""))
    yield Right("s3:PutObject", arn("s3", f"{bucket}/0", of_region="", of_account=""))
    yield Right("iam:CreateRole", role)
    yield Right("iam:PassRole", role, {"iam:PassedToService": "lambda.amazonaws.com"})
    yield Right("secretsmanager:CreateSecret", arn("secretsmanager", "secret:TicketSecret-0"))
    yield Right("cognito-idp:CreateUserPool")
    yield Right("apigateway:POST", arn("apigateway", "/apis", of_account=""))
    yield Right("events:PutRule", arn("events", f"rule/{stack}-0"))
    yield Right("lambda:CreateEventSourceMapping")
    seen = set()
    for name in fixed(configuration):
        if name.type in BY_TYPE and name.type not in seen:
            seen.add(name.type)
            action, service, resource = BY_TYPE[name.type]
            yield Right(action, arn(service, f"{resource}{name.name}"))


# For the first resource of a type: the action that creates it, its service, and what stands before
# its name in its ARN.
BY_TYPE: Mapping[str, tuple[str, str, str]] = {
    "AWS::CloudWatch::Alarm": ("cloudwatch:PutMetricAlarm", "cloudwatch", "alarm:"),
    "AWS::DynamoDB::Table": ("dynamodb:CreateTable", "dynamodb", "table/"),
    "AWS::ElastiCache::ServerlessCache": (
        "elasticache:CreateServerlessCache",
        "elasticache",
        "serverlesscache:",
    ),
    "AWS::Lambda::Function": ("lambda:CreateFunction", "lambda", "function:"),
    "AWS::Logs::LogGroup": ("logs:CreateLogGroup", "logs", "log-group:"),
    "AWS::SQS::Queue": ("sqs:CreateQueue", "sqs", ""),
    "AWS::WAFv2::WebACL": ("wafv2:CreateWebACL", "wafv2", "regional/webacl/"),
}
