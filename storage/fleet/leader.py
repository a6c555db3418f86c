"""A lock with a short expiry: which of several processes leads."""

from __future__ import annotations

import secrets
from importlib.resources import files

from redis import Redis

from storage.ledger.connection import redis_errors


class LeaderLock:
    """Held by one process at a time, for `ttl_s` after its last renewal.

    A leader that was frozen may believe for a moment that it still leads, so its work must be safe
    to do twice. Raises StorageUnavailable.
    """

    def __init__(self, redis: Redis, name: str, ttl_s: float) -> None:
        folder = files("storage") / "lua" / "leader"
        self._lead = redis.register_script((folder / "lead.lua").read_text("utf-8"))
        self._resign = redis.register_script((folder / "resign.lua").read_text("utf-8"))
        self._name = name
        self._token = secrets.token_hex(16)
        self._ttl_ms = int(ttl_s * 1000)

    def acquire_or_renew(self) -> bool:
        """Acquire or renew the lock for `ttl_s`; False: another process holds it."""
        with redis_errors():
            return bool(self._lead(keys=[self._name], args=[self._token, self._ttl_ms]))

    def resign(self) -> None:
        """Release the lock, so that another process can acquire it at once."""
        with redis_errors():
            self._resign(keys=[self._name], args=[self._token])
