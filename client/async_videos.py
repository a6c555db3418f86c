"""`AsyncDepthClient.videos`: the calls of client.videos for asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from pathlib import Path
from typing import Any

import httpx2

from client.video import Video
from client.wire.async_transport import AsyncTransport
from client.wire.polling import RUN_POLL_S as POLL_S
from client.wire.polling import Looks
from client.wire.uploads import ImageSource
from client.wire.video_calls import (
    KEEPING_S,
    VideoSubmission,
    cancel_video,
    delete_video,
    get_video,
    retry_video,
    video_events_url,
    video_files,
    video_of,
)


class AsyncVideos:
    """The video calls of one service: what they do and raise is said by client.videos."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def submit(
        self,
        video: ImageSource | None = None,
        *,
        source: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        **options: Any,
    ) -> Video:
        """Submit a video (a path, bytes, or an open file), or say by `source` where it is."""
        submission = VideoSubmission(video, source, idempotency_key, options)
        return video_of(await self._transport.attempt(lambda: self._post(submission)))

    async def _post(self, submission: VideoSubmission) -> httpx2.Response:
        timeout = self._transport.timeout(KEEPING_S)
        with submission.open() as file:
            return await self._transport.http.post(
                submission.url, timeout=timeout, **submission.arguments(file)
            )

    async def get(self, video_id: str, *, wait: float = 0) -> Video:
        """Return the video as it stands, or when it ends within `wait` ≤ 60 s."""
        return await self._transport.call(get_video(video_id, wait))

    async def wait(
        self,
        video_id: str,
        timeout: float | None = None,
        seen: Callable[[Video], None] | None = None,
    ) -> Video:
        """Return the video once it has ended; `seen` is called with each snapshot."""
        looks = Looks("video", timeout, seen)
        while not looks.last(video := await self.get(video_id)):
            await asyncio.sleep(POLL_S)
        return video

    def events(self, video_id: str) -> AsyncGenerator[Video, None]:
        """Yield the video as it changes until it has ended; survives a lost connection."""
        return self._transport.follow(video_events_url(video_id), Video.from_document)

    async def download(self, video: Video | str, directory: str | Path) -> dict[str, Path]:
        """Download all files as `directory/<name>`; return name → path."""
        video = await self.get(video) if isinstance(video, str) else video
        return {
            name: await self._transport.download(url, target, {})
            for name, (url, target) in video_files(video, directory).items()
        }

    async def retry(self, video_id: str) -> Video:
        """Run the failed frames again and make the files anew."""
        return await self._transport.call(retry_video(video_id))

    async def cancel(self, video_id: str) -> Video:
        """Stop the video. One that has ended stays as it is."""
        return await self._transport.call(cancel_video(video_id))

    async def delete(self, video_id: str) -> None:
        """Remove a video that has ended, and all its files."""
        await self._transport.call(delete_video(video_id))
