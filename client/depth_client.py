"""`DepthClient`: submit photographs, wait for their depth, download it.

with DepthClient("http://127.0.0.1:8000") as depthq:
    job = depthq.submit("cat.png", wait=60)
    depthq.download(job, "results")
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx2

from client.datasets import Datasets
from client.errors import UnexpectedAnswer
from client.job import Job
from client.wire.downloads import download_output, extension_of
from client.wire.events import job_events
from client.wire.polling import wait_for
from client.wire.retries import RetryPolicy
from client.wire.transport import Transport
from client.wire.uploads import ImageSource, Upload, form_fields
from contract.errors import NotFound

LONGEST_HELD_REQUEST_S = 60  # what the service grants `Prefer: wait` and `?wait=`


class DepthClient:
    """Talks to one depthq service; safe to share between threads.

    Every method raises the exception of contract.errors that stands for the service's answer,
    `client.errors.ServiceUnreachable` when there is none. Busy, restarting and briefly
    unreachable services are tried again; an idempotency key keeps that from making two jobs.
    """

    def __init__(
        self,
        base_url: str = "http://127.0.0.1:8000",
        api_key: str | None = None,
        timeout: float = 30.0,
        *,
        retries: RetryPolicy | None = None,
    ) -> None:
        self._transport = Transport(base_url, api_key, timeout, retries or RetryPolicy())
        self.datasets = Datasets(self._transport)

    def submit(
        self,
        image: ImageSource,
        *,
        wait: float = 0,
        idempotency_key: str | None = None,
        **options: Any,
    ) -> Job:
        """Submit one image (a path, bytes, or an open file) and return its job.

        `options` are those of contract.options.JobOptions; unknown ones are refused by the
        service. With `wait` the job is returned when it has ended, or raises WaitedTooLong after
        so many seconds.
        """
        upload = Upload(image)
        headers = {"Idempotency-Key": idempotency_key or uuid.uuid4().hex}
        held_s = min(int(wait), LONGEST_HELD_REQUEST_S)
        if held_s:
            headers["Prefer"] = f"wait={held_s}"
        answer = self._transport.attempt(lambda: self._post(upload, options, headers, held_s))
        job = _job(answer)
        return self.wait(job.id, wait) if wait and not job.terminal else job

    def _post(
        self, upload: Upload, options: dict[str, Any], headers: dict[str, str], held_s: int
    ) -> httpx2.Response:
        with upload.open() as file:
            return self._transport.http.post(
                "/v1/jobs",
                files={"image": (upload.name, file, "application/octet-stream")},
                data=form_fields(options),
                headers=headers,
                timeout=self._transport.timeout(held_s),
            )

    def get(self, job_id: str, *, wait: float = 0) -> Job:
        """Return the job as it stands, or as it stands when it ends within `wait` ≤ 60 s."""
        held_s = min(int(wait), LONGEST_HELD_REQUEST_S)
        return _job(
            self._transport.request(
                "GET",
                _path(job_id),
                params={"wait": held_s} if held_s else None,
                timeout=self._transport.timeout(held_s),
            )
        )

    status = get

    def wait(self, job_id: str, timeout: float | None = None) -> Job:
        """Return the job once it has ended; WaitedTooLong after `timeout` seconds (None: never)."""
        return wait_for(self.get, job_id, timeout)

    def events(self, job_id: str) -> Iterator[Job]:
        """Yield the job at every change until it has ended; goes on after a lost connection."""
        return job_events(self._transport, f"{_path(job_id)}/events")

    def cancel(self, job_id: str) -> Job:
        """Cancel the job and remove what it has left; one that has ended stays as it is."""
        job = self.get(job_id)
        if job.terminal:
            return job
        self.delete(job_id)
        return Job.from_document({**job.document, "state": "canceled", "terminal": True})

    def delete(self, job_id: str) -> None:
        """Cancel the job if need be and remove everything it has left. Gone already is fine."""
        try:
            self._transport.request("DELETE", _path(job_id))
        except NotFound:
            return

    def download(
        self,
        job: Job | str,
        directory: str | Path,
        names: Sequence[str] | None = None,
        *,
        stem: str | None = None,
    ) -> dict[str, Path]:
        """Download outputs as `directory/<stem>.<output>.<ext>` and return output → path.

        `stem` is the job's id by default, `names` all outputs. A file appears only when it is
        whole and has the announced SHA-256. Raises the job's error if it has not succeeded.
        """
        job = self.get(job) if isinstance(job, str) else job
        outputs = job.require_success().outputs
        wanted = list(names) if names is not None else list(outputs)
        for name in wanted:
            if name not in outputs:
                raise NotFound(f"job {job.id} has no output {name!r}; it has {', '.join(outputs)}")
        folder = Path(directory)
        return {
            name: download_output(
                self._transport,
                f"{_path(job.id)}/outputs/{quote(name, safe='')}",
                folder / f"{stem or job.id}.{name}{extension_of(outputs[name])}",
                outputs[name],
            )
            for name in wanted
        }

    def models(self) -> Any:
        """Return what the service says about its models."""
        return _json(self._transport.request("GET", "/v1/models"))

    def version(self) -> Any:
        """Return the service's version document."""
        return _json(self._transport.request("GET", "/version"))

    def close(self) -> None:
        """Close the kept connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _path(job_id: str) -> str:
    return f"/v1/jobs/{quote(job_id, safe='')}"


def _json(response: httpx2.Response) -> Any:
    try:
        return response.json()
    except ValueError as exc:
        raise UnexpectedAnswer(f"{response.url} did not answer with JSON") from exc


def _job(response: httpx2.Response) -> Job:
    return Job.from_document(_json(response))
