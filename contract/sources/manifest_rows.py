"""Checks the rows of a manifest, in the same way wherever it is read.

Every error names the row, the column and the value found.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from contract.errors import InvalidRequest

MAX_ROW_BYTES = 1024 * 1024
MAX_COLUMNS = 1_000
MAX_DEPTH = 32  # nesting depth in a row; JSON parsers fail or crash beyond 200
MAX_CUSTOM_ID = 500
MAX_KEY_BYTES = 1_024  # no store supports longer keys
OWN_COLUMNS = ("uri", "custom_id", "etag")


class Row(NamedTuple):
    """A row as it was read: where (`line 3`, `row 3`), and its columns."""

    place: str
    columns: Mapping[str, Any]


class Entry(NamedTuple):
    """A valid row."""

    place: str
    uri: str
    custom_id: str | None
    etag: str
    extra: dict[str, Any]


def checked(row: Row) -> Entry:
    """Return the row as an entry. Raises InvalidRequest; whether the bucket may be read is open."""
    place, columns = row
    return Entry(
        place,
        _uri(place, columns),
        _custom_id(place, columns.get("custom_id")),
        _text(place, "etag", columns.get("etag")) or "",
        {
            _plain(place, name, name): _plain(place, name, value)
            for name, value in columns.items()
            if name not in OWN_COLUMNS
        },
    )


def wrong(place: str, column: str | None, why: str) -> InvalidRequest:
    """Return the refusal of a row."""
    where = f"the manifest's {place}" + (f", column {shown_name(column)}" if column else "")
    return InvalidRequest(f"{where}: {why}")


def shown(value: object) -> str:
    """Return what was seen, short and printable."""
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:100]}…"


def shown_name(name: str) -> str:
    """Return a column's name, short and printable."""
    return f"`{repr(name[:60])[1:-1]}`"


def shown_names(names: Iterable[str]) -> str:
    """Return some of the names that were seen."""
    seen = list(names)
    more = f" and {len(seen) - 12} more" if len(seen) > 12 else ""
    return ", ".join(shown_name(name) for name in seen[:12]) + more


def no_uri(names: Iterable[str]) -> str:
    """Return why a header without `uri` is refused."""
    return f"has no column `uri`; its columns are {shown_names(names)}"


def canonical(names: Iterable[str]) -> list[str]:
    """Return a header's names, our own ones whatever their case and the blanks around them."""
    known = []
    for name in names:
        bare = name.strip()
        known.append(bare.lower() if bare.lower() in OWN_COLUMNS else name)
    return known


def twice(names: Iterable[str]) -> str | None:
    """Return a name that occurs twice; None: none does. Columns without a name do not count."""
    seen = set[str]()
    for name in names:
        if name and name in seen:
            return name
        seen.add(name)
    return None


def _uri(place: str, columns: Mapping[str, Any]) -> str:
    if "uri" not in columns:
        others = f"; its columns are {shown_names(columns)}" if columns else ""
        raise wrong(place, "uri", f"there is none{others}")
    uri = columns["uri"]
    if not isinstance(uri, str) or not uri.startswith("s3://"):
        raise wrong(place, "uri", f"an address like s3://bucket/key is expected, not {shown(uri)}")
    if "\0" in uri or len(uri.encode("utf-8", "replace")) > MAX_KEY_BYTES + 70:
        raise wrong(place, "uri", f"no object can have this name: {shown(uri)}")
    return str(_plain(place, "uri", uri))


def _custom_id(place: str, value: object) -> str | None:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    text = _text(place, "custom_id", value) or ""
    if not 0 < len(text) <= MAX_CUSTOM_ID:
        why = f"1 to {MAX_CUSTOM_ID} characters are expected, not {len(text)}"
        raise wrong(place, "custom_id", why)
    return text


def _text(place: str, column: str, value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise wrong(place, column, f"text or a whole number is expected, not {shown(value)}")
    return str(_plain(place, column, str(value)))


def _plain(place: str, column: str, value: Any, depth: int = 0) -> Any:
    """Return what JSON can carry and any parser reads back: NaN and infinities become null."""
    if isinstance(value, str):
        if not value.isascii() and not _is_unicode(value):
            raise wrong(place, column, f"not Unicode text (half a surrogate pair): {shown(value)}")
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if not isinstance(value, list | dict):
        return value
    if depth == MAX_DEPTH:
        raise wrong(place, column, f"lists and objects are nested more than {MAX_DEPTH} deep")
    if isinstance(value, list):
        return [_plain(place, column, part, depth + 1) for part in value]
    return {
        _plain(place, column, name): _plain(place, column, part, depth + 1)
        for name, part in value.items()
    }


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
