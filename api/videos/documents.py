"""Builds the documents of videos that clients read."""

from __future__ import annotations

from api.runs.documents import run_path
from api.runs.find import Found
from api.services import Services
from contract.documents import moment
from contract.errors import NotFound
from contract.names.object_keys import run_object
from contract.runs import RunRecord
from contract.states import DatasetState
from contract.video_documents import (
    FramesDocument,
    SegmentsDocument,
    VideoDocument,
    VideoFileDocument,
    VideoLinks,
)
from contract.videos import (
    FACTS_FILE,
    SIDECAR_FILE,
    VIDEO_FILES,
    VIDEO_MEDIA_TYPES,
    VideoFacts,
    VideoSpec,
    VideoWishes,
)


def video_document(parts: Services, found: Found) -> VideoDocument:
    """Return the document. Raises StorageUnavailable."""
    record, progress = found
    wishes = VideoWishes.model_validate(record.request.wishes)
    created_at = moment(record.request.created_at)
    assert created_at is not None  # noqa: S101 - for mypy
    here = run_path(parts, record.id)
    return VideoDocument(
        id=record.id,
        name=record.request.spec.name,
        state=record.state,
        terminal=record.state.terminal,
        created_at=created_at,
        started_at=moment(record.started_at),
        finished_at=moment(record.finished_at),
        source=wishes.s3 or "upload",
        model=record.request.spec.options.model,
        spec=wishes.spec,
        video=_facts(parts, record),
        frames=_frames(record),
        segments=SegmentsDocument(
            total=record.shards_total, done=record.shards_done, planned=record.planned
        ),
        round=record.round,
        frames_per_s=progress.rate,
        eta_p50_s=progress.eta_p50_s,
        eta_p90_s=progress.eta_p90_s,
        files=_files(here, record, wishes.spec),
        error=record.error,
        links=VideoLinks(
            self=here,
            events=f"{here}/events",
            errors=f"{here}/errors",
            retry=f"{here}/retry",
            cancel=f"{here}/cancel",
        ),
    )


def file_names(spec: VideoSpec) -> list[str]:
    """Return the names of the files that a video becomes."""
    names = [VIDEO_FILES[output] for output in spec.outputs]
    return [*names, SIDECAR_FILE] if "depth" in spec.outputs else names


def media_type(name: str) -> str:
    """Return the media type of a file by its name."""
    return VIDEO_MEDIA_TYPES[name.rpartition(".")[2]]


def _frames(record: RunRecord) -> FramesDocument:
    counts = record.counts
    return FramesDocument(
        total=counts.total,
        succeeded=counts.succeeded,
        failed=counts.failed,
        done=counts.done + record.in_flight,
        by_code=counts.by_code,
    )


def _facts(parts: Services, record: RunRecord) -> VideoFacts | None:
    if not record.planned:
        return None
    try:
        body = parts.objects.get(run_object(record.id, FACTS_FILE))
    except NotFound:
        return None
    return VideoFacts.model_validate_json(body)


def _files(here: str, record: RunRecord, spec: VideoSpec) -> list[VideoFileDocument]:
    if record.state is not DatasetState.COMPLETED:
        return []
    return [
        VideoFileDocument(name=name, url=f"{here}/files/{name}", media_type=media_type(name))
        for name in file_names(spec)
    ]
