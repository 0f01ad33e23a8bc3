"""Cold starts: what an execution environment takes to import its function and to answer once.

Each start is a clean process of the functions' Python, on the archive that a deployment would
upload, with Lambda's own client of the runtime. What it asks for is on a local stack. The archive
with its bytecode and without it take turns, so that what else the machine does meets both alike.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from zipfile import ZipFile

from rich.table import Table

from bench import figures
from local import runtime, service
from local.runtime import Runtime, Spent
from local.stack import running

Starts = dict[str, "ColdStart"]


@dataclass
class ColdStart:
    """What the starts of one function took."""

    imports: list[Spent] = field(default_factory=list)
    answers: list[Spent] = field(default_factory=list)

    def processor_ms(self) -> tuple[float, float]:
        imported = figures.median([it.processor for it in self.imports])
        answered = figures.median([it.processor for it in self.answers])
        return 1000 * imported, 1000 * answered

    def clock_ms(self) -> float:
        pairs = zip(self.imports, self.answers, strict=True)
        return 1000 * figures.median([first.wall + then.wall for first, then in pairs])


def run(*, small: bool, report: Callable[[str], None]) -> list[Table]:
    with (
        tempfile.TemporaryDirectory(prefix="leaderboard-bench-") as name,
        running(report=report) as stack,
    ):
        folder = Path(name)
        report("packaging for this machine's processor")
        archive = packaged(folder / "service")
        tasks = unpacked(archive, folder)
        lambda_client = runtime.install(folder / "runtime")
        addresses = stack.addresses
        variables = {
            function: runtime.variables_of(
                function, endpoint=addresses.cognito, cache=addresses.cache
            )
            for function in runtime.FIRST
        }
        report("starting each function with bytecode and without it")
        starts = measured(lambda_client, tasks, variables, times=3 if small else 15)
        size = sum(it.stat().st_size for it in tasks["with"].rglob("*") if it.is_file())
        return [table(starts, zipped=archive.stat().st_size, unzipped=size)]


def packaged(folder: Path) -> Path:
    """The archive as a deployment makes it, but for this machine's processor."""
    service.copy(folder)
    options = ["--stage", "dev", "--param", f"architecture={runtime.architecture()}"]
    service.run(["package", *options], folder=folder, variables={})
    return folder / ".serverless" / "leaderboard.zip"


def unpacked(archive: Path, folder: Path) -> dict[str, Path]:
    """The archive with its bytecode and without it."""
    tasks = {name: folder / name for name in ("with", "without")}
    with ZipFile(archive) as whole:
        whole.extractall(tasks["with"])
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(tasks["with"], tasks["without"], ignore=ignored)
    return tasks


def measured(
    lambda_client: Runtime,
    tasks: Mapping[str, Path],
    variables: Mapping[str, Mapping[str, str]],
    *,
    times: int,
) -> dict[str, Starts]:
    """The starts of each function, by whether it has bytecode."""
    starts = {name: {function: ColdStart() for function in variables} for name in tasks}
    for _ in range(times):
        for function, own in variables.items():
            event = runtime.first_event(function)
            for name, task in tasks.items():
                log = task.parent / f"{function}.log"
                handler = f"handlers/{function}.handler"
                with runtime.started(lambda_client, task, handler, own, log=log) as environment:
                    _, answered = environment.invoke(event)
                    start = starts[name][function]
                    start.imports.append(environment.start)
                    start.answers.append(answered)
    return starts


def table(starts: Mapping[str, Starts], *, zipped: int, unzipped: int) -> Table:
    made = figures.table(
        "Cold starts, ms of the processor (medians)",
        "function",
        "import, no bytecode",
        "import",
        "first answer, no bytecode",
        "first answer",
        "both",
        "on the clock",
        caption=[
            f"The archive has {zipped / 1e6:.0f} MB, unpacked {unzipped / 1e6:.0f} of 262 MB.",
            "The import includes the start of Python and of Lambda's client.",
            "`both` is the time with bytecode divided by the time without.",
        ],
    )
    for function, start in starts["with"].items():
        import_ms, answer_ms = start.processor_ms()
        bare_import_ms, bare_answer_ms = starts["without"][function].processor_ms()
        ratio = (import_ms + answer_ms) / (bare_import_ms + bare_answer_ms)
        made.add_row(
            function,
            f"{bare_import_ms:.0f}",
            f"{import_ms:.0f}",
            f"{bare_answer_ms:.0f}",
            f"{answer_ms:.0f}",
            figures.times(ratio),
            f"{start.clock_ms():.0f}",
        )
    return made
