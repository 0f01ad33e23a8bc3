"""The command line. Exit status: 0 nothing is wrong, 1 something is, 2 it was called wrongly."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys

from tools.caller import ROOT
from tools.doctor.configuration import Configuration
from tools.doctor.examination import examine
from tools.doctor.finding import WRONG


def main() -> int:
    arguments = parse()
    configuration = Configuration(ROOT, arguments.stage, dict(arguments.param))
    findings = []
    for finding in examine(configuration, region=arguments.region, seconds=arguments.deadline):
        findings.append(finding)
        if not arguments.json:
            print(finding, flush=True)
    if arguments.json:
        found = [{"level": it.level, "topic": it.topic, "text": it.text} for it in findings]
        print(json.dumps({"stage": arguments.stage, "findings": found}, indent=2))
    return 1 if any(it.level == WRONG for it in findings) else 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tools.doctor",
        description="Say before a deployment what would stop it, with this shell's AWS "
        "credentials. Nothing is changed. Exit status: 0 nothing is wrong, 1 something is, "
        "2 wrong use.",
    )
    parser.add_argument("--stage", default="dev", type=stage, help="the stage (default dev)")
    parser.add_argument(
        "--region",
        help="its Region (default: AWS_REGION, AWS_DEFAULT_REGION, the profile's, eu-central-1)",
    )
    parser.add_argument(
        "--param",
        action="append",
        default=[],
        type=param,
        metavar="NAME=VALUE",
        help="a param that `sls deploy` will get as well",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object at the end")
    parser.add_argument(
        "--deadline",
        type=seconds,
        default=10.0,
        metavar="SECONDS",
        help="what AWS has not answered by then is a note (default 10)",
    )
    return parser.parse_args()


def stage(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("a stage has a name, such as dev")
    return text


def param(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError("NAME=VALUE is expected, such as email=ses")
    if "${" in value:
        raise argparse.ArgumentTypeError("a value is expected, not a variable of serverless.yml")
    return name, value


def seconds(text: str) -> float:
    number = float(text)
    if not 0 < number <= 600:
        raise argparse.ArgumentTypeError("more than 0 seconds are needed, and at most 600")
    return number


if __name__ == "__main__":
    # Said again, because a shell starts background commands with it ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        status = main()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr, flush=True)
        status = 130
    sys.stdout.flush()
    # At once: questions that AWS has not answered yet have threads, which Python would wait for.
    os._exit(status)
