"""`DepthClient`: submit photographs, wait for their depth, download it.

with DepthClient("http://127.0.0.1:8000") as depthq:
    job = depthq.submit("cat.png", wait=60)
    depthq.download(job, "results")
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx2

from client.datasets import Datasets
from client.job import Job
from client.videos import Videos
from client.wire.depth_calls import DepthNow, depth_call
from client.wire.downloads import download_output
from client.wire.events import job_events
from client.wire.job_calls import (
    MODELS,
    VERSION,
    Submission,
    canceled,
    delete_job,
    downloads,
    events_url,
    get_job,
    job_of,
)
from client.wire.polling import wait_for
from client.wire.retries import RetryPolicy
from client.wire.transport import Transport
from client.wire.uploads import ImageSource
from contract.errors import NotFound


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
        self.videos = Videos(self._transport)

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
        submission = Submission(image, wait, idempotency_key, options)
        job = job_of(self._transport.attempt(lambda: self._post(submission)))
        return self.wait(job.id, wait) if wait and not job.terminal else job

    def _post(self, submission: Submission) -> httpx2.Response:
        timeout = self._transport.timeout(submission.held_s)
        with submission.upload.open() as file:
            return self._transport.http.post(
                submission.url, timeout=timeout, **submission.arguments(file)
            )

    def get(self, job_id: str, *, wait: float = 0) -> Job:
        """Return the job as it stands, or as it stands when it ends within `wait` ≤ 60 s."""
        return self._transport.call(get_job(job_id, wait))

    status = get

    def wait(self, job_id: str, timeout: float | None = None) -> Job:
        """Return the job once it has ended; WaitedTooLong after `timeout` seconds (None: never)."""
        return wait_for(self.get, job_id, timeout)

    def events(self, job_id: str) -> Iterator[Job]:
        """Yield the job at every change until it has ended; goes on after a lost connection."""
        return job_events(self._transport, events_url(job_id))

    def cancel(self, job_id: str) -> Job:
        """Cancel the job and remove what it has left; one that has ended stays as it is."""
        job = self.get(job_id)
        if job.terminal:
            return job
        self.delete(job_id)
        return canceled(job)

    def delete(self, job_id: str) -> None:
        """Cancel the job if need be and remove everything it has left. Gone already is fine."""
        try:
            self._transport.call(delete_job(job_id))
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
        return {
            name: download_output(self._transport, one.url, one.target, one.announced)
            for name, one in downloads(job, directory, names, stem).items()
        }

    def depth_now(self, image: ImageSource, *, output: str = "depth", **options: Any) -> DepthNow:
        """Return one output of `image` (a path, bytes, or an open file) at once.

        The service keeps nothing, neither picture nor result; the bytes are in the answer. Raises
        DeadlineExceeded, NotInTime or WorkerLost when it could not be done in time, after the
        client's retries.
        """
        return self._transport.call(depth_call(image, output, options))

    def models(self) -> Any:
        """Return what the service says about its models."""
        return self._transport.call(MODELS)

    def version(self) -> Any:
        """Return the service's version document."""
        return self._transport.call(VERSION)

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
