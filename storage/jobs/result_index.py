"""Finished results by a digest of everything that decides them: digest → job id."""

from __future__ import annotations

from redis import Redis

from contract.names.redis_keys import result_of_key
from storage.ledger.connection import redis_errors


class ResultIndex:
    """Entries expire when the job's files are due for deletion. Raises StorageUnavailable."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def find(self, digest: str) -> str | None:
        """Return the id of the job that has the result; None: none is known."""
        with redis_errors():
            job_id = self._redis.get(result_of_key(digest))
        return job_id if isinstance(job_id, str) else None

    def remember(self, digest: str, job_id: str, until: float) -> None:
        """Record that `job_id` has the result, until the time `until` (s since the epoch)."""
        with redis_errors():
            self._redis.set(result_of_key(digest), job_id, exat=int(until))
