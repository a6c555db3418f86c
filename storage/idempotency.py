"""Which job a client's Idempotency-Key stands for."""

from __future__ import annotations

import json

from redis import Redis

from contract.names import idempotency_key
from storage.connection import redis_errors


class Idempotency:
    """Remembers the first job of each key. Every method raises StorageUnavailable."""

    _redis: Redis

    def remember(self, digest: str, job_id: str, fingerprint: str, ttl_s: int) -> tuple[str, str]:
        """Bind `digest` to a job unless it is bound already; return what it then has.

        `digest` stands for the client's key and owner, `fingerprint` for the request; the answer is
        (job id, fingerprint).
        """
        mine = json.dumps([job_id, fingerprint])
        with redis_errors():
            held = self._redis.set(idempotency_key(digest), mine, nx=True, get=True, ex=ttl_s)
        if not isinstance(held, str):
            return job_id, fingerprint
        first_job, first_fingerprint = json.loads(held)
        return first_job, first_fingerprint
