"""A job's final objects, in order: its files, then `result.json`. The record follows."""

from __future__ import annotations

import hashlib
import time

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
from storage.objects.protocol import ObjectStore
from worker.compute.computer import Computed
from worker.outputs.render import RenderedFile


def store_files(
    objects: ObjectStore, job_id: str, files: list[RenderedFile]
) -> dict[str, OutputInfo]:
    """Write `files` under the job's deterministic keys; a repeated run overwrites with the same."""
    return {
        file.output: store_file(objects, output_object(job_id, file.output, file.extension), file)
        for file in files
    }


def store_file(objects: ObjectStore, key: str, file: RenderedFile) -> OutputInfo:
    """Write one rendered file to `key` and return its entry for documents."""
    objects.put(key, file.data, media_type=file.media_type)
    return OutputInfo(
        key=key,
        media_type=file.media_type,
        width=file.width,
        height=file.height,
        bytes=len(file.data),
        sha256=hashlib.sha256(file.data).hexdigest(),
    )


def store_result(objects: ObjectStore, result: JobResult) -> None:
    """Write `result.json`, which says that the job has ended."""
    body = result.model_dump_json(exclude_none=True).encode()
    objects.put(result_object(result.id), body, media_type="application/json")


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
