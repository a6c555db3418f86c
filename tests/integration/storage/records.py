"""Records for tests."""

from __future__ import annotations

import time

from contract.ids import new_id
from contract.jobs import InputInfo, JobError, JobRecord, JobRequest, JobResult
from contract.names.queues import Lane
from contract.options import JobOptions
from contract.states import JobState


def make_record(lane=Lane.INTERACTIVE, age_s=0.0, life_s=3600.0, **others) -> JobRecord:
    """Return a queued job accepted `age_s` ago that is kept for `life_s`."""
    now = time.time()
    request = JobRequest(
        id=new_id(),
        lane=lane,
        created_at=now - age_s,
        expires_at=now + life_s,
        options=JobOptions(outputs=("depth",), webhook_url="https://example.org/%C3%A4?b=1"),
        input=InputInfo(media_type="image/png", bytes=9, sha256="0" * 64, width=4, height=3),
        owner="owner",
    )
    return JobRecord(request=request, **others)


def make_result(job_id: str, attempt: int, state=JobState.SUCCEEDED) -> JobResult:
    """Return how that attempt ended."""
    error = None
    if state is JobState.FAILED:
        error = JobError(code="image_corrupt", message="kaputt: »x« 深", retryable=False)
    return JobResult(id=job_id, state=state, attempt=attempt, finished_at=1.5, error=error)
