"""Runs suspects alone: many ordinary jobs at once, or one suspect and nothing else.

A job whose worker died under it twice may be the cause or a bystander. Alone, a cause harms no
other job, and a bystander succeeds.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Isolation:
    """A shared/exclusive lock whose exclusive side goes first, so that suspects do not starve."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._sharing = 0
        self._exclusive = False
        self._suspects_waiting = 0

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Hold the lock together with other ordinary jobs."""
        with self._changed:
            self._changed.wait_for(lambda: not self._exclusive and not self._suspects_waiting)
            self._sharing += 1
        try:
            yield
        finally:
            with self._changed:
                self._sharing -= 1
                self._changed.notify_all()

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the lock alone."""
        with self._changed:
            self._suspects_waiting += 1
            self._changed.wait_for(lambda: not self._exclusive and not self._sharing)
            self._suspects_waiting -= 1
            self._exclusive = True
        try:
            yield
        finally:
            with self._changed:
                self._exclusive = False
                self._changed.notify_all()
