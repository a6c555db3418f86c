"""Queries on the sorted sets of jobs: waiting, running, overdue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from redis import Redis

from contract.models.declaration import DEFAULT_MODEL
from contract.names.queues import Lane, of_model
from contract.names.redis_keys import MODELS_KEY, QUARANTINE_KEY, queued_key, running_key
from storage.jobs.scripts import LedgerScripts
from storage.ledger.connection import redis_errors


@dataclass(frozen=True)
class Backlog:
    """The load of one lane by one model."""

    queued: int
    running: int
    oldest_age_s: float  # of the queued job that was accepted first; 0 if there is none


class JobIndices:
    """Reads the indices. Every method raises StorageUnavailable."""

    _redis: Redis
    _scripts: LedgerScripts

    def queued(
        self, lane: Lane, model: str = DEFAULT_MODEL, *, older_than_s: float, limit: int
    ) -> list[str]:
        """Return ids of unclaimed jobs accepted at least `older_than_s` ago, oldest first."""
        return self._listed("queued", lane, model, older_than_s, limit)

    def expired_leases(self, lane: Lane, limit: int, model: str = DEFAULT_MODEL) -> list[str]:
        """Return ids of running jobs whose lease has ended, longest overdue first."""
        return self._listed("running", lane, model, 0, limit)

    def _listed(self, kind: str, lane: Lane, model: str, age_s: float, limit: int) -> list[str]:
        return list(
            self._scripts.run("listed", [], kind, of_model(lane.value, model), age_s, limit)
        )

    def models(self) -> tuple[str, ...]:
        """Return the models of which there were jobs, the default one first."""
        with redis_errors():
            others = cast("set[str]", self._redis.smembers(MODELS_KEY))
        return (DEFAULT_MODEL, *sorted(others))

    def backlog(self, lane: Lane, model: str = DEFAULT_MODEL) -> Backlog:
        """Count the jobs of a lane and model, in one round trip."""
        queued_jobs = queued_key(lane, model)
        with redis_errors(), self._redis.pipeline(transaction=False) as pipe:
            pipe.zcard(queued_jobs)
            pipe.zcard(running_key(lane, model))
            pipe.zrange(queued_jobs, 0, 0, withscores=True)
            pipe.time()
            queued, running, oldest, (seconds, micros) = pipe.execute()
        now = seconds + micros / 1e6
        return Backlog(queued, running, max(0.0, now - oldest[0][1]) if oldest else 0.0)

    def position(self, job_id: str, lane: Lane, model: str = DEFAULT_MODEL) -> int | None:
        """Return how many jobs of its model are before this one; None: it is not queued."""
        with redis_errors():
            return cast("int | None", self._redis.zrank(queued_key(lane, model), job_id))

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
