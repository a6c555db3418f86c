"""Limits the unpacked bytes of a manifest: a few kilobytes must not fill a disk."""

from __future__ import annotations

from typing import BinaryIO

from contract.errors import InvalidRequest

MAX_BYTES = 64 * 1024**3  # unpacked; 50 million rows of the usual 200 bytes are a sixth of it
FREE_BYTES = 64 * 1024**2  # unpacked, from whatever size
MAX_RATIO = 200  # unpacked to packed, beyond that; addresses in a row pack 10 to 50 times


class ManifestBudget:
    """Counts bytes as they are read and as they are unpacked; both only grow."""

    def __init__(self) -> None:
        self._packed = self._unpacked = 0

    def packed(self, size: int) -> None:
        """Count bytes of the object."""
        self._packed += size

    def unpacked(self, size: int) -> None:
        """Count bytes of rows. Raises InvalidRequest when it is enough."""
        self._unpacked += size
        if self._unpacked > min(MAX_BYTES, FREE_BYTES + MAX_RATIO * self._packed):
            raise InvalidRequest(
                f"the manifest unpacks to far more than its {self._packed} bytes allow; "
                "send its rows as they are, or in several datasets"
            )


class Packed:
    """The object's stream, counted."""

    def __init__(self, stream: BinaryIO, budget: ManifestBudget) -> None:
        self._stream = stream
        self._budget = budget

    def read(self, size: int = -1) -> bytes:
        """Read as files do."""
        data = self._stream.read(size)
        self._budget.packed(len(data))
        return data


class Unpacked:
    """The unpacked stream, counted."""

    def __init__(self, stream: BinaryIO, budget: ManifestBudget) -> None:
        self._stream = stream
        self._budget = budget

    def read(self, size: int = -1) -> bytes:
        """Read as files do."""
        data = self._stream.read(size)
        self._budget.unpacked(len(data))
        return data
