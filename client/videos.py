"""`DepthClient.videos`: steady depth of every frame of a video.

with DepthClient() as depthq:
    video = depthq.videos.submit("clip.mp4", outputs=["heatmap", "depth_npz"])
    depthq.videos.download(depthq.videos.wait(video.id), "results")
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx2

from client.video import Video
from client.wire.downloads import download_output
from client.wire.events import follow
from client.wire.polling import RUN_POLL_S as POLL_S
from client.wire.polling import Looks
from client.wire.transport import Transport
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


class Videos:
    """The video calls of one service. Errors are those of DepthClient."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def submit(
        self,
        video: ImageSource | None = None,
        *,
        source: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        **options: Any,
    ) -> Video:
        """Submit a video (a path, bytes, or an open file), or say by `source` where it is.

        `options` are those of contract.videos.VideoSpec, and `model`, `name`, `webhook_url`;
        `source` is `{"url": …}` or `{"s3": …}`: an object, or a prefix of numbered images that
        ends with a slash.
        """
        submission = VideoSubmission(video, source, idempotency_key, options)
        return video_of(self._transport.attempt(lambda: self._post(submission)))

    def _post(self, submission: VideoSubmission) -> httpx2.Response:
        timeout = self._transport.timeout(KEEPING_S)
        with submission.open() as file:
            return self._transport.http.post(
                submission.url, timeout=timeout, **submission.arguments(file)
            )

    def get(self, video_id: str, *, wait: float = 0) -> Video:
        """Return the video as it stands, or when it ends within `wait` ≤ 60 s."""
        return self._transport.call(get_video(video_id, wait))

    def wait(
        self,
        video_id: str,
        timeout: float | None = None,
        seen: Callable[[Video], None] | None = None,
    ) -> Video:
        """Return the video once it has ended; `seen` is called with each snapshot, every second.

        WaitedTooLong after `timeout` seconds (None: never).
        """
        looks = Looks("video", timeout, seen)
        while not looks.last(video := self.get(video_id)):
            time.sleep(POLL_S)
        return video

    def events(self, video_id: str) -> Iterator[Video]:
        """Yield the video as it changes until it has ended; survives a lost connection."""
        return follow(self._transport, video_events_url(video_id), Video.from_document)

    def download(self, video: Video | str, directory: str | Path) -> dict[str, Path]:
        """Download all files as `directory/<name>`; return name → path.

        A file appears only when it is whole. Raises the video's error if it was refused.
        """
        video = self.get(video) if isinstance(video, str) else video
        return {
            name: download_output(self._transport, url, target, {})
            for name, (url, target) in video_files(video, directory).items()
        }

    def retry(self, video_id: str) -> Video:
        """Run the failed frames again and make the files anew."""
        return self._transport.call(retry_video(video_id))

    def cancel(self, video_id: str) -> Video:
        """Stop the video. One that has ended stays as it is."""
        return self._transport.call(cancel_video(video_id))

    def delete(self, video_id: str) -> None:
        """Remove a video that has ended, and all its files."""
        self._transport.call(delete_video(video_id))
