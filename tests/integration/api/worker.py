"""Plays the worker: claims a job and ends it, with files where they belong."""

from __future__ import annotations

import hashlib
import time

from contract.jobs import DepthInfo, JobError, JobResult, ModelInfo, OutputInfo, Timings
from contract.names.object_keys import output_object, result_object
from contract.states import JobState

DEPTH = b"\x89PNG not really" * 1000


def start(parts, job_id: str) -> None:
    """Take the job, no more."""
    parts.jobs.claim(job_id, "w1", 30.0)


def succeed(parts, job_id: str) -> None:
    """Do the job as a worker would: outputs, result.json, state."""
    record = parts.jobs.claim(job_id, "w1", 30.0).record
    model = ModelInfo(
        name="midas_small",
        weights_id="w",
        engine="simulated",
        precision="fp32",
        net_size=(192, 256),
    )
    result = JobResult(
        id=job_id, state=JobState.SUCCEEDED, attempt=record.attempt,
        started_at=time.time(), finished_at=time.time(), width=64, height=48, model=model,
        warnings=("corrupt_data",),
        depth=DepthInfo(min=0.5, max=9.0), timings=Timings(infer_ms=1.5),
        outputs={name: store(parts, job_id, name) for name in record.request.options.outputs},
    )  # fmt: skip
    finish(parts, result)


def store(parts, job_id: str, name: str) -> OutputInfo:
    """Write one output."""
    key = output_object(job_id, name, "png")
    parts.objects.put(key, DEPTH, media_type="image/png")
    return OutputInfo(
        key=key, media_type="image/png", width=64, height=48, bytes=len(DEPTH),
        sha256=hashlib.sha256(DEPTH).hexdigest(),
    )  # fmt: skip


def fail(parts, job_id: str) -> None:
    """Fail the job for its image."""
    claim = parts.jobs.claim(job_id, "w1", 30.0)
    error = JobError(code="image_undecodable", message="The pixels are gone.", retryable=False)
    finish(
        parts,
        JobResult(
            id=job_id, state=JobState.FAILED, attempt=claim.record.attempt,
            finished_at=time.time(), error=error,
        ),
    )  # fmt: skip


def finish(parts, result: JobResult) -> None:
    """Write `result.json`, then the state."""
    text = result.model_dump_json().encode()
    parts.objects.put(result_object(result.id), text, media_type="application/json")
    assert parts.jobs.finish(result)
