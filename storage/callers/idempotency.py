"""Which job a client's Idempotency-Key stands for."""

from __future__ import annotations

import json
from collections.abc import Iterable

from redis import Redis

from contract.names.redis_keys import idempotency_key
from storage.ledger.connection import redis_errors

IDEMPOTENCY_TTL_S = 86_400
Binding = tuple[str, str, str, float]  # digest, job id, fingerprint, when it was made (s)


class Idempotency:
    """Keeps the first job of each key. Every method raises StorageUnavailable."""

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

    def remember_again(self, bindings: Iterable[Binding], now: float) -> None:
        """Bind keys again after a loss of Redis, for the rest of their time.

        An existing binding stays: it may be younger.
        """
        with redis_errors(), self._redis.pipeline(transaction=False) as pipe:
            for digest, job_id, fingerprint, made_at in bindings:
                left_s = int(made_at + IDEMPOTENCY_TTL_S - now)
                if left_s > 0:
                    held = json.dumps([job_id, fingerprint])
                    pipe.set(idempotency_key(digest), held, nx=True, ex=left_s)
            pipe.execute()
