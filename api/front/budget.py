"""How many bytes of unfinished uploads the front keeps at once, over all connections."""

from __future__ import annotations

import threading


class UploadBudget:
    """Counts bytes as they arrive, not as they are announced: who is slow takes no room."""

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self._lock = threading.Lock()
        self.taken_bytes = 0

    def try_take(self, count: int) -> bool:
        """Take room for `count` bytes if there is; who took it gives it back."""
        with self._lock:
            if self.taken_bytes + count > self.limit_bytes:
                return False
            self.taken_bytes += count
            return True

    def give_back(self, count: int) -> None:
        """Give room back."""
        with self._lock:
            self.taken_bytes -= count
