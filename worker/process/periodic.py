"""Periodic threads that renew leases, announce the worker, reconcile, and so on.

They are threads, so that a busy engine does not make the worker look dead, and one for each
function, so that none waits for another: a long sweep or a silent store must not cost a lease.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence

log = logging.getLogger(__name__)

LAST_BEAT_S = 2.0  # total wait for all of them at shutdown; the threads are daemons

Beat = Callable[[], object]


class PeriodicThreads:
    """Calls each beat every `interval_s`; one that raises is logged and called again."""

    def __init__(self, interval_s: float, beats: Sequence[Beat]) -> None:
        self._interval_s = interval_s
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(beat,), name="periodic", daemon=True)
            for beat in beats
        ]

    def start(self) -> None:
        """Start the threads, which beat at once and then every `interval_s`."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop. A call that takes long (a listing, a silent store) is abandoned."""
        self._stopping.set()
        until = time.monotonic() + LAST_BEAT_S
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, until - time.monotonic()))

    def _run(self, beat: Beat) -> None:
        self._once(beat)
        while not self._stopping.wait(self._interval_s):
            self._once(beat)

    def _once(self, beat: Beat) -> None:
        try:
            beat()
        except Exception:
            log.exception(
                "a periodic call failed; it is repeated",
                extra={"action": "periodic"},
            )
