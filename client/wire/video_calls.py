"""The calls about videos, as DepthClient and AsyncDepthClient make them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

import httpx2

from client.video import Video
from client.wire.call import Call, json_of
from client.wire.uploads import ImageSource, Upload, form_fields
from contract.errors import InvalidRequest

KEEPING_S = 600.0  # what the service may take to keep a video that has arrived
_ROOT = "/v1/videos"


def video_of(response: httpx2.Response) -> Video:
    """Return the video that an answer describes."""
    return Video.from_document(json_of(response))


class VideoSubmission:
    """One video to submit, the same on every try: its key keeps that from making two.

    Raises InvalidRequest unless there is either a `video` or a `source`.
    """

    url = _ROOT

    def __init__(
        self,
        video: ImageSource | None,
        source: Mapping[str, str] | None,
        key: str | None,
        options: Mapping[str, Any],
    ) -> None:
        if (video is None) == (source is None):
            raise InvalidRequest("give either a video or its source")
        self._upload = None if video is None else Upload(video)
        self._headers = {"Idempotency-Key": key or uuid.uuid4().hex}
        self._source, self._options = source, options

    def open(self) -> AbstractContextManager[BinaryIO | None]:
        """Open the video for one try; None: the service has to fetch it."""
        return self._upload.open() if self._upload else nullcontext()

    def arguments(self, file: BinaryIO | None) -> dict[str, Any]:
        """Return the arguments for the HTTP library; `file` is the opened video."""
        if self._upload is None:
            given = {name: value for name, value in self._options.items() if value is not None}
            return {"json": {"source": self._source, **given}, "headers": self._headers}
        return {
            "files": {"video": (self._upload.name, file)},
            "data": form_fields(self._options),
            "headers": self._headers,
        }


def get_video(video_id: str, wait: float) -> Call[Video]:
    """Ask for a video, as it stands when it ends within `wait` ≤ 60 s."""
    held_s = int(wait)
    return Call("GET", _path(video_id), video_of, {"wait": held_s} if held_s else None, held_s)


def retry_video(video_id: str) -> Call[Video]:
    """Have the failed frames run again."""
    return Call("POST", f"{_path(video_id)}/retry", video_of)


def cancel_video(video_id: str) -> Call[Video]:
    """Stop a video."""
    return Call("POST", f"{_path(video_id)}/cancel", video_of)


def delete_video(video_id: str) -> Call[None]:
    """Remove a video that has ended, and all its files."""
    return Call("DELETE", _path(video_id), lambda _: None)


def video_events_url(video_id: str) -> str:
    """Return where a video's events are."""
    return f"{_path(video_id)}/events"


def video_files(video: Video, directory: str | Path) -> dict[str, tuple[str, Path]]:
    """Return name → URL and target of a video's files. Raises the video's error."""
    if video.error is not None:
        raise video.error
    folder = Path(directory)
    return {name: (url, folder / Path(name).name) for name, url in video.files.items()}


def _path(video_id: str) -> str:
    return f"{_ROOT}/{quote(video_id, safe='')}"
