"""Opens a manifest, text or Parquet, gzipped or not, within a budget of bytes."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from typing import BinaryIO, cast

from contract.errors import InvalidRequest
from contract.sources.manifest_rows import Row
from contract.sources.manifest_text import (
    HEAD_BYTES,
    json_rows,
    numbered_lines,
    refuse_unreadable,
    text_rows,
)
from worker.datasets.sources.manifest_budget import ManifestBudget, Packed, Unpacked
from worker.datasets.sources.parquet import json_lines_of

_PARQUET = b"PAR1"
_GZIP = b"\x1f\x8b"


def rows_of(raw: BinaryIO) -> Iterator[Row]:
    """Yield the rows of a manifest; absent values are left out.

    Raises InvalidRequest, naming the row, on what cannot be read or is over a limit.
    """
    budget = ManifestBudget()
    stream = _Peeking(Packed(raw, budget))
    try:
        if stream.peek(2).startswith(_GZIP):
            unpacked = gzip.GzipFile(fileobj=cast("BinaryIO", stream))
            stream = _Peeking(Unpacked(cast("BinaryIO", unpacked), budget))
        yield from _parse(stream, budget)
    except (EOFError, gzip.BadGzipFile, zlib.error) as exc:
        raise InvalidRequest(f"the manifest's gzip stream is broken: {exc}") from exc


def _parse(peeking: _Peeking, budget: ManifestBudget) -> Iterator[Row]:
    head, stream = peeking.peek(HEAD_BYTES), cast("BinaryIO", peeking)
    if head.startswith(_PARQUET):
        return _parquet(stream, budget)
    refuse_unreadable(head)
    return text_rows(stream)


def _parquet(stream: BinaryIO, budget: ManifestBudget) -> Iterator[Row]:
    with json_lines_of(stream) as lines:
        unpacked = cast("BinaryIO", Unpacked(lines, budget))
        texts = ((number, line.decode()) for number, line in numbered_lines(unpacked))
        yield from json_rows(texts, "row")


class _Peeking:
    """A binary stream whose first bytes can be looked at before they are read."""

    def __init__(self, raw: Packed | Unpacked) -> None:
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
