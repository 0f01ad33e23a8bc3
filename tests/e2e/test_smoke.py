"""The check of a deployed stage, run as developers run it: where all is well, and where something
is broken."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from local.service import ROOT
from tests.commands import command
from tests.e2e.service import Service
from tests.e2e.tables import Tables
from tests.stack import Running
from tools.smoke import check

pytestmark = pytest.mark.e2e

SMOKE = [sys.executable, "-m", "tools.smoke"]
# On a busy machine a function takes its time to start.
PATIENT = ("--update-seconds", "120")
SECONDS = 400.0
NOWHERE = "http://127.0.0.1:1"
STEPS = (
    *("GET /boards", f"GET /boards/{check.BOARD}/top", "socket → snapshot", "machine tokens"),
    *("trusted write", "trusted write → update", "player signs up and in", "ticket → action visit"),
    *("GET /me/scores", "refresh → auth_time", "alarms", "clean up"),
)


def surroundings(stack: Running | None, **changed: str) -> dict[str, str]:
    """This environment, with the stack's credentials and address in place of a developer's."""
    kept = {name: it for name, it in os.environ.items() if not name.startswith("AWS_")}
    if stack is not None:
        addresses = stack.addresses
        kept |= {
            "AWS_ENDPOINT_URL": addresses["cognito"],
            "AWS_ACCESS_KEY_ID": addresses["accessKeyId"],
            "AWS_SECRET_ACCESS_KEY": addresses["secretAccessKey"],
            "AWS_REGION": addresses["region"],
        }
    return kept | changed


def smoke(
    environment: Mapping[str, str], *options: str, stage: str = "local"
) -> subprocess.CompletedProcess[str]:
    return command(
        "tools.smoke", "--stage", stage, *options, environment=environment, seconds=SECONDS
    )


def failures(run: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """What each failed step says; the run must say so by its status, too."""
    assert run.stderr == ""
    assert run.returncode == 1
    lines = [line.split(" ms  ", 1) for line in run.stdout.splitlines() if line.startswith("FAIL")]
    return {" ".join(left.split()[1:-1]): text for left, text in lines}


def sign_ins(tables: Tables) -> list[str]:
    pool = tables.addresses["userPoolId"]
    listed = tables.client("cognito-idp").list_users(UserPoolId=pool, Filter='email ^= "smoke-"')
    return [it["Username"] for it in listed["Users"]]


def assert_nothing_is_left(service: Service, tables: Tables) -> None:
    assert sign_ins(tables) == []
    assert service.top(check.BOARD)["entries"] == []
    scores = [it for it in tables.items("scoresTable") if it["boardSeason"].startswith("smoke-")]
    assert [it for it in scores if "userScore" in it or "userName" in it] == []


def test_page_explains_every_step() -> None:
    page = (ROOT / "docs" / "smoke.md").read_text(encoding="utf-8")
    table = page.partition("## What it does")[2].partition("\n## ")[0]
    assert [it for it in (*STEPS, "edge", "deletion protection") if f"`{it}`" not in table] == []


# A stack that is well.


def test_stage_that_is_well_passes_every_step_and_keeps_nothing(
    stack: Running, service: Service, tables: Tables
) -> None:
    before = service.read("/boards")["boards"]
    run = smoke(surroundings(stack), *PATIENT)
    lines = run.stdout.splitlines()
    assert (run.returncode, run.stderr) == (0, ""), run
    assert lines[0] == "stage local, us-east-1, account 000000000000"
    assert lines[-1] == "stage local is well"
    for step, line in zip(STEPS, lines[1:-1], strict=True):
        # The emulator renews `auth_time`, which Cognito does not.
        expected = "note" if step == "refresh → auth_time" else "ok"
        assert line.split()[0] == expected, line
        assert step in line
    assert_nothing_is_left(service, tables)
    assert [it["board"] for it in service.read("/boards")["boards"]] == [
        it["board"] for it in before
    ]


def test_json_has_the_same_for_programs(stack: Running) -> None:
    run = smoke(surroundings(stack), "--json", *PATIENT)
    said = json.loads(run.stdout)
    assert (run.returncode, run.stderr) == (0, ""), run
    assert (said["stage"], said["region"], said["ok"]) == ("local", "us-east-1", True)
    assert tuple(it["step"] for it in said["steps"]) == STEPS
    assert {it["outcome"] for it in said["steps"]} == {"ok", "note"}
    (update,) = (it for it in said["steps"] if it["step"] == "trusted write → update")
    assert "ms after the request" in update["text"]
    assert "ms after the score" in update["text"]


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_check_cleans_up(
    stack: Running, service: Service, tables: Tables, sent: signal.Signals
) -> None:
    with subprocess.Popen(
        [*SMOKE, "--stage", "local", *PATIENT],
        cwd=ROOT,
        env=surroundings(stack),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "player signs up and in" in line:
                break
        assert sign_ins(tables)
        process.send_signal(sent)
        rest, said = process.communicate(timeout=SECONDS)
    assert process.returncode == 130
    assert said == "interrupted\n"
    assert rest.splitlines()[-1].startswith("ok    clean up"), rest
    assert_nothing_is_left(service, tables)


def test_what_a_killed_check_left_is_removed_by_the_next_one(
    stack: Running, service: Service, tables: Tables
) -> None:
    with subprocess.Popen(
        [*SMOKE, "--stage", "local", *PATIENT],
        cwd=ROOT,
        env=surroundings(stack),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "GET /me/scores" in line:
                break
        process.kill()
    assert sign_ins(tables)
    assert service.top(check.BOARD)["entries"]
    run = smoke(surroundings(stack), "--left-over-minutes", "0", *PATIENT)
    assert run.returncode == 0, run
    assert "2 left by an earlier check" in run.stdout
    assert_nothing_is_left(service, tables)


# A stage that cannot be read.


def refusal(run: subprocess.CompletedProcess[str]) -> str:
    """The one line that is said."""
    assert run.returncode == 1
    assert run.stdout == ""
    (line,) = run.stderr.splitlines()
    return line


def test_shell_without_credentials_is_told_to_sign_in(tmp_path: Path) -> None:
    alone = surroundings(None, HOME=str(tmp_path), AWS_EC2_METADATA_DISABLED="true")
    assert refusal(smoke(alone, stage="dev")) == (
        "Cannot read stage dev (eu-central-1): no AWS credentials. "
        "Set AWS_PROFILE or run `aws sso login`."
    )


def test_profile_that_does_not_exist_is_named(tmp_path: Path) -> None:
    alone = surroundings(None, HOME=str(tmp_path), AWS_PROFILE="missing")
    line = refusal(smoke(alone, stage="dev"))
    assert line.startswith("Cannot read stage dev: The config profile (missing)")


def test_wrong_region_is_named_with_the_account(stack: Running) -> None:
    line = refusal(smoke(surroundings(stack, AWS_REGION="eu-west-1")))
    assert line.startswith(
        "There is no stage local in eu-west-1 of account 000000000000: no stack leaderboard-local."
    )


def test_unknown_stage_is_named(stack: Running) -> None:
    line = refusal(smoke(surroundings(stack), stage="nope"))
    assert line.startswith("There is no stage nope in us-east-1 of account 000000000000")
    assert line.endswith("or deploy it: make deploy STAGE=nope")


def test_json_says_why_a_stage_cannot_be_read(stack: Running) -> None:
    run = smoke(surroundings(stack), "--json", stage="nope")
    said = json.loads(run.stdout)
    assert (run.returncode, said["ok"]) == (1, False)
    assert said["error"].startswith("There is no stage nope")


def test_aws_that_does_not_answer_is_one_line() -> None:
    alone = surroundings(
        None,
        AWS_ENDPOINT_URL=NOWHERE,
        AWS_ACCESS_KEY_ID="test",
        AWS_SECRET_ACCESS_KEY="test",
        AWS_REGION="us-east-1",
    )
    line = refusal(smoke(alone, stage="dev"))
    assert line.startswith(f"Cannot read stage dev (us-east-1): {NOWHERE} does not answer.")


# A stage that is not well: each test breaks the stack, and puts it right again.


QUEUE = {"Type": "AWS::SQS::Queue"}


@contextmanager
def deployed(
    tables: Tables,
    name: str,
    outputs: Mapping[str, str],
    resource: Mapping[str, Any] = QUEUE,
) -> Iterator[None]:
    """A stack that has these outputs, and one resource."""
    client = tables.client("cloudformation")
    template = {
        "Resources": {"Only": resource},
        "Outputs": {name: {"Value": value} for name, value in outputs.items()},
    }
    client.create_stack(StackName=name, TemplateBody=json.dumps(template))
    try:
        yield
    finally:
        client.delete_stack(StackName=name)


def test_address_at_which_there_is_no_api_is_told(stack: Running, tables: Tables) -> None:
    outputs = {
        "UserPoolId": stack.addresses["userPoolId"],
        "WebClientId": stack.addresses["webClientId"],
        "HttpApiId": "nothing",
        "SocketApiId": "nothing",
    }
    with deployed(tables, "leaderboard-astray", outputs):
        failed = failures(smoke(surroundings(stack), stage="astray"))
    assert failed["GET /boards"].startswith("GET /boards answered 404 instead of 200")
    assert set(failed) == {"GET /boards", "alarms"}, "and nothing was made"


def test_protection_that_is_still_off_is_a_note_and_the_alarms_are_those_of_the_stack(
    stack: Running, tables: Tables
) -> None:
    """Of a service with a prefix, whose APIs do not answer: the rest is looked at all the same."""
    outputs = {
        "UserPoolId": stack.addresses["userPoolId"],
        "WebClientId": stack.addresses["webClientId"],
        "HttpApiId": "nothing",
        "SocketApiId": "nothing",
        "UnprotectedUntilNextDeploy": "ScoresTable, UserPool",
    }
    alarm = {
        "AlarmName": "acme-leaderboard-astray-failures",
        "Namespace": "AWS/SQS",
        "MetricName": "ApproximateNumberOfMessagesVisible",
        "ComparisonOperator": "GreaterThanThreshold",
        "EvaluationPeriods": 1,
        "Period": 60,
        "Statistic": "Maximum",
        "Threshold": 0,
    }
    resource = {"Type": "AWS::CloudWatch::Alarm", "Properties": alarm}
    with deployed(tables, "acme-leaderboard-astray", outputs, resource):
        run = smoke(surroundings(stack), "--prefix", "acme-", stage="astray")
    _, api, protection, alarms, _ = run.stdout.splitlines()
    assert api.startswith("FAIL  GET /boards")
    assert protection.startswith("note  deletion protection")
    assert protection.endswith(
        "off for ScoresTable, UserPool. The next deploy turns it on: make deploy STAGE=astray"
    )
    assert alarms.startswith("ok    alarms")
    assert " 1, none is on" in alarms


def test_edge_that_does_not_answer_is_told(stack: Running, tables: Tables) -> None:
    edge = f"leaderboard-edge-{stack.addresses['region']}-local"
    with deployed(tables, edge, {"EdgeUrl": NOWHERE}):
        failed = failures(smoke(surroundings(stack)))
    assert set(failed) == {"edge"}
    assert failed["edge"].startswith(f"nothing answers at {NOWHERE}/")


def test_alarm_that_is_on_is_named_with_what_it_means(stack: Running, tables: Tables) -> None:
    watch = tables.client("cloudwatch")
    name = "leaderboard-local-failures"
    watch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a test")
    try:
        failed = failures(smoke(surroundings(stack), *PATIENT))
    finally:
        watch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="a test")
    assert failed == {
        "alarms": f"1 of 12 are on: {name} (The failure queue holds records that could not be "
        "applied). See docs/operations.md"
    }


@contextmanager
def switched_off(tables: Tables, function: str) -> Iterator[None]:
    """The stream of a function is not read, as when its event source mapping is disabled."""
    client = tables.client("lambda")
    name = f"leaderboard-local-{function}"
    (mapping,) = client.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
    client.delete_event_source_mapping(UUID=mapping["UUID"])
    # The emulator's driver looks once a second.
    time.sleep(2)
    try:
        yield
    finally:
        client.create_event_source_mapping(**made_of(mapping))


def made_of(mapping: Mapping[str, Any]) -> dict[str, Any]:
    options = (
        *("EventSourceArn", "BatchSize", "MaximumBatchingWindowInSeconds", "ParallelizationFactor"),
        *("StartingPosition", "MaximumRecordAgeInSeconds", "BisectBatchOnFunctionError"),
        *("MaximumRetryAttempts", "DestinationConfig", "FunctionResponseTypes"),
    )
    return {name: mapping[name] for name in options if name in mapping} | {
        "FunctionName": mapping["FunctionArn"],
        "Enabled": False,
    }


@pytest.mark.parametrize(
    ("function", "where"),
    [
        ("score_stream", "the score is not recorded"),
        ("board_stream", "the score is in GET top, so it was recorded and not sent"),
    ],
)
def test_stream_that_is_off_is_named(
    stack: Running, service: Service, tables: Tables, function: str, where: str
) -> None:
    with switched_off(tables, function):
        failed = failures(smoke(surroundings(stack), "--update-seconds", "15"))
    text = failed.pop("trusted write → update")
    assert text.startswith(f"no update within 15 s: {where}. Look at the log of {function}")
    assert failed.keys() <= {"clean up"}
    assert service.top(check.BOARD)["entries"] == []
    assert sign_ins(tables) == []
