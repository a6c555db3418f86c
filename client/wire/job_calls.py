"""The calls about jobs, as DepthClient and AsyncDepthClient make them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

import httpx2

from client.job import Job
from client.wire.call import Call, json_of
from client.wire.downloads import extension_of
from client.wire.uploads import ImageSource, Upload, form_fields
from contract.errors import NotFound

LONGEST_HELD_REQUEST_S = 60  # what the service grants `Prefer: wait` and `?wait=`
MODELS: Call[Any] = Call("GET", "/v1/models", json_of)
VERSION: Call[Any] = Call("GET", "/version", json_of)


def job_of(response: httpx2.Response) -> Job:
    """Return the job that an answer describes."""
    return Job.from_document(json_of(response))


def get_job(job_id: str, wait: float) -> Call[Job]:
    """Ask for a job, as it stands when it ends within `wait` ≤ 60 s."""
    held_s = _held_s(wait)
    return Call("GET", _path(job_id), job_of, {"wait": held_s} if held_s else None, held_s)


def delete_job(job_id: str) -> Call[None]:
    """Remove a job and everything it has left."""
    return Call("DELETE", _path(job_id), lambda _: None)


def events_url(job_id: str) -> str:
    """Return where a job's events are."""
    return f"{_path(job_id)}/events"


def canceled(job: Job) -> Job:
    """Return the job as it is after its deletion."""
    return Job.from_document({**job.document, "state": "canceled", "terminal": True})


class Submission:
    """One image to submit, the same on every try: its key keeps that from making two jobs."""

    url = "/v1/jobs"

    def __init__(
        self, image: ImageSource, wait: float, key: str | None, options: Mapping[str, Any]
    ) -> None:
        self.upload = Upload(image)
        self.held_s = _held_s(wait)
        self._fields = form_fields(options)
        self._headers = {"Idempotency-Key": key or uuid.uuid4().hex}
        if self.held_s:
            self._headers["Prefer"] = f"wait={self.held_s}"

    def arguments(self, file: BinaryIO) -> dict[str, Any]:
        """Return the arguments for the HTTP library; `file` is the opened upload."""
        files = {"image": (self.upload.name, file, "application/octet-stream")}
        return {"files": files, "data": self._fields, "headers": self._headers}


@dataclass(frozen=True)
class Download:
    """One output to fetch, and where to."""

    url: str
    target: Path
    announced: Mapping[str, Any]


def downloads(
    job: Job, directory: str | Path, names: Sequence[str] | None, stem: str | None
) -> dict[str, Download]:
    """Return what to fetch by output. Raises the job's error, or NotFound for other names."""
    outputs = job.require_success().outputs
    wanted = list(names) if names is not None else list(outputs)
    for name in wanted:
        if name not in outputs:
            raise NotFound(f"job {job.id} has no output {name!r}; it has {', '.join(outputs)}")
    return {
        name: Download(
            f"{_path(job.id)}/outputs/{quote(name, safe='')}",
            Path(directory) / f"{stem or job.id}.{name}{extension_of(outputs[name])}",
            outputs[name],
        )
        for name in wanted
    }


def _held_s(wait: float) -> int:
    return min(int(wait), LONGEST_HELD_REQUEST_S)


def _path(job_id: str) -> str:
    return f"/v1/jobs/{quote(job_id, safe='')}"
