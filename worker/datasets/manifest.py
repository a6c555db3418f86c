"""Reads a manifest: JSONL, CSV or Parquet, gzip allowed; streamed, with every limit enforced."""

from __future__ import annotations

import csv
import gzip
import json
import shutil
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO, cast

from contract.datasets import Item
from contract.errors import InvalidRequest, NotFound
from storage.buckets import Buckets, split_uri
from worker.datasets.duplicates import Duplicates

MAX_LINE_BYTES = 1024 * 1024
MAX_ITEMS = 50_000_000
MAX_CUSTOM_ID = 500
_OWN_FIELDS = ("uri", "custom_id", "etag")
_PARQUET = b"PAR1"
_GZIP = b"\x1f\x8b"


def manifest_items(buckets: Buckets, uri: str) -> Iterator[Item]:
    """Yield the manifest's items in its order.

    Raises InvalidRequest, naming the line, on what cannot be read, on a row without `uri`, on an
    uri in a bucket that is not allowed, and at the end on a custom_id used twice.
    """
    seen = Duplicates()
    for number, row in _rows(buckets, uri):
        if number > MAX_ITEMS:
            raise InvalidRequest(f"the manifest has more than {MAX_ITEMS} rows")
        item = _item(number, row, buckets)
        if item.custom_id is not None:
            seen.add(item.custom_id)
        yield item
    if suspects := seen.suspects():
        _name_the_duplicate(buckets, uri, suspects)


def _name_the_duplicate(buckets: Buckets, uri: str, suspects: set[int]) -> None:
    """Read once more and compare the few that may be equal; two may only share their hash."""
    first_line: dict[str, int] = {}
    for number, row in _rows(buckets, uri):
        custom_id = row.get("custom_id")
        if custom_id is None or Duplicates.hash_of(str(custom_id)) not in suspects:
            continue
        if (before := first_line.setdefault(str(custom_id), number)) != number:
            raise InvalidRequest(
                f"the manifest's rows {before} and {number} have the same custom_id: {custom_id!r}"
            )


def _item(number: int, row: Mapping[str, Any], buckets: Buckets) -> Item:
    uri, custom_id = row.get("uri"), row.get("custom_id")
    if not isinstance(uri, str) or not uri:
        raise InvalidRequest(f"the manifest's row {number} has no `uri`")
    if custom_id is not None and not 0 < len(str(custom_id)) <= MAX_CUSTOM_ID:
        raise InvalidRequest(f"the manifest's row {number}: custom_id has 1 to 500 characters")
    try:
        bucket, key = split_uri(uri)
        buckets.open(bucket)
    except InvalidRequest as exc:
        raise InvalidRequest(f"the manifest's row {number}: {exc}") from exc
    if not key:
        raise InvalidRequest(f"the manifest's row {number}: {uri[:200]!r} names no object")
    return Item.model_construct(
        id="",
        uri=uri,
        etag=str(row.get("etag") or ""),
        custom_id=None if custom_id is None else str(custom_id),
        extra={name: value for name, value in row.items() if name not in _OWN_FIELDS},
    )


def _rows(buckets: Buckets, uri: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield rows, numbered from 1 (a CSV's header is not a row)."""
    bucket, key = split_uri(uri)
    try:
        raw = buckets.open(bucket).open(key)
    except (NotFound, ValueError) as exc:
        raise InvalidRequest(f"there is no manifest at {uri}") from exc
    with raw:
        buffered = _Peeking(raw)
        stream = cast("BinaryIO", buffered)
        try:
            if buffered.peek(2).startswith(_GZIP):
                buffered = _Peeking(gzip.GzipFile(fileobj=stream))
                stream = cast("BinaryIO", buffered)
            yield from enumerate(_parse(buffered, stream), 1)
        except (EOFError, gzip.BadGzipFile, zlib.error) as exc:
            raise InvalidRequest(f"the manifest's gzip stream is broken: {exc}") from exc


def _parse(buffered: _Peeking, stream: BinaryIO) -> Iterator[Mapping[str, Any]]:
    head = buffered.peek(4)
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


def _json_lines(lines: Iterable[tuple[int, str]]) -> Iterator[Mapping[str, Any]]:
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


def _csv(lines: Iterable[tuple[int, str]]) -> Iterator[Mapping[str, Any]]:
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


def _parquet(stream: BinaryIO) -> Iterator[Mapping[str, Any]]:
    try:
        from pyarrow import ArrowException  # 60 MB of memory, only for who needs it
        from pyarrow.parquet import ParquetFile
    except ImportError as exc:
        raise InvalidRequest(
            "this worker was installed without Parquet; send JSONL or CSV"
        ) from exc
    with tempfile.TemporaryFile() as file:
        shutil.copyfileobj(stream, file, 1024 * 1024)
        try:
            table = ParquetFile(file)
            if "uri" not in table.schema_arrow.names:
                raise InvalidRequest("the manifest has no column `uri`")
            for batch in table.iter_batches(batch_size=2_000):
                for row in batch.to_pylist():
                    yield {name: _plain(value) for name, value in row.items() if value is not None}
        except (ArrowException, OSError) as exc:
            raise InvalidRequest(f"the manifest is not readable Parquet: {exc}") from exc


def _plain(value: Any) -> Any:
    return (
        value
        if isinstance(value, str | int | float | bool)
        else json.loads(json.dumps(value, default=str))
    )


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
