"""Retry policy: capped, jittered waits that respect Retry-After."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

BUSY = 429
RETRIED_STATUSES = frozenset({BUSY, 502, 503, 504})


@dataclass(frozen=True)
class RetryPolicy:
    """The limits of retries.

    Waits double from `first_s` to `longest_s`, each drawn from its upper half so that many clients
    spread out. `attempts` bounds the tries, not counting those that a busy service asked to repeat
    later; `budget_s` bounds the sum of the waits of one call.
    """

    attempts: int = 8
    first_s: float = 0.25
    longest_s: float = 10.0
    budget_s: float = 120.0
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)  # of DepthClient

    def pauses(self) -> Pauses:
        """Return the waits of one call."""
        return Pauses(self)


class Pauses:
    """The waits between the tries of one call."""

    def __init__(self, policy: RetryPolicy) -> None:
        self._policy = policy
        self._tries = 1
        self._spent_s = 0.0

    def pause(self, retry_after_s: float | None, *, counted: bool = True) -> bool:
        """Sleep before the next try; False, at once, if there is to be none."""
        wait_s = self.next_s(retry_after_s, counted=counted)
        if wait_s is None:
            return False
        self._policy.sleep(wait_s)
        return True

    def next_s(self, retry_after_s: float | None, *, counted: bool = True) -> float | None:
        """Return how long to wait before the next try; None if there is to be none."""
        wait_s = self._next_wait_s(retry_after_s)
        too_many = counted and self._tries >= self._policy.attempts
        if too_many or self._spent_s + wait_s > self._policy.budget_s:
            return None
        self._tries += counted
        self._spent_s += wait_s
        return wait_s

    def _next_wait_s(self, retry_after_s: float | None) -> float:
        ceiling_s = min(self._policy.longest_s, self._policy.first_s * 2 ** (self._tries - 1))
        backoff_s = random.uniform(ceiling_s / 2, ceiling_s)  # noqa: S311 - spreads load, no secret
        if retry_after_s is None:
            return backoff_s
        # Never earlier than asked; the jitter keeps the refused from returning as one.
        return retry_after_s + random.uniform(0, min(1.0, ceiling_s / 2))  # noqa: S311


def parse_retry_after(value: str | None) -> float | None:
    """Return the seconds that a Retry-After header asks for: a number or an HTTP date."""
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (moment.astimezone(UTC) - datetime.now(UTC)).total_seconds())
