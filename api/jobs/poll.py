"""The poll stage: finds a job for its owner and waits for it, within the budget."""

from __future__ import annotations

from collections.abc import Callable

from api.callers.auth import owner
from api.jobs.accept import find
from api.services import Services
from api.waiting.changes import ChangeHub, Watch
from api.waiting.wait import Subject, wait
from contract.errors import NotFound
from contract.ids import is_id
from contract.jobs import JobRecord
from storage.jobs.endings import record_after

Done = Callable[[JobRecord], bool]


def own_job(parts: Services, job_id: str) -> JobRecord:
    """Return the job if there is one and it is the caller's; raises NotFound alike for both."""
    record = find(parts, job_id) if is_id(job_id) else None
    if record is None or (parts.settings.api_keys and record.request.owner != owner()):
        raise NotFound(f"There is no job {job_id[:60]!r}, or not any more.")
    return record


def ended(record: JobRecord) -> bool:
    """Tell whether nothing will change any more."""
    return record.state.terminal


def subject(parts: Services, job_id: str, changes: ChangeHub) -> Subject[JobRecord]:
    """Return the job as what is waited for, woken by `changes`."""
    return Subject(job_id, "job", lambda: parts.jobs.get(job_id), changes, record_after)


def wait_until(
    parts: Services, record: JobRecord, done: Done, timeout_s: float, watch: Watch | None = None
) -> JobRecord:
    """Return the job as soon as it is `done`, or as it is when time or the budget is used up.

    `watch`: a subscription to its end, from before `record` was read or written.
    """
    changes = parts.endings if done is ended else parts.changes
    return wait(parts, subject(parts, record.id, changes), record, done, timeout_s, watch)
