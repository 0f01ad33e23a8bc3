"""What AWS is asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from local.service import ROOT
from tests.package.packaging import WITHOUT_PACKAGES, Package, package
from tests.structure.template import functions, service
from tools.reference.document import http_events

pytestmark = pytest.mark.package

STREAM = {
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
}
CACHE_ACCESS = {"Cache": {"elasticache:Connect"}, "CacheUser": {"elasticache:Connect"}}
POSTING = {
    "ConnectionsTable": {"dynamodb:BatchGetItem", "dynamodb:BatchWriteItem", "dynamodb:Query"},
    "${WebsocketsApi}/dev/POST/@connections/*": {"execute-api:ManageConnections"},
}
REPORTS = {"FailureQueue": {"sqs:SendMessage"}}
PERMISSIONS: dict[str, dict[str, set[str]]] = {
    "scores": {
        "ScoresTable": {
            "dynamodb:BatchGetItem",
            "dynamodb:ConditionCheckItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:Query",
            "dynamodb:UpdateItem",
        },
        "SubmissionsTable": {"dynamodb:GetItem", "dynamodb:PutItem"},
        "BoardsTable": {"dynamodb:GetItem", "dynamodb:UpdateItem"},
        "TicketSecret": {"secretsmanager:GetSecretValue"},
    }
    | REPORTS,
    "boards": {
        "BoardsTable": {"dynamodb:GetItem"},
        "ScoresTable": {"dynamodb:BatchGetItem"},
        "HistoryTable": {"dynamodb:Query"},
        "${ScoresTable.Arn}/index/board-top": {"dynamodb:Query"},
        "${ScoresTable.Arn}/index/user-name": {"dynamodb:Query"},
    }
    | CACHE_ACCESS
    | REPORTS,
    "moderation": {
        "ScoresTable": {
            "dynamodb:ConditionCheckItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:Query",
            "dynamodb:UpdateItem",
        },
        "BoardsTable": {"dynamodb:GetItem", "dynamodb:UpdateItem"},
        "ConnectionsTable": {"dynamodb:BatchWriteItem", "dynamodb:GetItem", "dynamodb:Query"},
        "${WebsocketsApi}/dev/DELETE/@connections/*": {"execute-api:ManageConnections"},
        "UserPool": {"cognito-idp:AdminDeleteUser"},
        "FailureQueue": {"sqs:SendMessage"},
    },
    "authorizer": {
        "ConnectionsTable": {"dynamodb:PutItem"},
        "TicketSecret": {"secretsmanager:GetSecretValue"},
    },
    "subscriber": {
        "ConnectionsTable": {
            "dynamodb:BatchWriteItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:Query",
            "dynamodb:UpdateItem",
        },
        "BoardsTable": {"dynamodb:BatchGetItem", "dynamodb:GetItem"},
        "ScoresTable": {"dynamodb:GetItem"},
        "${WebsocketsApi}/dev/GET/@connections/*": {"execute-api:ManageConnections"},
        "${WebsocketsApi}/dev/DELETE/@connections/*": {"execute-api:ManageConnections"},
    }
    | REPORTS,
    "score_stream": {
        "ScoresTable.StreamArn": STREAM,
        "BoardsTable": {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"},
        "FailureQueue": {"sqs:SendMessage"},
        "RebuildLambdaFunction": {"lambda:InvokeFunction"},
        "ModerationLambdaFunction": {"lambda:InvokeFunction"},
        "UpkeepLambdaFunction": {"lambda:InvokeFunction"},
    }
    | CACHE_ACCESS,
    "history_stream": {
        "ScoresTable.StreamArn": STREAM,
        "HistoryTable": {"dynamodb:PutItem"},
        "FailureQueue": {"sqs:SendMessage"},
        "UpkeepLambdaFunction": {"lambda:InvokeFunction"},
    }
    | CACHE_ACCESS,
    "upkeep": {
        "HistoryTable": {"dynamodb:BatchWriteItem", "dynamodb:Query"},
        "function:leaderboard-dev-upkeep": {"lambda:InvokeFunction"},
        "ScoresTable": {
            "dynamodb:BatchGetItem",
            "dynamodb:PutItem",
            "dynamodb:Query",
            "dynamodb:Scan",
            "dynamodb:UpdateItem",
        },
        "${ScoresTable.Arn}/index/board-top": {"dynamodb:Query"},
        "BoardsTable": {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"},
        "FailureQueue": {"sqs:SendMessage"},
    },
    "board_stream": {
        "BoardsTable.StreamArn": STREAM,
        "BoardsTable": {"dynamodb:GetItem"},
        "FailureQueue": {"sqs:SendMessage"},
        "FanoutLambdaFunction": {"lambda:InvokeFunction"},
    }
    | POSTING
    | CACHE_ACCESS,
    "fanout": POSTING,
    "rebuild": {
        "ScoresTable": {"dynamodb:BatchGetItem", "dynamodb:Scan"},
        "${ScoresTable.Arn}/index/board-top": {"dynamodb:Query"},
        "BoardsTable": {
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:Scan",
            "dynamodb:UpdateItem",
        },
        "function:leaderboard-dev-rebuild": {"lambda:InvokeFunction"},
    }
    | CACHE_ACCESS
    | REPORTS,
    "verify": {
        "HistoryTable": {"dynamodb:Query"},
        "ScoresTable": {"dynamodb:BatchGetItem", "dynamodb:Scan"},
        "${ScoresTable.Arn}/index/board-top": {"dynamodb:Query"},
        "BoardsTable": {
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:Scan",
            "dynamodb:UpdateItem",
        },
        "ConnectionsTable": {"dynamodb:Query"},
        "RebuildLambdaFunction": {"lambda:InvokeFunction"},
    }
    | CACHE_ACCESS
    | REPORTS,
    "seasons": {
        "BoardsTable": {
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:Scan",
            "dynamodb:UpdateItem",
        },
        "ConnectionsTable": {"dynamodb:Query"},
        "RebuildLambdaFunction": {"lambda:InvokeFunction"},
        "UpkeepLambdaFunction": {"lambda:InvokeFunction"},
    }
    | CACHE_ACCESS
    | REPORTS,
}

TABLES = {
    "user-score": ("ScoresTable", ["userId", "boardSeason"], "NEW_IMAGE", "expiresAt"),
    "boards": ("BoardsTable", ["boardSeason"], "NEW_AND_OLD_IMAGES", None),
    "connections": ("ConnectionsTable", ["audience", "connectionId"], None, "expiresAt"),
    "submissions": ("SubmissionsTable", ["submission"], None, "expiresAt"),
    "history": ("HistoryTable", ["userId", "boardSeasonVersion"], None, "expiresAt"),
}


def listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def target(resource: object) -> str:
    """The resource's name in the template; what follows it, where that is not its plain address."""
    match resource:
        case {"Ref": str(name)}:
            return name
        case {"Fn::GetAtt": [str(name), "Arn" | "ARN"]}:
            return name
        case {"Fn::GetAtt": [str(name), str(attribute)]}:
            return f"{name}.{attribute}"
        case {"Fn::Sub": str(text)}:
            for kind in ("execute-api", "lambda"):
                account = "${AWS::Region}:${AWS::AccountId}:"
                text = text.removeprefix(f"arn:${{AWS::Partition}}:{kind}:{account}")
            return text
    raise AssertionError(resource)


def granted(statements: Iterable[Mapping[str, Any]]) -> dict[str, set[str]]:
    actions: dict[str, set[str]] = {}
    for statement in statements:
        assert statement["Effect"] == "Allow"
        for resource in listed(statement["Resource"]):
            actions.setdefault(target(resource), set()).update(listed(statement["Action"]))
    return actions


def role_of(package: Package, function: str) -> str:
    role: str = package.functions()[function]["Role"]["Fn::GetAtt"][0]
    return role


def permissions(package: Package, function: str) -> dict[str, set[str]]:
    """What the function may do, by resource: its role's statements and the attached policies'."""
    role = role_of(package, function)
    policies = list(package.properties(role)["Policies"])
    policies += [
        policy
        for policy in package.of_type("AWS::IAM::Policy").values()
        if {"Ref": role} in policy["Roles"]
    ]
    return granted(
        statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]
    )


def test_every_function_of_the_design_is_deployed(dev: Package) -> None:
    assert set(dev.functions()) == set(functions())


@pytest.mark.parametrize("function", functions())
def test_function_gets_the_variables_that_the_file_gives_it(dev: Package, function: str) -> None:
    """`tests/structure/test_environment.py` holds the file to what the code reads."""
    common = service()["provider"]["environment"]
    environment = dev.functions()[function]["Environment"]["Variables"]
    assert set(environment) == {*common, *functions()[function]["environment"]}


@pytest.mark.parametrize("function", functions())
def test_function_runs_on_the_chosen_runtime(dev: Package, function: str) -> None:
    properties = dev.functions()[function]
    assert properties["Runtime"] == "python3.13"
    assert properties["Architectures"] == ["arm64"]
    assert properties["Handler"] == f"handlers/{function}.handler"


def test_functions_share_no_role(dev: Package) -> None:
    roles = [role_of(dev, function) for function in dev.functions()]
    assert len(set(roles)) == len(roles)
    assert set(roles) == set(dev.of_type("AWS::IAM::Role"))


@pytest.mark.parametrize("function", PERMISSIONS)
def test_role_allows_what_the_function_needs_and_nothing_else(dev: Package, function: str) -> None:
    log_group = dev.functions()[function]["FunctionName"]
    (logs,) = (
        name
        for name, properties in dev.of_type("AWS::Logs::LogGroup").items()
        if properties["LogGroupName"] == f"/aws/lambda/{log_group}"
    )
    write_logs = {logs: {"logs:CreateLogStream", "logs:PutLogEvents"}}
    assert permissions(dev, function) == PERMISSIONS[function] | write_logs


def test_only_lambda_takes_the_roles(dev: Package) -> None:
    for role in dev.of_type("AWS::IAM::Role").values():
        (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}


def test_logs_are_kept_for_a_time(dev: Package) -> None:
    groups = dev.of_type("AWS::Logs::LogGroup").values()
    assert {group["RetentionInDays"] for group in groups} == {30}


@pytest.mark.parametrize(
    ("name", "table", "batch_size", "window", "lanes"),
    [
        ("score_stream", "ScoresTable", 1000, 0, 1),
        ("history_stream", "ScoresTable", 500, 5, 1),
        ("board_stream", "BoardsTable", 1000, 0, 10),
    ],
)
def test_every_option_of_a_stream_is_set(
    dev: Package, name: str, table: str, batch_size: int, window: int, lanes: int
) -> None:
    (mapping,) = (
        properties
        for properties in dev.of_type("AWS::Lambda::EventSourceMapping").values()
        if dev.properties(properties["FunctionName"]["Fn::GetAtt"][0]) == dev.functions()[name]
    )
    function = mapping["FunctionName"]["Fn::GetAtt"][0]
    assert mapping == {
        "EventSourceArn": {"Fn::GetAtt": [table, "StreamArn"]},
        "FunctionName": {"Fn::GetAtt": [function, "Arn"]},
        "Enabled": True,
        "StartingPosition": "TRIM_HORIZON",
        "BatchSize": batch_size,
        "MaximumBatchingWindowInSeconds": window,
        "ParallelizationFactor": lanes,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "MaximumRetryAttempts": -1,
        "MaximumRecordAgeInSeconds": -1,
        "BisectBatchOnFunctionError": True,
        "DestinationConfig": {
            "OnFailure": {"Destination": {"Fn::GetAtt": ["FailureQueue", "Arn"]}}
        },
    }


def test_no_stream_has_more_than_two_readers(dev: Package) -> None:
    """AWS throttles the reads of a table's stream that has more."""
    mappings = dev.of_type("AWS::Lambda::EventSourceMapping").values()
    readers = Counter(str(it["EventSourceArn"]) for it in mappings)
    assert sorted(readers.values()) == [1, 2]


def test_http_routes_ask_for_their_scopes(dev: Package) -> None:
    routes = {
        route["RouteKey"]: (route["AuthorizerId"]["Ref"], route["AuthorizationScopes"])
        if "AuthorizerId" in route
        else None
        for route in dev.of_type("AWS::ApiGatewayV2::Route").values()
        if route["ApiId"] == {"Ref": "HttpApi"}
    }
    assert routes == {
        route: None if guard is None else (f"HttpApiAuthorizer{guard[0].title()}", guard[1])
        for declared in http_events().values()
        for route, guard in declared.items()
    }


@pytest.mark.parametrize(
    ("name", "clients"),
    [("Player", ["WebClient"]), ("Machine", ["MachineClient", "ModeratorClient"])],
)
def test_authorizer_takes_the_tokens_of_its_clients(
    dev: Package, name: str, clients: list[str]
) -> None:
    authorizer = dev.properties(f"HttpApiAuthorizer{name}")
    assert authorizer["AuthorizerType"] == "JWT"
    assert authorizer["JwtConfiguration"] == {
        "Audience": [{"Ref": client} for client in clients],
        "Issuer": {"Fn::Sub": "https://${UserPool.ProviderName}"},
    }


def test_socket_routes_answer_by_the_function_and_ask_the_authorizer_on_connect(
    dev: Package,
) -> None:
    routes = {
        route["RouteKey"]: (
            route["AuthorizationType"],
            route.get("RouteResponseSelectionExpression"),
        )
        for route in dev.of_type("AWS::ApiGatewayV2::Route").values()
        if route["ApiId"] == {"Ref": "WebsocketsApi"}
    }
    assert routes == {
        "$connect": ("CUSTOM", None),
        "$disconnect": ("NONE", None),
        "subscribe": ("NONE", "$default"),
        "unsubscribe": ("NONE", "$default"),
        "ping": ("NONE", "$default"),
        "$default": ("NONE", "$default"),
    }
    assert len(dev.of_type("AWS::ApiGatewayV2::RouteResponse")) == 4


def test_socket_authorizer_runs_for_anonymous_viewers_too(dev: Package) -> None:
    authorizer = dev.properties("AuthorizerWebsocketsAuthorizer")
    assert authorizer["AuthorizerType"] == "REQUEST"
    assert authorizer["IdentitySource"] == []


def test_no_gateway_logs_frames(dev: Package) -> None:
    settings = dev.properties("WebsocketsDeploymentStage")["DefaultRouteSettings"]
    assert settings["LoggingLevel"] == "OFF"
    assert settings["DataTraceEnabled"] is False
    assert "AccessLogSettings" not in dev.properties("WebsocketsDeploymentStage")


def test_gateways_are_throttled(dev: Package) -> None:
    for stage in dev.of_type("AWS::ApiGatewayV2::Stage").values():
        assert stage["DefaultRouteSettings"]["ThrottlingRateLimit"] > 0
        assert stage["DefaultRouteSettings"]["ThrottlingBurstLimit"] > 0


def test_functions_are_called_by_their_own_gateways_alone(dev: Package) -> None:
    for permission in dev.of_type("AWS::Lambda::Permission").values():
        assert "SourceArn" in permission


def test_pages_may_read_the_etag(dev: Package) -> None:
    cors = dev.properties("HttpApi")["CorsConfiguration"]
    assert "etag" in cors["ExposeHeaders"]
    assert {"authorization", "content-type", "if-none-match"} <= set(cors["AllowHeaders"])
    assert cors["AllowOrigins"] != ["*"]


@pytest.mark.parametrize("name", TABLES)
def test_table_is_keyed_streamed_and_guarded(dev: Package, name: str) -> None:
    resource, keys, stream, ttl = TABLES[name]
    table = dev.properties(resource)
    assert table["TableName"] == f"{name}-dev"
    assert [key["AttributeName"] for key in table["KeySchema"]] == keys
    assert table.get("StreamSpecification", {}).get("StreamViewType") == stream
    assert table.get("TimeToLiveSpecification", {}).get("AttributeName") == ttl
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["SSESpecification"] == {"SSEEnabled": True}


def test_index_holds_the_order_and_what_an_entry_shows(dev: Package) -> None:
    index, _ = dev.properties("ScoresTable")["GlobalSecondaryIndexes"]
    assert index["IndexName"] == "board-top"
    assert [key["AttributeName"] for key in index["KeySchema"]] == [
        "boardSeasonShard",
        "boardOrder",
    ]
    assert index["Projection"] == {
        "ProjectionType": "INCLUDE",
        "NonKeyAttributes": ["userName", "userScore", "scoreUpdatedAt"],
    }


def test_index_of_names_holds_what_profiles_alone_have_and_no_score(dev: Package) -> None:
    """An attribute of scores in it, or one that moves without the name, would cost each write."""
    _, index = dev.properties("ScoresTable")["GlobalSecondaryIndexes"]
    assert index["IndexName"] == "user-name"
    assert [key["AttributeName"] for key in index["KeySchema"]] == ["nameShard", "foldedName"]
    assert index["Projection"] == {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["userName"]}


def test_cache_is_public_encrypted_and_of_iam_users_alone(dev: Package) -> None:
    cache = dev.properties("Cache")
    assert (cache["Engine"], cache["ConnectionType"]) == ("valkey", "public")
    assert cache["UserGroupId"] == {"Ref": "CacheUsers"}
    assert dev.properties("CacheUsers")["UserIds"] == [{"Ref": "CacheUser"}]
    user = dev.properties("CacheUser")
    assert user["AuthenticationMode"] == {"Type": "iam"}
    environment = dev.functions()["boards"]["Environment"]["Variables"]
    assert environment["CACHE_NAME"] == cache["ServerlessCacheName"]
    assert environment["CACHE_USER"] == user["UserId"] == user["UserName"]


def test_web_client_is_public_and_tells_nothing_of_who_exists(dev: Package) -> None:
    client = dev.properties("WebClient")
    assert client["GenerateSecret"] is False
    assert set(client["ExplicitAuthFlows"]) == {
        "ALLOW_USER_PASSWORD_AUTH",
        "ALLOW_USER_SRP_AUTH",
        "ALLOW_REFRESH_TOKEN_AUTH",
    }
    assert client["EnableTokenRevocation"] is True
    assert client["PreventUserExistenceErrors"] == "ENABLED"


@pytest.mark.parametrize(
    ("name", "scope"), [("MachineClient", "scores.write"), ("ModeratorClient", "moderate")]
)
def test_client_of_a_capability_has_its_scope_alone_and_a_secret(
    prod: Package, name: str, scope: str
) -> None:
    client = prod.properties(name)
    assert client["GenerateSecret"] is True
    assert client["AllowedOAuthFlows"] == ["client_credentials"]
    assert client["AllowedOAuthScopes"] == [f"leaderboard/{scope}"]


def test_game_servers_of_a_stage_for_trying_have_both_scopes(dev: Package) -> None:
    scopes = ["leaderboard/scores.write", "leaderboard/moderate"]
    assert dev.properties("MachineClient")["AllowedOAuthScopes"] == scopes
    assert dev.properties("ModeratorClient")["AllowedOAuthScopes"] == ["leaderboard/moderate"]


def test_failures_and_old_streams_raise_alarms(dev: Package) -> None:
    alarms = {
        (alarm["Namespace"], alarm["MetricName"], target(alarm["Dimensions"][0]["Value"]))
        for alarm in dev.of_type("AWS::CloudWatch::Alarm").values()
        if alarm.get("Namespace", "").startswith("AWS/")
    }
    assert {
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "FailureQueue.QueueName"),
        ("AWS/Lambda", "IteratorAge", "ScoreUnderscorestreamLambdaFunction"),
        ("AWS/Lambda", "IteratorAge", "BoardUnderscorestreamLambdaFunction"),
    } <= alarms


def test_alarm_on_a_metric_of_our_own_names_all_its_dimensions(dev: Package) -> None:
    """Those that handlers.telemetry sends: an alarm with fewer would never see a value."""
    alarms = [
        alarm
        for alarm in dev.of_type("AWS::CloudWatch::Alarm").values()
        if not alarm.get("Namespace", "AWS/").startswith("AWS/")
    ]
    assert alarms
    environment = dev.functions()["verify"]["Environment"]["Variables"]
    for alarm in alarms:
        assert alarm["Namespace"] == environment["POWERTOOLS_METRICS_NAMESPACE"]
        dimensions = {it["Name"]: it["Value"] for it in alarm["Dimensions"]}
        assert dimensions == {
            "stage": environment["STAGE"],
            "service": environment["POWERTOOLS_SERVICE_NAME"],
        }


def test_cache_raises_alarms_at_three_quarters_of_its_limits(dev: Package) -> None:
    params = service()["params"]["default"]
    for name, metric, limit in (
        (
            "CacheUnitsAlarm",
            "ElastiCacheProcessingUnits",
            f"/ 60 / {params['cacheUnitsPerSecond']}",
        ),
        ("CacheBytesAlarm", "BytesUsedForCache", f"/ 1000000000 / {params['cacheGigabytes']}"),
    ):
        alarm = dev.properties(name)
        share, used = alarm["Metrics"]
        assert share["Expression"] == f"100 * used {limit}"
        watched = used["MetricStat"]["Metric"]
        assert (watched["Namespace"], watched["MetricName"]) == ("AWS/ElastiCache", metric)
        # What AWS's console and API list; its guide names none (docs/aws.md).
        assert watched["Dimensions"] == [{"Name": "clusterId", "Value": {"Ref": "Cache"}}]
        assert (alarm["ComparisonOperator"], alarm["Threshold"]) == (
            "GreaterThanOrEqualToThreshold",
            75,
        )


def test_limits_of_the_cache_are_below_those_of_one_board(dev: Package) -> None:
    """So the alarms, which see the whole cache alone, come before AWS's cap of one slot."""
    limits = dev.properties("Cache")["CacheUsageLimits"]
    assert int(limits["ECPUPerSecond"]["Maximum"]) <= 30_000
    assert int(limits["DataStorage"]["Maximum"]) <= 32


def test_flood_of_reads_or_pings_takes_no_execution_of_scores(prod: Package, dev: Package) -> None:
    reserved = {
        name: function["ReservedConcurrentExecutions"]
        for name, function in prod.functions().items()
        if "ReservedConcurrentExecutions" in function
    }
    assert reserved.keys() == {"scores", "score_stream", "board_stream", "fanout"}
    # A new account has ten executions, of which it can reserve none.
    assert not any("ReservedConcurrentExecutions" in it for it in dev.functions().values())
    # A reservation is a cap as well. A table's stream begins with four shards.
    for name, trigger in (("score_stream", "Score"), ("board_stream", "Board")):
        mapping = next(
            properties
            for properties in prod.of_type("AWS::Lambda::EventSourceMapping").values()
            if trigger in target(properties["FunctionName"])
        )
        assert reserved[name] >= 4 * mapping["ParallelizationFactor"]
    variables = prod.functions()["fanout"]["Environment"]["Variables"]
    assert reserved["fanout"] >= int(variables["AUDIENCE_SHARDS"])
    # Of the 1,000 that an account has.
    assert sum(reserved.values()) <= 900


def test_posts_are_half_of_what_the_region_allows(
    dev: Package, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("milan") / "service"
    milan = package(folder, stage="dev", options=(*WITHOUT_PACKAGES, "--region", "eu-south-1"))
    posts = [
        int(it.functions()["board_stream"]["Environment"]["Variables"]["POSTS_PER_SECOND"])
        for it in (dev, milan)
    ]
    assert posts == [10_000 // 2, 2_500 // 2]


def test_addresses_are_put_out(dev: Package) -> None:
    assert {
        "HttpUrl",
        "SocketUrl",
        "UserPoolId",
        "WebClientId",
        "MachineClientId",
        "ScoresTableName",
        "BoardsTableName",
        "ConnectionsTableName",
        "SubmissionsTableName",
        "HistoryTableName",
    } <= set(dev.template["Outputs"])


def test_prod_keeps_its_data_when_it_is_removed(prod: Package) -> None:
    for name, *_ in TABLES.values():
        assert prod.resources[name]["DeletionPolicy"] == "RetainExceptOnCreate"
        assert prod.resources[name]["UpdateReplacePolicy"] == "Retain"
        assert prod.properties(name)["DeletionProtectionEnabled"] is True
    assert prod.resources["UserPool"]["DeletionPolicy"] == "RetainExceptOnCreate"
    assert prod.resources["UserPool"]["UpdateReplacePolicy"] == "Retain"
    assert prod.properties("UserPool")["DeletionProtection"] == "ACTIVE"


def test_nothing_of_prod_outlives_the_rollback_of_its_first_deploy(prod: Package) -> None:
    """Retain would; so would a protection that the plugin does not know, and leaves on."""
    plugin = (ROOT / "plugins" / "protection.js").read_text(encoding="utf-8")
    for name, resource in prod.resources.items():
        assert resource.get("DeletionPolicy") in {None, "Delete", "RetainExceptOnCreate"}, name
        for protection in (it for it in resource.get("Properties", {}) if "Protection" in it):
            assert f"'{resource['Type']}': ['{protection}'," in plugin, name


def test_changed_e_mail_must_be_verified_before_it_counts(dev: Package) -> None:
    pool = dev.properties("UserPool")
    assert pool["UserAttributeUpdateSettings"] == {
        "AttributesRequireVerificationBeforeUpdate": ["email"]
    }
    assert pool["AutoVerifiedAttributes"] == ["email"]


def test_refreshing_a_token_does_not_renew_its_sign_in(dev: Package) -> None:
    """Rotation would: it takes the flow away by which the page refreshes, and `auth_time` then
    says when a token was renewed."""
    client = dev.properties("WebClient")
    assert "ALLOW_REFRESH_TOKEN_AUTH" in client["ExplicitAuthFlows"]
    assert "RefreshTokenRotation" not in client


def test_dev_goes_when_it_is_removed(dev: Package) -> None:
    for name, *_ in TABLES.values():
        assert dev.resources[name]["DeletionPolicy"] == "Delete"
        assert dev.properties(name)["DeletionProtectionEnabled"] is False
