"""The disposable process that reads a Parquet manifest; run as a module, see parquet.py.

The file is its standard input; rows go as JSON lines to standard output, where the parent applies
the limits of every JSON manifest. The file's metadata is checked before data are read, and where it
is false, the limits of this process apply. Ends with REFUSED and the reason on standard error, or
dies.
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

from contract.sources.manifest_rows import (
    MAX_COLUMNS,
    MAX_ROW_BYTES,
    canonical,
    no_uri,
    shown_name,
    twice,
)
from worker.confine.confine import confine
from worker.datasets.sources.parquet_values import RefusedError, as_text, plain_values

MEMORY_BYTES = 1024**3  # of address space; Python with pyarrow takes a third of it
CPU_S = 1_800
MAX_ROW_GROUPS = 100_000
MAX_ROW_GROUP_BYTES = 1024**3  # unpacked; they are read page by page
BATCH_ROWS = 2_000
REFUSED = 3


def main() -> int:
    """Write the rows of the standard input; return the exit code."""
    # kept open, so that time zones are available: confined, no file can be opened
    _zones = [zoneinfo.ZoneInfo(name) for name in sorted(zoneinfo.available_timezones())]
    confine(MEMORY_BYTES)
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    reason = write_rows(sys.stdin.buffer, sys.stdout)
    sys.stderr.write(reason[:1_000])
    return REFUSED if reason else 0


def write_rows(file: BinaryIO, out: Any) -> str:
    """Write the rows as JSON lines; return why that ended early, or nothing."""
    try:
        _write_rows(file, out)
    except MemoryError:  # Arrow's too
        return f"needs more than {MEMORY_BYTES >> 20} MiB to be read: make its row groups smaller"
    except RefusedError as exc:
        return str(exc)
    except (ArrowException, OSError, RecursionError) as exc:
        return f"is not readable Parquet: {exc}"
    return ""


def _write_rows(file: BinaryIO, out: Any) -> None:
    # with neither memory map nor pre-buffering only the pages at hand are in memory
    table = ParquetFile(file, pre_buffer=False, buffer_size=1024**2, schema_depth_limit=100)
    _check(table.metadata)
    names = _names(table.schema_arrow.names)
    number = 0
    for batch in table.iter_batches(batch_size=BATCH_ROWS, use_threads=False):
        columns = [
            plain_values(column, name, number)
            for name, column in zip(names, batch.columns, strict=True)
        ]
        for number, values in enumerate(zip(*columns, strict=True), number + 1):  # noqa: B020
            out.write(_line(number, dict(zip(names, values, strict=True))))
    out.flush()


def _names(found: list[str]) -> list[str]:
    names = canonical(found)
    if "uri" not in names:
        raise RefusedError(no_uri(found))
    if name := twice(names):
        raise RefusedError(f"has two columns {shown_name(name)}")
    return names


def _line(number: int, row: dict[str, Any]) -> str:
    present = {name: value for name, value in row.items() if value is not None}
    try:
        line = json.dumps(present, default=as_text)
    except ValueError as exc:
        column, why = _bad_value(present, exc)
        raise RefusedError(f"has in row {number}, column {shown_name(column)}, {why}") from exc
    if len(line) > MAX_ROW_BYTES:
        raise RefusedError(f"has a row {number} that is longer than 1 MiB")
    return line + "\n"


def _bad_value(row: dict[str, Any], error: ValueError) -> tuple[str, ValueError]:
    for name, value in row.items():
        try:
            json.dumps(value, default=as_text)
        except ValueError as exc:
            return name, exc
    return "", error


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
