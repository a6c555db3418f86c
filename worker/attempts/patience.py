"""Retries storage calls in place, with jittered back-off, until the infrastructure is back.

While Redis or the object store is unavailable, no worker can finish any job. So a task thread keeps
its job and lease and tries again, instead of returning the job to the queue. Such retries do not
count as attempts.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from typing import Protocol, TypeVar

from contract.errors import StorageUnavailable

log = logging.getLogger(__name__)
T = TypeVar("T")

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 10.0
BESIDE_S = 5.0  # for what does not block all other work


class Waits(Protocol):
    """Runs an action, with retries."""

    def __call__(self, action: Callable[[], T]) -> T:
        """Return `action()`. Raises StorageUnavailable once the time for retries is used up."""


class Patience:
    """Retries storage calls until they succeed, `limit_s` is used up, or `stop()` is called."""

    def __init__(self, limit_s: float = 60.0) -> None:
        self._limit_s = limit_s
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Make every waiting and later call give up at its next failure."""
        self._stopping.set()

    def __call__(self, action: Callable[[], T]) -> T:
        """Return `action()`; raises the last StorageUnavailable once `limit_s` is used up."""
        give_up_at = time.monotonic() + self._limit_s
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                return action()
            except StorageUnavailable as exc:
                if self._stopping.is_set() or time.monotonic() + pause_s > give_up_at:
                    raise
                log.warning("waiting for storage: %s", exc, extra={"action": "retry"})
            # full jitter spreads the retries of many workers
            self._stopping.wait(random.uniform(0.5, 1.0) * pause_s)  # noqa: S311
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def beside(self, own: Callable[[], object]) -> PatienceBeside:
        """Return retries for buckets other than the service's own; `own` checks whether that one
        serves.
        """
        return PatienceBeside(self, own)

    def brief(self, action: Callable[[], T]) -> T:
        """Return `action()`, with retries short enough not to delay other work."""
        limited = Patience(min(BESIDE_S, self._limit_s))
        limited._stopping = self._stopping
        return limited(action)


class PatienceBeside:
    """Retries long only while all work must wait; one unavailable bucket blocks nothing else."""

    def __init__(self, patience: Patience, own: Callable[[], object]) -> None:
        self._patience = patience
        self._own = own

    def __call__(self, action: Callable[[], T]) -> T:
        """Return `action()`; raises StorageUnavailable soon if the service's own store serves."""
        try:
            return self._patience.brief(action)
        except StorageUnavailable:
            self._patience(self._own)
            return self._patience.brief(action)
