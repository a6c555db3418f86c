"""Waits for a job by long polls, at a bounded rate even if the service answers at once."""

from __future__ import annotations

import time
from typing import Protocol

from client.errors import WaitedTooLong
from client.job import Job

POLL_S = 30
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 2.0


class GetJob(Protocol):
    """Returns a job, holding the request up to `wait` seconds until it has ended."""

    def __call__(self, job_id: str, *, wait: float = 0) -> Job: ...


def wait_for(get: GetJob, job_id: str, timeout_s: float | None) -> Job:
    """Return the job once it has ended; WaitedTooLong after `timeout_s` (None: never)."""
    ends_at = None if timeout_s is None else time.monotonic() + timeout_s
    pause_s = FIRST_PAUSE_S
    while True:
        left_s = POLL_S if ends_at is None else ends_at - time.monotonic()
        asked_at = time.monotonic()
        job = get(job_id, wait=max(0.0, min(POLL_S, left_s)))
        if job.terminal:
            return job
        if ends_at is not None and time.monotonic() >= ends_at:
            raise WaitedTooLong(f"job {job_id} is still {job.state.value} after {timeout_s:g} s")
        if time.monotonic() - asked_at < pause_s:  # it did not hold the request: do not hammer it
            rest_s = pause_s if ends_at is None else min(pause_s, ends_at - time.monotonic())
            time.sleep(max(0.0, rest_s))
            pause_s = min(LONGEST_PAUSE_S, pause_s * 1.5)
