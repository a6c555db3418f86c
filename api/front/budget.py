"""Limits the bytes of unfinished uploads over all connections."""

from __future__ import annotations

import threading
from collections import Counter


class UploadBudget:
    """Counts bytes as they arrive, not as announced, so a slow upload reserves nothing.

    `share_bytes`: the most that one holder may have, so that one cannot lock out the others.
    """

    def __init__(self, limit_bytes: int, share_bytes: int | None = None) -> None:
        self.limit_bytes = limit_bytes
        self.share_bytes = limit_bytes if share_bytes is None else share_bytes
        self._lock = threading.Lock()
        self._held = Counter[str]()
        self.taken_bytes = 0

    def try_take(self, count: int, holder: str = "") -> bool:
        """Reserve `count` bytes if available; the caller gives them back."""
        with self._lock:
            if self.taken_bytes + count > self.limit_bytes:
                return False
            if self._held[holder] + count > self.share_bytes:
                return False
            self._held[holder] += count
            self.taken_bytes += count
            return True

    def give_back(self, count: int, holder: str = "") -> None:
        """Give bytes back."""
        with self._lock:
            self.taken_bytes -= count
            self._held[holder] -= count
            if not self._held[holder]:
                del self._held[holder]
