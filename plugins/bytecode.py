"""Adds bytecode to a packaged archive: `python3.13 bytecode.py ARCHIVE`, with the runtime's Python.

The sources stay, for tracebacks. The bytecode is not checked against them (unchecked-hash): their
times in an archive say nothing. Equal sources give equal bytes.
"""

from __future__ import annotations

import compileall
import sys
from pathlib import Path
from py_compile import PycInvalidationMode
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

TASK = "/var/task"
"""Where a function finds its archive unpacked."""
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that an archive can name."""


def main(archive: Path) -> int:
    with TemporaryDirectory() as name:
        folder = Path(name)
        with ZipFile(archive) as packaged:
            packaged.extractall(folder)
        # One after the other: what a compiler shares between files is in their bytes.
        is_compiled = compileall.compile_dir(
            folder,
            maxlevels=sys.maxsize,
            quiet=1,
            force=True,
            stripdir=name,
            prependdir=TASK,
            invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
            workers=1,
        )
        if not is_compiled:
            return 1
        with ZipFile(archive, "a", ZIP_DEFLATED, compresslevel=9) as packaged:
            for path in sorted(folder.rglob(f"*.{sys.implementation.cache_tag}.pyc")):
                entry = ZipInfo(path.relative_to(folder).as_posix(), EPOCH)
                entry.external_attr = 0o644 << 16
                entry.compress_type = ZIP_DEFLATED
                packaged.writestr(entry, path.read_bytes())
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
