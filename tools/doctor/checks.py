"""What is right and what is wrong about a stage: pure functions over facts."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tools.caller import Region
from tools.doctor.configuration import PROTECTED, THROW_AWAY, UNDER_ALL, Configuration
from tools.doctor.finding import NOTE, OK, WRONG, Finding
from tools.doctor.names import (
    PREFIX,
    TRADE_MARKS,
    WELL_FORMED,
    WITH_PREFIX,
    ResourceName,
    longest_stage,
)

WITHOUT_CREDENTIALS = (
    "No AWS credentials. Set AWS_PROFILE, run `aws sso login`, or set AWS_ACCESS_KEY_ID and "
    "AWS_SECRET_ACCESS_KEY."
)
# Executions that requests, streams and schedules need beside watched boards.
SPARE_EXECUTIONS = 5
# Lambda keeps this many for functions without a reservation, in an account that has as many.
UNRESERVED = 100
# Shares of the Region's requests, as the params of `default` divide 10,000: half for posts, a
# fifth for each API.
POSTS, EACH_API = 2, 5
REQUESTS_QUOTA = "L-8A5B8E43"
EXECUTIONS_QUOTA = "L-B99A9384"
# What an account gets unless it asked for more.
USUAL_REQUESTS, USUAL_EXECUTIONS = 10_000, 1_000
TO_DELETE: Mapping[str, str] = {
    "alarm": "aws cloudwatch delete-alarms --alarm-names",
    "cache": "aws elasticache delete-serverless-cache --serverless-cache-name",
    "cache user": "aws elasticache delete-user --user-id",
    "cache user group": "aws elasticache delete-user-group --user-group-id",
    "function": "aws lambda delete-function --function-name",
    "log group": "aws logs delete-log-group --log-group-name",
    "queue": "aws sqs delete-queue --queue-url",
    "table": "aws dynamodb delete-table --table-name",
    "web ACL": "aws wafv2 delete-web-acl --scope REGIONAL --name",
}


@dataclass(frozen=True, slots=True)
class Identity:
    """Who signs the requests."""

    account: str
    arn: str


@dataclass(frozen=True, slots=True)
class Executions:
    """Lambda's concurrency in the Region."""

    limit: int
    # What no function has reserved.
    unreserved: int
    # What functions of this stage have reserved now.
    own: int


@dataclass(frozen=True, slots=True)
class Deployed:
    """The stage's stack."""

    status: str
    outputs: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Mail:
    """SES in the Region."""

    production: bool
    enabled: bool
    daily: int
    # Whether the sender, or its domain, is verified.
    verified: bool


def who(identity: Identity, *, profile: str | None, endpoint: str | None) -> Finding:
    through = f" (profile {profile})" if profile else ""
    at = f" at {endpoint}, which is not AWS" if endpoint else ""
    text = f"{identity.arn}{through}, account {identity.account}{at}."
    return Finding(OK, "account", text)


def no_region(chosen: Region, known: Collection[str]) -> Finding | None:
    """What is wrong with the Region's name itself."""
    if chosen.name in known:
        return None
    close = difflib.get_close_matches(chosen.name, sorted(known), n=1)
    advice = f"Did you mean {close[0]}?" if close else "Set AWS_REGION."
    text = f"{chosen.source} says {chosen.name}, which is no Region of AWS. {advice}"
    return _wrong("Region", text)


def region(chosen: Region, *, named: Sequence[Region], enabled: Collection[str] | None) -> Finding:
    """`enabled` are the Regions of the account, None if it did not say."""
    if enabled is not None and chosen.name not in enabled:
        return _wrong(
            "Region",
            f"{chosen.name} ({chosen.source}) is not enabled in this account. Choose another, or "
            f"enable it: aws account enable-region --region-name {chosen.name}",
        )
    other = [it for it in named if it.source.startswith("AWS_") and it.name != chosen.name]
    unused = "".join(f" {it.source} says {it.name} and is not used." for it in other)
    return Finding(OK, "Region", f"{chosen.name} ({chosen.source}).{unused}")


def stage(configuration: Configuration) -> Finding:
    name, kind = configuration.stage, configuration.kind
    match kind:
        case None if name == UNDER_ALL:
            return _wrong(
                "stage",
                f'In serverless.yml "{UNDER_ALL}" has the params of all stages. Choose another '
                "stage name.",
            )
        case None:
            patterns = {key: ", ".join(it) for key, it in configuration.kinds.items()}
            return _wrong(
                "stage",
                f'The name "{name}" does not say whether the data may be thrown away. '
                f"Throw-away: {patterns[THROW_AWAY]}. Protected: {patterns[PROTECTED]}. Choose "
                "one of these, or name the stage in the params of serverless.yml: "
                f'"{name}: {{kind: protected}}" or "{name}: {{kind: throw-away}}".',
            )
        case "protected":
            return Finding(
                OK, "stage", f"{name} is protected: tables and players stay when it is removed."
            )
        case "throw-away":
            return Finding(OK, "stage", f"{name} is throw-away: its data goes when it is removed.")
        case "local" if name == "local":
            return _wrong(
                "stage", f"{name} is the stage of the local stack: `make dev` deploys it."
            )
    return _wrong(
        "stage",
        f'{name} has the kind "{kind}" in the params of serverless.yml. Use protected or '
        f"throw-away.",
    )


def names(configuration: Configuration) -> Finding:
    stage, prefix = configuration.stage, str(configuration.param("prefix") or "")
    if prefix and not PREFIX.fullmatch(prefix):
        return _wrong(
            "names",
            f'The prefix "{prefix}" cannot be used. Choose lower-case letters, digits and single '
            'hyphens, with a letter first and a hyphen last ("acme-"), without '
            f"{', '.join(TRADE_MARKS)}.",
        )
    most, longest = longest_stage(configuration)
    example = f"{longest.kind} {longest.name}"
    if not WELL_FORMED.fullmatch(stage):
        return _wrong(
            "names",
            f'The stage name "{stage}" does not fit into the names of the cache. Use lower-case '
            "letters, digits and single hyphens, and no hyphen at an end.",
        )
    if mark := next((it for it in TRADE_MARKS if it in stage), None):
        return _wrong(
            "names", f'A sign-in domain must not hold "{mark}". Choose a stage name without it.'
        )
    if prefix and len(prefix) + len(stage) > WITH_PREFIX:
        return _wrong(
            "names",
            f'The prefix "{prefix}" and the stage name "{stage}" have more than {WITH_PREFIX} '
            "letters together. Shorten one of them.",
        )
    if len(stage) > most:
        return _wrong(
            "names",
            f"The name of the {example} has {len(longest.name)} characters, and AWS takes "
            f"{longest.limit}. Choose a stage name of at most {most} characters.",
        )
    if prefix:
        most = min(most, WITH_PREFIX - len(prefix))
    return Finding(
        OK, "names", f"A stage name may have {most} characters here, {stage} has {len(stage)}."
    )


def sender(configuration: Configuration) -> Finding | None:
    """What the params say about e-mails; None if SES has to be asked."""
    chosen, address = configuration.param("email"), configuration.param("emailFrom")
    if chosen == "ses":
        if address:
            return None
        return _wrong("e-mails", 'The params say SES, and no address. Set "emailFrom: <address>".')
    if chosen == "cognito-50-a-day":
        return Finding(
            NOTE,
            "e-mails",
            "Cognito sends 50 a day for the whole account, then nobody else can sign up until the "
            "next day. No API tells how many are left. With real players set "
            '"email: ses" and "emailFrom: <address>".',
        )
    if chosen == "undecided":
        return _wrong(
            "e-mails",
            'This stage has no sender. Set "email: ses" and "emailFrom: <address>" in its params, '
            "or accept the 50 e-mails a day that Cognito sends for the whole account: "
            '"email: cognito-50-a-day".',
        )
    return _wrong("e-mails", f'The param email is "{chosen}". Use ses or cognito-50-a-day.')


def mail(facts: Mail, *, identity: str, region: str, protected: bool) -> Finding:
    if not facts.verified:
        return _wrong(
            "e-mails",
            f"{identity} is not verified in SES in {region}. Verify it: "
            f"aws sesv2 create-email-identity --email-identity {identity} --region {region}",
        )
    if not facts.enabled:
        return _wrong(
            "e-mails",
            f"SES has stopped sending for this account in {region}. Its console says why.",
        )
    if not facts.production:
        text = (
            f"SES is in its sandbox in {region}: it sends to verified addresses alone. Ask for "
            "production access: https://docs.aws.amazon.com/ses/latest/dg/request-production-access.html"
        )
        return Finding(WRONG if protected else NOTE, "e-mails", text)
    return Finding(OK, "e-mails", f"SES sends up to {facts.daily} a day as {identity}.")


def rights(missing: Sequence[str], *, asked: int, principal: str) -> Finding:
    if missing:
        return _wrong(
            "rights",
            f"{principal} lacks {', '.join(missing)}. Ask the account's administrator for the "
            "deployer's rights.",
        )
    return Finding(OK, "rights", f"{principal} has the {asked} rights that were asked for.")


def concurrency(
    facts: Executions, *, wanted: Mapping[str, int], boards: int, protected: bool, region: str
) -> Finding:
    """`wanted` is what the params reserve, by function; `boards` is how many may be watched."""
    more = _more("lambda", EXECUTIONS_QUOTA, USUAL_EXECUTIONS, region)
    free = facts.unreserved + facts.own
    most = max(0, free - min(UNRESERVED, facts.limit))
    reserved = sum(wanted.values())
    if reserved > most:
        listed = ", ".join(f"{name} {it}" for name, it in wanted.items())
        return _wrong(
            "Lambda",
            f"The params reserve {reserved} executions ({listed}), and of this account's "
            f"{facts.limit} only {most} can be reserved. Set the params to null, or ask for more: "
            f"{more}",
        )
    for function, it in wanted.items():
        if function.endswith("board_stream") and it < boards:
            return _wrong(
                "Lambda",
                f"{function} may run {it} times at once, and each of {boards} watched boards "
                "holds one execution: some boards would stand still. "
                f"Set boardStreamConcurrency to {boards} or more.",
            )
    of_boards = any(name.endswith("board_stream") for name in wanted)
    held = 0 if of_boards else boards
    left = free - reserved - held
    text = f"{facts.limit} executions: watched boards hold {boards}, {left} are left for all else."
    if left < SPARE_EXECUTIONS:
        return _wrong("Lambda", f"{text} Requests would fail. Ask for more: {more}")
    if facts.limit <= UNRESERVED:
        small = f"{text} It is a small account: ask for more before players come: {more}"
        return Finding(WRONG if protected else NOTE, "Lambda", small)
    return Finding(OK, "Lambda", text)


def requests(limit: int, *, posts: int, each_api: int, region: str) -> Finding:
    """Requests a second in the Region, against what the params let through."""
    wanted = posts + 2 * each_api
    if wanted > limit:
        return _wrong(
            "API Gateway",
            f"{limit} requests a second in {region}, and the params allow {wanted} "
            f"(postsPerSecond {posts}, throttlingRate {each_api} for each of two APIs). "
            f"Set postsPerSecond to {limit // POSTS} and throttlingRate to {limit // EACH_API}, "
            "or ask for more: "
            f"{_more('apigateway', REQUESTS_QUOTA, max(wanted, USUAL_REQUESTS), region)}",
        )
    return Finding(
        OK, "API Gateway", f"{limit} requests a second in {region}, the params allow {wanted}."
    )


def stack(name: str, status: str | None, *, region: str, elsewhere: Sequence[str]) -> Finding:
    if status is None:
        if elsewhere:
            return Finding(
                NOTE,
                "stack",
                f"{name} is not in {region} yet, but in {', '.join(elsewhere)}. If that is the "
                f"one you mean: export AWS_REGION={elsewhere[0]}",
            )
        return Finding(OK, "stack", f"{name} is new in {region}.")
    # Its change set was never carried out, and never will be.
    unmade = status == "REVIEW_IN_PROGRESS"
    if status.endswith("_IN_PROGRESS") and not unmade:
        return _wrong("stack", f"{name} is busy ({status}). Wait until it is done, then deploy.")
    if status == "UPDATE_ROLLBACK_FAILED":
        return _wrong(
            "stack",
            f"{name} is stuck ({status}). Look at its events, mend the cause, then: "
            f"aws cloudformation continue-update-rollback --stack-name {name} --region {region}",
        )
    failed = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED")
    if unmade or status in failed:
        return _wrong(
            "stack",
            f"{name} failed before ({status}) and takes no update. Delete it, then deploy: "
            f"aws cloudformation delete-stack --stack-name {name} --region {region}",
        )
    return Finding(OK, "stack", f"{name} is in {region} ({status}): this will update it.")


def protection(unprotected: Sequence[str]) -> Iterator[Finding]:
    """`unprotected` are the resources that get their deletion protection with the next deploy."""
    if unprotected:
        yield Finding(
            NOTE,
            "stack",
            f"Deletion protection is still off for {', '.join(unprotected)}. "
            "The next deploy turns it on.",
        )


def taken(
    existing: Sequence[ResourceName], *, owned: Collection[str], stack: str, asked: int
) -> Iterator[Finding]:
    """`existing` are those of the stage's names that something has; `owned` is what the stack
    has."""
    foreign: dict[str, list[str]] = {}
    for name in existing:
        if name.name not in owned:
            foreign.setdefault(name.kind, []).append(name.name)
    for kind, found in foreign.items():
        many = len(found) > 1
        what = f"The {kind}s" if many else f"The {kind}"
        stands = "exist and are" if many else "exists and is"
        yield _wrong(
            "taken",
            f"{what} {', '.join(found)} {stands} not of stack {stack}. Choose another stage "
            f"name, or, if what is in {'them' if many else 'it'} may go: "
            f"{TO_DELETE[kind]} {found[0]}",
        )
    if not foreign:
        yield Finding(OK, "taken", f"None of {asked} names is taken by anything else.")


def cloudfront() -> Finding:
    return Finding(
        NOTE,
        "CloudFront",
        "A new account cannot create a distribution before AWS has verified it, and no API tells. "
        "It matters for the edge alone (infra/edge): if that fails with AccessDenied, ask AWS "
        "Support.",
    )


def _wrong(topic: str, text: str) -> Finding:
    return Finding(WRONG, topic, text)


def _more(service: str, quota: str, value: int, region: str) -> str:
    return (
        f"aws service-quotas request-service-quota-increase --service-code {service} "
        f"--quota-code {quota} --desired-value {value} --region {region}"
    )
