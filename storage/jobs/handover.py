"""A cache in Redis for small inputs, until a worker claims their job.

There is a fixed number of places, and a job's follows from its id, so that the memory is bounded.
A place holds one input for a minute. Where a job's place is taken, its input is fetched from the
store (docs/decisions/0124-small-inputs-beside-the-record.md).
"""

from __future__ import annotations

from zlib import crc32

from contract.names.redis_keys import input_key

PLACE_BYTES = 128 * 1024
KEPT_S = 60


class Places:
    """The places that `total_bytes` of memory give; with 0 there are none."""

    def __init__(self, total_bytes: int) -> None:
        self._count = total_bytes // PLACE_BYTES

    def of(self, job_id: str, size: int = 0) -> str:
        """Return the key for an input of `size` bytes, empty if it has none."""
        if not self._count or size > PLACE_BYTES:
            return ""
        return input_key(crc32(job_id.encode()) % self._count)
