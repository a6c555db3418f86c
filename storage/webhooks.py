"""Which webhooks are due: a sorted set of ids by the time of their next call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from redis import Redis

from contract.names import WEBHOOK_TRIES_KEY, WEBHOOKS_KEY
from storage.connection import redis_errors


class WebhookQueue:
    """Calls to be made, kept until one succeeds or all are used up. Raises StorageUnavailable."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def schedule(self, item_id: str, due_at: float) -> None:
        """Have the end of `item_id` told at `due_at` (s since the epoch) or later."""
        with redis_errors():
            self._redis.zadd(WEBHOOKS_KEY, {item_id: due_at})

    def schedule_again(self, item_id: str, due_at: float) -> None:
        """Schedule a call that Redis may have forgotten; one that it knows stays as it is."""
        with redis_errors():
            self._redis.zadd(WEBHOOKS_KEY, {item_id: due_at}, nx=True)

    def due(self, now: float, limit: int = 100) -> list[str]:
        """Return ids whose time has come, longest due first."""
        with redis_errors():
            return cast(
                "list[str]", self._redis.zrangebyscore(WEBHOOKS_KEY, 0, now, start=0, num=limit)
            )

    def done(self, item_id: str) -> None:
        """Forget the call: it was taken, or given up."""
        with redis_errors(), self._redis.pipeline(transaction=True) as pipe:
            pipe.zrem(WEBHOOKS_KEY, item_id)
            pipe.hdel(WEBHOOK_TRIES_KEY, item_id)
            pipe.execute()

    def failed(self, item_id: str, now: float, pauses_s: Sequence[float]) -> int | None:
        """Schedule the next call after the pause due; None when all pauses are used up."""
        with redis_errors():
            tries = int(self._redis.hincrby(WEBHOOK_TRIES_KEY, item_id, 1))
        if tries > len(pauses_s):
            self.done(item_id)
            return None
        self.schedule(item_id, now + pauses_s[tries - 1])
        return tries
