"""Runs the checks of a stage beside each other, each under a deadline, and hands on what they find
in a fixed order."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from typing import TypeVar

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConfigParseError,
    ConnectionError as NoConnection,
    HTTPClientError,
    NoCredentialsError,
    ProfileNotFound,
)

from tools import caller
from tools.cloudformation import UnreadableTemplate
from tools.doctor import checks
from tools.doctor.account import LOOKUPS, Account, NotAsked, known_regions
from tools.doctor.checks import Identity
from tools.doctor.configuration import PROTECTED, Configuration
from tools.doctor.finding import NOTE, WRONG, Finding
from tools.doctor.names import ResourceName, fixed
from tools.doctor.rights import telling
from tools.stage import unprotected

Findings = Iterable[Finding]
T = TypeVar("T")
# Looks at the same time at one check's many questions.
LANES = 8


@dataclass(frozen=True, slots=True)
class ExaminedStage:
    """A stage, and who asks for it."""

    configuration: Configuration
    caller: caller.Caller
    account: Account

    @property
    def protected(self) -> bool:
        return self.configuration.kind == PROTECTED


def examine(
    configuration: Configuration, *, region: str | None, seconds: float
) -> Iterator[Finding]:
    """What is found, line by line."""
    try:
        yield from _examine(configuration, region=region, seconds=seconds)
    except UnreadableTemplate as error:
        yield Finding(WRONG, "files", str(error))


def _examine(
    configuration: Configuration, *, region: str | None, seconds: float
) -> Iterator[Finding]:
    try:
        found = caller.of_shell(configuration.stage, region=region)
    except (ConfigParseError, ProfileNotFound, caller.EndpointUnusable) as error:
        yield Finding(WRONG, "account", unusable(error, None))
        yield from unasked(configuration)
        return
    if wrong := checks.no_region(found.region, known_regions(found.session)):
        yield wrong
        yield from unasked(configuration, "a Region")
        return
    configuration = replace(configuration, region=found.region.name)
    stage = ExaminedStage(configuration, found, Account(found.session, seconds=seconds))
    deadline = time.monotonic() + seconds
    signed = _start(lambda: has_credentials(found))
    try:
        if not signed.result(timeout=seconds):
            yield Finding(WRONG, "account", checks.WITHOUT_CREDENTIALS)
            yield from unasked(configuration)
            return
    except (BotoCoreError, ClientError, TimeoutError) as error:
        yield Finding(WRONG, "account", unusable(error, found.profile))
        yield from unasked(configuration)
        return
    yield from _ask(stage, deadline=deadline, seconds=seconds)


def _ask(stage: ExaminedStage, *, deadline: float, seconds: float) -> Iterator[Finding]:
    """What the checks find, each that has ended by the deadline."""
    running = [(topic, _start(partial(_listed, check, stage))) for topic, check in CHECKS]
    for topic, future in running:
        try:
            findings = future.result(timeout=max(0.0, deadline - time.monotonic()))
        except NotAsked as reason:
            findings = [Finding(NOTE, topic, f"Not known: {reason}.")]
        except UnreadableTemplate as reason:
            findings = [Finding(WRONG, topic, str(reason))]
        except TimeoutError as error:
            late = f"Not known: AWS did not answer within {seconds:g} seconds."
            findings = [Finding(NOTE, topic, late)]
            if topic == "account":
                findings = [Finding(WRONG, topic, unusable(error, stage.caller.profile))]
        yield from findings
        if topic == "account" and any(it.level == WRONG for it in findings):
            yield from unasked(stage.configuration)
            return


def unasked(configuration: Configuration, missing: str = "credentials") -> Iterator[Finding]:
    """What the files say alone."""
    yield checks.stage(configuration)
    yield checks.names(configuration)
    if said := checks.sender(configuration):
        yield said
    text = f"Not asked about rights, quotas and names: that takes {missing}."
    yield Finding(NOTE, "AWS", text)


def has_credentials(found: caller.Caller) -> bool:
    credentials = found.session.get_credentials()
    if credentials is None:
        return False
    # What is lent, such as by single sign-on, is fetched here.
    credentials.get_frozen_credentials()
    return True


def unusable(error: Exception, profile: str | None) -> str:
    """Why credentials are of no use, and what to do."""
    login = f"aws sso login{f' --profile {profile}' if profile else ''}"
    match error:
        case NoCredentialsError():
            return checks.WITHOUT_CREDENTIALS
        case ProfileNotFound():
            return f"{error}. Set AWS_PROFILE to one that `aws configure list-profiles` shows."
        case ConfigParseError() | caller.EndpointUnusable():
            return f"{str(error).rstrip('.')}."
        case TimeoutError():
            return "AWS did not answer in time. Check the network, and AWS_ENDPOINT_URL."
        case NoConnection() | HTTPClientError():
            reason = str(error).rstrip(".")
            return f"AWS did not answer: {reason}. Check the network, and AWS_ENDPOINT_URL."
        case ClientError():
            message = error.response["Error"].get("Message", "no reason given").rstrip(".")
            return f"AWS refuses the credentials: {message}. Sign in again (`{login}`)."
    return f"The credentials cannot be read: {str(error).rstrip('.')}. Sign in again: `{login}`."


def account(stage: ExaminedStage) -> Findings:
    try:
        identity = stage.account.identity()
    except (BotoCoreError, ClientError) as error:
        return [Finding(WRONG, "account", unusable(error, stage.caller.profile))]
    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    return [checks.who(identity, profile=stage.caller.profile, endpoint=endpoint)]


def region(stage: ExaminedStage) -> Findings:
    try:
        enabled = stage.account.enabled_regions()
    except NotAsked:
        enabled = None
    return [checks.region(stage.caller.region, named=stage.caller.named, enabled=enabled)]


def mail(stage: ExaminedStage) -> Findings:
    configuration = stage.configuration
    if said := checks.sender(configuration):
        return [said]
    identity = str(configuration.param("emailIdentity") or configuration.param("emailFrom"))
    facts = stage.account.mail(identity)
    return [
        checks.mail(
            facts, identity=identity, region=stage.account.region, protected=stage.protected
        )
    ]


def rights(stage: ExaminedStage) -> Findings:
    identity: Identity = stage.account.identity()
    if identity.arn.endswith(":root"):
        text = "The account's root user may do everything. Deploy as a role that may do less."
        return [Finding(NOTE, "rights", text)]
    principal = stage.account.principal(identity)
    wanted = list(
        telling(
            stage.configuration,
            partition=stage.account.partition,
            region=stage.account.region,
            account=identity.account,
        )
    )
    with ThreadPoolExecutor(LANES) as lanes:
        lacks = list(lanes.map(lambda it: stage.account.missing(principal, it), wanted))
    missing = [right.action for right, lack in zip(wanted, lacks, strict=True) if lack]
    return [checks.rights(missing, asked=len(wanted), principal=principal)]


def concurrency(stage: ExaminedStage) -> Findings:
    configuration = stage.configuration
    return [
        checks.concurrency(
            stage.account.executions(configuration.functions.values()),
            wanted=configuration.reservations,
            boards=len(configuration.boards),
            protected=stage.protected,
            region=stage.account.region,
        )
    ]


def requests(stage: ExaminedStage) -> Findings:
    configuration = stage.configuration
    return [
        checks.requests(
            stage.account.requests(),
            posts=configuration.number("postsPerSecond"),
            each_api=configuration.number("throttlingRate"),
            region=stage.account.region,
        )
    ]


def stack(stage: ExaminedStage) -> Findings:
    name, here = stage.configuration.stack, stage.account.region
    deployed = stage.account.stack(name)
    if deployed is None:
        others = {it.name for it in stage.caller.named} - {here}
        elsewhere = sorted(it for it in others if stage.account.stack(name, region=it))
        return [checks.stack(name, None, region=here, elsewhere=elsewhere)]
    return [
        checks.stack(name, deployed.status, region=here, elsewhere=[]),
        *checks.protection(unprotected(deployed.outputs)),
    ]


def taken(stage: ExaminedStage) -> Findings:
    names = sorted(
        (it for it in fixed(stage.configuration) if it.type in LOOKUPS), key=lambda it: it.type
    )
    groups = [list(group) for _, group in groupby(names, key=lambda it: it.type)]
    owned = stage.account.owned(stage.configuration.stack)
    existing: list[ResourceName] = []
    unknown: list[Finding] = []
    asked = 0

    def look(group: list[ResourceName]) -> list[ResourceName] | NotAsked:
        try:
            return stage.account.existing(group)
        except NotAsked as reason:
            return reason

    with ThreadPoolExecutor(LANES) as lanes:
        for group, found in zip(groups, lanes.map(look, groups), strict=True):
            if isinstance(found, NotAsked):
                text = f"Not known whether a {group[0].kind} has one of the names: {found}."
                unknown.append(Finding(NOTE, "taken", text))
            else:
                existing += found
                asked += len(group)
    said = checks.taken(existing, owned=owned, stack=stage.configuration.stack, asked=asked)
    return [*said, *unknown]


CHECKS: tuple[tuple[str, Callable[[ExaminedStage], Findings]], ...] = (
    ("account", account),
    ("Region", region),
    ("stage", lambda it: [checks.stage(it.configuration)]),
    ("names", lambda it: [checks.names(it.configuration)]),
    ("e-mails", mail),
    ("rights", rights),
    ("Lambda", concurrency),
    ("API Gateway", requests),
    ("stack", stack),
    ("taken", taken),
    ("CloudFront", lambda _: [checks.cloudfront()]),
)


def _listed(check: Callable[[ExaminedStage], Findings], stage: ExaminedStage) -> list[Finding]:
    return list(check(stage))


def _start(call: Callable[[], T]) -> Future[T]:
    """Runs a call in a thread that nobody waits for at the end of the program."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(call())
        except BaseException as error:  # noqa: BLE001 - the caller that asks for the result gets it
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future
