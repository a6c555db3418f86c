"""Rows of a text manifest: JSON lines, CSV with any usual delimiter, or a plain list.

Streams: at most one row is in memory. The first bytes decide the format, not the name.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain
from typing import Any, BinaryIO

from contract.errors import InvalidRequest
from contract.sources.manifest_csv import csv_rows
from contract.sources.manifest_rows import (
    MAX_DEPTH,
    MAX_ROW_BYTES,
    Row,
    shown,
    shown_name,
    twice,
    wrong,
)

Lines = Iterator[tuple[int, str]]
_CHUNK_BYTES = 64 * 1024
HEAD_BYTES = 8
_BOM = b"\xef\xbb\xbf"
_REFUSED = (
    (b"BZh", "is packed with bzip2; pack it with gzip, or not at all"),
    (b"\x28\xb5\x2f\xfd", "is packed with Zstandard; pack it with gzip, or not at all"),
    (b"\xfd7zXZ\0", "is packed with xz; pack it with gzip, or not at all"),
    (b"ARROW1", "is an Arrow (Feather) file; send Parquet, CSV or JSON lines"),
    (b"PK\x03\x04", "is a zip or an Excel workbook; send CSV, JSON lines or Parquet"),
    (b"\xff\xfe", "is in UTF-16; save it in UTF-8"),
    (b"\xfe\xff", "is in UTF-16; save it in UTF-8"),
)


def refuse_unreadable(head: bytes) -> None:
    """Raise InvalidRequest, naming it, on what is known by its first bytes and not read here."""
    for magic, what in _REFUSED:
        if head.startswith(magic):
            raise InvalidRequest(f"the manifest {what}")


def text_rows(stream: BinaryIO) -> Iterator[Row]:
    """Yield the rows; absent values are left out. Raises InvalidRequest, naming the line."""
    lines = _decoded(stream)
    first = next(((number, line) for number, line in lines if line.strip()), None)
    if first is None:
        raise InvalidRequest("the manifest is empty")
    lines, start = chain([first], lines), first[1].lstrip()
    if start.startswith("["):
        raise wrong(f"line {first[0]}", None, "a JSON array; write one object on each line instead")
    if start.startswith("{"):
        return json_rows(lines)
    if start.startswith("s3://"):
        return _list_rows(lines)
    return csv_rows(lines)


def json_rows(lines: Lines, unit: str = "line") -> Iterator[Row]:
    """Yield the rows of JSON lines, numbered by `unit`."""
    for number, line in lines:
        if line.strip():
            yield Row(f"{unit} {number}", _object(f"{unit} {number}", line))


def numbered_lines(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    r"""Yield lines with their ends, which are \n, \r\n or \r as in files of old Macs."""
    number, rest = 0, b""
    while chunk := stream.read(_CHUNK_BYTES):
        lines = (rest + chunk).splitlines(keepends=True)
        whole = lines[-1].endswith(b"\n")  # after \r there may be a \n to come
        rest = b"" if whole else lines.pop()
        for number, line in enumerate(lines, number + 1):  # noqa: B020 - it goes on counting
            yield number, line
        if len(rest) > MAX_ROW_BYTES:
            raise wrong(f"line {number + 1}", None, "it is longer than 1 MiB")
    if rest:
        yield number + 1, rest


def _decoded(stream: BinaryIO) -> Lines:
    for number, line in numbered_lines(stream):
        if len(line) > MAX_ROW_BYTES:
            raise wrong(f"line {number}", None, "it is longer than 1 MiB")
        try:
            yield number, (line.removeprefix(_BOM) if number == 1 else line).decode()
        except UnicodeDecodeError as exc:
            seen = f"{shown(line[max(0, exc.start - 20) : exc.end])}; save it in UTF-8"
            raise wrong(f"line {number}", None, f"it is not UTF-8: {seen}") from exc


class _TwiceError(ValueError):
    """An object has a key twice."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _TwiceError(twice(name for name, _ in pairs) or "")
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_unique)  # to make one takes longer than a row


def _object(place: str, line: str) -> dict[str, Any]:
    try:
        row = _DECODER.decode(line)
    except _TwiceError as exc:
        raise wrong(place, None, f"the key {shown_name(str(exc))} is there twice") from exc
    except RecursionError as exc:
        raise wrong(place, None, f"it is nested more than {MAX_DEPTH} deep") from exc
    except ValueError as exc:
        raise wrong(place, None, f"it is not JSON: {_why(line, exc)}") from exc
    if not isinstance(row, dict):
        raise wrong(place, None, f"a JSON object is expected, not {shown(row)}")
    return row


def _why(line: str, exc: ValueError) -> str:
    text = line.strip()
    if text.endswith("},"):
        return "a comma follows the object; leave it out"
    if isinstance(exc, json.JSONDecodeError) and exc.pos >= len(text):
        return f"the line ends within the object, write each on one line; seen: {shown(text)}"
    return f"{exc}; seen: {shown(text)}"


def _list_rows(lines: Lines) -> Iterator[Row]:
    for number, line in lines:
        if text := line.strip():
            yield Row(f"line {number}", {"uri": text})
