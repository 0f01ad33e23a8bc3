"""`make doctor` in good and in broken set-ups, against the emulator; each line as people read
it."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import boto3
import pytest

from local import service
from local.servers import Emulator, await_condition
from tests.commands import command
from tests.tools.quotas import Quotas, double

REGION = "eu-central-1"
REQUESTS = ("apigateway", "L-8A5B8E43")
USUAL: Quotas = {REQUESTS: 10_000}
SENDER = ("--param", "email=ses", "--param", "emailFrom=no-reply@play.example.com")
# A stage of a busy machine's emulator, which imports a service when it is first asked.
PATIENCE = ("--deadline", "120")

ACCOUNT = (
    "ok     account      arn:aws:iam::000000000000:root, account 000000000000 at {endpoint}, "
    "which is not AWS."
)
IN_REGION = f"ok     Region       {REGION} (AWS_REGION)."
THROW_AWAY = "ok     stage        dev is throw-away: its data goes when it is removed."
FITS = "ok     names        A stage name may have 22 characters here, dev has 3."
COGNITO = (
    "note   e-mails      Cognito sends 50 a day for the whole account, then nobody else can sign "
    "up "
    "until the next day. No API tells how many are left. With real players set "
    '"email: ses" and "emailFrom: <address>".'
)
ROOT_USER = (
    "note   rights       The account's root user may do everything. "
    "Deploy as a role that may do less."
)
ENOUGH = "ok     Lambda       1000 executions: watched boards hold 3, 997 are left for all else."
REQUESTS_FIT = f"ok     API Gateway  10000 requests a second in {REGION}, the params allow 9000."
NEW = f"ok     stack        leaderboard-dev is new in {REGION}."
FREE = "ok     taken        None of 50 names is taken by anything else."
CLOUDFRONT = (
    "note   CloudFront   A new account cannot create a distribution before AWS has verified it, "
    "and "
    "no API tells. It matters for the edge alone (infra/edge): if that fails with AccessDenied, "
    "ask AWS Support."
)
NO_CREDENTIALS = (
    "wrong  account      No AWS credentials. Set AWS_PROFILE, run `aws sso login`, or set "
    "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
)
NOT_ASKED = "note   AWS          Not asked about rights, quotas and names: that takes {}."


@dataclass(frozen=True, slots=True)
class Answer:
    lines: list[str]
    status: int
    seconds: float

    def of(self, topic: str) -> list[str]:
        return [it for it in self.lines if it[7:18].strip() == topic]

    def line(self, topic: str) -> str:
        """The only one about it."""
        (line,) = self.of(topic)
        return line


@dataclass(frozen=True, slots=True)
class Shell:
    """A shell, in the folder of a home of its own."""

    variables: Mapping[str, str]
    endpoint: str = ""
    more: Mapping[str, str] = field(default_factory=dict)

    def with_variables(self, **variables: str) -> Shell:
        return replace(self, more=dict(self.more) | variables)

    def doctor(self, *options: str, stage: str = "dev") -> Answer:
        began = time.monotonic()
        environment = dict(self.variables) | dict(self.more)
        answer = command("tools.doctor", "--stage", stage, *options, environment=environment)
        assert not answer.stderr, answer.stderr
        return Answer(answer.stdout.splitlines(), answer.returncode, time.monotonic() - began)

    def client(self, name: str, region: str = REGION) -> Any:
        maker: Any = boto3.client
        return maker(
            name,
            region_name=region,
            endpoint_url=self.endpoint,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """An environment without credentials, and with no machine that lends some."""
    folder = tmp_path_factory.mktemp("home")
    return service.environment() | {
        "AWS_CONFIG_FILE": str(folder / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@pytest.fixture(scope="module")
def start(
    home: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[int], Shell]]:
    """Shells with credentials for an account that has so many executions."""
    running = []

    def started(executions: int) -> Shell:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(
                "os.environ", dict(os.environ) | {"LAMBDA_ACCOUNT_CONCURRENCY": str(executions)}
            )
            emulator = Emulator(tmp_path_factory.mktemp("emulator"), port=0, region=REGION)
        running.append(emulator)
        await_condition(emulator.is_ready, what="The emulator did not answer")
        variables = dict(home) | {
            "AWS_ENDPOINT_URL": emulator.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
        }
        return Shell(variables, emulator.endpoint)

    try:
        yield started
    finally:
        for emulator in running:
            emulator.stop()


@pytest.fixture(scope="module")
def bare(start: Callable[[int], Shell]) -> Shell:
    return start(1000)


@pytest.fixture(scope="module")
def shell(bare: Shell) -> Iterator[Shell]:
    """A shell whose account has what accounts usually have."""
    with double(applied={}, defaults=USUAL) as quotas:
        yield bare.with_variables(AWS_ENDPOINT_URL_SERVICE_QUOTAS=quotas)


def test_good_stage_has_a_line_for_each_check_in_order(shell: Shell) -> None:
    answer = shell.doctor(*PATIENCE)
    assert answer.lines == [
        ACCOUNT.format(endpoint=shell.endpoint),
        IN_REGION,
        THROW_AWAY,
        FITS,
        COGNITO,
        ROOT_USER,
        ENOUGH,
        REQUESTS_FIT,
        NEW,
        FREE,
        CLOUDFRONT,
    ]
    assert answer.status == 0


def test_no_credentials_are_said_at_once_with_what_the_files_say(home: Mapping[str, str]) -> None:
    answer = Shell(home).doctor()
    assert answer.lines == [
        NO_CREDENTIALS,
        THROW_AWAY,
        FITS,
        COGNITO,
        NOT_ASKED.format("credentials"),
    ]
    assert answer.status == 1
    # A deployment that finds it out by itself took 25.
    assert answer.seconds < 15


def test_profile_that_is_not_there_is_said(home: Mapping[str, str]) -> None:
    answer = Shell(home).with_variables(AWS_PROFILE="paly").doctor()
    assert answer.lines[0] == (
        "wrong  account      The config profile (paly) could not be found. "
        "Set AWS_PROFILE to one that `aws configure list-profiles` shows."
    )
    assert answer.status == 1


def test_aws_that_does_not_answer_is_said(home: Mapping[str, str]) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    nobody = Shell(dict(home) | keys | {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"})
    answer = nobody.doctor(*PATIENCE)
    assert answer.lines[0] == (
        "wrong  account      AWS did not answer: Could not connect to the endpoint URL: "
        '"http://127.0.0.1:9/". Check the network, and AWS_ENDPOINT_URL.'
    )
    assert answer.lines[-1] == NOT_ASKED.format("credentials")
    assert answer.status == 1


def test_region_that_does_not_exist_is_said_before_anything_is_asked(shell: Shell) -> None:
    answer = shell.with_variables(AWS_REGION="eu-centrl-1").doctor()
    assert answer.lines == [
        (
            "wrong  Region       AWS_REGION says eu-centrl-1, which is no Region of AWS. "
            "Did you mean eu-central-1?"
        ),
        THROW_AWAY,
        FITS,
        COGNITO,
        NOT_ASKED.format("a Region"),
    ]
    assert answer.status == 1


def test_stage_that_lives_in_another_region_is_said(shell: Shell) -> None:
    create_stack(shell, "leaderboard-dev-moved", region="us-east-1")
    moved = shell.with_variables(AWS_REGION="eu-west-1", AWS_DEFAULT_REGION="us-east-1")
    answer = moved.doctor(*PATIENCE, stage="dev-moved")
    assert answer.line("Region") == (
        "ok     Region       eu-west-1 (AWS_REGION). "
        "AWS_DEFAULT_REGION says us-east-1 and is not used."
    )
    assert answer.line("stack") == (
        "note   stack        leaderboard-dev-moved is not in eu-west-1 yet, but in us-east-1. "
        "If that is the one you mean: export AWS_REGION=us-east-1"
    )


@pytest.mark.parametrize("stage", ["production", "prd", "live"])
def test_stage_whose_name_says_nothing_is_refused(home: Mapping[str, str], stage: str) -> None:
    answer = Shell(home).doctor(stage=stage)
    assert answer.line("stage") == (
        f'wrong  stage        The name "{stage}" does not say whether the data may be thrown '
        f"away. "
        "Throw-away: dev, dev-*, pr-*, test, test-*. Protected: prod, prod-*, staging, "
        "staging-*. "
        "Choose one of these, or name the stage in the params of serverless.yml: "
        f'"{stage}: {{kind: protected}}" or "{stage}: {{kind: throw-away}}".'
    )


@pytest.mark.parametrize(
    ("stage", "said"),
    [
        (
            "dev-that-is-too-long-for-a-cache",
            (
                "The name of the CloudFront function leaderboard-edge-eu-central-1-"
                "dev-that-is-too-long-for-a-cache-socket-path has 74 characters, "
                "and AWS takes 64. Choose a stage name of at most 22 characters."
            ),
        ),
        (
            "dev-Ada",
            (
                'The stage name "dev-Ada" does not fit into the names of the cache. Use lower-case '
                "letters, digits and single hyphens, and no hyphen at an end."
            ),
        ),
        (
            "dev--2",
            (
                'The stage name "dev--2" does not fit into the names of the cache. Use lower-case '
                "letters, digits and single hyphens, and no hyphen at an end."
            ),
        ),
        (
            "test-aws",
            'A sign-in domain must not hold "aws". Choose a stage name without it.',
        ),
    ],
)
def test_name_that_aws_does_not_take_is_said(
    home: Mapping[str, str], stage: str, said: str
) -> None:
    answer = Shell(home).doctor(stage=stage)
    assert answer.line("names") == f"wrong  names        {said}"
    assert answer.status == 1


def test_longest_name_is_taken(home: Mapping[str, str]) -> None:
    answer = Shell(home).doctor(stage="dev-" + "x" * 18)
    assert answer.line("names").startswith("ok ")


def test_taken_names_are_said_with_what_to_do(shell: Shell) -> None:
    tables = shell.client("dynamodb")
    for name in ("user-score-dev-taken", "boards-dev-taken"):
        tables.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        )
    shell.client("sqs").create_queue(QueueName="leaderboard-dev-taken-failures")
    group = "/aws/lambda/leaderboard-dev-taken-scores"
    shell.client("logs").create_log_group(logGroupName=group)
    shell.client("elasticache").create_user_group(
        UserGroupId="leaderboard-dev-taken", Engine="valkey"
    )
    answer = shell.doctor(*PATIENCE, stage="dev-taken")
    other = "not of stack leaderboard-dev-taken. Choose another stage name, or, if what is in"
    assert answer.of("taken") == [
        (
            "wrong  taken        The tables user-score-dev-taken, boards-dev-taken exist and are "
            f"{other} them may go: aws dynamodb delete-table --table-name user-score-dev-taken"
        ),
        (
            "wrong  taken        The cache user group leaderboard-dev-taken exists and is "
            f"{other} it may go: aws elasticache delete-user-group "
            "--user-group-id leaderboard-dev-taken"
        ),
        (
            f"wrong  taken        The log group {group} exists and is "
            f"{other} it may go: aws logs delete-log-group --log-group-name {group}"
        ),
        (
            "wrong  taken        The queue leaderboard-dev-taken-failures exists and is "
            f"{other} it may go: aws sqs delete-queue --queue-url leaderboard-dev-taken-failures"
        ),
    ]
    assert answer.status == 1


def test_names_of_the_stages_own_stack_are_not_taken(shell: Shell) -> None:
    create_stack(shell, "leaderboard-dev-2", table="user-score-dev-2")
    answer = shell.doctor(*PATIENCE, stage="dev-2")
    assert answer.line("stack") == (
        f"ok     stack        leaderboard-dev-2 is in {REGION} (CREATE_COMPLETE): "
        "this will update it."
    )
    assert answer.line("taken") == FREE
    assert answer.status == 0


def test_deletion_protection_that_is_still_off_is_said(shell: Shell) -> None:
    create_stack(shell, "leaderboard-dev-3", unprotected="ScoresTable, UserPool")
    answer = shell.doctor(*PATIENCE, stage="dev-3")
    assert answer.of("stack") == [
        (
            f"ok     stack        leaderboard-dev-3 is in {REGION} (CREATE_COMPLETE): "
            "this will update it."
        ),
        (
            "note   stack        Deletion protection is still off for ScoresTable, UserPool. "
            "The next deploy turns it on."
        ),
    ]
    assert answer.status == 0


def test_names_that_are_looked_for_begin_with_the_prefix(shell: Shell) -> None:
    create_stack(shell, "acme-leaderboard-dev", table="acme-user-score-dev")
    answer = shell.doctor(*PATIENCE, "--param", "prefix=acme-")
    assert answer.line("stack") == (
        f"ok     stack        acme-leaderboard-dev is in {REGION} (CREATE_COMPLETE): "
        "this will update it."
    )
    assert answer.line("taken") == FREE


def test_small_quota_of_requests_is_said_with_params_that_fit(bare: Shell) -> None:
    with double(applied={REQUESTS: 2_500}, defaults=USUAL) as quotas:
        answer = bare.with_variables(AWS_ENDPOINT_URL_SERVICE_QUOTAS=quotas).doctor(*PATIENCE)
    assert answer.line("API Gateway") == (
        f"wrong  API Gateway  2500 requests a second in {REGION}, and the params allow 9000 "
        "(postsPerSecond 5000, throttlingRate 2000 for each of two APIs). Set postsPerSecond "
        "to "
        "1250 and throttlingRate to 500, or ask for more: aws service-quotas "
        "request-service-quota-increase --service-code apigateway --quota-code L-8A5B8E43 "
        f"--desired-value 10000 --region {REGION}"
    )
    assert answer.status == 1


def test_params_that_fit_a_small_quota_are_fine(bare: Shell) -> None:
    fitting = ("--param", "postsPerSecond=1250", "--param", "throttlingRate=500")
    with double(applied={REQUESTS: 2_500}, defaults=USUAL) as quotas:
        small = bare.with_variables(AWS_ENDPOINT_URL_SERVICE_QUOTAS=quotas)
        answer = small.doctor(*PATIENCE, *fitting)
    assert answer.line("API Gateway") == (
        f"ok     API Gateway  2500 requests a second in {REGION}, the params allow 2250."
    )
    assert answer.status == 0


def test_small_account_stops_prod_and_is_a_note_for_dev(start: Callable[[int], Shell]) -> None:
    small = start(10)
    text = (
        "10 executions: watched boards hold 3, 7 are left for all else. It is a small account: "
        "ask for more before players come: aws service-quotas request-service-quota-increase "
        "--service-code lambda --quota-code L-B99A9384 --desired-value 1000 "
        f"--region {REGION}"
    )
    dev, prod = small.doctor(*PATIENCE), small.doctor(*PATIENCE, *SENDER, stage="prod")
    assert dev.line("Lambda") == f"note   Lambda       {text}"
    assert prod.line("Lambda").startswith(
        "wrong  Lambda       The params reserve 400 executions (leaderboard-prod-scores 200, "
    )
    reserving = small.doctor(*PATIENCE, "--param", "boardStreamConcurrency=5")
    assert reserving.line("Lambda") == (
        "wrong  Lambda       The params reserve 5 executions (leaderboard-dev-board_stream "
        "5), and "
        "of this account's 10 only 0 can be reserved. Set the params to null, or ask for "
        "more: aws "
        "service-quotas request-service-quota-increase --service-code lambda "
        f"--quota-code L-B99A9384 --desired-value 1000 --region {REGION}"
    )


def test_sender_of_prod_is_decided_and_verified(shell: Shell) -> None:
    undecided = shell.doctor(*PATIENCE, stage="prod")
    assert undecided.line("e-mails") == (
        'wrong  e-mails      This stage has no sender. Set "email: ses" and "emailFrom: '
        '<address>" '
        "in its params, or accept the 50 e-mails a day that Cognito sends for the whole "
        "account: "
        '"email: cognito-50-a-day".'
    )
    address = "no-reply@play.example.com"
    unverified = shell.doctor(*PATIENCE, *SENDER, stage="prod")
    assert unverified.line("e-mails") == (
        f"wrong  e-mails      {address} is not verified in SES in {REGION}. Verify it: "
        f"aws sesv2 create-email-identity --email-identity {address} --region {REGION}"
    )
    shell.client("sesv2").create_email_identity(EmailIdentity=address)
    verified = shell.doctor(*PATIENCE, *SENDER, stage="prod")
    assert verified.line("e-mails") == (
        f"ok     e-mails      SES sends up to 50000 a day as {address}."
    )


def test_missing_rights_of_the_deployer_are_named(shell: Shell) -> None:
    iam = shell.client("iam")
    iam.create_user(UserName="deployer")
    allowed = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    denied = {"Effect": "Deny", "Action": ["iam:PassRole", "sqs:*"], "Resource": "*"}
    iam.put_user_policy(
        UserName="deployer",
        PolicyName="deploy",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allowed, denied]}),
    )
    key = iam.create_access_key(UserName="deployer")["AccessKey"]
    deployer = shell.with_variables(
        AWS_ACCESS_KEY_ID=key["AccessKeyId"], AWS_SECRET_ACCESS_KEY=key["SecretAccessKey"]
    )
    arn = "arn:aws:iam::000000000000:user/deployer"
    lacking = deployer.doctor(*PATIENCE)
    assert lacking.line("rights") == (
        f"wrong  rights       {arn} lacks iam:PassRole, sqs:CreateQueue. "
        "Ask the account's administrator for the deployer's rights."
    )
    assert lacking.status == 1
    iam.put_user_policy(
        UserName="deployer",
        PolicyName="deploy",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allowed]}),
    )
    assert deployer.doctor(*PATIENCE).line("rights") == (
        f"ok     rights       {arn} has the 17 rights that were asked for."
    )


def test_role_is_asked_about_by_its_own_arn(shell: Shell) -> None:
    """A caller's ARN lacks the path of its role."""
    iam = shell.client("iam")
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}
    role = iam.create_role(
        RoleName="deployer",
        Path="/ci/",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )["Role"]["Arn"]
    lent = shell.client("sts").assume_role(RoleArn=role, RoleSessionName="run-7")["Credentials"]
    assumed = shell.with_variables(
        AWS_ACCESS_KEY_ID=lent["AccessKeyId"],
        AWS_SECRET_ACCESS_KEY=lent["SecretAccessKey"],
        AWS_SESSION_TOKEN=lent["SessionToken"],
    )
    line = assumed.doctor(*PATIENCE).line("rights")
    assert line.startswith(f"wrong  rights       {role} lacks cloudformation:CreateStack, ")


def test_what_aws_does_not_tell_is_a_note(bare: Shell) -> None:
    """Nobody listens where Service Quotas and SES are said to be."""
    nowhere = bare.with_variables(
        AWS_ENDPOINT_URL_LAMBDA="http://127.0.0.1:9", AWS_ENDPOINT_URL_SQS="http://127.0.0.1:9"
    )
    answer = nowhere.doctor(*PATIENCE)
    assert answer.line("Lambda") == (
        "note   Lambda       Not known: lambda:GetAccountSettings: no answer from AWS."
    )
    assert answer.of("taken")[1:] == [
        (
            "note   taken        Not known whether a function has one of the names: "
            "lambda:GetFunctionConfiguration: no answer from AWS."
        ),
        (
            "note   taken        Not known whether a queue has one of the names: "
            "sqs:GetQueueUrl: no answer from AWS."
        ),
    ]
    assert answer.status == 0


def test_check_that_takes_too_long_is_a_note(shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, answers nothing
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        answer = shell.with_variables(AWS_ENDPOINT_URL=address).doctor("--deadline", "0.5")
    assert answer.lines[0].startswith("wrong  account      AWS did not answer")
    assert answer.seconds < 20


def test_doctor_that_is_interrupted_says_so(home: Mapping[str, str]) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        running = subprocess.Popen(
            [sys.executable, "-m", "tools.doctor"],
            cwd=service.ROOT,
            env=dict(home) | keys | {"AWS_ENDPOINT_URL": address},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        with silent.accept()[0]:  # it asks
            running.send_signal(signal.SIGINT)
            said = running.communicate(timeout=20)
    assert said == ("", "interrupted\n")
    assert running.returncode == 130


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        (
            {"AWS_ENDPOINT_URL": "localhost"},
            'AWS_ENDPOINT_URL is "localhost", which is no URL. Unset it for AWS itself.',
        ),
        (
            {"AWS_CONFIG_FILE": __file__},
            f"Unable to parse config file: {__file__}.",
        ),
        (
            {"HTTPS_PROXY": "http://127.0.0.1:9"},
            (
                'AWS did not answer: Failed to connect to proxy URL: "http://127.0.0.1:9". '
                "Check the network, and AWS_ENDPOINT_URL."
            ),
        ),
    ],
)
def test_shell_that_cannot_ask_is_said(
    home: Mapping[str, str], variables: dict[str, str], said: str
) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    answer = Shell(home).with_variables(**keys, **variables).doctor(*PATIENCE)
    assert answer.lines[0] == f"wrong  account      {said}"
    assert answer.status == 1


@pytest.mark.parametrize(
    ("option", "topic", "said"),
    [
        (
            "postsPerSecond=many",
            "API Gateway",
            'postsPerSecond is "many" in the params. It takes a whole number, without a sign.',
        ),
        (
            "scoresConcurrency=-1",
            "Lambda",
            (
                'reservedConcurrency of scores is "-1" in the params. It takes a whole number, '
                "without a sign."
            ),
        ),
    ],
)
def test_param_that_is_no_number_is_said(shell: Shell, option: str, topic: str, said: str) -> None:
    answer = shell.doctor("--param", option)
    assert answer.line(topic) == f"wrong  {topic:<11}  {said}"
    assert answer.status == 1


def test_json_has_the_same_findings(home: Mapping[str, str]) -> None:
    answer = Shell(home).doctor("--json")
    told = json.loads("\n".join(answer.lines))
    assert told["stage"] == "dev"
    assert told["findings"][0] == {
        "level": "wrong",
        "topic": "account",
        "text": NO_CREDENTIALS.removeprefix("wrong  account      "),
    }
    assert answer.status == 1


@pytest.mark.parametrize(
    "options",
    [
        ["--stage", ""],
        ["--param", "email"],
        ["--param", "prefix=${self:custom}"],
        ["--deadline", "0"],
        ["--deadline", "nan"],
        ["--deadline", "inf"],
        ["--nothing"],
    ],
)
def test_wrong_use_has_a_status_of_its_own(options: list[str]) -> None:
    answer = command("tools.doctor", *options)
    assert answer.returncode == 2
    assert answer.stderr.startswith("usage: python -m tools.doctor")


def test_make_deploy_asks_the_doctor_first_and_stops_there(home: Mapping[str, str]) -> None:
    environment = {name: it for name, it in home.items() if not name.startswith("MAKE")}
    answer = subprocess.run(
        ["make", "--no-print-directory", "deploy", "STAGE=live", "-o", "setup"],  # noqa: S607
        cwd=service.ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode != 0
    assert answer.stdout.splitlines()[0] == NO_CREDENTIALS
    assert "Deploying" not in answer.stdout + answer.stderr
    recipe = subprocess.run(
        ["make", "-n", "deploy", "STAGE=pr-7", "-o", "setup"],  # noqa: S607
        cwd=service.ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert [shlex.split(it) for it in recipe.stdout.splitlines()] == [
        [".venv/bin/python", "-m", "tools.doctor", "--stage", "pr-7"],
        ["node_modules/.bin/sls", "deploy", "--stage", "pr-7"],
    ]


def create_stack(
    shell: Shell, name: str, *, region: str = REGION, table: str = "", unprotected: str = ""
) -> None:
    """A stack with one table, as a deployment would leave it."""
    properties = {
        "TableName": table or f"{name}-table",
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    }
    template: dict[str, Any] = {
        "Resources": {"Table": {"Type": "AWS::DynamoDB::Table", "Properties": properties}}
    }
    if unprotected:
        template["Outputs"] = {"UnprotectedUntilNextDeploy": {"Value": unprotected}}
    client = shell.client("cloudformation", region)
    client.create_stack(StackName=name, TemplateBody=json.dumps(template))
    client.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
