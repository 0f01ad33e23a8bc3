"""Notes which lines of the service run, at next to no cost: a pytest plugin of `make test`.

On Python 3.11 coverage.py can only trace, which doubles the time of the tests in moto. SlipCover
puts a mark into the code of each line instead. Every process of the tests leaves its lines where
`coverage combine` and `coverage report` find them.
"""

from __future__ import annotations

import os
from pathlib import Path

from coverage import Coverage, CoverageData
from slipcover import FileMatcher, ImportManager, Slipcover

CONFIG = Coverage()
SOURCES = [Path(source).resolve() for source in CONFIG.config.source or ()]

# -1 leaves the marks where they are: replacing functions while they run takes more time.
noted = Slipcover(d_miss_threshold=-1)
# At once: what was imported before has no marks.
ImportManager(noted, FileMatcher(sources=SOURCES)).__enter__()


def pytest_sessionfinish() -> None:
    data = CoverageData(CONFIG.config.data_file, suffix=str(os.getpid()))
    files = noted.get_coverage()["files"]
    data.add_lines({str(Path(name).resolve()): it["executed_lines"] for name, it in files.items()})
    data.touch_files([str(path) for source in SOURCES for path in source.rglob("*.py")])
    data.write()
