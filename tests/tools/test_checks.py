"""What the doctor says of facts that the emulator cannot bring about."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from local.service import ROOT
from tools.caller import Region
from tools.cloudformation import UnreadableTemplate
from tools.doctor import checks
from tools.doctor.account import NotAsked, asking, found
from tools.doctor.checks import Executions, Mail
from tools.doctor.configuration import Configuration
from tools.doctor.finding import NOTE, OK, WRONG
from tools.doctor.names import WITH_PREFIX, longest_stage

HERE = Region("eu-south-2", "profile play")
MORE = (
    "aws service-quotas request-service-quota-increase --service-code lambda "
    "--quota-code L-B99A9384 --desired-value 1000 --region eu-south-2"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The service's configuration, to be changed."""
    shutil.copytree(ROOT / "infra", tmp_path / "infra")
    for name in ("serverless.yml", "boards.yml"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def change(folder: Path, old: str, new: str) -> None:
    path = folder / "serverless.yml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_region_that_the_account_has_not_enabled() -> None:
    finding = checks.region(HERE, named=[HERE], enabled={"eu-central-1"})
    assert (finding.level, finding.text) == (
        WRONG,
        (
            "eu-south-2 (profile play) is not enabled in this account. Choose another, or enable "
            "it: "
            "aws account enable-region --region-name eu-south-2"
        ),
    )
    assert checks.region(HERE, named=[HERE], enabled=None).level == OK


@pytest.mark.parametrize(
    ("own", "kind", "level"),
    [
        ("live: {}", "throw-away", OK),
        ("live: {kind: throw-away}", "throw-away", OK),
        ("live: {kind: protected}", "protected", OK),
        ("live: {kind: precious}", "precious", WRONG),
        ("live: {kind: local}", "local", WRONG),
        ("live: {kind: }", "throw-away", OK),
    ],
)
def test_params_say_the_kind_where_the_name_does_not(
    folder: Path, own: str, kind: str, level: str
) -> None:
    change(folder, "  dev: {}\n", f"  {own}\n  dev: {{}}\n")
    configuration = Configuration(folder, "live")
    assert configuration.kind == kind
    assert checks.stage(configuration).level == level
    assert configuration.param("deletionPolicy") == (
        "RetainExceptOnCreate" if kind == "protected" else "Delete"
    )


def test_params_of_all_stages_are_no_stage() -> None:
    assert str(checks.stage(Configuration(ROOT, "default"))) == (
        'wrong  stage        In serverless.yml "default" has the params of all stages. Choose '
        "another stage name."
    )


def test_stage_of_the_local_stack_is_not_for_the_doctor() -> None:
    finding = checks.stage(Configuration(ROOT, "local"))
    assert str(finding) == (
        "wrong  stage        local is the stage of the local stack: `make dev` deploys it."
    )


def test_page_says_how_long_a_stage_s_name_may_be() -> None:
    most, _ = longest_stage(Configuration(ROOT, "dev"))
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert f"{most} characters are left for the stage" in page


def test_prefix_leaves_less_for_the_stage(folder: Path) -> None:
    most, _ = longest_stage(Configuration(folder, "dev"))
    less, name = longest_stage(Configuration(folder, "dev", {"prefix": "arcade-"}))
    assert less == most - len("arcade-")
    assert name.name == "arcade-leaderboard-edge-eu-central-1-dev-socket-path"


@pytest.mark.parametrize("prefix", ["acme", "Acme-", "acme--", "my-aws-", "-", "7up-", "a b-"])
def test_prefix_that_is_none_is_said(folder: Path, prefix: str) -> None:
    finding = checks.names(Configuration(folder, "dev", {"prefix": prefix}))
    assert (finding.level, finding.text) == (
        WRONG,
        (
            f'The prefix "{prefix}" cannot be used. Choose lower-case letters, digits and single '
            'hyphens, with a letter first and a hyphen last ("acme-"), without amazon, aws, '
            "cognito."
        ),
    )


def test_prefix_and_stage_are_as_long_together_as_the_packaging_allows(folder: Path) -> None:
    plugin = (ROOT / "plugins" / "prefix.js").read_text(encoding="utf-8")
    assert f"const LETTERS = {WITH_PREFIX};" in plugin
    stage = "dev-" + "x" * (WITH_PREFIX - len("dev-arcade-"))
    assert checks.names(Configuration(folder, stage, {"prefix": "arcade-"})).level == OK
    long = checks.names(Configuration(folder, f"{stage}x", {"prefix": "arcade-"}))
    assert (long.level, long.text) == (
        WRONG,
        (
            f'The prefix "arcade-" and the stage name "{stage}x" have more than 20 letters '
            "together. Shorten one of them."
        ),
    )


def read_all(configuration: Configuration) -> tuple[object, ...]:
    return configuration.boards, longest_stage(configuration)


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("serverless.yml", "  dev: {}\n", "  dev: {\n", "serverless.yml, line "),
        (
            "serverless.yml",
            "  dev: {}\n",
            "  dev: small\n",
            'serverless.yml: the params of "dev" are not a mapping of names to values.',
        ),
        ("serverless.yml", "\nparams:\n", "\nparam:\n", "serverless.yml has no params."),
        ("boards.yml", "boards:\n", "board:\n", "boards.yml has no boards with rules."),
        ("infra/tables.yml", "Resources:", "Resources", "tables.yml"),
    ],
)
def test_file_that_cannot_be_read_is_named(
    folder: Path, file: str, old: str, new: str, said: str
) -> None:
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(UnreadableTemplate, match=said):
        read_all(Configuration(folder, "dev"))


def test_prefix_stands_before_the_stack_and_the_functions(folder: Path) -> None:
    configuration = Configuration(folder, "dev", {"prefix": "arcade-"})
    assert configuration.stack == "arcade-leaderboard-dev"
    assert configuration.functions["scores"] == "arcade-leaderboard-dev-scores"


def test_edge_of_a_longer_region_leaves_less_for_the_stage(folder: Path) -> None:
    most, _ = longest_stage(Configuration(folder, "dev"))
    less, _ = longest_stage(Configuration(folder, "dev", region="ap-southeast-1"))
    assert less == most - len("ap-southeast-1") + len("eu-central-1")


def test_sender_that_nobody_knows(folder: Path) -> None:
    configuration = Configuration(folder, "dev", {"email": "pigeons"})
    finding = checks.sender(configuration)
    assert finding
    assert finding.text == 'The param email is "pigeons". Use ses or cognito-50-a-day.'
    nowhere = checks.sender(Configuration(folder, "dev", {"email": "ses"}))
    assert nowhere
    assert nowhere.text == 'The params say SES, and no address. Set "emailFrom: <address>".'


@pytest.mark.parametrize(("protected", "level"), [(True, WRONG), (False, NOTE)])
def test_ses_in_its_sandbox(protected: bool, level: str) -> None:
    facts = Mail(production=False, enabled=True, daily=200, verified=True)
    finding = checks.mail(facts, identity="a@b.example", region="eu-south-2", protected=protected)
    assert (finding.level, finding.text) == (
        level,
        (
            "SES is in its sandbox in eu-south-2: it sends to verified addresses alone. Ask for "
            "production access: "
            "https://docs.aws.amazon.com/ses/latest/dg/request-production-access.html"
        ),
    )


def test_ses_that_has_stopped_sending() -> None:
    facts = Mail(production=True, enabled=False, daily=50_000, verified=True)
    finding = checks.mail(facts, identity="a@b.example", region="eu-south-2", protected=False)
    assert (finding.level, finding.text) == (
        WRONG,
        "SES has stopped sending for this account in eu-south-2. Its console says why.",
    )


@pytest.mark.parametrize(
    ("facts", "wanted", "level", "text"),
    [
        (
            Executions(limit=1000, unreserved=1000, own=0),
            {"x-board_stream": 100, "x-score_stream": 20},
            OK,
            "1000 executions: watched boards hold 3, 880 are left for all else.",
        ),
        # What the stage itself has reserved may be reserved again.
        (
            Executions(limit=1000, unreserved=880, own=120),
            {"x-board_stream": 900},
            OK,
            "1000 executions: watched boards hold 3, 100 are left for all else.",
        ),
        # Others have reserved most of it.
        (
            Executions(limit=1000, unreserved=150, own=0),
            {"x-board_stream": 60},
            WRONG,
            (
                "The params reserve 60 executions (x-board_stream 60), and of this account's 1000 "
                "only "
                f"50 can be reserved. Set the params to null, or ask for more: {MORE}"
            ),
        ),
        (
            Executions(limit=1000, unreserved=1000, own=0),
            {"x-board_stream": 2},
            WRONG,
            (
                "x-board_stream may run 2 times at once, and each of 3 watched boards holds one "
                "execution: some boards would stand still. Set boardStreamConcurrency to 3 or more."
            ),
        ),
        (
            Executions(limit=1000, unreserved=6, own=0),
            {},
            WRONG,
            (
                "1000 executions: watched boards hold 3, 3 are left for all else. Requests would "
                "fail. "
                f"Ask for more: {MORE}"
            ),
        ),
    ],
)
def test_concurrency(facts: Executions, wanted: dict[str, int], level: str, text: str) -> None:
    finding = checks.concurrency(
        facts, wanted=wanted, boards=3, protected=True, region="eu-south-2"
    )
    assert (finding.level, finding.text) == (level, text)


def test_every_reservation_of_serverless_yml_is_counted(folder: Path) -> None:
    change(folder, "    role: BoardsRole\n", "    role: BoardsRole\n    reservedConcurrency: 7\n")
    configuration = Configuration(folder, "dev", {"boardStreamConcurrency": "5"})
    assert configuration.reservations == {
        "leaderboard-dev-board_stream": 5,
        "leaderboard-dev-boards": 7,
    }


@pytest.mark.parametrize(
    ("status", "level", "text"),
    [
        ("UPDATE_COMPLETE", OK, "x is in eu-south-2 (UPDATE_COMPLETE): this will update it."),
        (
            "UPDATE_IN_PROGRESS",
            WRONG,
            "x is busy (UPDATE_IN_PROGRESS). Wait until it is done, then deploy.",
        ),
        (
            "ROLLBACK_COMPLETE",
            WRONG,
            (
                "x failed before (ROLLBACK_COMPLETE) and takes no update. Delete it, then deploy: "
                "aws cloudformation delete-stack --stack-name x --region eu-south-2"
            ),
        ),
        (
            "REVIEW_IN_PROGRESS",
            WRONG,
            (
                "x failed before (REVIEW_IN_PROGRESS) and takes no update. Delete it, then deploy: "
                "aws cloudformation delete-stack --stack-name x --region eu-south-2"
            ),
        ),
        (
            "UPDATE_ROLLBACK_FAILED",
            WRONG,
            (
                "x is stuck (UPDATE_ROLLBACK_FAILED). Look at its events, mend the cause, then: "
                "aws cloudformation continue-update-rollback --stack-name x --region eu-south-2"
            ),
        ),
    ],
)
def test_stack_that_is_there(status: str, level: str, text: str) -> None:
    finding = checks.stack("x", status, region="eu-south-2", elsewhere=[])
    assert (finding.level, finding.text) == (level, text)


@pytest.mark.parametrize(
    ("code", "message", "reason"),
    [
        ("AccessDeniedException", "User is not authorized", "the right iam:GetRole is missing"),
        ("Throttling", "Rate exceeded.", "iam:GetRole: Rate exceeded"),
    ],
)
def test_refused_question_names_the_right_it_takes(code: str, message: str, reason: str) -> None:
    with pytest.raises(NotAsked) as refused, asking("iam:GetRole"):
        raise ClientError({"Error": {"Code": code, "Message": message}}, "GetRole")
    assert str(refused.value) == reason


def test_what_is_not_there_is_no_refusal() -> None:
    def absent() -> None:
        message = "Stack with id x does not exist"
        raise ClientError(
            {"Error": {"Code": "ValidationError", "Message": message}}, "DescribeStacks"
        )

    assert found("cloudformation:DescribeStacks", absent) is None
