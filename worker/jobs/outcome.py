"""Final objects of jobs, in order: their files, then each `result.json`. The records follow."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence

from contract.errors import DepthqError
from contract.jobs import (
    JobError,
    JobRecord,
    JobResult,
    OutputInfo,
    Timings,
)
from contract.names.object_keys import output_object, result_object
from contract.states import JobState
from storage.objects.protocol import NewObject, ObjectStore
from worker.compute.computer import Computed
from worker.outputs.render import RenderedFile


def store_files(
    objects: ObjectStore, jobs: Sequence[tuple[str, Sequence[RenderedFile]]]
) -> list[dict[str, OutputInfo]]:
    """Write the files of each (job id, files), together; return their entries for documents.

    The keys are deterministic: a repeated run overwrites with the same.
    """
    placed = [
        [(output_object(job_id, file.output, file.extension), file) for file in files]
        for job_id, files in jobs
    ]
    objects.put_all([NewObject(key, f.data, f.media_type) for each in placed for key, f in each])
    return [{file.output: _entry(key, file) for key, file in each} for each in placed]


def _entry(key: str, file: RenderedFile) -> OutputInfo:
    return OutputInfo(
        key=key,
        media_type=file.media_type,
        width=file.width,
        height=file.height,
        bytes=len(file.data),
        sha256=hashlib.sha256(file.data).hexdigest(),
    )


def store_results(objects: ObjectStore, results: Sequence[JobResult]) -> None:
    """Write each `result.json`, which says that its job has ended."""
    objects.put_all([_result(result) for result in results])


def _result(result: JobResult) -> NewObject:
    body = result.model_dump_json(exclude_none=True).encode()
    return NewObject(result_object(result.id), body, "application/json")


def success(
    record: JobRecord, computed: Computed, outputs: dict[str, OutputInfo], timings: Timings
) -> JobResult:
    """Return the result of a job that made all its files."""
    return JobResult(
        id=record.id,
        state=JobState.SUCCEEDED,
        attempt=record.attempt,
        started_at=record.started_at,
        finished_at=time.time(),
        downsampled_to=computed.prepared.downsampled_to,
        width=computed.prepared.width,
        height=computed.prepared.height,
        warnings=computed.prepared.damage,
        model=computed.model,
        depth=computed.depth,
        outputs=outputs,
        timings=timings,
    )


def repeated(record: JobRecord, earlier: JobResult, timings: Timings) -> JobResult:
    """Return the result of a job that reuses the files of an `earlier` one."""
    mine = {
        "id": record.id,
        "attempt": record.attempt,
        "started_at": record.started_at,
        "finished_at": time.time(),
        "timings": timings,
    }
    return earlier.model_copy(update=mine)


def failure(record: JobRecord, exc: DepthqError, state: JobState, timings: Timings) -> JobResult:
    """Return the result of a job that ended without files."""
    return JobResult(
        id=record.id,
        state=state,
        attempt=record.attempt,
        started_at=record.started_at,
        finished_at=time.time(),
        timings=timings,
        error=JobError(code=exc.code, message=exc.message, retryable=exc.retryable),
    )
