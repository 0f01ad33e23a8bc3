"""The local stack, run as its users run it: by its command line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from local import service
from local.service import ROOT
from local.stack import ACCESS_KEY_ID, REGION, STAGE, variables

STOP_SECONDS = 90.0
# Hundreds of tests wait for frames: the pace is what the tests of it are for.
QUICK = {"RECORD_INTERVAL_MS": "10", "FRAME_INTERVAL_MS": "20"}


@dataclass(frozen=True, slots=True)
class Running:
    """A stack that is ready."""

    addresses: Mapping[str, str]
    process: subprocess.Popen[str]

    @property
    def log(self) -> str:
        """What the functions logged so far."""
        return Path(self.addresses["log"]).read_text(encoding="utf-8")


class NotReady(Exception):
    """The stack ended before it was ready; the text is what it said on standard error."""


@contextmanager
def running(*options: str, quick: bool = True, root: Path = ROOT) -> Iterator[Running]:
    """`python -m local up --json` with these options, stopped politely at the end; `quick` or at
    the pace that its users see; of the repository in `root`."""
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as progress,
        subprocess.Popen(
            [sys.executable, "-m", "local", "up", "--json", *options],
            cwd=root,
            env=os.environ | (QUICK if quick else {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=progress,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            if not line:
                process.wait(STOP_SECONDS)
                progress.seek(0)
                raise NotReady(progress.read())
            yield Running(json.loads(line), process)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(STOP_SECONDS)


@dataclass(frozen=True, slots=True)
class Empty:
    """The servers of a stack, with nothing deployed into them."""

    endpoint: str
    cache: str
    folder: Path

    def client(self, service: str) -> Any:
        credentials = {"aws_access_key_id": ACCESS_KEY_ID, "aws_secret_access_key": "test"}
        return boto3.client(  # type: ignore[call-overload]
            service, endpoint_url=self.endpoint, region_name=REGION, **credentials
        )

    def deploy(self, folder: Path, *options: str) -> None:
        service.run(
            ["deploy", "--stage", STAGE, *options],
            folder=folder,
            variables=variables(self.endpoint, self.cache)
            | {"LOG_FILE": str(self.folder / "log"), "SLS_AWS_MONITORING_FREQUENCY": "250"},
        )


@contextmanager
def empty() -> Iterator[Empty]:
    """The servers alone, gone afterwards."""
    with subprocess.Popen(
        [sys.executable, "-m", "local.servers", "--region", REGION],
        cwd=ROOT,
        env=service.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            assert process.stdout is not None
            said: dict[str, str] = {}
            while "ready" not in said:
                said |= json.loads(process.stdout.readline())
                assert "error" not in said, said
            yield Empty(said["endpoint"], said["cache"], Path(said["folder"]))
        finally:
            process.communicate()
