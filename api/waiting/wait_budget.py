"""Limits how many request threads long polls and event streams may occupy."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

SHARE = 0.5  # of the request threads
SHARE_OF_ONE = 0.5  # of the slots for one key, where several are configured


class WaitBudget:
    """At most `slots` requests may wait at once; the next is refused at once and never queued.

    `share`: how many of them one holder (key or address) may have; without it, all.
    """

    def __init__(self, slots: int, share: int | None = None) -> None:
        self.slots, self.share = slots, slots if share is None else share
        self._lock = threading.Lock()
        self._held = Counter[str]()
        self.taken = 0

    @classmethod
    def for_threads(cls, threads: int, keys: int = 0) -> WaitBudget:
        """Return the budget of a front with `threads` request threads and so many API keys."""
        slots = max(1, int(threads * SHARE))
        return cls(slots, max(1, int(slots * SHARE_OF_ONE)) if keys > 1 else None)

    def try_take(self, holder: str) -> bool:
        """Take a slot for `holder` if one is free; the caller gives it back."""
        with self._lock:
            if self.taken >= self.slots or self._held.get(holder, 0) >= self.share:
                return False
            self._held[holder] += 1
            self.taken += 1
            return True

    def give_back(self, holder: str) -> None:
        """Give a slot back."""
        with self._lock:
            self.taken -= 1
            self._held[holder] -= 1
            if not self._held[holder]:
                del self._held[holder]

    @contextmanager
    def slot(self, holder: str) -> Iterator[bool]:
        """Yield whether a slot could be taken, for the length of the block."""
        taken = self.try_take(holder)
        try:
            yield taken
        finally:
            if taken:
                self.give_back(holder)
