"""`AsyncDepthClient`: the DepthClient for asyncio.

async with AsyncDepthClient("http://127.0.0.1:8000") as depthq:
    job = await depthq.submit("cat.png", wait=60)
    await depthq.download(job, "results")
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx2

from client.async_datasets import AsyncDatasets
from client.async_videos import AsyncVideos
from client.job import Job
from client.wire.async_transport import AsyncTransport
from client.wire.depth_calls import DepthNow, depth_call
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
from client.wire.polling import Polls
from client.wire.retries import RetryPolicy
from client.wire.uploads import ImageSource
from contract.errors import NotFound


class AsyncDepthClient:
    """Talks to one depthq service from one event loop; its tasks may share a client.

    Methods, errors and retries are those of DepthClient. A call that is canceled closes its
    connection and leaves no task, no thread and no part of a file; what the service has accepted
    goes on there. Files are read and written a piece at a time within the loop's thread.
    """

    def __init__(
        self,
        base_url: str = "http://127.0.0.1:8000",
        api_key: str | None = None,
        timeout: float = 30.0,
        *,
        retries: RetryPolicy | None = None,
    ) -> None:
        self._transport = AsyncTransport(base_url, api_key, timeout, retries or RetryPolicy())
        self.datasets = AsyncDatasets(self._transport)
        self.videos = AsyncVideos(self._transport)

    async def submit(
        self,
        image: ImageSource,
        *,
        wait: float = 0,
        idempotency_key: str | None = None,
        **options: Any,
    ) -> Job:
        """See DepthClient.submit."""
        submission = Submission(image, wait, idempotency_key, options)
        job = job_of(await self._transport.attempt(lambda: self._post(submission)))
        return await self.wait(job.id, wait) if wait and not job.terminal else job

    async def _post(self, submission: Submission) -> httpx2.Response:
        timeout = self._transport.timeout(submission.held_s)
        with submission.upload.open() as file:
            return await self._transport.http.post(
                submission.url, timeout=timeout, **submission.arguments(file)
            )

    async def get(self, job_id: str, *, wait: float = 0) -> Job:
        """Return the job as it stands, or as it stands when it ends within `wait` ≤ 60 s."""
        return await self._transport.call(get_job(job_id, wait))

    status = get

    async def wait(self, job_id: str, timeout: float | None = None) -> Job:
        """Return the job once it has ended; WaitedTooLong after `timeout` seconds (None: never)."""
        polls = Polls(timeout)
        while True:
            job = await self.get(job_id, wait=polls.held_s())
            if job.terminal:
                return job
            await asyncio.sleep(polls.rest_s(job))

    def events(self, job_id: str) -> AsyncGenerator[Job, None]:
        """Yield the job at every change until it has ended; goes on after a lost connection."""
        return self._transport.follow(events_url(job_id), Job.from_document)

    async def cancel(self, job_id: str) -> Job:
        """Cancel the job and remove what it has left; one that has ended stays as it is."""
        job = await self.get(job_id)
        if job.terminal:
            return job
        await self.delete(job_id)
        return canceled(job)

    async def delete(self, job_id: str) -> None:
        """Cancel the job if need be and remove everything it has left. Gone already is fine."""
        try:
            await self._transport.call(delete_job(job_id))
        except NotFound:
            return

    async def download(
        self,
        job: Job | str,
        directory: str | Path,
        names: Sequence[str] | None = None,
        *,
        stem: str | None = None,
    ) -> dict[str, Path]:
        """See DepthClient.download."""
        job = await self.get(job) if isinstance(job, str) else job
        return {
            name: await self._transport.download(one.url, one.target, one.announced)
            for name, one in downloads(job, directory, names, stem).items()
        }

    async def depth_now(
        self, image: ImageSource, *, output: str = "depth", **options: Any
    ) -> DepthNow:
        """See DepthClient.depth_now."""
        return await self._transport.call(depth_call(image, output, options))

    async def models(self) -> Any:
        """Return what the service says about its models."""
        return await self._transport.call(MODELS)

    async def version(self) -> Any:
        """Return the service's version document."""
        return await self._transport.call(VERSION)

    async def close(self) -> None:
        """Close the kept connections."""
        await self._transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()
