"""One thread listens to a feed of the ledger and wakes whoever waits for that job or dataset."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from contract.errors import StorageUnavailable

log = logging.getLogger(__name__)

RETRY_S = 1.0
FALLBACK_POLL_S = 2.0  # a lost message costs at most this much time


class Watch:
    """One waiter's bell for one job."""

    def __init__(self) -> None:
        self._bell = threading.Event()

    def ring(self) -> None:
        """Wake the waiter."""
        self._bell.set()

    def wait(self, timeout_s: float) -> bool:
        """Sleep until the job changed, or `timeout_s`; tell which. Bounded by the fallback poll."""
        rang = self._bell.wait(min(timeout_s, FALLBACK_POLL_S))
        self._bell.clear()
        return rang


class ChangeHub:
    """Spreads one feed of the ledger over the waiting requests of this process."""

    def __init__(self, changes: Callable[[], AbstractContextManager[Iterator[str]]]) -> None:
        self._changes = changes
        self._lock = threading.Lock()
        self._watches: dict[str, list[Watch]] = {}
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def stopping(self) -> bool:
        """Whether the process is going down: waiters answer with what they have."""
        return self._stop.is_set()

    def start(self) -> None:
        """Start listening, once; later calls do nothing."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="changes", daemon=True)
                self._thread.start()

    def let_go(self) -> None:
        """Wake every waiter and tell the listening thread to end; later ones see `stopping`."""
        self._stop.set()
        with self._lock:
            bells = [bell for bells in self._watches.values() for bell in bells]
        for bell in bells:
            bell.ring()

    def stop(self) -> None:
        """Let go, and wait for the listening thread, which may be in the middle of a second."""
        self.let_go()
        if self._thread is not None:
            self._thread.join(timeout=5)

    @contextmanager
    def watch(self, job_id: str) -> Iterator[Watch]:
        """Yield a bell that rings when the job changes. Read the record after entering."""
        self.start()
        bell = Watch()
        with self._lock:
            self._watches.setdefault(job_id, []).append(bell)
        try:
            yield bell
        finally:
            with self._lock:
                bells = self._watches[job_id]
                bells.remove(bell)
                if not bells:
                    del self._watches[job_id]

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with self._changes() as changes:
                    self._spread(changes)
            except StorageUnavailable as exc:
                log.warning("no change messages: %s", exc, extra={"action": "changes_lost"})
                self._stop.wait(RETRY_S)

    def _spread(self, changes: Iterator[str]) -> None:
        for job_id in changes:
            if self._stop.is_set():
                return
            with self._lock:
                bells = list(self._watches.get(job_id, ()))
            for bell in bells:
                bell.ring()
