"""The formats of manifests, as streams of rows: JSONL, CSV, Parquet, each gzipped or not."""

from __future__ import annotations

import csv
import gzip
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO, cast

from contract.errors import InvalidRequest
from worker.datasets.sources.parquet import json_lines_of

MAX_LINE_BYTES = 1024 * 1024
_PARQUET = b"PAR1"
_GZIP = b"\x1f\x8b"
Rows = Iterator[Mapping[str, Any]]


def rows_of(raw: BinaryIO) -> Rows:
    """Yield the rows of a manifest; absent values are left out.

    Raises InvalidRequest, naming the line, on what cannot be read or is over a limit.
    """
    buffered = _Peeking(raw)
    try:
        if buffered.peek(2).startswith(_GZIP):
            buffered = _Peeking(gzip.GzipFile(fileobj=cast("BinaryIO", buffered)))
        yield from _parse(buffered)
    except (EOFError, gzip.BadGzipFile, zlib.error) as exc:
        raise InvalidRequest(f"the manifest's gzip stream is broken: {exc}") from exc


def _parse(buffered: _Peeking) -> Rows:
    head, stream = buffered.peek(4), cast("BinaryIO", buffered)
    if head.startswith(_PARQUET):
        return _parquet(stream)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return _json_lines(_lines(stream))
    return _csv(_lines(stream))


def _lines(stream: BinaryIO) -> Iterator[tuple[int, str]]:
    number = 0
    while line := stream.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(line) > MAX_LINE_BYTES:
            raise InvalidRequest(f"the manifest's line {number} is longer than 1 MiB")
        try:
            yield number, line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as exc:
            raise InvalidRequest(f"the manifest's line {number} is not UTF-8") from exc


def _json_lines(lines: Iterable[tuple[int, str]]) -> Rows:
    for number, line in lines:
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as exc:
            raise InvalidRequest(f"the manifest's line {number} is not JSON: {exc}") from exc
        if not isinstance(row, dict):
            raise InvalidRequest(f"the manifest's line {number} is not a JSON object")
        yield row


def _csv(lines: Iterable[tuple[int, str]]) -> Rows:
    reader = csv.DictReader((line for _, line in lines), strict=True)
    try:
        if "uri" not in (reader.fieldnames or ()):
            raise InvalidRequest(
                "the manifest is neither JSONL nor Parquet nor CSV with a column `uri`"
            )
        for row in reader:
            if None in row:
                raise InvalidRequest(
                    f"the manifest's line {reader.line_num} has more fields than its header"
                )
            yield {name: value for name, value in row.items() if value not in (None, "")}
    except csv.Error as exc:
        raise InvalidRequest(f"the manifest's line {reader.line_num} is not CSV: {exc}") from exc


def _parquet(stream: BinaryIO) -> Rows:
    with json_lines_of(stream) as lines:
        yield from _json_lines(_lines(lines))


class _Peeking:
    """A binary stream whose first bytes can be looked at before they are read."""

    def __init__(self, raw: BinaryIO | gzip.GzipFile) -> None:
        self._raw = raw
        self._head = b""

    def peek(self, size: int) -> bytes:
        """Return the first bytes, up to `size` or a little more."""
        while len(self._head) < size and (more := self._raw.read(size - len(self._head))):
            self._head += more
        return self._head

    def read(self, size: int = -1) -> bytes:
        """Read as files do."""
        head, self._head = self._head, b""
        if 0 <= size <= len(head):
            self._head = head[size:]
            return head[:size]
        return head + self._raw.read(size - len(head) if size >= 0 else -1)

    def readline(self, size: int) -> bytes:
        """Read up to a newline or `size` bytes."""
        head, self._head = self._head, b""
        line, newline, rest = head.partition(b"\n")
        if newline:
            self._head = rest
            return line + newline
        return head + self._raw.readline(size - len(head))
