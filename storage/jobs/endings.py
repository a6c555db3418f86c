"""What is told of a job's end: its id and what its record became, or the id alone.

The scripts write it (`remains` in `storage/lua/jobs/_prelude.lua`), so it is true in the moment in
which the job ends. It spares its listeners the reading of the record, and is never more than that:
of what is not whole or does not fit, the record is read.
"""

from __future__ import annotations

from contract.jobs import JobRecord, JobResult
from contract.states import JobState

MOST_BYTES = 8 * 1024  # after the id; a job with two outputs has about 900
LINES = 5  # after the id: state, attempt, version, started_at (may be empty), result (JSON)


def record_after(seen: JobRecord, said: str) -> JobRecord | None:
    """Return the record of the end that was `said` of the job `seen`; None: it is to be read."""
    job_id, *lines = said.split("\n")
    if job_id != seen.id or len(lines) != LINES or len(said) > len(job_id) + MOST_BYTES:
        return None
    state, attempt, version, started_at, result = lines
    try:
        told = JobRecord(
            request=seen.request,
            state=JobState(state),
            attempt=int(attempt),
            version=int(version),
            started_at=float(started_at) if started_at else None,
            result=JobResult.model_validate_json(result),
        )
    except ValueError:
        return None
    return told if _fits(seen, told) else None


def _fits(seen: JobRecord, told: JobRecord) -> bool:
    """Tell whether it is an end, of this job, after what was `seen`, and agrees with itself."""
    result = told.result
    return (
        result is not None
        and told.state.terminal
        and (result.id, result.state, result.attempt) == (seen.id, told.state, told.attempt)
        and told.version > seen.version
        and told.attempt >= seen.attempt
    )
