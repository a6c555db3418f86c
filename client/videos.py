"""`DepthClient.videos`: steady depth of every frame of a video.

with DepthClient() as depthq:
    video = depthq.videos.submit("clip.mp4", outputs=["heatmap", "depth_npz"])
    depthq.videos.download(depthq.videos.wait(video.id), "results")
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2

from client.errors import WaitedTooLong
from client.video import Video
from client.wire.call import Call, json_of
from client.wire.downloads import download_output
from client.wire.events import follow
from client.wire.transport import Transport
from client.wire.uploads import ImageSource, Upload, form_fields

POLL_S = 1.0
KEEPING_S = 600.0  # what the service may take to keep a video that has arrived
_ROOT = "/v1/videos"


class Videos:
    """The video calls of one service. Errors are those of DepthClient."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def submit(
        self,
        video: ImageSource | None = None,
        *,
        source: dict[str, str] | None = None,
        idempotency_key: str | None = None,
        **options: Any,
    ) -> Video:
        """Submit a video (a path, bytes, or an open file), or say by `source` where it is.

        `options` are those of contract.videos.VideoSpec, and `name`, `webhook_url`; `source` is
        `{"url": …}` or `{"s3": …}`.
        """
        headers = {"Idempotency-Key": idempotency_key or uuid.uuid4().hex}
        timeout = self._transport.timeout(KEEPING_S)
        if video is None:
            body = {name: value for name, value in options.items() if value is not None}

            def post() -> httpx2.Response:
                return self._transport.http.post(
                    _ROOT, json={"source": source, **body}, headers=headers, timeout=timeout
                )

            return _video_of(self._transport.attempt(post))
        upload = Upload(video)

        def send() -> httpx2.Response:
            with upload.open() as file:
                return self._transport.http.post(
                    _ROOT,
                    files={"video": (upload.name, file)},
                    data=form_fields(options),
                    headers=headers,
                    timeout=timeout,
                )

        return _video_of(self._transport.attempt(send))

    def get(self, video_id: str, *, wait: float = 0) -> Video:
        """Return the video as it stands, or when it ends within `wait` ≤ 60 s."""
        held_s = int(wait)
        params = {"wait": held_s} if held_s else None
        return self._transport.call(Call("GET", _path(video_id), _video_of, params, held_s))

    def wait(
        self,
        video_id: str,
        timeout: float | None = None,
        seen: Callable[[Video], None] | None = None,
    ) -> Video:
        """Return the video once it has ended; `seen` is called with each snapshot, every second.

        WaitedTooLong after `timeout` seconds (None: never).
        """
        ends_at = None if timeout is None else time.monotonic() + timeout
        while True:
            video = self.get(video_id)
            if seen is not None:
                seen(video)
            if video.terminal:
                return video
            if ends_at is not None and time.monotonic() >= ends_at:
                raise WaitedTooLong(f"video {video_id} is still {video.state.value}")
            time.sleep(POLL_S)

    def events(self, video_id: str) -> Iterator[Video]:
        """Yield the video as it changes until it has ended; survives a lost connection."""
        return follow(self._transport, f"{_path(video_id)}/events", Video.from_document)

    def download(self, video: Video | str, directory: str | Path) -> dict[str, Path]:
        """Download all files as `directory/<name>`; return name → path.

        A file appears only when it is whole. Raises the video's error if it was refused.
        """
        video = self.get(video) if isinstance(video, str) else video
        if video.error is not None:
            raise video.error
        folder = Path(directory)
        return {
            name: download_output(self._transport, url, folder / Path(name).name, {})
            for name, url in video.files.items()
        }

    def retry(self, video_id: str) -> Video:
        """Run the failed frames again and make the files anew."""
        return self._transport.call(Call("POST", f"{_path(video_id)}/retry", _video_of))

    def cancel(self, video_id: str) -> Video:
        """Stop the video. One that has ended stays as it is."""
        return self._transport.call(Call("POST", f"{_path(video_id)}/cancel", _video_of))

    def delete(self, video_id: str) -> None:
        """Remove a video that has ended, and all its files."""
        self._transport.call(Call("DELETE", _path(video_id), lambda _: None))


def _path(video_id: str) -> str:
    return f"{_ROOT}/{quote(video_id, safe='')}"


def _video_of(response: httpx2.Response) -> Video:
    return Video.from_document(json_of(response))
