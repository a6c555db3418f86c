"""Converts values of a Parquet column to JSON; runs in the process that reads the file."""

from __future__ import annotations

import datetime
from typing import Any

import pyarrow as arrow
import pyarrow.compute
from pyarrow import types

from contract.sources.manifest_rows import shown, shown_name

_PER_MICROSECOND = 1_000


class RefusedError(Exception):
    """The file is over a limit, or holds what JSON cannot."""


def plain_values(column: Any, name: str, before: int) -> list[Any]:
    """Return the values of a column, of which `before` rows came already.

    Times to the nanosecond come as text, for Python's own end at microseconds.
    Raises RefusedError, naming row and column.
    """
    if types.is_dictionary(column.type):
        column = column.dictionary_decode()
    try:
        if getattr(column.type, "unit", "") == "ns":
            return _nanoseconds(column)
        return list(column.to_pylist())
    except (ValueError, OverflowError) as exc:
        row, why = _bad_value(column, exc)
        where = f"row {before + row + 1}, column {shown_name(name)}"
        raise RefusedError(f"has in {where}, a {column.type} that JSON cannot hold: {why}") from exc


def as_text(value: object) -> str:
    """Return what JSON has no type for as text, bytes as the UTF-8 that they are."""
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise ValueError(f"bytes that are no UTF-8 text: {shown(value)}") from None
    return str(value)


def _bad_value(column: Any, error: Exception) -> tuple[int, Exception]:
    for row, value in enumerate(column):
        try:
            value.as_py()
        except (ValueError, OverflowError) as exc:
            return row, exc
    return 0, error


def _nanoseconds(column: Any) -> list[str | None]:
    counts = column.cast(arrow.int64()).to_pylist()
    whole = [None if count is None else count // _PER_MICROSECOND for count in counts]
    values = arrow.array(whole, arrow.int64()).cast(_in_microseconds(column.type)).to_pylist()
    return [
        None if count is None else _with_rest(value, count % _PER_MICROSECOND)
        for value, count in zip(values, counts, strict=True)
    ]


def _in_microseconds(kind: Any) -> Any:
    if types.is_timestamp(kind):
        return arrow.timestamp("us", kind.tz)
    return arrow.duration("us") if types.is_duration(kind) else arrow.time64("us")


def _with_rest(value: Any, rest: int) -> str:
    """Return a time as text, `rest` nanoseconds behind its microseconds."""
    if not rest:
        return str(value)
    if isinstance(value, datetime.datetime):
        text = value.isoformat(" ", "microseconds")
        return f"{text[:26]}{rest:03}{text[26:]}"
    text = str(value)
    return f"{text}{'' if '.' in text else '.000000'}{rest:03}"
