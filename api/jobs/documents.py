"""Builds the documents of jobs that clients read."""

from __future__ import annotations

from api.load.rendering import extra_rendering_s
from api.services import Services
from contract.documents import (
    InputDocument,
    JobDocument,
    JobLinks,
    OutputDocument,
    moment,
)
from contract.jobs import JobRecord, JobResult
from contract.states import JobState


def etag(record: JobRecord) -> str:
    """Return the weak ETag of the job's document; position and eta may differ under one tag."""
    return f'W/"{record.version}-{record.state.value}"'


def job_path(parts: Services, job_id: str) -> str:
    """Return the job's URL, relative to the host unless a public URL is set."""
    return f"{(parts.settings.public_url or '').rstrip('/')}/v1/jobs/{job_id}"


def job_document(parts: Services, record: JobRecord) -> JobDocument:
    """Return the document of `record`. Raises StorageUnavailable (position and ETA of a queued
    job).
    """
    request, result = record.request, record.result
    here = job_path(parts, record.id)
    position, eta_s = None, None
    if record.state is JobState.QUEUED:
        position, eta_s = parts.capacity.outlook(record.id, request.lane, request.options.model)
        if eta_s is not None:
            eta_s = round(eta_s + extra_rendering_s(request, parts.settings.max_side_px), 1)
    created_at, expires_at = moment(request.created_at), moment(request.expires_at)
    assert created_at is not None and expires_at is not None  # noqa: S101, PT018 - for mypy
    return JobDocument(
        id=record.id,
        state=record.state,
        terminal=record.state.terminal,
        created_at=created_at,
        started_at=moment(record.started_at),
        expires_at=expires_at,
        attempt=record.attempt,
        options=request.options,
        input=InputDocument(
            **request.input.model_dump(),
            downsampled_to=result.downsampled_to if result else None,
            warnings=result.warnings if result else (),
        ),
        links=JobLinks(
            self=here,
            outputs={name: f"{here}/outputs/{name}" for name in request.options.outputs},
            events=f"{here}/events",
            cancel=here,
        ),
        position=position,
        eta_s=eta_s,
        **(_ending(here, result) if result else {}),
    )


def _ending(here: str, result: JobResult) -> dict[str, object]:
    return {
        "finished_at": moment(result.finished_at),
        "model": result.model,
        "depth": result.depth,
        "timings": result.timings,
        "error": result.error,
        "outputs": {
            name: OutputDocument(url=f"{here}/outputs/{name}", **made.model_dump(exclude={"key"}))
            for name, made in result.outputs.items()
        },
    }
