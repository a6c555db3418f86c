"""Keeps the leases of this process's jobs: one thread renews all of them in one round trip."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from contract.errors import StorageUnavailable
from storage.jobs.store import JobStore

log = logging.getLogger(__name__)


class Leases:
    """The jobs that this process holds, each with its attempt as fencing token."""

    def __init__(self, jobs: JobStore, lease_s: float) -> None:
        self._jobs = jobs
        self._lease_s = lease_s
        self._held: dict[str, int] = {}
        self._sure_until: dict[str, float] = {}  # monotonic, s
        self._holders: dict[str, object] = {}  # the block that holds it: the last, of several
        self._lock = threading.Lock()

    @contextmanager
    def hold(self, job_id: str, attempt: int) -> Iterator[None]:
        """Have the lease of `job_id` renewed while the block runs.

        A block that gave its job back, and still runs, does not end the lease of one that took the
        job again meanwhile.
        """
        mine = object()
        with self._lock:
            self._holders[job_id] = mine
            self._held[job_id] = attempt
            self._sure_until[job_id] = time.monotonic() + self._lease_s
        try:
            yield
        finally:
            with self._lock:
                if self._holders.get(job_id) is mine:
                    del self._holders[job_id]
                    self._held.pop(job_id, None)
                    self._sure_until.pop(job_id, None)

    def still_holds(self, job_id: str) -> bool:
        """Tell whether the job is still held, as far as known: not lost, canceled or deleted."""
        with self._lock:
            return job_id in self._held

    def sure(self, job_id: str) -> bool:
        """Tell whether the lease is certainly valid, even if this process was frozen."""
        with self._lock:
            return time.monotonic() < self._sure_until.get(job_id, 0.0)

    def renew(self) -> None:
        """Renew all leases; lost jobs are dropped, so that their work can stop early."""
        with self._lock:
            claims = list(self._held.items())
        if not claims:
            return
        asked_at = time.monotonic()
        try:
            lost = self._jobs.renew(claims, self._lease_s)
        except StorageUnavailable as exc:
            log.warning("leases not renewed: %s", exc, extra={"action": "renew"})
            return
        with self._lock:
            for job_id in lost:
                self._held.pop(job_id, None)
                self._sure_until.pop(job_id, None)
            for job_id in self._sure_until:
                self._sure_until[job_id] = asked_at + self._lease_s

    def __len__(self) -> int:
        with self._lock:
            return len(self._held)
