"""Load and throughput: the basis of admission, queue positions and estimated times."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from contract.errors import Overloaded, StorageUnavailable
from contract.models.declaration import DEFAULT_MODEL
from contract.names.queues import Lane
from storage.fleet.workers import WorkerInfo, WorkerRegistry
from storage.jobs.store import Backlog, JobStore

BACKLOG_AGE_S = 0.5  # how stale the admission check may be; cheaper than a round trip per POST
WORKERS_AGE_S = 2.0
MEMORY_SHARE = 0.7  # of Redis: the rest is for finishing what was accepted
RETRY_UNKNOWN_S = 30  # no worker has a measured rate: a guess
RETRY_MAX_S = 3600

T = TypeVar("T")


class _Cached(Generic[T]):
    """A cached value, read again when it is older than `age_s`.

    One thread reads while the others use the old value. Otherwise, with a frozen Redis, every
    thread would wait for the reads of all threads before it.
    """

    def __init__(self, read: Callable[[], T], age_s: float) -> None:
        self._read, self._age_s = read, age_s
        self._reading = threading.Lock()
        self._kept: tuple[float, T] | None = None

    def get(self) -> T:
        kept = self._kept
        if kept is not None and time.monotonic() - kept[0] <= self._age_s:
            return kept[1]
        if kept is not None and not self._reading.acquire(blocking=False):
            return kept[1]
        try:
            value = self._read()
            self._kept = (time.monotonic(), value)
            return value
        finally:
            if kept is not None:
                self._reading.release()


class Capacity:
    """Backlog and throughput of the interactive lane, by model, slightly stale."""

    def __init__(
        self,
        jobs: JobStore,
        workers: WorkerRegistry,
        max_backlog: int,
        lack_of_room: Callable[[], str] = str,
    ) -> None:
        """`lack_of_room`: returns why the disk takes no new work; empty if it does."""
        self._jobs = jobs
        self._max_backlog = max_backlog
        self._backlogs: dict[str, _Cached[Backlog]] = {}
        self._workers = _Cached(workers.live, WORKERS_AGE_S)
        self._disk = _Cached(lack_of_room, BACKLOG_AGE_S)
        self._memory = _Cached(lambda: jobs.memory_share(), BACKLOG_AGE_S)

    def backlog(self, model: str = DEFAULT_MODEL) -> Backlog:
        """Return the numbers of waiting and running jobs of a model that is known."""
        cached = self._backlogs.get(model)
        if cached is None:
            cached = _Cached(lambda: self._jobs.backlog(Lane.INTERACTIVE, model), BACKLOG_AGE_S)
            cached = self._backlogs.setdefault(model, cached)
        return cached.get()

    def workers(self) -> list[WorkerInfo]:
        """Return the live workers of all lanes."""
        return self._workers.get()

    def images_per_s(self, model: str = DEFAULT_MODEL) -> float:
        """Return the throughput of the workers that serve `model`; 0.0 if none is known.

        It is measured. Until then, that of another model than the default one, which takes seconds
        to measure, is what its declaration expects.
        """
        serving = (w for w in self.workers() if w.serving and w.lane is Lane.INTERACTIVE)
        held = [h for worker in serving for h in worker.held() if h.name == model]
        measured = sum(h.images_per_s for h in held)
        if model == DEFAULT_MODEL:
            return measured
        return measured or sum(h.declared_images_per_s for h in held)

    def admit(self, model: str = DEFAULT_MODEL) -> None:
        """Raise Overloaded when the backlog of `model` is full."""
        queued = self.backlog(model).queued
        if queued >= self._max_backlog:
            raise Overloaded(
                f"{queued} jobs wait already; come back later.", self.retry_after_s(queued, model)
            )

    def check_memory(self) -> None:
        """Raise StorageUnavailable when Redis has little memory left for new work."""
        share = self._memory.get()
        if share >= MEMORY_SHARE:
            raise StorageUnavailable(f"Redis is {share:.0%} full; come back later.")

    def check_disk(self) -> None:
        """Raise StorageUnavailable when the disk of the objects has little room for new work."""
        if lack := self._disk.get():
            raise StorageUnavailable(lack)

    def retry_after_s(self, queued: int, model: str = DEFAULT_MODEL) -> int:
        """Return how long `queued` jobs of `model` take to drain, whole seconds."""
        speed = self.images_per_s(model)
        seconds = math.ceil(queued / speed) if speed > 0 else RETRY_UNKNOWN_S
        return min(max(seconds, 1), RETRY_MAX_S)

    def outlook(self, job_id: str, lane: Lane, model: str) -> tuple[int | None, float | None]:
        """Return the job's position in its queue (0 = next) and the seconds until it is done."""
        position = self._jobs.position(job_id, lane, model)
        speed = self.images_per_s(model) if lane is Lane.INTERACTIVE else 0.0
        if position is None or speed <= 0:
            return position, None
        return position, round((position + 1) / speed, 1)
