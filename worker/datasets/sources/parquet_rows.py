"""The disposable process that reads a Parquet manifest: `python -m worker.datasets.sources.parquet_rows`.

The file is its standard input; its rows go as JSON lines to the standard output, where the parent
reads them under the limits of every JSON manifest. What a file says of itself is checked before
anything is read, and where it lies, the limits of this process hold. Ends with REFUSED and the
reason on the standard error, or dies.
"""

from __future__ import annotations

import decimal  # noqa: F401 - Arrow asks for it when no file can be opened any more
import json
import resource
import sys
import zoneinfo
from typing import Any, BinaryIO

from pyarrow import ArrowException
from pyarrow.parquet import FileMetaData, ParquetFile

from worker.confine.confine import confine

MEMORY_BYTES = 1024**3  # of address space; Python with pyarrow takes a third of it
CPU_S = 1_800
MAX_COLUMNS = 1_000
MAX_ROW_GROUPS = 100_000
MAX_ROW_GROUP_BYTES = 1024**3  # unpacked; they are read page by page
BATCH_ROWS = 2_000
REFUSED = 3


class RefusedError(Exception):
    """The file is over a limit."""


def main() -> int:
    """Write the rows of the standard input; return the exit code."""
    # held, so that a column of times finds its zone: confined, nothing can be opened any more
    _zones = [zoneinfo.ZoneInfo(name) for name in sorted(zoneinfo.available_timezones())]
    confine(MEMORY_BYTES)
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    try:
        _write_rows(sys.stdin.buffer, sys.stdout)
    except MemoryError:  # Arrow's too
        reason = f"needs more than {MEMORY_BYTES >> 20} MiB to be read: make its row groups smaller"
    except RefusedError as exc:
        reason = str(exc)
    except (ArrowException, OSError, RecursionError) as exc:
        reason = f"is not readable Parquet: {exc}"
    else:
        return 0
    sys.stderr.write(reason[:1_000])
    return REFUSED


def _write_rows(file: BinaryIO, out: Any) -> None:
    # with neither memory map nor pre-buffering only the pages at hand are in memory
    table = ParquetFile(file, pre_buffer=False, buffer_size=1024**2, schema_depth_limit=100)
    _check(table.metadata)
    if "uri" not in table.schema_arrow.names:
        raise RefusedError("has no column `uri`")
    for batch in table.iter_batches(batch_size=BATCH_ROWS, use_threads=False):
        for row in batch.to_pylist():
            present = {name: value for name, value in row.items() if value is not None}
            out.write(json.dumps(present, default=str) + "\n")
    out.flush()


def _check(says: FileMetaData) -> None:
    if says.num_columns > MAX_COLUMNS:
        raise RefusedError(f"has {says.num_columns} columns; {MAX_COLUMNS} are read at most")
    if says.num_row_groups > MAX_ROW_GROUPS:
        raise RefusedError(f"has {says.num_row_groups} row groups; the most is {MAX_ROW_GROUPS}")
    for number in range(says.num_row_groups):
        size = says.row_group(number).total_byte_size
        if not 0 <= size <= MAX_ROW_GROUP_BYTES:
            raise RefusedError(f"has a row group of {size} bytes; the most is 1 GiB")


if __name__ == "__main__":
    sys.exit(main())
