"""The rows of a CSV manifest: the delimiter is found by the header, and quoting is strict."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

from contract.errors import InvalidRequest
from contract.sources.manifest_rows import (
    MAX_COLUMNS,
    MAX_ROW_BYTES,
    Row,
    canonical,
    no_uri,
    shown,
    shown_name,
    twice,
    wrong,
)

_DELIMITERS = (",", ";", "\t", "|")
_HINT = "sep="  # a first line that tells Excel the delimiter


def csv_rows(lines: Iterator[tuple[int, str]]) -> Iterator[Row]:
    """Yield the rows below the header; empty fields are left out.

    A row may span lines; it is named by its first. Raises InvalidRequest.
    """
    csv.field_size_limit(MAX_ROW_BYTES)  # one for all of the process, and 128 kB if not set
    number, header = next(lines)
    delimiters: tuple[str, ...] = _DELIMITERS
    if header.lower().startswith(_HINT) and len(header.strip()) <= len(_HINT) + 1:
        delimiters = (header[len(_HINT)],)
        number, header = next(lines, (number + 1, ""))
    delimiter, names = _header(number, header, delimiters)
    spaced = any(name != name.lstrip() for name in names)
    names = canonical(name.lstrip() for name in names) if spaced else canonical(names)
    source = _Source(lines, number)
    reader = csv.reader(source, delimiter=delimiter, strict=True, skipinitialspace=spaced)
    return _rows(reader, source, names)


def _header(number: int, line: str, delimiters: tuple[str, ...]) -> tuple[str, list[str]]:
    found = [(delimiter, _split(number, line, delimiter)) for delimiter in delimiters]
    for delimiter, names in found:
        if "uri" in (known := canonical(names)):
            if len(names) > MAX_COLUMNS:
                raise InvalidRequest(f"the manifest has more than {MAX_COLUMNS} columns")
            if name := twice(known):
                why = f"there are two columns {shown_name(name)}"
                raise wrong(f"line {number}", None, why)
            return delimiter, names
    names = max((names for _, names in found), key=len)
    raise InvalidRequest(
        f"the manifest is neither JSON lines nor Parquet, and as CSV {no_uri(names)} "
        f"(line {number})"
    )


def _split(number: int, line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error as exc:
        raise wrong(f"line {number}", None, f"it is not CSV: {exc}; seen: {shown(line)}") from exc


class _Source:
    """The lines as `csv` takes them; knows where a row began, and how large it has become."""

    def __init__(self, lines: Iterator[tuple[int, str]], header: int) -> None:
        self._lines = lines
        self._last = header
        self._size = 0
        self.place = f"line {header + 1}"

    def __iter__(self) -> Iterator[str]:
        for number, line in self._lines:
            self._last = number
            self._size += len(line)
            if self._size > MAX_ROW_BYTES:
                raise wrong(self.place, None, "the row is longer than 1 MiB (a quote not closed?)")
            yield line

    def row_ended(self) -> str:
        """Return where the row began; the next one begins after it."""
        place, self.place, self._size = self.place, f"line {self._last + 1}", 0
        return place


def _rows(reader: Any, source: _Source, names: list[str]) -> Iterator[Row]:
    while True:
        try:
            fields = next(reader, None)
        except csv.Error as exc:
            unclosed = "a quote is not closed" if "unexpected end" in str(exc) else str(exc)
            raise wrong(source.place, None, f"it is not CSV: {unclosed}") from exc
        if fields is None:
            return
        place = source.row_ended()
        if fields:
            yield Row(place, _columns(place, names, fields))


def _columns(place: str, names: list[str], fields: list[str]) -> dict[str, str]:
    for field in fields[len(names) :]:
        if field:
            why = f"it has {len(fields)} fields, its header {len(names)}; seen: {shown(field)}"
            raise wrong(place, None, why)
    found = {name: value for name, value in zip(names, fields, strict=False) if value}
    if value := found.pop("", None):
        raise wrong(place, None, f"{shown(value)} is in a column without a name")
    return found
