"""Keeps long polls and event streams from taking the threads that short requests need."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

SHARE = 0.5  # of the request threads


class WaitBudget:
    """At most `slots` requests may wait at once; the next is told so at once, never queued."""

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self._lock = threading.Lock()
        self.taken = 0

    @classmethod
    def for_threads(cls, threads: int) -> WaitBudget:
        """Return the budget of a front with `threads` request threads."""
        return cls(max(1, int(threads * SHARE)))

    def try_take(self) -> bool:
        """Take a slot if one is free; who took it gives it back."""
        with self._lock:
            if self.taken >= self.slots:
                return False
            self.taken += 1
            return True

    def give_back(self) -> None:
        """Give a slot back."""
        with self._lock:
            self.taken -= 1

    @contextmanager
    def slot(self) -> Iterator[bool]:
        """Yield whether a slot could be taken, for the length of the block."""
        taken = self.try_take()
        try:
            yield taken
        finally:
            if taken:
                self.give_back()
