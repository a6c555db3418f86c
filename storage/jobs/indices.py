"""Queries on the sorted sets of jobs: waiting, running, overdue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from redis import Redis

from contract.names.queues import Lane
from contract.names.redis_keys import QUARANTINE_KEY, queued_key, running_key
from storage.jobs.scripts import LedgerScripts
from storage.ledger.connection import redis_errors


@dataclass(frozen=True)
class Backlog:
    """The load of one lane."""

    queued: int
    running: int
    oldest_age_s: float  # of the queued job that was accepted first; 0 if there is none


class JobIndices:
    """Reads the indices. Every method raises StorageUnavailable."""

    _redis: Redis
    _scripts: LedgerScripts

    def queued(self, lane: Lane, *, older_than_s: float, limit: int) -> list[str]:
        """Return ids of unclaimed jobs accepted at least `older_than_s` ago, oldest first."""
        return list(self._scripts.run("listed", [], "queued", lane.value, older_than_s, limit))

    def expired_leases(self, lane: Lane, limit: int) -> list[str]:
        """Return ids of running jobs whose lease has ended, longest overdue first."""
        return list(self._scripts.run("listed", [], "running", lane.value, 0, limit))

    def backlog(self, lane: Lane) -> Backlog:
        """Count the lane's jobs, in one round trip."""
        with redis_errors(), self._redis.pipeline(transaction=False) as pipe:
            pipe.zcard(queued_key(lane))
            pipe.zcard(running_key(lane))
            pipe.zrange(queued_key(lane), 0, 0, withscores=True)
            pipe.time()
            queued, running, oldest, (seconds, micros) = pipe.execute()
        now = seconds + micros / 1e6
        return Backlog(queued, running, max(0.0, now - oldest[0][1]) if oldest else 0.0)

    def position(self, job_id: str, lane: Lane) -> int | None:
        """Return how many jobs are before this one; None: it is not queued."""
        with redis_errors():
            return cast("int | None", self._redis.zrank(queued_key(lane), job_id))

    def quarantine(self, job_id: str) -> None:
        """Put a poisoned job into quarantine for an operator."""
        with redis_errors():
            seconds, micros = self._redis.time()
            self._redis.zadd(QUARANTINE_KEY, {job_id: seconds + micros / 1e6})

    def quarantine_again(self, job_id: str, since: float) -> None:
        """Put a job back into quarantine, with its time, after a loss of Redis."""
        with redis_errors():
            self._redis.zadd(QUARANTINE_KEY, {job_id: since}, nx=True)

    def quarantined(self) -> list[str]:
        """Return the ids in quarantine, oldest first."""
        with redis_errors():
            return cast("list[str]", self._redis.zrange(QUARANTINE_KEY, 0, -1))

    def unquarantine(self, job_id: str) -> bool:
        """Take a job off the list; False: it was not on it. Its record stays as it is."""
        with redis_errors():
            return bool(self._redis.zrem(QUARANTINE_KEY, job_id))
