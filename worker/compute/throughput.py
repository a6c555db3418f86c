"""Measures this process's images per second while it is busy: the basis of every ETA."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

HALF_LIFE_S = 30.0


class Throughput:
    """Images ended per second of busy time, older seconds fading with a half-life of 30 s."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._in_flight = 0
        self._images = 0.0
        self._busy_s = 0.0
        self._seen_at = time.monotonic()

    @contextmanager
    def working(self) -> Iterator[None]:
        """Count one image as in flight during the block and as ended after it."""
        with self._lock:
            self._advance()
            self._in_flight += 1
        try:
            yield
        finally:
            with self._lock:
                self._advance()
                self._in_flight -= 1
                self._images += 1

    def busy(self) -> int:
        """Return how many images are in flight."""
        return self._in_flight

    def images_per_s(self) -> float:
        """Return the rate, 0.0 before the first image."""
        with self._lock:
            self._advance()
            return self._images / self._busy_s if self._busy_s > 0 else 0.0

    def _advance(self) -> None:
        now = time.monotonic()
        passed, self._seen_at = now - self._seen_at, now
        if self._in_flight:  # idle time is not counted and does not fade
            fade = 0.5 ** (passed / HALF_LIFE_S)
            self._images *= fade
            self._busy_s = self._busy_s * fade + passed
