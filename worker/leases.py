"""Keeps this process's jobs its own: one thread renews all leases in one round trip."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from contract.errors import StorageUnavailable
from storage.jobs import JobStore

log = logging.getLogger(__name__)


class Leases:
    """The jobs that this process holds, with the attempt as fencing token."""

    def __init__(self, jobs: JobStore, lease_s: float) -> None:
        self._jobs = jobs
        self._lease_s = lease_s
        self._held: dict[str, int] = {}
        self._lock = threading.Lock()

    @contextmanager
    def hold(self, job_id: str, attempt: int) -> Iterator[None]:
        """Have the lease of `job_id` renewed while the block runs."""
        with self._lock:
            self._held[job_id] = attempt
        try:
            yield
        finally:
            with self._lock:
                self._held.pop(job_id, None)

    def still_holds(self, job_id: str) -> bool:
        """Tell whether nobody else is known to have taken, canceled or deleted the job."""
        with self._lock:
            return job_id in self._held

    def renew(self) -> None:
        """Renew all leases; jobs that were lost are dropped, so that their work can stop early."""
        with self._lock:
            claims = list(self._held.items())
        if not claims:
            return
        try:
            lost = self._jobs.renew(claims, self._lease_s)
        except StorageUnavailable as exc:
            log.warning("leases not renewed: %s", exc, extra={"action": "renew"})
            return
        with self._lock:
            for job_id in lost:
                self._held.pop(job_id, None)

    def __len__(self) -> int:
        with self._lock:
            return len(self._held)
