"""How full Redis is."""

from __future__ import annotations

from redis import Redis
from redis.exceptions import NoPermissionError

from storage.ledger.connection import redis_errors


class MemoryPressure:
    """Raises StorageUnavailable."""

    _redis: Redis

    def memory_bytes(self) -> tuple[int, int]:
        """Return what is used, and `maxmemory`; 0 without one, both 0 if we may not ask."""
        with redis_errors():
            try:
                info = self._redis.info("memory")
            except NoPermissionError:  # INFO may be forbidden to this user
                return 0, 0
        return int(info["used_memory"]), int(info.get("maxmemory", 0))

    def memory_share(self) -> float:
        """Return the share of `maxmemory` that is used; 0.0 without one, or if we may not ask."""
        used, most = self.memory_bytes()
        return used / most if most else 0.0
