"""Which webhooks are due: a sorted set of ids by the time of their next call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import cast

from redis import Redis

from contract.names.redis_keys import (
    RUN_WEBHOOKS_KEY,
    WEBHOOK_TRIES_KEY,
    WEBHOOKS_KEY,
    webhooks_key,
)
from storage.ledger.connection import redis_errors


class WebhookQueue:
    """Calls to be made, kept until one succeeds or all tries are used up. Raises
    StorageUnavailable.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        script = files("storage") / "lua" / "webhooks" / "done.lua"
        self._done = redis.register_script(script.read_text("utf-8"))

    def schedule(self, item_id: str, due_at: float) -> None:
        """Schedule the call for the end of `item_id` at `due_at` (s since the epoch)."""
        with redis_errors():
            self._redis.zadd(webhooks_key(item_id), {item_id: due_at})

    def schedule_again(self, item_id: str, due_at: float) -> None:
        """Schedule a call that Redis may have lost; an existing one stays as it is."""
        with redis_errors():
            self._redis.zadd(webhooks_key(item_id), {item_id: due_at}, nx=True)

    def postpone(self, due_at: Mapping[str, float]) -> None:
        """Postpone due calls to the times given; this is no failed try."""
        with redis_errors():
            for key in (WEBHOOKS_KEY, RUN_WEBHOOKS_KEY):
                own = {item: due for item, due in due_at.items() if webhooks_key(item) == key}
                if own:
                    self._redis.zadd(key, own, xx=True)

    def due(self, now: float, limit: int = 100) -> list[str]:
        """Return ids whose time has come, longest due first."""
        with redis_errors():
            found = [
                pair
                for key in (WEBHOOKS_KEY, RUN_WEBHOOKS_KEY)
                for pair in cast(
                    "list[tuple[str, float]]",
                    self._redis.zrangebyscore(key, 0, now, start=0, num=limit, withscores=True),
                )
            ]
        return [item_id for item_id, _ in sorted(found, key=lambda pair: pair[1])[:limit]]

    def due_at(self, item_id: str) -> float:
        """Return when the next call for `item_id` is due; 0.0: none is."""
        with redis_errors():
            return float(self._redis.zscore(webhooks_key(item_id), item_id) or 0.0)

    def done(self, item_id: str, due_at: float) -> bool:
        """Remove the call that was due at `due_at`: it succeeded, or was given up.

        False: the next end of `item_id` was scheduled meanwhile, and stays.
        """
        with redis_errors():
            keys = [webhooks_key(item_id), WEBHOOK_TRIES_KEY]
            return bool(self._done(keys=keys, args=[item_id, repr(due_at)]))

    def failed(
        self, item_id: str, due_at: float, now: float, pauses_s: Sequence[float]
    ) -> int | None:
        """Schedule the next call after the pause due; None when all pauses are used up."""
        with redis_errors():
            tries = int(self._redis.hincrby(WEBHOOK_TRIES_KEY, item_id, 1))
        if tries > len(pauses_s):
            return None if self.done(item_id, due_at) else 0
        self.schedule(item_id, now + pauses_s[tries - 1])
        return tries
