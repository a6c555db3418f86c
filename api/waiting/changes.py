"""One thread reads the ledger's change feed and wakes the requests that wait for that id."""

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
    """One waiting request's subscription to one id."""

    def __init__(self) -> None:
        self._changed = threading.Event()
        self._said = ""

    def wake(self, said: str = "") -> None:
        """Wake the waiting request. `said`: the message; of several the last counts."""
        self._said = said
        self._changed.set()

    def wait(self, timeout_s: float) -> str | None:
        """Sleep until a change, and return what was said of it; None: `timeout_s` have passed.

        Bounded by the fallback poll.
        """
        if not self._changed.wait(min(timeout_s, FALLBACK_POLL_S)):
            return None
        self._changed.clear()
        return self._said


class ChangeHub:
    """Distributes one change feed to the waiting requests of this process."""

    def __init__(self, changes: Callable[[], AbstractContextManager[Iterator[str]]]) -> None:
        self._changes = changes
        self._lock = threading.Lock()
        self._watches: dict[str, list[Watch]] = {}
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.subscribed = False  # whether the feed is subscribed, or was

    @property
    def stopping(self) -> bool:
        """Whether the process is shutting down: waiting requests answer with the present state."""
        return self._stop.is_set()

    def start(self) -> None:
        """Start listening, once; later calls do nothing."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="changes", daemon=True)
                self._thread.start()

    def release_waiters(self) -> None:
        """Wake every waiting request and tell the thread to end; later ones see `stopping`."""
        self._stop.set()
        with self._lock:
            watches = [watch for watches in self._watches.values() for watch in watches]
        for watch in watches:
            watch.wake()

    def stop(self) -> None:
        """Call `release_waiters`, then join the thread, which may take up to a second."""
        self.release_waiters()
        if self._thread is not None:
            self._thread.join(timeout=5)

    @contextmanager
    def watch(self, job_id: str) -> Iterator[Watch]:
        """Yield a subscription to the id. Read the record after entering, so that no change is
        missed.
        """
        self.start()
        watch = Watch()
        with self._lock:
            self._watches.setdefault(job_id, []).append(watch)
        try:
            yield watch
        finally:
            with self._lock:
                watches = self._watches[job_id]
                watches.remove(watch)
                if not watches:
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
        for said in changes:
            self.subscribed = True
            if self._stop.is_set():
                return
            subject_id, _, _ = said.partition("\n")
            with self._lock:
                watches = list(self._watches.get(subject_id, ()))
            for watch in watches:
                watch.wake(said)
