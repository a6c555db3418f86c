"""Rate per minute and quota per day of each caller, kept in Redis."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import Literal

from redis import Redis

from contract.names.redis_keys import allowance_key
from storage.ledger.connection import redis_errors


@dataclass(frozen=True)
class Allowance:
    """The result of a request for one submission. `left_*` means nothing without such a limit."""

    refused_by: Literal["", "minute", "day"]
    retry_after_s: int
    left_minute: int
    left_day: int


class Allowances:
    """Counts the submissions of each caller over all API processes. Raises StorageUnavailable."""

    def __init__(self, redis: Redis) -> None:
        folder = files("storage") / "lua" / "allowance"
        self._take = redis.register_script((folder / "take.lua").read_text("utf-8"))
        self._give_back = redis.register_script((folder / "give_back.lua").read_text("utf-8"))

    def take(self, caller: str, rate_per_minute: int, quota_per_day: int) -> Allowance:
        """Count one submission unless a limit refuses it; a refused one is not counted."""
        with redis_errors():
            answer = self._take(keys=[allowance_key(caller)], args=[rate_per_minute, quota_per_day])
        return Allowance(*answer)

    def give_back(self, caller: str) -> None:
        """Return one refused submission to the day's quota."""
        with redis_errors():
            self._give_back(keys=[allowance_key(caller)])
