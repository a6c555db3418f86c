"""When to ask again for a job, held by the service, or for a run, whose snapshots are shown."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from client.errors import WaitedTooLong
from client.job import Job
from contract.states import DatasetState

POLL_S = 30
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 2.0
RUN_POLL_S = 1.0


class GetJob(Protocol):
    """Returns a job, holding the request up to `wait` seconds until it has ended."""

    def __call__(self, job_id: str, *, wait: float = 0) -> Job: ...


class Polls:
    """When to ask for a job again, and when to give up. Does not wait itself."""

    def __init__(self, timeout_s: float | None) -> None:
        self._timeout_s = timeout_s
        self._ends_at = None if timeout_s is None else time.monotonic() + timeout_s
        self._pause_s = FIRST_PAUSE_S
        self._asked_at = 0.0

    def held_s(self) -> float:
        """Return how long the next request may be held; it is made now."""
        self._asked_at = time.monotonic()
        left_s = POLL_S if self._ends_at is None else self._ends_at - self._asked_at
        return max(0.0, min(POLL_S, left_s))

    def rest_s(self, job: Job) -> float:
        """Return how long to rest after an answer that is not the end; WaitedTooLong: no more."""
        now = time.monotonic()
        if self._ends_at is not None and now >= self._ends_at:
            raise WaitedTooLong(
                f"job {job.id} is still {job.state.value} after {self._timeout_s:g} s"
            )
        if now - self._asked_at >= self._pause_s:
            return 0.0
        # The service did not hold the request: do not ask again at once.
        rest_s = self._pause_s if self._ends_at is None else min(self._pause_s, self._ends_at - now)
        self._pause_s = min(LONGEST_PAUSE_S, self._pause_s * 1.5)
        return rest_s


def wait_for(get: GetJob, job_id: str, timeout_s: float | None) -> Job:
    """Return the job once it has ended; WaitedTooLong after `timeout_s` (None: never)."""
    polls = Polls(timeout_s)
    while True:
        job = get(job_id, wait=polls.held_s())
        if job.terminal:
            return job
        time.sleep(polls.rest_s(job))


class Run(Protocol):
    """What a snapshot of a dataset or a video tells."""

    @property
    def id(self) -> str: ...
    @property
    def state(self) -> DatasetState: ...
    @property
    def terminal(self) -> bool: ...


R = TypeVar("R", bound=Run)


class Looks(Generic[R]):
    """Snapshots of a run until it has ended, each shown to `seen`. Does not wait itself."""

    def __init__(
        self, kind: str, timeout_s: float | None, seen: Callable[[R], None] | None
    ) -> None:
        self._kind, self._seen = kind, seen
        self._ends_at = None if timeout_s is None else time.monotonic() + timeout_s

    def last(self, run: R) -> bool:
        """Tell whether `run` has ended; WaitedTooLong: not yet, and no more time."""
        if self._seen is not None:
            self._seen(run)
        late = self._ends_at is not None and time.monotonic() >= self._ends_at
        if late and not run.terminal:
            raise WaitedTooLong(f"{self._kind} {run.id} is still {run.state.value}")
        return run.terminal
