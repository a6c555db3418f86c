"""Detects that Redis may have lost data: it was wiped, restarted, or replaced.

A killed Redis can lose its last acknowledged writes even with an append-only file synced every
second: while the disk is busy with one sync, the server holds later writes in memory for up to two
seconds (`appendfsync` in valkey.conf). The object store still has them.
"""

from __future__ import annotations

from typing import cast

from redis import Redis

from contract.names.redis_keys import SETTLED_KEY
from storage.ledger.connection import redis_errors


class Incarnation:
    """Tells whether the ledger was compared with storage since Redis last started.

    Every method raises StorageUnavailable.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def run_to_compare(self) -> str | None:
        """Return the run id of Redis if storage must be compared with it; else None."""
        with redis_errors():
            run_id = str(cast("dict[str, object]", self._redis.info("server"))["run_id"])
            compared = self._redis.get(SETTLED_KEY)
        return None if compared == run_id else run_id

    def mark_compared(self, run_id: str) -> None:
        """Record that every unfinished job of storage was in the ledger of that run."""
        with redis_errors():
            self._redis.set(SETTLED_KEY, run_id)
