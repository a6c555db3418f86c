"""Ends a process that is alive but makes no progress, so that a supervisor restarts it.

Two cases: the engine does not return from a batch, or work waits in the queue while all task
threads are idle (a consumer that did not notice Redis coming back).
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable

from contract.errors import StorageUnavailable

log = logging.getLogger(__name__)

IDLE_LIMIT_S = 60.0
EXIT_CODE = 70  # EX_SOFTWARE


class Watchdog:
    """Checks periodically.

    `overdue_s()` is by how much an engine exceeds what a batch of its model may take, `waiting()`
    the length of the queues, `taken()` counts jobs ever taken.
    """

    def __init__(
        self,
        overdue_s: Callable[[], float],
        busy: Callable[[], int],
        waiting: Callable[[], int],
        taken: Callable[[], int],
        end: Callable[[int], object] = os._exit,
    ) -> None:
        self._overdue_s = overdue_s
        self._busy = busy
        self._waiting = waiting
        self._taken = taken
        self._end = end
        self._last_taken = 0
        self._idle_since: float | None = None

    def check(self) -> None:
        """End the process if it is stuck."""
        if (overdue_s := self._overdue_s()) > 0:
            self._end_process("an engine is at one batch %.0f s longer than it may", overdue_s)
        if not self._idle_though_work_waits():
            self._idle_since = None
            return
        self._idle_since = self._idle_since or time.monotonic()
        if (idle_s := time.monotonic() - self._idle_since) > IDLE_LIMIT_S:
            self._end_process("work waits, and nothing was consumed for %.0f s", idle_s)

    def _idle_though_work_waits(self) -> bool:
        took_something = self._taken() != self._last_taken
        self._last_taken = self._taken()
        if took_something or self._busy():
            return False
        try:
            return self._waiting() > 0
        except StorageUnavailable:
            return False

    def _end_process(self, message: str, value: float) -> None:
        log.critical(message, value, extra={"action": "watchdog"})
        self._end(EXIT_CODE)
