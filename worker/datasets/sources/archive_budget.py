"""Limits of an archive: entries, bytes and compression ratio, counted while unpacking."""

from __future__ import annotations

from typing import BinaryIO

from contract.errors import InvalidRequest
from worker.runs.disk_shares import TakeSpace, endless

MAX_ENTRIES = 2_000_000
MAX_TOTAL_BYTES = 256 * 1024**3
MAX_RATIO = 200  # unpacked to packed, over the whole archive; photographs stay near 1
CHUNK_BYTES = 256 * 1024


class Budget:
    """Counts unpacked bytes. Sizes that the archive states are not trusted; counters only grow."""

    def __init__(self, packed: int, max_entry_bytes: int, take: TakeSpace = endless) -> None:
        """`take` is called for every kept member."""
        self._packed = packed
        self._max_entry_bytes = max_entry_bytes
        self._take = take
        self._entries = 0
        self._total = 0

    def entry(self) -> None:
        """Count one entry, wanted or not."""
        self._entries += 1
        if self._entries > MAX_ENTRIES:
            raise InvalidRequest(f"the archive has more than {MAX_ENTRIES} entries")

    def spend(self, size: int) -> None:
        """Count unpacked bytes, kept or not."""
        if size < 0:
            raise InvalidRequest("the archive says that something has less than no bytes")
        self._total += size
        if self._total > min(MAX_TOTAL_BYTES, MAX_RATIO * self._packed + 1024**2):
            raise InvalidRequest("the archive unpacks to far more than its size allows")

    def read(self, name: str, stream: BinaryIO) -> bytes:
        """Return the member's bytes; `stream` counts them itself. Raises Overloaded: disk full."""
        data = bytearray()
        while chunk := stream.read(CHUNK_BYTES):
            data += chunk
            if len(data) > self._max_entry_bytes:
                raise InvalidRequest(f"{name[:200]!r} is larger than {self._max_entry_bytes} bytes")
        self._take(len(data))
        return bytes(data)


class Counted:
    """A stream that reports every byte read to `budget`."""

    def __init__(self, stream: BinaryIO, budget: Budget) -> None:
        self._stream = stream
        self._budget = budget

    def read(self, size: int = -1) -> bytes:
        """Read as files do."""
        data = self._stream.read(size)
        self._budget.spend(len(data))
        return data
