"""A worker's pulse: one thread that renews leases, announces the worker and reconciles.

A thread of its own, so that a busy engine cannot make the worker look dead.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

log = logging.getLogger(__name__)

LAST_BEAT_S = 2.0  # how long a process that stops waits for it; the thread is a daemon


class Pulse:
    """Calls each beat every `interval_s`; one that raises is logged and called again."""

    def __init__(self, interval_s: float, beats: Sequence[Callable[[], object]]) -> None:
        self._interval_s = interval_s
        self._beats = beats
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)

    def start(self) -> None:
        """Start the thread, which beats at once and then every `interval_s`."""
        self._thread.start()

    def stop(self) -> None:
        """Stop beating. A beat that takes long (a listing, a silent store) is left to its fate."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(LAST_BEAT_S)

    def _run(self) -> None:
        self._beat()
        while not self._stopping.wait(self._interval_s):
            self._beat()

    def _beat(self) -> None:
        for beat in self._beats:
            try:
                beat()
            except Exception:
                log.exception("the pulse skipped a beat", extra={"action": "pulse"})
