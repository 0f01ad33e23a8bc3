"""`python -m bench`: measure, and print tables with the baselines beside the figures."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from rich.console import Console
from rich.table import Table

from local import runtime
from local.runtime import RuntimeFailed
from local.service import ToolFailed
from local.stack import StackFailed, StartProgress

BENCHES = ("path", "renames", "ranking", "units", "rebuild", "posting", "crowd", "cold")
SIZES = ("small", "full")
# Boards wait for their interval between two frames: what is measured is the path, and no waiting.
QUICK = {"RECORD_INTERVAL_MS": "10", "FRAME_INTERVAL_MS": "20"}


def main() -> int:
    arguments = parse()
    os.environ.update(QUICK)
    report = StartProgress()
    console = Console(width=110)
    try:
        for bench in chosen(arguments.benches, report=report):
            for table in tables_of(bench, small=arguments.size == "small", report=report):
                console.print(table)
    except KeyboardInterrupt:
        return 130
    except (RuntimeFailed, StackFailed, ToolFailed) as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


def chosen(benches: list[str], *, report: Callable[[str], None]) -> Sequence[str]:
    """The benches to run: those that were named, or all that this machine can run."""
    reason = runtime.missing() if "cold" in (benches or BENCHES) else ""
    if not reason:
        return benches or BENCHES
    if benches:
        raise ToolFailed(f"Cold starts need the functions' Python: {reason}. Install it.")
    report(f"cold is left out: {reason}")
    return [it for it in BENCHES if it != "cold"]


def tables_of(bench: str, *, small: bool, report: Callable[[str], None]) -> list[Table]:
    # Each imports only what it measures.
    if bench == "path":
        from bench import path

        return path.run(small=small, report=report)
    if bench == "renames":
        from bench import renames

        return renames.run(small=small, report=report)
    if bench == "units":
        from bench import units

        return units.run(small=small, report=report)
    if bench == "rebuild":
        from bench import rebuild

        return rebuild.run(small=small, report=report)
    if bench == "crowd":
        from bench import crowd

        return crowd.run(small=small, report=report)
    if bench == "cold":
        from bench import cold

        return cold.run(small=small, report=report)
    if bench == "posting":
        from bench import posting

        return posting.run(small=small, report=report)
    from bench import ranking

    return ranking.run(small=small, report=report)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measure the service here. Tables go to standard output, progress to standard "
        "error. Quote ratios: seconds are those of this machine at this moment.",
    )
    parser.add_argument(
        "benches",
        nargs="*",
        metavar="BENCH",
        type=bench,
        help="path: from a score's POST to its frame at a subscriber, on a local stack of its own; "
        "renames: the same beside a player who loops PUT /me; "
        "ranking: large boards, loaded, read and written, on a Valkey of its own; units: "
        "what a score and a read cost the cache, in ElastiCache's units about; rebuild: a "
        "ranking filled from pages of the table; posting: frames to up to 100,000 connections, "
        "beside other clients; crowd: a hundred viewers with too small a budget; cold: starts of "
        "each function from the packaged archive, which takes python3.13 (default: all)",
    )
    parser.add_argument(
        "--size",
        choices=SIZES,
        default=os.environ.get("SIZE") or "full",
        help="small: a minute, for everyday use; full: half an hour, up to ten million members and "
        "5 GB of memory (default: full, or what SIZE says)",
    )
    arguments = parser.parse_args()
    if arguments.size not in SIZES:
        parser.error(f"SIZE is one of {', '.join(SIZES)}, not {arguments.size!r}")
    return arguments


def bench(text: str) -> str:
    if text not in BENCHES:
        raise argparse.ArgumentTypeError(f"no bench {text!r}; there are {', '.join(BENCHES)}")
    return text


if __name__ == "__main__":
    sys.exit(main())
