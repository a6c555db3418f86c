"""Checks the beginning of a manifest before a dataset is accepted: most mistakes show there.

Bounded in bytes, whatever the manifest claims. Parquet is not read here: the API has no pyarrow.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from typing import BinaryIO, cast

from contract.errors import InvalidRequest
from contract.sources.manifest_rows import Entry, Row, checked, shown, wrong
from contract.sources.manifest_text import HEAD_BYTES, refuse_unreadable, text_rows
from storage.objects.buckets import Buckets, split_uri

LOOK_BYTES = 256 * 1024  # of text
_PACKED_BYTES = 1024 * 1024  # of compressed input; an empty gzip member yields nothing
_PARQUET, _GZIP = b"PAR1", b"\x1f\x8b"


class _Enough(Exception):  # noqa: N818 - not an error
    """Raised when enough was read without an error."""


def check_beginning(stream: BinaryIO, buckets: Buckets) -> None:
    """Raise InvalidRequest, naming row and column, if the first rows are wrong or there are none.

    Reads all of a small manifest, and `LOOK_BYTES` of a large one.
    """
    first, seen = dict[str, str](), False
    try:
        for entry in map(checked, _rows(stream)):
            check_address(entry, buckets)
            own = entry.custom_id
            if own is not None and (before := first.setdefault(own, entry.place)) != entry.place:
                raise same_id(before, entry)
            seen = True
    except _Enough:
        return
    except (EOFError, gzip.BadGzipFile, zlib.error) as exc:
        raise InvalidRequest(f"the manifest's gzip stream is broken: {exc}") from exc
    if not seen:
        raise InvalidRequest("the manifest has no rows")


def check_address(entry: Entry, buckets: Buckets) -> None:
    """Raise InvalidRequest if the entry's object is in no bucket that may be read."""
    try:
        bucket, key = split_uri(entry.uri)
        buckets.open(bucket)
    except InvalidRequest as exc:
        raise wrong(entry.place, "uri", exc.message) from exc
    if not key:
        raise wrong(entry.place, "uri", f"{shown(entry.uri)} names no object")


def same_id(before: str, entry: Entry) -> InvalidRequest:
    """Return the refusal of an id used twice, at `before` and in `entry`."""
    places = f"{before} and {entry.place}"
    return wrong(places, "custom_id", f"they have the same one: {shown(entry.custom_id)}")


def _rows(stream: BinaryIO) -> Iterator[Row]:
    head = _Head(stream, _PACKED_BYTES)
    if head.starts_with(_GZIP):
        head = _Head(cast("BinaryIO", gzip.GzipFile(fileobj=cast("BinaryIO", head))), LOOK_BYTES)
    else:
        head.left = LOOK_BYTES
    if head.starts_with(_PARQUET):
        raise _Enough
    refuse_unreadable(head.first)
    return text_rows(cast("BinaryIO", head))


class _Head:
    """A stream that ends with _Enough after `left` bytes."""

    def __init__(self, stream: BinaryIO, left: int) -> None:
        self._stream = stream
        self.left = left
        self.first = self._rest = _full(stream, HEAD_BYTES)

    def starts_with(self, magic: bytes) -> bool:
        """Tell whether the stream begins with these bytes."""
        return self.first.startswith(magic)

    def read(self, size: int) -> bytes:
        """Read up to `size` bytes."""
        if self._rest:
            data, self._rest = self._rest[:size], self._rest[size:]
            return data
        if self.left <= 0:
            raise _Enough
        data = self._stream.read(min(size, self.left))
        self.left -= len(data)
        return data


def _full(stream: BinaryIO, size: int) -> bytes:
    data = b""
    while len(data) < size and (more := stream.read(size - len(data))):
        data += more
    return data
