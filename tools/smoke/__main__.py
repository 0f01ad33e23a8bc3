"""`python -m tools.smoke`: checks a deployed stage; the exit status says whether it is well."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from datetime import timedelta

from local.stack import StackFailed
from tools import stage as stages
from tools.smoke.check import BOARD, Check
from tools.smoke.steps import StepOutcome, StepResult, Steps


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tools.smoke",
        description="Check a deployed stage from outside, step by step, with this shell's AWS "
        f"credentials. It writes on the board {BOARD} alone, and removes what it made, also when "
        "a step failed or Ctrl-C ended it. The exit status is 0 if every step went well.",
    )
    parser.add_argument("--stage", default="dev", help="the stage (default dev)")
    parser.add_argument("--region", help="its Region (default: as README says)")
    parser.add_argument(
        "--prefix", default="", help="its param `prefix` (default: as serverless.yml says)"
    )
    parser.add_argument(
        "--update-seconds",
        type=seconds,
        default=30.0,
        metavar="S",
        help="how long an update may take to be seen (default 30)",
    )
    parser.add_argument(
        "--left-over-minutes",
        type=minutes,
        default=15.0,
        metavar="M",
        help="how old must be what a killed check left, to be removed (default 15)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object at the end")
    return parser.parse_args()


def seconds(text: str) -> float:
    number = float(text)
    if not 1 <= number <= 600:
        raise argparse.ArgumentTypeError("1 to 600 seconds")
    return number


def minutes(text: str) -> float:
    number = float(text)
    if not 0 <= number <= 10_000:
        raise argparse.ArgumentTypeError("0 to 10000 minutes")
    return number


def main() -> int:
    arguments = parse()
    # Said again, because a shell starts background commands with it ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    steps = Steps(lambda result: None if arguments.json else tell(result))
    try:
        # Before anything is made: an interrupt need not wait until AWS has answered.
        stage = stages.find(arguments.stage, region=arguments.region, prefix=arguments.prefix)
        asyncio.run(check(stage, arguments, steps))
    except StackFailed as failure:
        if arguments.json:
            print(json.dumps({"stage": arguments.stage, "ok": False, "error": str(failure)}))
        else:
            print(failure, file=sys.stderr)
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        print("interrupted", file=sys.stderr)
        return 130
    return 1 if steps.failed else 0


async def check(stage: stages.Stage, arguments: argparse.Namespace, steps: Steps) -> None:
    run = asyncio.current_task()
    loop = asyncio.get_running_loop()

    def end() -> None:
        """A polite kill is Ctrl-C by another name, and once is enough."""
        loop.remove_signal_handler(signal.SIGTERM)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if run is not None:
            run.cancel()

    loop.add_signal_handler(signal.SIGTERM, end)
    if not arguments.json:
        print(f"stage {stage.name}, {stage.region}, account {stage.account}", flush=True)
    ended = False
    try:
        await Check(
            stage,
            steps,
            update_seconds=arguments.update_seconds,
            left_over=timedelta(minutes=arguments.left_over_minutes),
        ).run()
        ended = True
    finally:
        if arguments.json:
            print(json.dumps(summary(stage, steps, ended=ended)), flush=True)
        elif ended:
            print(verdict(stage, steps), flush=True)


def tell(result: StepResult) -> None:
    print(result.line(), flush=True)


def verdict(stage: stages.Stage, steps: Steps) -> str:
    if steps.failed:
        return f"{steps.failed} of {len(steps.results)} steps failed"
    return f"stage {stage.name} is well"


def summary(stage: stages.Stage, steps: Steps, *, ended: bool) -> dict[str, object]:
    return {
        "stage": stage.name,
        "region": stage.region,
        "account": stage.account,
        "ok": ended and not steps.failed,
        "steps": [
            {
                "step": it.step,
                "outcome": "failed" if it.outcome is StepOutcome.FAILED else it.outcome.value,
                "ms": it.ms,
                "text": it.text,
            }
            for it in steps.results
        ],
    }


if __name__ == "__main__":
    sys.exit(main())
